"""Appeals: in time, per item, decided by somebody else, twice at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from qa_pipeline.domain.cycle import AppealOutcome, RaterClass, Rating, StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.errors import CallqaError, ConfigurationError, Conflict, NotAllowed, NotFound
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.cycle import periods
from qa_pipeline.services.cycle.appeals import (
    AppealState,
    Item,
    Times,
    answer_appeal,
    appealed_outcomes,
    file_appeal,
    get_appeal,
    list_appeals,
    list_items,
    open_appeals,
)
from qa_pipeline.services.cycle.periods import due_corrections
from qa_pipeline.services.cycle.results import correct_result
from qa_pipeline.services.cycle.rulings import Decided, Ruling, decide_appeal, read_sheet
from qa_pipeline.services.reviews import effective_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, Transaction
from tests.qa_pipeline.services.cycle.sites import CARDS, LINE, PERIOD, PUBLISHED, agent, by, computed, october, publish

TIMES = Times()
RULE = HoldRule()
CALL = "20261001-A05"  # A05 did not greet in the second call of October
GREETING = Item(contact_id=CALL, criterion_id="greeting")
CSAT = Item(indicator="csat")
FILED = PUBLISHED + timedelta(days=1)
ANSWERED = PUBLISHED + timedelta(days=3)


@pytest.fixture
def site(kept: Store) -> Store:
    publish(kept)
    return kept


@pytest.fixture
def both(store: Store) -> Store:
    """The same site on each database."""
    publish(store)
    return store


def file(
    store: Store, item: Item = GREETING, now: datetime = FILED, actor: str = "A05", said: str = "I did"
) -> AppealState:
    return file_appeal(store, "A05", PERIOD, item, agent(actor, said), now, cards=CARDS, times=TIMES)


def decide(
    store: Store,
    appeal_id: str,
    outcome: AppealOutcome = AppealOutcome.UPHELD,
    *,
    actor: str = "Lin",
    instance: int = 1,
    verdict: Outcome | None = None,
    points: float | None = None,
    now: datetime = ANSWERED,
) -> Decided:
    ruling = Ruling(instance=instance, outcome=outcome, verdict=verdict, points=points)
    who = by(actor, StaffRole.QA, "heard at 0:02")
    return decide_appeal(store, appeal_id, ruling, who, now, times=TIMES, cards=CARDS, hold_rule=RULE)


def reviewed_by(store: Store, reviewer: str, criterion_id: str = "greeting") -> None:
    with store.transaction() as tx:
        tx.reviews.add(
            Review(
                contact_id=CALL,
                scorecard_id="zh-telephone",
                scorecard_version=1,
                reviewer=reviewer,
                verdicts=(Verdict(criterion_id=criterion_id, outcome=Outcome.NOT_MET),),
                selection=Selection.RANDOM,
                reviewed_at=datetime(2026, 10, 20, tzinfo=UTC),
                source="reviews.csv",
                fingerprint=f"{reviewer}-{criterion_id}",
            )
        )


def test_an_appeal_knows_its_item_and_its_deadline(site: Store) -> None:
    found = file(site)
    assert (found.state, found.due_on, found.appeal.contested) == ("filed", date(2026, 11, 11), Outcome.NOT_MET)
    assert (found.appeal.scorecard_id, found.appeal.version, found.appeal.statement) == ("zh-telephone", 1, "I did")
    assert not found.is_overdue(date(2026, 11, 11))
    assert found.is_overdue(date(2026, 11, 12))
    with site.reading() as tx:
        assert open_appeals(tx, PERIOD, FILED) == {"A05": 1}


def test_upholding_changes_the_score_of_the_contact_and_waits_for_a_correction(both: Store) -> None:
    appeal_id = file(both).appeal.id
    with both.reading() as tx:
        assert effective_contacts(tx, PERIOD, CARDS) == {}
    found = decide(both, appeal_id, verdict=Outcome.MET)
    assert (found.appeal.state, found.appeal.is_upheld) == ("decided", True)
    assert found.review is not None and found.review.source == f"appeal:{appeal_id}"
    with both.reading() as tx:
        (kept,) = tx.reviews.list(contact_id=CALL)
        assert (kept.selection, kept.reviewer, kept.verdicts[0].outcome) == (Selection.APPEAL, "Lin", Outcome.MET)
        counting = effective_contacts(tx, PERIOD, CARDS)[CALL].effective
        assert {one.criterion_id: one.outcome for one in counting.findings}["greeting"] is Outcome.MET
        assert [one.appeal.id for one in due_corrections(tx, PERIOD)] == [appeal_id]

    def today(_tx: Transaction, _period: str) -> Sequence[Evaluation]:
        return october(a05_total=66.0)

    who = by("Chen", reason="appeal upheld")
    correct_result(both, "A05", PERIOD, who, ANSWERED + timedelta(hours=1), compute=today, line=LINE)
    with both.reading() as tx:
        assert due_corrections(tx, PERIOD) == []


def test_an_upheld_appeal_that_moves_no_figure_has_its_version_too(site: Store) -> None:
    decide(site, file(site).appeal.id, verdict=Outcome.MET)
    who = by("Chen", reason="appeal upheld")
    later = ANSWERED + timedelta(hours=1)
    found = correct_result(site, "A05", PERIOD, who, later, compute=computed, line=LINE)
    assert (found.publication.version, found.changes) == (2, ())
    with site.reading() as tx:
        assert due_corrections(tx, PERIOD) == []
    with pytest.raises(Conflict, match="nothing to correct"):
        correct_result(site, "A05", PERIOD, who, later, compute=computed, line=LINE)


def test_points_of_the_whole_contact_may_be_given_instead(site: Store) -> None:
    decide(site, file(site).appeal.id, AppealOutcome.PARTLY_UPHELD, points=88.0)
    with site.reading() as tx:
        assert effective_contacts(tx, PERIOD, CARDS)[CALL].effective.points == 88.0


def test_a_second_appeal_contests_what_counts_by_then(site: Store) -> None:
    reviewed_by(site, "Wang", "closing")
    found = file(site, Item(contact_id=CALL, criterion_id="closing"))
    assert found.appeal.contested is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("item", "kind", "message"),
    [
        (Item(), ConfigurationError, "one item"),
        (Item(contact_id=CALL), ConfigurationError, "one item"),
        (Item(contact_id=CALL, criterion_id="greeting", indicator="csat"), ConfigurationError, "one item"),
        (Item(contact_id="20261001-A06", criterion_id="greeting"), NotFound, "A05 has no inspected contact"),
        (Item(contact_id="nowhere", criterion_id="greeting"), NotFound, "A05 has no inspected contact"),
        (Item(contact_id=CALL, criterion_id="smile"), NotFound, "smile was not judged"),
        (Item(indicator="nps"), NotFound, "no indicator nps"),
    ],
)
def test_what_is_no_item_of_the_result_is_refused(
    site: Store, item: Item, kind: type[CallqaError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        file(site, item)


def test_an_appeal_is_filed_by_the_agent_with_words_in_time(site: Store) -> None:
    with pytest.raises(NotAllowed, match="Only A05"):
        file(site, actor="A01")
    with pytest.raises(NotAllowed, match="reason"):
        file(site, said=" ")
    # Published on 3 November in Shanghai; the seventh day after it ends at 16:00 UTC of the 10th.
    end = datetime(2026, 11, 10, 16, tzinfo=UTC)
    with pytest.raises(Conflict, match="ended on 2026-11-10"):
        file(site, now=end)
    file(site, now=end - timedelta(seconds=1))
    with pytest.raises(NotFound, match="No result of A03"):
        file_appeal(site, "A03", PERIOD, CSAT, agent("A03", "x"), FILED, cards=CARDS, times=TIMES)


def test_an_item_is_appealed_once_and_others_beside_it(both: Store) -> None:
    first = file(both)
    with pytest.raises(Conflict, match=first.appeal.id):
        file(both)
    file(both, Item(contact_id=CALL, criterion_id="closing"))
    file(both, CSAT)
    with both.reading() as tx:
        assert open_appeals(tx, PERIOD, FILED) == {"A05": 3}
    answer_appeal(both, first.appeal.id, "withdraw", agent("A05"), FILED)
    again = file(both)
    assert again.appeal.id != first.appeal.id
    decide(both, again.appeal.id, AppealOutcome.REJECTED)
    answer_appeal(both, again.appeal.id, "accept", agent("A05"), ANSWERED)
    with pytest.raises(Conflict, match="settled: rejected"):
        file(both, now=ANSWERED)


def test_nobody_decides_who_judged_before(site: Store) -> None:
    reviewed_by(site, "Wang")
    appeal_id = file(site).appeal.id
    for actor in ("wang ", "A05"):
        with pytest.raises(NotAllowed, match="somebody else"):
            decide(site, appeal_id, actor=actor, verdict=Outcome.MET)
    with pytest.raises(NotAllowed, match="agent"):
        who = agent("Lin", "friend")
        ruling = Ruling(instance=1, outcome=AppealOutcome.UPHELD, verdict=Outcome.MET)
        decide_appeal(site, appeal_id, ruling, who, ANSWERED, times=TIMES, cards=CARDS, hold_rule=RULE)
    decide(site, appeal_id, verdict=Outcome.MET)


def test_who_rated_an_indicator_does_not_decide_on_it(both: Store) -> None:
    rating = Rating(
        agent_id="A05",
        period=PERIOD,
        rater_id="Wu",
        rater_class=RaterClass.MANAGER,
        indicator="service_attitude_score",
        value=2.0,
        comment="",
        source="ratings.csv",
        rated_at=datetime(2026, 10, 30, tzinfo=UTC),
    )
    with both.transaction() as tx:
        tx.ratings.put(rating)
        tx.ratings.put(replace(rating, rater_id="Qian", value=3.0, indicator="csat"))
    appeal_id = file(both, Item(indicator="service_attitude_score")).appeal.id
    with pytest.raises(NotAllowed, match="Wu had a part"):
        decide(both, appeal_id, actor="Wu")
    assert decide(both, appeal_id, actor="Qian").appeal.is_upheld


def test_who_decided_on_one_criterion_may_decide_on_another(site: Store) -> None:
    first = file(site).appeal.id
    second = file(site, Item(contact_id=CALL, criterion_id="closing")).appeal.id
    decide(site, first, verdict=Outcome.MET)
    decide(site, second, verdict=Outcome.MET)
    with site.reading() as tx:
        counting = effective_contacts(tx, PERIOD, CARDS)[CALL].effective
    outcomes = {one.criterion_id: one.outcome for one in counting.findings}
    assert (outcomes["greeting"], outcomes["closing"]) == (Outcome.MET, Outcome.MET)


@pytest.mark.parametrize(
    ("outcome", "change", "item", "kind"),
    [
        (AppealOutcome.UPHELD, {}, GREETING, ConfigurationError),
        (AppealOutcome.UPHELD, {"verdict": Outcome.MET, "points": 90.0}, GREETING, ConfigurationError),
        (AppealOutcome.UPHELD, {"verdict": Outcome.UNDETERMINED}, GREETING, ConfigurationError),
        (AppealOutcome.UPHELD, {"points": 101.0}, GREETING, ConfigurationError),
        (AppealOutcome.UPHELD, {"verdict": Outcome.NOT_MET}, GREETING, Conflict),
        (AppealOutcome.REJECTED, {"verdict": Outcome.MET}, GREETING, ConfigurationError),
        (AppealOutcome.UPHELD, {"verdict": Outcome.MET}, CSAT, ConfigurationError),
    ],
)
def test_a_decision_that_does_not_fit_the_item_is_refused(
    site: Store, outcome: AppealOutcome, change: dict[str, object], item: Item, kind: type[CallqaError]
) -> None:
    appeal_id = file(site, item).appeal.id
    with pytest.raises(kind):
        decide(site, appeal_id, outcome, **change)
    with site.reading() as tx:
        assert (get_appeal(tx, appeal_id).state, tx.reviews.list()) == ("filed", [])


def test_a_correction_waits_until_the_instances_have_decided(both: Store) -> None:
    appeal_id = file(both).appeal.id
    who = by("Chen", reason=f"appeal {appeal_id}")

    def correct() -> int:
        later = ANSWERED + timedelta(days=1)
        return correct_result(both, "A05", PERIOD, who, later, compute=computed, line=LINE).publication.version

    with pytest.raises(Conflict, match=f"the result of A05 wait for a decision: {appeal_id}"):
        correct()
    decide(both, appeal_id, AppealOutcome.PARTLY_UPHELD, verdict=Outcome.PARTLY_MET)
    answer_appeal(both, appeal_id, "escalate", agent("A05", "wholly"), ANSWERED)
    with pytest.raises(Conflict, match="wait for a decision"):
        correct()
    # Other agents' results do not wait for it.
    changed = [replace(one, fingerprint="new", n_reviews=9) for one in october()]
    other = correct_result(both, "A01", PERIOD, who, ANSWERED, compute=lambda _tx, _period: changed, line=LINE)
    assert other.publication.version == 2
    decide(both, appeal_id, actor="Zhao", instance=2, verdict=Outcome.MET)
    assert correct() == 2


def test_the_second_instance_is_asked_for_in_time_and_is_the_last(site: Store) -> None:
    appeal_id = file(site).appeal.id
    with pytest.raises(Conflict, match="filed"):
        decide(site, appeal_id, instance=2, verdict=Outcome.MET)
    found = decide(site, appeal_id, AppealOutcome.REJECTED).appeal
    # Answered on 6 November in Shanghai: the seventh day after it ends at 16:00 UTC of the 13th.
    end = datetime(2026, 11, 13, 16, tzinfo=UTC)
    assert found.open_until == end
    assert found.is_open(end - timedelta(seconds=1)) and not found.is_open(end)
    with pytest.raises(Conflict, match="ended at"):
        answer_appeal(site, appeal_id, "escalate", agent("A05", "still wrong"), end)
    escalated = answer_appeal(site, appeal_id, "escalate", agent("A05", "still wrong"), ANSWERED)
    assert (escalated.state, escalated.due_on) == ("second_instance", date(2026, 11, 13))
    with pytest.raises(NotAllowed, match="Lin had a part"):
        decide(site, appeal_id, instance=2, verdict=Outcome.MET)
    with pytest.raises(Conflict, match="in the second instance"):
        decide(site, appeal_id, actor="Zhao", verdict=Outcome.MET)
    final = decide(site, appeal_id, actor="Zhao", instance=2, verdict=Outcome.MET).appeal
    assert (final.state, final.is_upheld, final.is_open(ANSWERED)) == ("final", True, False)
    with pytest.raises(Conflict, match="final"):
        decide(site, appeal_id, actor="Sun", instance=2, verdict=Outcome.MET)


def test_nobody_loses_by_going_on(site: Store) -> None:
    appeal_id = file(site).appeal.id
    decide(site, appeal_id, AppealOutcome.PARTLY_UPHELD, verdict=Outcome.PARTLY_MET)
    answer_appeal(site, appeal_id, "escalate", agent("A05", "wholly"), ANSWERED)
    final = decide(site, appeal_id, AppealOutcome.REJECTED, actor="Zhao", instance=2).appeal
    assert final.standing is not None and final.standing.outcome is AppealOutcome.PARTLY_UPHELD
    with site.reading() as tx:
        ((_, standing),) = appealed_outcomes(tx, PERIOD)
    assert standing.instance == 1


def test_two_people_who_decide_at_once(site: Store) -> None:
    appeal_id = file(site).appeal.id
    decide(site, appeal_id, AppealOutcome.REJECTED)
    with pytest.raises(Conflict, match="decided"):
        decide(site, appeal_id, AppealOutcome.REJECTED, actor="Zhao")


def test_a_period_does_not_end_over_an_open_appeal(site: Store) -> None:
    later = PUBLISHED + timedelta(days=30)
    appeal_id = file(site).appeal.id
    with pytest.raises(Conflict, match=f"1 appeals are open: {appeal_id}"):
        periods.finish_period(site, PERIOD, by("Chen"), later, TIMES)
    decide(site, appeal_id, verdict=Outcome.MET)
    with pytest.raises(Conflict, match="wait for a correction of the published result: A05"):
        periods.finish_period(site, PERIOD, by("Chen"), later, TIMES)


def test_a_decision_that_is_not_taken_further_stands_when_the_period_ends(both: Store) -> None:
    appeal_id = file(both).appeal.id
    decide(both, appeal_id, AppealOutcome.REJECTED)
    periods.finish_period(both, PERIOD, by("Chen"), PUBLISHED + timedelta(days=30), TIMES)
    with both.reading() as tx:
        assert [one.state for one in list_appeals(tx, PERIOD)] == ["expired"]


def test_the_sheet_shows_neither_names_nor_judgements_and_takes_the_appeal_up(site: Store, tmp_path: Path) -> None:
    reviewed_by(site, "Wang")
    appeal_id = file(site).appeal.id
    folder = ArtifactFolder(tmp_path / "artifacts")
    with pytest.raises(NotAllowed):
        read_sheet(site, folder, appeal_id, by("Wang", StaffRole.QA), FILED, cards=CARDS)
    sheet = read_sheet(site, folder, appeal_id, by("Lin", StaffRole.QA), FILED, cards=CARDS)
    assert sheet.criterion is not None and sheet.criterion.id == "greeting"
    assert (sheet.appeal.state, sheet.contacts, sheet.transcript) == ("under_review", (CALL,), None)
    decide(site, appeal_id, AppealOutcome.REJECTED)
    with pytest.raises(Conflict, match="decided"):
        read_sheet(site, folder, appeal_id, by("Zhao", StaffRole.QA), FILED, cards=CARDS)


def test_the_sheet_of_an_indicator_says_from_where_it_comes(site: Store, tmp_path: Path) -> None:
    appeal_id = file(site, CSAT).appeal.id
    sheet = read_sheet(site, ArtifactFolder(tmp_path), appeal_id, by("Lin", StaffRole.QA), FILED, cards=CARDS)
    assert (sheet.source, sheet.n, sheet.criterion, sheet.transcript) == ("kpi-2026-10.csv", 212, None, None)


def test_decisions_are_read_by_item(both: Store) -> None:
    upheld = file(both).appeal.id
    rejected = file(both, Item(contact_id="20261002-A05", criterion_id="greeting")).appeal.id
    file(both, Item(contact_id="20261003-A05", criterion_id="greeting"))
    decide(both, upheld, verdict=Outcome.MET)
    decide(both, rejected, AppealOutcome.REJECTED)
    with both.reading() as tx:
        found = {appeal.id: decision.outcome for appeal, decision in appealed_outcomes(tx, PERIOD)}
        assert list(appealed_outcomes(tx, "2026-09")) == []
    assert found == {upheld: AppealOutcome.UPHELD, rejected: AppealOutcome.REJECTED}


def test_what_can_be_appealed_is_listed(site: Store) -> None:
    found = file(site)
    with site.reading() as tx:
        listed = list_items(tx, "A05", PERIOD, CARDS)
    # The factory's results carry no contacts, so only their indicators can be found there.
    assert [one.item.indicator for one in listed] == [
        "csat",
        "average_handle_time",
        "script_compliance",
        "service_attitude_score",
    ]
    assert all(one.appeal is None for one in listed)
    assert found.appeal.indicator is None


def test_what_is_not_there(site: Store) -> None:
    with pytest.raises(NotFound, match="nothing-here"):
        answer_appeal(site, "nothing-here", "accept", agent("A05"), FILED)
    with site.reading() as tx, pytest.raises(NotFound):
        get_appeal(tx, "nothing-here")


def test_a_decision_of_another_day_keeps_its_own_window(site: Store) -> None:
    appeal_id = file(site).appeal.id
    short = replace(TIMES, second_instance_days=1)
    ruling = Ruling(instance=1, outcome=AppealOutcome.REJECTED)
    who = by("Lin", StaffRole.QA, "not heard")
    found = decide_appeal(site, appeal_id, ruling, who, ANSWERED, times=short, cards=CARDS, hold_rule=RULE)
    assert found.appeal.open_until == datetime(2026, 11, 7, 16, tzinfo=UTC)
