"""A server that is killed with all its processes in the middle of writes: nothing is lost, nothing done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.server import kill_server
from benchmarks.faults.whole import Site

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_killed_while_writing_nothing_is_lost_or_doubled(store_url: str, tmp_path: Path) -> None:
    found = kill_server(Site(night=tmp_path, home=tmp_path / "home", url=store_url))
    assert found.is_whole, found
