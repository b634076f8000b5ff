"""Samples out of a real store: drawn, shown to reviewers, read back, audited."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import ConfigurationError, NotFound, StoreError
from qa_pipeline.services.reviews import import_reviews
from qa_pipeline.services.samples import audit_sample, draw_sample, make_plan, write_sheet
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import contact, inspection, score, scorecard

CARD = scorecard()
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
RANDOM = make_plan(Selection.RANDOM)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with a month of four agents with 2, 4, 6 and 8 contacts, and one that is not inspected."""
    opened = open_store(f"sqlite:///{tmp_path / 'samples.db'}", ZONE)
    with opened.transaction() as tx:
        for agent in range(1, 5):
            for number in range(2 * agent):
                add(tx, f"A{agent}-{number}", f"A{agent}", minutes=60 * number + agent)
        tx.contacts.put(contact("waiting", agent_id="A9", started_at=datetime(2026, 10, 3, tzinfo=UTC)))
    yield opened
    opened.close()


def add(tx: Any, contact_id: str, agent_id: str, minutes: int = 0, **changes: Any) -> None:
    started_at = datetime(2026, 10, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    queue = "refund" if minutes % 2 else "delivery"
    tx.contacts.put(contact(contact_id, agent_id=agent_id, started_at=started_at, team="T", queue=queue))
    found = inspection(contact_id, fingerprint=contact_id.ljust(64, "0"), facts=Facts(duration_s=60.0 + minutes))
    tx.inspections.add(replace(found, **changes), "run")


def test_three_of_each_agent_with_their_chances(kept: Store) -> None:
    found = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW)
    sample = found.sample
    chances: dict[str, list[float]] = {}
    for one in sample.contacts:
        chances.setdefault(one.agent_id, []).append(one.inclusion_probability)
    # 3 of 2, 4, 6 and 8.
    assert chances == {"A1": [1.0] * 2, "A2": [0.75] * 3, "A3": [0.5] * 3, "A4": [0.375] * 3}
    assert (sample.id, sample.seed, sample.frame_count, sample.plan) == ("S2026-10-1", 7, 20, (("per_agent", "3"),))
    assert dict(sample.filters) == {"not_inspected": 1, "no_agent": 0}
    assert (found.is_new, found.short_agents, found.missing_agents) == (True, ["A1"], ["A9"])


def test_the_same_seed_over_the_same_frame_is_the_same_sample(kept: Store) -> None:
    first = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW)
    again = draw_sample(kept, "2026-10", RANDOM, by="chen", seed=7)
    assert (again.is_new, again.sample) == (False, first.sample)
    other = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=8)
    assert (other.sample.id, other.sample.contacts != first.sample.contacts) == ("S2026-10-2", True)
    left_to_chance = draw_sample(kept, "2026-10", RANDOM, by="lin")
    assert 0 <= left_to_chance.sample.seed < 2**32


def test_a_look_at_risks_prefers_flagged_contacts_and_leaves_nobody_without_a_chance(kept: Store) -> None:
    with kept.transaction() as tx:
        add(tx, "bad", "A1", minutes=7, score=score(0.0), flags=(Flag.RED_LINE, Flag.LOW_SCORE))
    sample = draw_sample(kept, "2026-10", make_plan(Selection.RISK, count=4), by="lin", seed=1).sample
    assert len(sample.contacts) == 4
    chances = {one.contact_id: one.inclusion_probability for one in sample.contacts}
    # Weights: 13 for the bad one, 1 + 2 * .15 for the 20 others with 85 points; 4 * 13 / 39 > 1.
    assert chances.pop("bad") == 1.0
    assert list(chances.values()) == [pytest.approx(3 / 20)] * 3


def test_filters_are_counted_one_after_the_other(kept: Store) -> None:
    plan = make_plan(Selection.CALIBRATION, count=2, queue="refund", contact_kind=ContactKind.CALL, min_duration_s=61.5)
    sample = draw_sample(kept, "2026-10", plan, by="lin", seed=1).sample
    # Agents 1 and 3 have odd minutes, so 2 + 6 of refund; the first call of agent 1 lasts 61 s.
    assert dict(sample.filters) == {"not_inspected": 1, "other_queue": 12, "other_kind": 0, "too_short": 1}
    assert (sample.frame_count, len(sample.contacts)) == (7, 2)
    assert {one.inclusion_probability for one in sample.contacts} == {2 / 7}


