"""Tables of reviews as people have them, into a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Sample, SampledContact, Selection
from qa_pipeline.errors import MappingError, TableError
from qa_pipeline.services.reviews import ReviewImport, import_reviews
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.factories import contact, inspection, scorecard

CARD = scorecard()
NEWER = replace(CARD, version=2, digest="1" * 64)
NOW = datetime(2026, 11, 10, 8, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with four inspected contacts and one that is not."""
    opened = open_store(f"sqlite:///{tmp_path / 'reviews.db'}", ZONE)
    with opened.transaction() as tx:
        for contact_id in ("C-1", "C-2", "C-3", "C-4"):
            tx.contacts.put(contact(contact_id))
            tx.inspections.add(inspection(contact_id, fingerprint=contact_id.ljust(64, "0")), "run")
        tx.contacts.put(contact("C-9"))
    yield opened
    opened.close()


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "reviews.csv"
    path.write_bytes(text.encode(encoding))
    return path


def take(store: Store, folder: Path, text: str, now: datetime = NOW) -> ReviewImport:
    return import_reviews(store, write(folder, text), [CARD, NEWER], now=now)


def kept_reviews(store: Store, *, history: bool = False) -> list[Review]:
    with store.reading() as tx:
        return list(tx.reviews.list(history=history))


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def counts(result: ReviewImport) -> tuple[int, int, int]:
    return result.imported_count, result.replaced_count, result.unchanged_count


def refused(result: ReviewImport) -> list[tuple[int | None, str | None, str]]:
    return [(error.row, error.field, error.render()) for error in result.rejected]


LONG = """\
通话编号,质检员,评分项,结论,说明,抽样方式,质检日期
C-1,李敏,greeting,符合,,随机,2026/11/3
C-1,李敏,共情回应,部分符合,语气平淡,随机,2026/11/3
C-1,李敏,No abuse of the customer,N/A,,随机,2026/11/3
C-2,李敏,greeting,×,,投诉,2026/11/3
"""


def test_long_form_in_chinese(kept: Store, tmp_path: Path) -> None:
    result = import_reviews(kept, write(tmp_path, LONG, "gb18030"), [CARD, NEWER], now=NOW)
    assert (counts(result), refused(result), result.ignored_columns) == ((2, 0, 0), [], [])
    one, two = kept_reviews(kept)
    assert [(said.criterion_id, said.outcome, said.comment) for said in one.verdicts] == [
        ("greeting", Outcome.MET, ""),
        ("empathy", Outcome.PARTLY_MET, "语气平淡"),
        ("no_abuse", Outcome.NOT_APPLICABLE, ""),
    ]
    # Midnight of 3 November in Shanghai.
    assert (one.reviewer, one.selection, one.reviewed_at) == (
        "李敏",
        Selection.RANDOM,
        datetime(2026, 11, 2, 16, tzinfo=UTC),
    )
    assert (one.scorecard_id, one.scorecard_version, one.blind, one.source) == ("zh-telephone", 1, False, "reviews.csv")
    assert (two.selection, two.inclusion_probability) == (Selection.COMPLAINT, None)


WIDE = """\
contact,reviewer,score,attitude,comment,selection,probability,blind
C-1,lin,85,4.5,fine,random,0.25,yes
C-2,lin,60,,,random,25%,yes
C-3,chen,,3,,,,
"""


def test_wide_form(kept: Store, tmp_path: Path) -> None:
    result = take(kept, tmp_path, WIDE)
    assert (counts(result), refused(result)) == ((3, 0, 0), [])
    one, two, three = kept_reviews(kept)
    assert (one.points, one.attitude_value, one.comment, one.blind) == (85.0, 4.5, "fine", True)
    assert (one.inclusion_probability, two.inclusion_probability) == (0.25, 0.25)
    assert (one.reviewed_at, two.attitude_value) == (NOW, None)
    # Nobody says how C-3 was chosen, so it does not count as random.
    assert (three.selection, three.selection.is_targeted, three.points) == (Selection.UNKNOWN, True, None)


