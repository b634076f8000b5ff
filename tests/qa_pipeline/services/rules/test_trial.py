"""Trying a card on a sample: counts that can be seen in the chats, and what another version would change."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.engines.text import EMBEDDED_TEXT
from qa_pipeline.scorecards import read_scorecard
from qa_pipeline.services.rules.sample import sample_of_store
from qa_pipeline.services.rules.trial import distribution, try_scorecard
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.qa_pipeline.services.rules.samples import (
    CLOSING,
    GREETING,
    criterion,
    sample,
    small_card,
    write_card,
    write_chats,
)

CHATS = (
    ("c: 在吗", "a: 您好，请讲", "a: 祝您生活愉快"),
    ("c: 在吗", "a: 您好", "a: 好的"),
    ("c: 在吗", "a: 有的"),
)


def test_counts_examples_and_scores(tmp_path: Path) -> None:
    card = small_card(tmp_path)
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    found = try_scorecard(sample(chats, card, tmp_path), card, EMBEDDED_TEXT)
    greeting, closing = found.trial.criteria
    assert (greeting.outcomes[Outcome.MET], greeting.outcomes[Outcome.NOT_MET]) == (2, 1)
    assert (closing.hit_rate.count, closing.hit_rate.n) == (1, 3)
    assert closing.applicable.value == 1
    # Both criteria weigh the same: 100, 50 and 0 points, of which one passes.
    assert found.trial.points == [100, 50, 0]
    assert (found.trial.passed.count, found.trial.passed.n) == (1, 3)
    assert {name: n for name, n in distribution(found.trial.points).items() if n} == {
        "0-10": 1,
        "50-60": 1,
        "90-100": 1,
    }
    (example,) = closing.examples[Outcome.MET]
    assert (example.contact_id, example.evidence[0].quote) == ("chat0", "祝您生活愉快")
    # The greeting is the same words in both chats, so one example is enough.
    assert [shown.contact_id for shown in greeting.examples[Outcome.MET]] == ["chat0"]
    assert not (tmp_path / "artifacts").exists()


def test_expected_time_grows_with_contacts_and_shrinks_with_processes(tmp_path: Path) -> None:
    card = small_card(tmp_path)
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    found = try_scorecard(sample(chats, card, tmp_path), card, EMBEDDED_TEXT)
    assert found.read_s is not None
    each_s = (found.read_s + found.trial.judge_s) / 3
    assert found.expected_s(10_000, 4) == pytest.approx(each_s * 10_000 / 4)


def test_contacts_that_the_card_is_not_made_for_are_counted(tmp_path: Path) -> None:
    card = small_card(tmp_path)
    folder = tmp_path / "in"
    folder.mkdir()
    write_chats(folder / "zh.jsonl", CHATS[:1])
    write_chats(folder / "en.jsonl", [("c: hi", "a: hello there")], language="en", start=10)
    (folder / "broken.vtt").write_text("WEBVTT\n\nno time\n", encoding="utf-8")
    found = try_scorecard(sample(folder, card, tmp_path), card, EMBEDDED_TEXT)
    assert (found.trial.n, found.left_out.other_count) == (1, 1)
    assert [Path(failure.path).name for failure in found.left_out.failed] == ["broken.vtt"]


def test_what_another_version_changes(tmp_path: Path) -> None:
    card = small_card(tmp_path, criterion("greeting", "{detector: phrase, any: [您好, 有的]}"), CLOSING)
    before = read_scorecard(
        write_card(tmp_path / "before.yaml", GREETING, criterion("gone", "{detector: phrase, any: [啦]}"))
    )
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    found = try_scorecard(sample(chats, card, tmp_path), card, EMBEDDED_TEXT, against=before).comparison
    assert found is not None
    assert (found.added, found.removed) == (("closing",), ("gone",))
    (change,) = found.changes
    assert (change.criterion_id, change.before, change.after) == ("greeting", Outcome.NOT_MET, Outcome.MET)
    assert (change.count, change.contact_ids, found.changed_count) == (1, ("chat2",), 1)
    # Of two criteria each before: 50, 50 and 0 points. Now 100, 50 and 50, so that the first passes the 60.
    assert (found.moved_count, found.mean_change_points, found.passes) == (2, pytest.approx(100 / 3), ("chat0",))


def test_a_stricter_version_fails_some(tmp_path: Path) -> None:
    before = read_scorecard(write_card(tmp_path / "before.yaml", GREETING))
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    stricter = small_card(tmp_path, criterion("greeting", "{detector: phrase, any: [您好请讲]}"))
    found = try_scorecard(sample(chats, stricter, tmp_path), stricter, EMBEDDED_TEXT, against=before).comparison
    assert found is not None
    (change,) = found.changes
    assert (change.criterion_id, change.before, change.after) == ("greeting", Outcome.MET, Outcome.NOT_MET)
    assert (change.count, change.contact_ids) == (1, ("chat1",))
    assert (found.changed_count, found.fails) == (1, ("chat1",))


def test_a_sample_stops_at_its_limit(tmp_path: Path) -> None:
    card = small_card(tmp_path)
    chats = write_chats(tmp_path / "chats.jsonl", CHATS)
    assert try_scorecard(sample(chats, card, tmp_path), card, EMBEDDED_TEXT, limit=2).trial.n == 2


def test_an_empty_store_holds_no_contact(tmp_path: Path) -> None:
    card = small_card(tmp_path)
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}", ZoneInfo("Asia/Shanghai"))
    found = try_scorecard(sample_of_store(store, ArtifactFolder(tmp_path)), card, EMBEDDED_TEXT)
    store.close()
    assert found.trial.n == 0
    assert found.expected_s(10_000, 1) is None
