"""Whether coaching helped, its power and drawn waiting lists, by the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from coaching.effect.waiting_list import draw_waves
from qa_pipeline.store import Store, open_store
from tests.callqa.commands import run
from tests.coaching.effect.site import COACHED, OUTCOME, SELECTED, fill, step

POWER = ("coaching", "power", "--coached", "30", "--others", "40")


@pytest.fixture(autouse=True)
def site() -> Store:
    """Six people with a year of results, three of whom were coached."""
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    fill(store)
    return store


def _draw(selected: Path, **changed: str) -> tuple[str, ...]:
    wanted = {"name": "Names", "period": SELECTED, "first": COACHED, "second": "2026-11", "by": "chen", "seed": "7"}
    options = [part for name, value in (wanted | changed).items() for part in (f"--{name}", value)]
    return ("coaching", "draw", str(selected), *options)


def test_the_effect_in_words_and_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "coaching", "effect", "--outcome", OUTCOME)
    assert (code, told["verdict"], told["relevant"]) == (0, "helped", 3.0)
    assert told["effect"]["points"] == pytest.approx(4)  # by hand in tests/coaching/effect/test_difference.py
    assert told["cohorts"] == [{"selected_period": SELECTED, "coached_from": COACHED, "n": 3}]
    assert main(["coaching", "effect", "--outcome", OUTCOME, "--relevant", "2"]) == 0
    said = capsys.readouterr().out
    assert "It cannot be told yet." in said
    assert "+4.0 points (95% interval +1.7 to +6.3)" in " ".join(said.split())
    assert main(["coaching", "effect", "--outcome", "total"]) == 0  # nobody has a total
    assert "No comparison is possible yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--outcome", "average_handle_time"), "More of average_handle_time is not better"),
        (("--outcome", "nothing"), "no indicator with the id nothing"),
        (("--relevant", "0"), "cannot be 0"),
        (("--relevant", "nan"), "cannot be nan"),
    ],
)
def test_what_cannot_be_asked(capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str) -> None:
    assert main(["coaching", "effect", *options]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_power(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, *POWER, "--outcome", OUTCOME)
    assert code == 0
    assert 0 < told["power"] <= 1
    assert main([*POWER, "--outcome", OUTCOME]) == 0
    assert "An effect of 3 points will be seen with a chance of" in " ".join(capsys.readouterr().out.split())
    assert main([*POWER, "--outcome", "total"]) == 1
    assert "too few months" in " ".join(capsys.readouterr().err.split())


def test_a_list_is_drawn_by_a_named_person_and_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, site: Store
) -> None:
    selected = tmp_path / "selected.txt"
    selected.write_text("\n".join("ABCDEF"), encoding="utf-8")
    assert main([*_draw(selected)]) == 1
    assert "A, B, C are on a waiting list or coached already" in " ".join(capsys.readouterr().err.split())
    with site.transaction() as tx:
        for agent_id in "ABC":
            tx.transitions.add(step(agent_id, "running", "cancel", "cancelled"))
    code, drawn = run(capsys, *_draw(selected))
    assert (code, drawn["seed"], drawn["drawn_by"]) == (0, 7, "chen")
    assert (tuple(drawn["first"]), tuple(drawn["second"])) == draw_waves([*"ABCDEF"], 7)
    code, told = run(capsys, "coaching", "waiting-lists")
    assert told["waiting_lists"] == [drawn]
    code, told = run(capsys, "coaching", "effect", "--outcome", OUTCOME)
    (shown,) = told["waiting_lists"]
    effect = shown["effect"]
    assert (shown["id"], shown["name"], effect["coached"]) == (drawn["id"], "Names", 3)
    assert main(["coaching", "effect", "--outcome", OUTCOME]) == 0
    assert f"{effect['points']:+.1f}" in capsys.readouterr().out
    assert main(["coaching", "waiting-lists"]) == 0
    assert "Names" in capsys.readouterr().out
    with site.reading() as tx:
        assert ("coaching.draw", "Names") in {(row["action"], row["subject"]) for row in tx.audit.rows()}


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*_draw(tmp_path / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    assert main([*_draw(tmp_path / "bytes.txt", seed="-1")]) == 2