def test_the_same_file_again_changes_nothing(kept: Store, tmp_path: Path) -> None:
    take(kept, tmp_path, LONG)
    take(kept, tmp_path, WIDE)
    later = NOW.replace(day=20)
    assert counts(take(kept, tmp_path, LONG, later)) == (0, 0, 2)
    assert counts(take(kept, tmp_path, WIDE, later)) == (0, 0, 3)
    assert len(kept_reviews(kept, history=True)) == 5


def test_a_changed_review_replaces_the_reviewers_earlier_one_and_back(kept: Store, tmp_path: Path) -> None:
    take(kept, tmp_path, WIDE)
    changed = WIDE.replace("85,4.5", "75,4.5")
    assert counts(take(kept, tmp_path, changed)) == (1, 1, 2)
    assert kept_reviews(kept)[0].points == 75.0
    assert counts(take(kept, tmp_path, WIDE)) == (1, 1, 2)
    assert kept_reviews(kept)[0].points == 85.0
    assert [said.points for said in kept_reviews(kept, history=True) if said.contact_id == "C-1"] == [85.0, 75.0, 85.0]


def test_what_a_changed_review_does_not_state_stays(kept: Store, tmp_path: Path) -> None:
    take(kept, tmp_path, WIDE)
    take(kept, tmp_path, "contact,reviewer,score\nC-1,lin,70\n")
    one = kept_reviews(kept)[0]
    assert (one.points, one.selection, one.inclusion_probability, one.blind) == (70.0, Selection.RANDOM, 0.25, True)


WRONG = """\
contact,reviewer,criterion,outcome,points,attitude,scorecard,selection,probability,blind,reviewed at,comment
nobody,lin,greeting,met,,,,,,,,
C-9,lin,greeting,met,,,,,,,,
C-1,A01,greeting,met,,,,,,,,
C-1,lin,greeting,good,,,,,,,,
C-1,chen,manners,met,,,,,,,,
C-1,wu,,met,,,,,,,,
C-1,,greeting,met,,,,,,,,
C-2,lin,,,101,,,,,,,
C-2,chen,,,,0.5,,,,,,
C-2,wu,,,80,,,picked,,,,
C-2,he,,,80,,,,0,,,
C-2,ma,,,80,,,,,perhaps,,
C-2,gu,,,80,,,,,,2026-12-24,
C-2,su,,,80,,,,,,2026-09-01,
C-2,qi,,,80,,other-card,,,,,
C-2,tu,,,80,,zh-telephone@9,,,,,
C-2,yu,greeting,,,,,,,,,why not
C-4,lin,,,80,,,,,,,
"""


def test_every_wrong_row_is_named_and_the_rest_goes_on(kept: Store, tmp_path: Path) -> None:
    result = take(kept, tmp_path, WRONG)
    assert refused(result) == [
        (2, "contact", "There is no contact with the id nobody."),
        (3, "contact", "The contact C-9 has not been inspected."),
        (4, "reviewer", "A01 is the agent of this contact."),
        (5, "outcome", "good is no outcome."),
        (6, "criterion", "The scorecard zh-telephone@1 has no criterion manners."),
        (7, "criterion", "The criterion is missing."),
        (8, "reviewer", "The cell is empty."),
        (9, "points", "101 is outside of 0 to 100."),
        (10, "attitude", "0.5 is outside of 1 to 5."),
        (11, "selection", "picked does not say how the contact was chosen."),
        (12, "probability", "0 is no chance above 0 and at most 1."),
        (13, "blind", "perhaps is neither yes nor no."),
        (14, "reviewed at", "2026-12-24 lies in the future."),
        (15, "reviewed at", "The review is older than the contact, which began at 2026-10-01 09:30+08:00."),
        (16, "scorecard", "There is no scorecard other-card."),
        (17, "scorecard", "There is no scorecard zh-telephone@9."),
        (18, "outcome", "There is a comment but no outcome."),
    ]
    assert all(error.hint for error in result.rejected)
    assert [said.contact_id for said in kept_reviews(kept)] == ["C-4"]


def test_half_a_review_does_not_count(kept: Store, tmp_path: Path) -> None:
    text = "contact,reviewer,criterion,outcome\nC-1,lin,greeting,met\nC-1,lin,empathy,good\nC-2,lin,greeting,met\n"
    result = take(kept, tmp_path, text)
    assert (counts(result), result.held_back_count) == ((1, 0, 0), 1)
    assert [said.contact_id for said in kept_reviews(kept)] == ["C-2"]


