"""The table of the benchmarks: its names, its figures, its comparison, and one benchmark that really runs."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import results
from benchmarks.benchmark import Benchmark, Done, Way, Work, about_equal
from benchmarks.measuring import CannotMeasure, check_same_work, summary
from benchmarks.registry import MODULES, find_names, get_benchmark
from benchmarks.results import Figure, Measured, Results
from benchmarks.table import page_of, table_of


def start(_folder: Path, _size: int) -> Work:
    return Done


TWO_WAYS = Benchmark(
    name="two",
    about="x",
    unit="piece",
    ways=(Way(title="ours", start=start, speed_at_least=1.8, memory_at_most=1.1), Way(title="theirs", start=start)),
    alternative="theirs",
    size=2,
    repetitions=3,
)
# Medians 3 and 9 s for two pieces; quartiles of 2, 3, 4 s are 2.5 and 3.5 s.
MEASURED = summary(TWO_WAYS, {"ours": [4.0, 2.0, 3.0], "theirs": [9.0, 9.0, 10.0]}, {"ours": 60.0, "theirs": 40.0})


def document(**changes: Measured) -> Results:
    """Results of this machine with every name of the table."""
    return replace(results.begin(), benchmarks={name: MEASURED for name in MODULES} | changes)


def shown(one: Results, other: Results | None = None) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(table_of(one, results.changes(one, other) if other else ()))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MODULES)
def test_every_name_is_a_benchmark_with_its_alternative(name: str) -> None:
    full, quick = get_benchmark(name), get_benchmark(name, quick=True)
    titles = [way.title for way in full.ways]
    assert full.name == quick.name == name
    assert full.alternative in titles
    assert len(set(titles)) == len(titles) >= 2
    assert "alternative " in full.about
    assert max(map(quick.size_of, quick.ways)) < max(map(full.size_of, full.ways))


def test_names_are_found_by_how_they_begin_in_the_order_of_the_table() -> None:
    assert find_names(["store", "rules", "text-en"]) == ["text-en", "rules-zh", "rules-en", "store"]
    assert find_names([]) == list(MODULES)
    with pytest.raises(SystemExit, match=r"^There is no benchmark rule\. There are: decode, "):
        find_names(["rule"])


def test_figures_are_for_one_unit_and_ratios_to_the_alternative() -> None:
    ours, theirs = MEASURED.ways["ours"], MEASURED.ways["theirs"]
    assert (ours.median_s, ours.spread_s, ours.repetitions) == (1.5, 0.5, 3)
    assert (ours.speed_ratio, ours.memory_ratio, theirs.speed_ratio) == (3.0, 1.5, 1.0)
    assert ours.bars == [("speed ≥ 1.8", True), ("memory ≤ 1.1", False)]


def test_a_single_repetition_has_no_spread() -> None:
    found = summary(TWO_WAYS, {"ours": [4.0], "theirs": [9.0]}, {"ours": 60.0, "theirs": 40.0})
    assert found.ways["ours"].spread_s is None


def test_ways_that_give_different_answers_are_not_compared() -> None:
    check_same_work(TWO_WAYS, {"ours": {"rows": 2}, "theirs": {"rows": 2}, "floor": None})
    with pytest.raises(CannotMeasure, match=r"^theirs did other work than ours, so nothing can be compared$"):
        check_same_work(TWO_WAYS, {"ours": {"rows": 2}, "theirs": {"rows": 3}})
    check_same_work(replace(TWO_WAYS, agree=about_equal), {"ours": [1.0], "theirs": [1.0 + 5e-7]})
    with pytest.raises(CannotMeasure):
        check_same_work(replace(TWO_WAYS, agree=about_equal), {"ours": [1.0], "theirs": [1.0, 2.0]})


def test_table_and_page_show_every_name_with_its_figures() -> None:
    found = document()
    for text in (shown(found), page_of(found)):
        assert all(name in text for name in MODULES)
        assert "1.5 s" in text and "33%" in text and "3 ×" in text and "memory ≤ 1.1: missed" in text
    assert found.machine.processor in page_of(found)
    assert "Not measured" not in page_of(found)


def test_the_page_says_what_was_not_measured() -> None:
    found = replace(document(), benchmarks={name: MEASURED for name in MODULES if name not in ("vad", "workers")})
    assert "Not measured in this run: vad, workers." in page_of(found)


def test_a_document_comes_back_as_it_was_written(tmp_path: Path) -> None:
    found = document()
    results.write(found, tmp_path / "new" / "found.json")
    assert results.read(tmp_path / "new" / "found.json") == found


@pytest.mark.parametrize(
    ("text", "told"), [("[]", "holds no results of benchmarks"), (None, "No such file or directory")]
)
def test_a_document_that_is_none_is_told_in_a_sentence(tmp_path: Path, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / "found.json").write_text(text)
    with pytest.raises(SystemExit, match=told):
        results.read(tmp_path / "found.json")


def with_median(median_s: float, size: int = 2) -> Measured:
    """What was measured, one way with another median."""
    ways: dict[str, Figure] = dict(MEASURED.ways)
    ways["ours"] = replace(ways["ours"], median_s=median_s, size=size)
    return replace(MEASURED, ways=ways)


def test_what_takes_over_a_tenth_longer_is_flagged(capsys: pytest.CaptureFixture[str]) -> None:
    # 1.5 s before: 1.7 s is 13 % more, 1.64 s is 9 %.
    old, new = document(), document(store=with_median(1.7), api=with_median(1.64), pages=with_median(0.75))
    slower = [change for change in results.changes(new, old) if change.is_slower]
    assert [(change.name, change.way) for change in slower] == [("store", "ours")]
    command.compare(new, old)
    said = capsys.readouterr().out
    assert "slower: store, ours: 13% longer than before" in said
    assert said.count("slower:") == 1
    assert "▲ 1.13 ×" in shown(new, old) and "▲ 1.09 ×" in shown(new, old) and "▼ 0.50 ×" in shown(new, old)


def test_another_size_or_machine_is_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    new = document(store=with_median(9.0, size=4))
    assert not [change for change in results.changes(new, document()) if change.is_slower]
    elsewhere = replace(document(), machine=replace(new.machine, core_count=96))
    assert not list(results.changes(document(store=with_median(9.0)), elsewhere))
    command.compare(new, elsewhere)
    assert "of another machine" in capsys.readouterr().out


def test_a_quick_run_measures_and_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "found.json"
    assert command.main(["decode", "--quick", "--save", str(saved)]) == 0
    assert "decode (minute of a call)" in capsys.readouterr().out
    (measured,) = results.read(saved).benchmarks.values()
    assert list(measured.ways) == ["callqa", "faster-whisper", "wave and soxr"]
    for figure in measured.ways.values():
        assert (figure.size, figure.repetitions, figure.spread_s) == (1, 1, None)
        assert figure.median_s > 0 and figure.peak_mib > 10


def test_the_page_is_that_of_the_latest_results() -> None:
    assert command.PAGE.read_text(encoding="utf-8") == page_of(results.read(results.LATEST))
