"""docs/roles.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from qa_pipeline.disclosure import NEEDED, Fact
from tools import roles_reference

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"


def test_the_page_is_up_to_date() -> None:
    """Made anew, it is the same: python -m tools.roles_reference > docs/roles.md."""
    assert PAGE.read_text(encoding="utf-8") == roles_reference.page()


def test_every_fact_has_a_rule() -> None:
    """Nothing is left to chance."""
    assert set(NEEDED) == set(Fact)
