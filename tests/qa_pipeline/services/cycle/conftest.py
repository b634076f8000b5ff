"""A quick store for the rules; what touches new SQL takes the fixture ``store``, once of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'cycle.db'}", ZONE)
    yield opened
    opened.close()
