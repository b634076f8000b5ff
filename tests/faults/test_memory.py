"""Workers that run out of memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.memory import starve_worker
from tests.faults.conftest import Small

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_a_contact_that_needs_too_much_memory_is_named_and_the_others_are_done(small: Small, tmp_path: Path) -> None:
    found = starve_worker(small.at(tmp_path / "home"), small.undisturbed)
    assert found.is_whole, found
