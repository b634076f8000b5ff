"""Domain values as JSON documents, in rows and in artifact files."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache
def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    return TypeAdapter(kind)


def dump(value: object) -> bytes:
    """Return a domain value as compact JSON bytes; the type is that of the value."""
    return _adapter(type(value)).dump_json(value)


def load(kind: type[Value], document: bytes | str) -> Value:
    """Return the domain value of a JSON document; raises pydantic.ValidationError when it is not one."""
    return _adapter(kind).validate_json(document)
