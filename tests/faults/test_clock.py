"""A clock that jumps ten years ahead, and back to before the first record."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.clock import jump_clock
from tests.faults.conftest import Small

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_a_clock_that_jumps_changes_nothing_but_times(small: Small, tmp_path: Path) -> None:
    found = jump_clock(lambda name: small.at(tmp_path / name), small.undisturbed)
    assert found.is_whole, found
    assert found.runs == 3, "in a batch, in a job, between requests"
