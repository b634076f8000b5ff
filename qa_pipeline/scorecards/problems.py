"""What is wrong with a scorecard file, said with line, key and remedy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.errors import N_, Message, ScorecardError
from qa_pipeline.resources import Document
from qa_pipeline.resources.schema import KEY_TWICE, KEY_TWICE_HINT

Keys = tuple[str | int, ...]

# pydantic's kind of error -> what a user reads.
_MESSAGES = {
    "missing": N_("The key {key} is missing."),
    "string_type": N_("{key} must be text, not {value}."),
    "string_too_short": N_("{key} is empty."),
    "string_too_long": N_("{key} is longer than {limit} characters."),
    "bool_type": N_("{key} must be true or false, not {value}."),
    "bool_parsing": N_("{key} must be true or false, not {value}."),
    "int_type": N_("{key} must be a whole number, not {value}."),
    "int_parsing": N_("{key} must be a whole number, not {value}."),
    "int_from_float": N_("{key} must be a whole number, not {value}."),
    "float_type": N_("{key} must be a number, not {value}."),
    "float_parsing": N_("{key} must be a number, not {value}."),
    "finite_number": N_("{key} must be a number, not {value}."),
    "tuple_type": N_("{key} must be a list, not {value}."),
    "dict_type": N_("{key} must be a block of keys, not {value}."),
    "model_type": N_("{key} must be a block of keys, not {value}."),
    "model_attributes_type": N_("{key} must be a block of keys, not {value}."),
    "too_short": N_("{key} needs at least {limit} entries."),
    "too_long": N_("{key} has more than {limit} entries."),
    "greater_than_equal": N_("{key} is {value}; it must be at least {limit}."),
    "less_than_equal": N_("{key} is {value}; it must be at most {limit}."),
    "string_pattern_mismatch": N_("{key} is {value}, which is not a usable name."),
    "literal_error": N_("{key} cannot be {value}{suggestion}."),
    "enum": N_("{key} cannot be {value}{suggestion}."),
}
_HINTS = {
    "missing": N_("Add it; docs/scorecards.md shows every key."),
    "string_type": N_("Put the text in quotes."),
    "tuple_type": N_("Write one entry per line, each after a dash."),
    "string_pattern_mismatch": N_("Use small Latin letters, digits, - and _, beginning with a letter."),
    "literal_error": N_("Use one of: {known}."),
    "enum": N_("Use one of: {known}."),
}
_FALLBACK_HINT = N_("Correct it; docs/scorecards.md shows every key.")
_VALUE_MAX = 60


class Problems:
    """Collects the errors of one file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[ScorecardError] = []

    @property
    def count(self) -> int:
        """How many errors have been noted."""
        return len(self._found)

    def add(self, keys: Sequence[str | int], message: str, hint: str = _FALLBACK_HINT, **params: object) -> None:
        """Note one error at the value under `keys`."""
        self._found.append(
            ScorecardError(
                message,
                hint=hint,
                file=str(self._document.path),
                row=self._document.line_of(keys),
                field=render_keys(keys),
                **params,
            )
        )

    def add_invalid(self, error: ValidationError, model: type[BaseModel], prefix: Keys = ()) -> None:
        """Note everything that pydantic found below `prefix`."""
        details = error.errors()
        places = [detail["loc"] for detail in details]
        for detail in details:
            where = detail["loc"]
            # A list whose entries are wrong also counts as too short; the entries say it better.
            has_inner = any(len(place) > len(where) and place[: len(where)] == where for place in places)
            if detail["type"] != "too_short" or not has_inner:
                self._add_detail(dict(detail), model, prefix)

    def sorted(self) -> tuple[ScorecardError, ...]:
        """Return the errors in the order of the file, the same complaint once."""
        unique = {(error.row, error.field, error.message): error for error in self._found}
        return tuple(sorted(unique.values(), key=lambda error: error.row or 0))

    def _add_detail(self, detail: dict[str, Any], model: type[BaseModel], prefix: Keys) -> None:
        kind, where = detail["type"], tuple(detail["loc"])
        keys = prefix + where
        key = str(where[-1]) if where else render_keys(prefix)
        if kind == "extra_forbidden":
            known = _keys_of(model, where[:-1])
            self.add(
                keys,
                N_("There is no key {key} here{suggestion}."),
                N_("Remove it or use one of: {known}."),
                key=key,
                known=", ".join(known),
                suggestion=suggestion(key, known),
            )
        elif kind == "value_error":
            said = detail["ctx"]["error"].args[0]
            message = said if isinstance(said, Message) else Message(said)
            params: dict[str, Any] = dict(message.params)
            self.add(keys, message.message, **params)
        else:
            self._add_plain(kind, keys, key, detail)

    def _add_plain(self, kind: str, keys: Keys, key: str, detail: dict[str, Any]) -> None:
        context = detail.get("ctx", {})
        value = detail.get("input")
        known = [part.strip().strip("'") for part in str(context.get("expected", "")).replace(" or ", ", ").split(",")]
        self.add(
            keys,
            _MESSAGES.get(kind, N_("{key}: {problem}.")),
            _HINTS.get(kind, _FALLBACK_HINT),
            key=key,
            value=repr(value)[:_VALUE_MAX],
            limit=_limit(context),
            known=", ".join(known),
            suggestion=suggestion(value, known) if isinstance(value, str) else "",
            problem=detail["msg"],
        )


def render_keys(keys: Sequence[str | int]) -> str:
    """Return a path as people write it: ``sections[0].criteria[2].check.any``."""
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return path.removeprefix(".")


def add_doubled_keys(problems: Problems, document: Document) -> None:
    """Note keys that stand twice in one block."""
    for keys in document.doubled_keys():
        problems.add(keys, KEY_TWICE, KEY_TWICE_HINT, key=keys[-1])


def _limit(context: dict[str, Any]) -> object:
    names = ("ge", "le", "min_length", "max_length")
    return next((context[name] for name in names if name in context), "")


def _keys_of(model: type[BaseModel], where: Keys) -> list[str]:
    """Return the keys of the model that stands at `where` below `model`."""
    for key in where:
        field = model.model_fields.get(str(key))
        if field is None:
            continue
        inner = next(_models_in(field.annotation), None)
        if inner is not None:
            model = inner
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
