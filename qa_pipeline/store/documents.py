"""Domain values as JSON documents, in rows and in artifact files."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def dump(value: object) -> bytes:
    """Return a domain value as compact JSON bytes; the type is that of the value."""
    return _adapter(cast(Hashable, type(value))).dump_json(value)


def load(kind: type[Value], document: bytes | str) -> Value:
    """Return the domain value of a JSON document; raises pydantic.ValidationError when it is not one."""
    return cast(Value, _adapter(cast(Hashable, kind)).validate_json(document))
