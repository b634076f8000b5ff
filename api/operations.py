"""How operations are named in the OpenAPI document, from which clients are generated."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_PARAMETER = re.compile(r"\{(?P<name>\w+)(?::\w+)?\}")


def operation_id(method: str, path: str, name: str) -> str:
    """Return a readable id for a route that states none.

    Reading goes by the path: ``/contacts`` is list_contacts, ``/contacts/{id}`` get_contact, ``/contacts/{id}/reviews``
    list_contact_reviews. What changes something has the verb of its function, and of what where it does not say it.
    """
    segments = [segment for segment in path.split("/") if segment]
    fixed = [segment.replace("-", "_") for segment in segments if not _PARAMETER.fullmatch(segment)] or ["start"]
    ends_with_parameter = bool(segments) and _PARAMETER.fullmatch(segments[-1]) is not None
    if method == "GET":
        many = not ends_with_parameter and fixed[-1].endswith("s")
        words = [*(_singular(one) for one in fixed[:-1]), fixed[-1] if many else _singular(fixed[-1])]
        return "_".join(("list" if many else "get", *words))
    verb = name.strip("_")
    subject = [_singular(one) for one in fixed if one != verb]
    said = {_singular(word) for word in verb.split("_")[1:]}
    return verb if said & set(subject) else "_".join((verb, *subject))


def summary_of(endpoint: Callable[..., Any]) -> str | None:
    """Return the first sentence of what an endpoint says of itself, without its full stop."""
    lines = (endpoint.__doc__ or "").strip().split("\n\n")[0].split()
    text = " ".join(lines)
    sentence = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
    return sentence.rstrip(".") or None


def _singular(word: str) -> str:
    if word.endswith("ches"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
