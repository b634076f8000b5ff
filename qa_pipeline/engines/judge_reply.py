"""Reading what a language model answered: the form that was asked for, or nothing."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from qa_pipeline.errors import N_
from qa_pipeline.ports import Answer

_REASON_MAX = 300
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n\s*```\Z", re.DOTALL)


class InvalidReplyError(ValueError):
    """An answer that has not the form that was asked for; its text is a msgid."""


def _shortened(value: Any) -> Any:
    return value.strip()[:_REASON_MAX] if isinstance(value, str) else value


class Reply(BaseModel):
    """One answer: ``utterance`` and ``quote`` are what it rests on, not checked yet; ``confidence`` 0-1."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    answer: Annotated[Answer, Field(strict=False)]
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    utterance: int | None = None
    quote: str = ""
    reason: Annotated[str, BeforeValidator(_shortened)] = ""


def read_reply(content: str | None, finish_reason: str | None) -> Reply:
    """Return the answer in what a model wrote.

    It is one JSON object and nothing else; thoughts before it and a code fence around it are passed over. Words beside
    the object are refused: they may be those of the transcript.

    Raises
    ------
    InvalidReplyError
        Saying what is wrong.
    """
    if finish_reason == "length":
        raise InvalidReplyError(N_("The judge's answer is cut off: raise judge.max_output_tokens."))
    if not content or not content.strip():
        raise InvalidReplyError(N_("The judge's answer is empty."))
    text = _THOUGHTS.sub("", content, count=1).strip()
    fenced = _FENCE.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text, object_pairs_hook=_without_doubles)
        return Reply.model_validate(found)
    except ValidationError as problem:
        raise InvalidReplyError(N_("A value of the judge's answer is missing or out of its range.")) from problem
    except (ValueError, RecursionError) as problem:
        raise InvalidReplyError(N_("The judge's answer is not the JSON object that was asked for.")) from problem


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
