"""Checking a rule file against its schema, each problem with file, line and key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, ConfigurationError, Message
from qa_pipeline.resources import Document

Problem = TypeVar("Problem", bound=ConfigurationError)
Model = TypeVar("Model", bound="RuleModel")

KEY_TWICE, KEY_TWICE_HINT = N_("The key {key} stands twice in this block."), N_("Keep one of the two.")

_KINDS = {
    "number": N_("{key} must be a number."),
    "text": N_("{key} must be a text."),
    "list": N_("{key} must be a list."),
    "group": N_("{key} must be a group of keys and values."),
    "switch": N_("{key} must be true or false."),
}
_KIND_OF = {
    "float_type": "number",
    "float_parsing": "number",
    "int_type": "number",
    "int_parsing": "number",
    "int_from_float": "number",
    "finite_number": "number",
    "string_type": "text",
    "list_type": "list",
    "tuple_type": "list",
    "model_type": "group",
    "dict_type": "group",
    "bool_type": "switch",
    "bool_parsing": "switch",
}
# pydantic's kind of error -> what a user reads; other kinds keep pydantic's own words.
_PROBLEMS = {
    "missing": N_("it is missing"),
    "extra_forbidden": N_("nothing of that name is known here"),
    "literal_error": N_("it must be one of {expected}"),
    "enum": N_("it must be one of {expected}"),
    "bool_type": N_("it must be true or false"),
    "bool_parsing": N_("it must be true or false"),
    "int_type": N_("it must be a whole number"),
    "int_parsing": N_("it must be a whole number"),
    "int_parsing_size": N_("the number is too large"),
    "int_from_float": N_("it must be a whole number"),
    "float_type": N_("it must be a number"),
    "float_parsing": N_("it must be a number"),
    "finite_number": N_("it must be a number"),
    "greater_than": N_("it must be greater than {gt}"),
    "greater_than_equal": N_("it must be at least {ge}"),
    "less_than": N_("it must be less than {lt}"),
    "less_than_equal": N_("it must be at most {le}"),
    "string_type": N_("it must be a text"),
    "string_too_short": N_("it must have at least {min_length} characters"),
    "string_too_long": N_("it must have at most {max_length} characters"),
    "string_pattern_mismatch": N_("it must fit the pattern {pattern}"),
    "too_short": N_("it must have at least {min_length} entries"),
    "too_long": N_("it must have at most {max_length} entries"),
    "datetime_type": N_("it must be a date and time such as 2026-10-03T09:00:00Z"),
    "datetime_parsing": N_("it must be a date and time such as 2026-10-03T09:00:00Z"),
    "datetime_from_date_parsing": N_("it must be a date and time such as 2026-10-03T09:00:00Z"),
    "timezone_aware": N_("it must be a time with its zone, such as 2026-10-03T09:00:00Z"),
}


def problem_of(details: ErrorDetails) -> Message | str:
    """Return what is wrong with a value, in words that are translated where there are any."""
    context = details.get("ctx", {})
    if details["type"] == "value_error":
        said = context["error"].args[0]
        return said if isinstance(said, Message) else Message(str(said))
    if details["type"] in _PROBLEMS:
        params = {**context, "expected": str(context.get("expected", "")).replace(" or ", ", ")}
        return Message(_PROBLEMS[details["type"]], params)
    return details["msg"]


class RuleModel(BaseModel):
    """A part of a rule file: every key is known, nothing is converted but whole numbers to numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Words(RuleModel):
    """A name or a sentence in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    @property
    def text(self) -> Text:
        """The words as the domain has them."""
        return Text(zh=self.zh, en=self.en)


def parse_document(document: Document, schema: type[Model], error: type[Problem]) -> Model:
    """Return a document typed; raises the first of its problems, with file, line and key."""
    model, problems = validate(document, schema, error)
    if model is None:
        raise problems[0]
    return model


def validate(document: Document, schema: type[Model], error: type[Problem]) -> tuple[Model | None, Sequence[Problem]]:
    """Check a document; return it typed, or None and every problem in the order of the file."""
    model = None
    problems = [
        located(document, error, keys, KEY_TWICE, hint=KEY_TWICE_HINT, key=keys[-1]) for keys in document.doubled_keys()
    ]
    try:
        # The JSON mode lets lists stand for tuples and texts for enumerations, and is strict otherwise.
        model = schema.model_validate_json(_as_json(document.data))
    except ValidationError as failed:
        problems += [_problem(document, details, error) for details in failed.errors(include_url=False)]
    return (None if problems else model), sorted(problems, key=lambda problem: problem.row or 0)


def located(
    document: Document, error: type[Problem], keys: Sequence[str | int], message: str, *, hint: str = "", **params: Any
) -> Problem:
    """Return an error of this file at the line of `keys`."""
    return error(
        message, hint=hint, file=str(document.path), row=document.line_of(keys), field=key_path(keys), **params
    )


def key_path(keys: Sequence[str | int]) -> str:
    """Return keys as people write them, such as ``dimensions[0].weight``."""
    path = ""
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else str(key)
    return path


def _problem(document: Document, details: ErrorDetails, error: type[Problem]) -> Problem:
    keys = details["loc"]
    key = key_path(keys) or document.path.name  # without a key it is the file as a whole
    if details["type"] == "missing":
        return located(document, error, keys, N_("The key {key} is missing."), hint=N_("Add it."), key=key)
    if details["type"] == "extra_forbidden":
        hint = N_("Check the spelling; the documentation lists every key.")
        return located(document, error, keys, N_("There is no key {key} in such a file."), hint=hint, key=key)
    if details["type"] in ("literal_error", "enum"):
        expected = str(details.get("ctx", {}).get("expected", ""))
        return located(document, error, keys, N_("{key} must be one of: {expected}."), key=key, expected=expected)
    if details["type"] in _KIND_OF:
        return located(document, error, keys, _KINDS[_KIND_OF[details["type"]]], key=key)
    return located(document, error, keys, N_("{key} is wrong: {problem}."), key=key, problem=problem_of(details))


def _as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
