"""Write docs/settings.md from the settings themselves: ``python tools/settings_reference.py > docs/settings.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from callqa.settings import Settings

HEAD = """# Settings

Defaults, then `callqa.toml` in the home folder, then the environment, then command-line options; the last one wins.
In `callqa.toml` a dot becomes a table: `asr.model` is `model` under `[asr]`. A setting or a variable `CALLQA_...` that
is not in this table is an error. This page is made by
`python tools/settings_reference.py`.

| setting | environment | default | meaning |
|---|---|---|---|
"""


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield each setting's dotted name and field."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from rows(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def page() -> str:
    """Return the whole page."""
    lines = []
    for name, field in rows(Settings):
        variable = "CALLQA_" + name.upper().replace(".", "__")
        default = "depends on the system" if field.default_factory else f"`{field.default!r}`"
        lines.append(f"| `{name}` | `{variable}` | {default} | {field.description} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
