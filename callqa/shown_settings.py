"""The settings as they may be shown: each by its name, without what is secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from api.options import ShownSetting
from callqa.settings import Settings

_HIDDEN = "•••"


def shown_settings(settings: Settings) -> tuple[ShownSetting, ...]:
    """Return every setting by name; secrets, and passwords inside addresses, are told as set and no more."""
    return tuple(
        ShownSetting(name=name, value=_shown(value), is_default=is_default)
        for name, value, is_default in walk_settings(settings)
    )


def walk_settings(part: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Yield the name of each setting with its value, and whether that is the default."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from walk_settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value, value == field.get_default(call_default_factory=True)


def _shown(value: Any) -> str:
    if value is None or value in ((), {}):
        return "–"
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(each)}" for key, each in value.items())
    return _without_password(str(value))


def _without_password(text: str) -> str:
    try:
        parts = urlsplit(text)
        if parts.password is None:
            return text
    except ValueError:
        return text
    return text.replace(f":{parts.password}@", f":{_HIDDEN}@")