def test_rows_without_contact_or_reviewer_belong_to_the_row_above(kept: Store, tmp_path: Path) -> None:
    text = lines(
        "contact,reviewer,criterion,outcome",
        "C-1,lin,greeting,met",
        ",,empathy,met",
        "C-2,lin,greeting,met",
        "C-3,lin,greeting,met",
        "C-3,,empathy,met",
    )
    result = take(kept, tmp_path, text)
    assert ([error.row for error in result.rejected], result.held_back_count) == ([3, 6], 2)
    assert [said.contact_id for said in kept_reviews(kept)] == ["C-2"]


def test_a_reviewer_who_contradicts_herself_is_refused_with_both_rows(kept: Store, tmp_path: Path) -> None:
    text = lines(
        "contact,reviewer,criterion,outcome,points",
        "C-1,lin,,,80",
        "C-1,lin,,,70",
        "C-2,lin,greeting,met,",
        "C-2,lin,开场问候,not met,",
        "C-3,lin,,,90",
        "C-3,lin,,,90",
    )
    result = take(kept, tmp_path, text)
    assert refused(result) == [
        (3, "points", "lin has reviewed this contact in row 2 too, with other content."),
        (5, "outcome", "lin has judged the criterion greeting twice, with other words."),
    ]
    assert [(said.contact_id, said.points) for said in kept_reviews(kept)] == [("C-3", 90.0)]


def test_rows_that_nobody_has_filled_in_wait(kept: Store, tmp_path: Path) -> None:
    text = lines(
        "contact,reviewer,criterion,outcome,blind",
        "C-1,,greeting,,yes",
        "C-1,,empathy,,yes",
        "C-2,lin,greeting,met,yes",
        "C-2,lin,empathy,,yes",
    )
    result = take(kept, tmp_path, text)
    assert (counts(result), result.waiting_count, refused(result)) == ((1, 0, 0), 1, [])
    assert [verdict.criterion_id for verdict in kept_reviews(kept)[0].verdicts] == ["greeting"]


def a_sample(selection: Selection, day: int, *chances: tuple[str, float]) -> Sample:
    return Sample(
        id=f"2026-10-{selection.value}-1",
        period="2026-10",
        selection=selection,
        seed=1,
        plan=(),
        filters=(),
        frame_count=4,
        frame_digest="",
        contacts=tuple(
            SampledContact(contact_id=id, agent_id="A01", inclusion_probability=chance) for id, chance in chances
        ),
        drawn_by="lin",
        drawn_at=datetime(2026, 11, day, 3, tzinfo=UTC),
    )


def draw(store: Store, *samples: Sample) -> None:
    with store.transaction() as tx:
        for sample in samples:
            tx.samples.add(sample)


def test_selection_and_chance_come_from_the_sample_that_was_drawn_before(kept: Store, tmp_path: Path) -> None:
    draw(
        kept,
        a_sample(Selection.RISK, 1, ("C-1", 0.6), ("C-2", 0.3)),
        a_sample(Selection.RANDOM, 5, ("C-1", 0.25), ("C-3", 0.25)),
    )
    text = lines(
        "contact,reviewer,points,date",
        "C-1,lin,80,2026-11-05",
        "C-1,wu,80,2026-11-04",
        "C-2,lin,80,2026-11-05",
        "C-3,lin,80,2026-11-04",
        "C-4,lin,80,2026-11-05",
    )
    assert refused(take(kept, tmp_path, text)) == []
    found = {(said.contact_id, said.reviewer): said for said in kept_reviews(kept)}
    known = {
        key: (said.selection, said.inclusion_probability, said.sample_id is not None) for key, said in found.items()
    }
    assert known == {
        ("C-1", "lin"): (Selection.RANDOM, 0.25, True),
        # The day before the random sample was drawn, only the one for risks was there.
        ("C-1", "wu"): (Selection.RISK, 0.6, True),
        ("C-2", "lin"): (Selection.RISK, 0.3, True),
        ("C-3", "lin"): (Selection.UNKNOWN, None, False),
        ("C-4", "lin"): (Selection.UNKNOWN, None, False),
    }


