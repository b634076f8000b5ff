"""Tables in windows of any width: words stay whole as long as there is room, and nothing is ever cut."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from callqa.cli.console import WholeWords
from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.store import open_store
from tests.qa_pipeline.services.test_evaluate_period import add_reviews, fill_reviewable


def printed(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    table = WholeWords()
    for heading in rows[0]:
        table.add_column(heading, overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    file = io.StringIO()
    Console(file=file, width=width, markup=False, highlight=False, soft_wrap=True).print(table)
    return file.getvalue().splitlines()


# Two borders, one between, a space on each side: 12 + 8 + 3 + 4 = 27.
ROWS = [("Observations needed", "Total"), ("Collaboration is all", "12345678")]


def test_words_stay_whole_where_the_longest_fit() -> None:
    wide = "\n".join(printed(ROWS, 30))
    assert all(word in wide for row in ROWS for cell in row for word in cell.split())


def test_air_goes_before_words_are_broken() -> None:
    # 13 + 8 + 3 borders.
    lines = printed(ROWS, 24)
    assert max(map(cell_len, lines)) == 24
    assert any("│Collaboration│12345678│" in line for line in lines)


def test_in_too_narrow_a_window_words_are_folded_and_nothing_is_lost() -> None:
    lines = printed(ROWS, 20)
    assert max(map(cell_len, lines)) <= 20
    first = "".join(line.split("│")[1].replace(" ", "") for line in lines if "│" in line)
    assert first == "Collaborationisall"


def test_chinese_parts_anywhere() -> None:
    lines = printed([("观测数", "n"), ("客户满意度评分", "133")], 16)
    assert max(map(cell_len, lines)) <= 16
    assert any("133" in line for line in lines)
    assert any("观测数" in line for line in lines)  # but headings as little as words


@given(st.lists(st.text("ab客 ", max_size=30), min_size=2, max_size=5), st.integers(20, 120))
def test_no_window_is_left(cells: list[str], width: int) -> None:
    lines = printed([[f"h{number}" for number in range(len(cells))], cells], width)
    assert max(map(cell_len, lines)) <= max(width, 6 * len(cells) + 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_of_reviews_keeps_its_words_at_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    fill_reviewable(store)
    add_reviews(store, 1)
    store.close()
    monkeypatch.setattr("callqa.cli.console.out.width", 80)
    assert main(["reviews", "list", "--lang", language]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    headings = {"en": ("Contact", "Reviewer", "Selection", "Machine", "Counts"), "zh": ("会话", "复核人", "生效结果")}
    assert all(any(heading in line for line in lines) for heading in headings[language])
    assert any("2026-11-02" in line and "C0-00" in line for line in lines)
