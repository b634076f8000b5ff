"""Tables as users bring them, written line by line."""

from __future__ import annotations

import json
from pathlib import Path


def write_lines(path: Path, *lines: str) -> Path:
    """Write a text file and return its path."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_json_lines(path: Path, *rows: object) -> Path:
    """Write a JSONL file and return its path."""
    return write_lines(path, *(json.dumps(row, ensure_ascii=False) for row in rows))