def test_the_second_look_is_at_contacts_of_random_reviews(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="None of the 21 contacts") as nothing:
        draw_sample(kept, "2026-10", make_plan(Selection.DOUBLE), by="lin")
    assert "second look" in nothing.value.hint
    draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW)
    table = tmp_path / "reviews.csv"
    ids = ["A4-0", "A4-1", "A4-2", "A4-3", "A4-4", "A4-5", "A4-6", "A4-7"]
    table.write_text("contact,reviewer,points,date\n" + "".join(f"{id},lin,80,2026-11-03\n" for id in ids))
    import_reviews(kept, table, [CARD], now=NOW + timedelta(days=5))
    sample = draw_sample(kept, "2026-10", make_plan(Selection.DOUBLE), by="lin", seed=3, now=NOW).sample
    # Three of them were drawn, five are of unknown origin; 5 % of three is one.
    assert (sample.frame_count, len(sample.contacts)) == (3, 1)
    assert sample.contacts[0].inclusion_probability == pytest.approx(1 / 3)
    own, others = tmp_path / "lin.csv", tmp_path / "chen.csv"
    assert write_sheet(kept, sample.id, [CARD], own, language="en", reviewer="lin") == 0
    assert write_sheet(kept, sample.id, [CARD], others, language="en", reviewer="chen") == 1


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sheet_comes_back_as_reviews(kept: Store, tmp_path: Path, language: str) -> None:
    sample = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW).sample
    path = tmp_path / "sheet.csv"
    assert write_sheet(kept, sample.id, [CARD], path, language=language, reviewer="lin") == 11
    rows = sheet(path)
    assert len(rows) == 11 * 6
    # Untouched, it says nothing yet.
    assert import_reviews(kept, path, [CARD], now=NOW).waiting_count == 11
    outcome, attitude = ("结论", "服务态度") if language == "zh" else ("outcome", "attitude")
    contact_column = "联系编号" if language == "zh" else "contact"
    for row in rows:
        if row[contact_column] == rows[0][contact_column]:
            row[outcome] = "不符合" if language == "zh" else "not met"
    rows[0][attitude] = "4"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    result = import_reviews(kept, path, [CARD], now=NOW)
    assert (result.imported_count, result.waiting_count, list(result.rejected)) == (1, 10, [])
    assert list(result.ignored_columns) == []
    with kept.reading() as tx:
        (review,) = tx.reviews.list()
    assert (review.reviewer, review.blind, review.sample_id) == ("lin", True, sample.id)
    assert (review.selection, review.inclusion_probability) == (
        Selection.RANDOM,
        sample.contacts[0].inclusion_probability,
    )
    assert (len(review.verdicts), {verdict.outcome for verdict in review.verdicts}) == (6, {Outcome.NOT_MET})
    assert review.attitude_value == 4.0


def test_a_sheet_shows_nothing_that_sways_and_no_formula(kept: Store, tmp_path: Path) -> None:
    with kept.transaction() as tx:
        add(tx, "=cmd|' /C calc'!A0", "Wang-Fang-8001", minutes=3, flags=(Flag.RED_LINE,))
    sample = draw_sample(kept, "2026-10", make_plan(Selection.RISK, share=1.0), by="lin", seed=7, now=NOW).sample
    csv_file, workbook = tmp_path / "sheet.csv", tmp_path / "sheet.xlsx"
    write_sheet(kept, sample.id, [CARD], csv_file, language="en")
    write_sheet(kept, sample.id, [CARD], workbook, language="en")
    text = csv_file.read_text(encoding="utf-8-sig")
    for secret in ("Wang-Fang-8001", "王芳", ",T,", "A4,", "risk", "85", "red_line"):
        assert secret not in text
    assert {row["contact"][0] for row in sheet(csv_file)} == {"'", "A"}
    page = load_workbook(workbook).active
    assert page is not None
    assert {cell.data_type for cell in page["B"]} == {"s"}
    assert page.data_validations.dataValidation[0].formula1 == ('"met,partly met,not met,not applicable,undetermined"')
    # Both come back.
    for path in (csv_file, workbook):
        assert import_reviews(kept, path, [CARD], now=NOW).waiting_count == 21


