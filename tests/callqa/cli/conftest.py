"""What the tests of commands share."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _migrated_home(_own_home: None, tmp_path: Path, migrated_file: Path) -> None:
    """Each test's home has a database already: migrating each would take longer than most tests."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated_file, home / "callqa.db")