def test_a_later_draw_does_not_make_an_earlier_review_random(kept: Store, tmp_path: Path) -> None:
    text = "contact,reviewer,points\nC-1,lin,80\n"
    take(kept, tmp_path, text)
    draw(kept, a_sample(Selection.RANDOM, 12, ("C-1", 0.25)))
    assert counts(take(kept, tmp_path, text, NOW.replace(day=20))) == (0, 0, 1)
    assert kept_reviews(kept)[0].selection is Selection.UNKNOWN


def test_the_second_blind_review_is_by_somebody_else_and_its_chance_is_that_of_both_draws(
    kept: Store, tmp_path: Path
) -> None:
    draw(kept, a_sample(Selection.RANDOM, 1, ("C-1", 0.25)), a_sample(Selection.DOUBLE, 2, ("C-1", 0.1)))
    take(kept, tmp_path, "contact,reviewer,points\nC-1,lin,80\n")
    result = take(kept, tmp_path, "contact,reviewer,points,selection\nC-1,lin,81,double\nC-1,chen,70,\n")
    assert refused(result) == [
        (2, "reviewer", "lin has reviewed this contact already; the second review needs somebody else.")
    ]
    second = next(said for said in kept_reviews(kept) if said.reviewer == "chen")
    assert (second.selection, second.blind) == (Selection.DOUBLE, True)
    assert second.inclusion_probability == pytest.approx(0.025)


def test_what_a_row_says_against_its_sample_is_refused(kept: Store, tmp_path: Path) -> None:
    draw(kept, a_sample(Selection.RANDOM, 5, ("C-1", 0.25), ("C-2", 0.25), ("C-3", 0.25)))
    text = """\
contact,reviewer,points,sample,selection,probability,date
C-1,lin,80,2026-10-random-7,,,
C-4,lin,80,2026-10-random-1,,,
C-1,chen,80,2026-10-random-1,risk,,
C-2,lin,80,2026-10-random-1,,0.5,
C-2,chen,80,2026-10-random-1,,,2026-11-01
C-3,lin,80,2026-10-random-1,random,25%,2026-11-05
"""
    result = take(kept, tmp_path, text)
    assert refused(result) == [
        (2, "sample", "There is no sample with the id 2026-10-random-7."),
        (3, "sample", "The sample 2026-10-random-1 does not hold the contact C-4."),
        (4, "selection", "The sample 2026-10-random-1 is random, the row says risk."),
        (5, "probability", "The sample 2026-10-random-1 drew this contact with a chance of 0.25."),
        (6, "date", "The review is older than the sample 2026-10-random-1, drawn on 2026-11-05."),
    ]
    assert [said.contact_id for said in kept_reviews(kept)] == ["C-3"]


def test_the_card_is_the_inspections_unless_the_table_or_the_earlier_review_says_otherwise(
    kept: Store, tmp_path: Path
) -> None:
    take(
        kept,
        tmp_path,
        "contact,reviewer,points,card\nC-1,lin,80,\nC-2,lin,80,zh-telephone@2\nC-3,lin,80,zh-telephone\n",
    )
    assert [said.scorecard_version for said in kept_reviews(kept)] == [1, 2, 1]
    with kept.transaction() as tx:
        tx.inspections.add(inspection("C-1", scorecard_version=2, fingerprint="2" * 64), "run")
    result = take(kept, tmp_path, "contact,reviewer,points\nC-1,lin,80\nC-1,chen,80\n")
    assert counts(result) == (1, 0, 1)
    assert [(said.reviewer, said.scorecard_version) for said in kept_reviews(kept) if said.contact_id == "C-1"] == [
        ("lin", 1),
        ("chen", 2),
    ]


def test_a_mapping_says_what_the_headers_do_not(kept: Store, tmp_path: Path) -> None:
    path = write(tmp_path, "Rec No,QA,Mark,Score\nC-1,lin,81,5\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns:\n  Rec No: contact\n  Mark: points\n  Score: ignore\n")
    result = import_reviews(kept, path, [CARD], mapping=mapping, now=NOW)
    assert (counts(result), list(result.ignored_columns)) == ((1, 0, 0), ["Score"])
    assert kept_reviews(kept)[0].points == 81.0