def test_an_audit_draws_again_and_names_what_is_not_reviewed(kept: Store, tmp_path: Path) -> None:
    sample = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW).sample
    draw_sample(kept, "2026-10", RANDOM, by="lin", seed=8, now=NOW)
    reviewed = sample.contacts[0].contact_id
    table = tmp_path / "reviews.csv"
    table.write_text(f"contact,reviewer,points,date\n{reviewed},lin,80,2026-11-03\n")
    import_reviews(kept, table, [CARD], now=NOW + timedelta(days=5))
    found = audit_sample(kept, sample.id)
    assert (found.frame_changed, found.is_repeated, found.gone, found.changed_chances) == (False, True, [], [])
    assert [(one.name, one.then_count, one.now_count) for one in found.filters] == [
        ("not_inspected", 1, 1),
        ("no_agent", 0, 0),
    ]
    assert ("agent", "A9", 1) in [(one.dimension, one.group, one.contact_count) for one in found.left_out]
    assert [one.dimension for one in found.drawn] == ["agent", "team", "queue", "kind", "hour", "length"]
    assert not any(one.stands_out for one in (*found.drawn, *found.kept_out, *found.reviewed))
    assert (len(found.waiting), reviewed in found.waiting, found.siblings) == (10, False, ["S2026-10-2"])


def test_an_audit_tells_what_has_changed_since(kept: Store) -> None:
    sample = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW).sample
    with kept.transaction() as tx:
        add(tx, "late", "A4", minutes=500)
    found = audit_sample(kept, sample.id)
    assert (found.frame_changed, found.is_repeated, found.frame_count) == (True, None, 21)
    # 3 of 9 instead of 3 of 8.
    assert sorted(found.changed_chances) == sorted(one.contact_id for one in sample.contacts if one.agent_id == "A4")


def test_a_sample_that_no_draw_has_made_is_found_out(kept: Store) -> None:
    sample = draw_sample(kept, "2026-10", RANDOM, by="lin", seed=7, now=NOW).sample
    ids = [f"A4-{number}" for number in range(8)] + ["A3-0", "A3-1", "A3-2"]
    contacts = tuple(replace(one, contact_id=id) for one, id in zip(sample.contacts, ids, strict=True))
    picked = replace(sample, id="S2026-10-2", contacts=contacts)
    with kept.transaction() as tx:
        tx.samples.add(picked)
    found = audit_sample(kept, picked.id)
    assert (found.frame_changed, found.is_repeated) == (False, False)
    # The design gives each agent three.
    assert found.drawn[0].dimension == "agent" and found.drawn[0].stands_out


@pytest.mark.parametrize(
    ("selection", "size", "field"),
    [
        (Selection.COMPLAINT, {}, "kind"),
        (Selection.RISK, {"per_agent": 2}, "per-agent"),
        (Selection.RANDOM, {"per_agent": 2, "count": 3}, "count"),
        (Selection.RANDOM, {"per_agent": 0}, "per-agent"),
        (Selection.RISK, {"share": 0.0}, "share"),
        (Selection.RISK, {"share": 1.5}, "share"),
        (Selection.RISK, {"share": float("nan")}, "share"),
        (Selection.RISK, {"min_duration_s": -1.0}, "min-duration"),
    ],
)
def test_plans_that_cannot_be_drawn(selection: Selection, size: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_plan(selection, **size)
    assert caught.value.field == field


def test_what_cannot_be_done_is_said(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no contacts in 2026-12"):
        draw_sample(kept, "2026-12", RANDOM, by="lin")
    with pytest.raises(NotFound, match="None of the 21"):
        draw_sample(kept, "2026-10", make_plan(Selection.RANDOM, queue="nowhere"), by="lin")
    with pytest.raises(ConfigurationError, match="not a month"):
        draw_sample(kept, "October", RANDOM, by="lin")
    with pytest.raises(ConfigurationError, match="name of who draws"):
        draw_sample(kept, "2026-10", RANDOM, by=" ")
    with pytest.raises(ConfigurationError, match="no seed"):
        draw_sample(kept, "2026-10", RANDOM, by="lin", seed=-1)
    with pytest.raises(NotFound, match="no sample"):
        audit_sample(kept, "S1")
    sample = draw_sample(kept, "2026-10", RANDOM, by="lin").sample
    with pytest.raises(ConfigurationError, match=r"no \.pdf file"):
        write_sheet(kept, sample.id, [CARD], tmp_path / "a.pdf", language="en")
    with pytest.raises(StoreError):
        write_sheet(kept, sample.id, [CARD], tmp_path / "missing" / "a.csv", language="en")
