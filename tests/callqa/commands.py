"""Commands as scripts call them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callqa.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Run a command with ``--json``: its exit code and its document."""
    capsys.readouterr()
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)
