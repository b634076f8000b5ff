"""Every hostile input gets the error that it should, by name, and what is good beside it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import KINDS

# So many at least: a kind that lost its inputs would pass without having tried anything.
AT_LEAST = {
    "audio": 160,
    "transcripts": 170,
    "tables": 320,
    "rules": 170,
    "archives": 16,
    "models": 95,
    "requests": 120,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_named(kind: str, tmp_path: Path) -> None:
    found = list(KINDS[kind](tmp_path / "inputs"))
    assert {verdict.case.name: verdict.problem for verdict in found if verdict.problem} == {}
    assert len({verdict.case.name for verdict in found}) == len(found) >= AT_LEAST[kind]