@pytest.mark.parametrize(
    ("columns", "row", "words"),
    [
        ("  Recording: contact\n", 2, "no column Recording"),
        ("  Rec No: call\n", 2, "no field call"),
        ("  Mark: points\n  Score: points\n", 3, "Two columns fit the field points: Mark, Score"),
        ("  Mark: [points]\n", 2, "must be a text"),
    ],
)
def test_a_mapping_that_cannot_be_meant(kept: Store, tmp_path: Path, columns: str, row: int, words: str) -> None:
    path = write(tmp_path, "Rec No,QA,Mark,Score\nC-1,lin,81,5\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(f"columns:\n{columns}")
    with pytest.raises(MappingError) as caught:
        import_reviews(kept, path, [CARD], mapping=mapping, now=NOW)
    assert (caught.value.file, caught.value.row) == (str(mapping), row)
    assert words in caught.value.render()


def test_a_table_does_not_take_back_a_decision_on_an_appeal(kept: Store, tmp_path: Path) -> None:
    take(kept, tmp_path, "contact,reviewer,points\nC-1,lin,80\n")
    decision = replace(kept_reviews(kept)[0], selection=Selection.APPEAL, points=90.0, fingerprint="9" * 64)
    with kept.transaction() as tx:
        tx.reviews.add(decision)
    result = take(kept, tmp_path, "contact,reviewer,points\nC-1,lin,70\n")
    assert counts(result) == (1, 1, 0)
    assert sorted(said.points or 0.0 for said in kept_reviews(kept)) == [70.0, 90.0]


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "C-1",
            "C-2",
            "lin",
            "greeting",
            "met",
            "不符合",
            "80",
            "1e999",
            "nan",
            "-5",
            "50%",
            "S1",
            "2026-11-03",
            "=1+1",
        ]
    ),
)
COLUMNS = ["contact", "reviewer", "criterion", "outcome", "comment", "points", "attitude", "scorecard"]
MORE_COLUMNS = ["selection", "probability", "blind", "date", "sample"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=13, max_size=13), min_size=1, max_size=6))
def test_whatever_stands_in_the_cells_rows_are_kept_or_refused_with_a_hint(
    kept: Store, tmp_path: Path, rows: list[list[str]]
) -> None:
    path = tmp_path / "hostile.jsonl"
    names = [*COLUMNS, *MORE_COLUMNS]
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows), encoding="utf-8")
    result = import_reviews(kept, path, [CARD, NEWER], now=NOW)
    assert all(error.row and error.hint for error in result.rejected)
    again = import_reviews(kept, path, [CARD, NEWER], now=NOW)
    assert (again.imported_count, len(again.rejected)) == (0, len(result.rejected))


def test_workbooks_and_json_lines(kept: Store, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Contact ID", "QA", "Item", "Result"], ["C-1", "lin", "greeting", "Yes"]):
        sheet.append(row)
    book.save(tmp_path / "reviews.xlsx")
    assert counts(import_reviews(kept, tmp_path / "reviews.xlsx", [CARD], now=NOW)) == (1, 0, 0)
    lined = tmp_path / "reviews.jsonl"
    lined.write_text(json.dumps({"contact": "C-2", "reviewer": "lin", "points": 80, "blind": True}) + "\n")
    assert counts(import_reviews(kept, lined, [CARD], now=NOW)) == (1, 0, 0)
    assert [said.blind for said in kept_reviews(kept)] == [False, True]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("reviewer,points\nlin,80\n", TableError, "no column contact"),
        ("contact,points\nC-1,80\n", TableError, "no column reviewer"),
        ("contact,reviewer,criterion\nC-1,lin,greeting\n", TableError, "judges nothing"),
        ("contact,call id,reviewer,points\nC-1,C-1,lin,80\n", MappingError, "Two columns fit"),
        ("", TableError, "empty"),
    ],
)
def test_tables_of_no_use_are_refused_whole(
    kept: Store, tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        take(kept, tmp_path, text)
