"""A small batch, and what an undisturbed run keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.faults.whole import Rows, Site, undisturbed_rows, write_night


@dataclass(frozen=True, slots=True)
class Small:
    """A folder of so few contacts that each run takes a second at most."""

    night: Path
    undisturbed: Rows

    def at(self, home: Path, url: str | None = None) -> Site:
        """Return these contacts with a home of their own."""
        return Site(night=self.night, home=home, url=url)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Six contacts, which six inspections make whole."""
    folder = tmp_path_factory.mktemp("small")
    night = write_night(folder / "night", 6)
    rows = undisturbed_rows(night, folder / "whole")
    assert sum(row[0] == "inspection" for row in rows) == len(list(night.iterdir()))
    return Small(night, rows)
