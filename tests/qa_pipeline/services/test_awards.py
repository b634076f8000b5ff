"""Proposals in a real store: made once, decided by people, held by appeals, and gone when they follow no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from qa_pipeline.appraisal.awards.rules import get_rules
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import ProposalKind, StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.review import Review, Verdict
from qa_pipeline.errors import ConfigurationError, Conflict, NotAllowed, NotFound
from qa_pipeline.services.awards import (
    AwardsRun,
    ProposalState,
    decide_proposals,
    list_proposals,
    propose_awards,
    read_ledger,
)
from qa_pipeline.services.cycle.appeals import Item, Times, file_appeal
from qa_pipeline.store import Store
from tests.factories import contact, finding, inspection, quote, score, scorecard
from tests.qa_pipeline.appraisal.awards.results import PUBLISHED_AT, evaluation, publication

PERIOD = "2026-10"
NOW = datetime(2026, 11, 4, 2, tzinfo=UTC)
LATER = datetime(2026, 11, 5, 2, tzinfo=UTC)
RULES = get_rules("standard")
CARDS = [scorecard()]


def publish(store: Store, *evaluations: Evaluation, version: int = 1) -> None:
    with store.transaction() as tx:
        for one in evaluations:
            tx.publications.add(replace(publication(one), version=version))


def run(store: Store) -> AwardsRun:
    return propose_awards(store, PERIOD, NOW, rules=RULES, cards=CARDS)


def decide(
    store: Store, proposal_id: str, step: str = "approve", by: str = "Chen", reason: str = "", at: datetime = NOW
) -> ProposalState:
    """Decide one proposal as HR; a refusal is raised."""
    return decide_as(store, proposal_id, step, Attempt(actor=by, role=StaffRole.HR, reason=reason), at)


def decide_as(store: Store, proposal_id: str, step: str, attempt: Attempt, at: datetime = NOW) -> ProposalState:
    found = decide_proposals(store, [proposal_id], step, attempt, at, cards=CARDS)
    if found.refused:
        raise found.refused[0][1]
    return found.decided[0]


def only(found: AwardsRun, kind: ProposalKind) -> ProposalState:
    (one,) = [state for state in found.proposals if state.proposal.kind is kind]
    return one


def test_the_same_results_are_proposed_once(store: Store) -> None:
    publish(store, evaluation("A01"), evaluation("A02", grade="A"))
    first = run(store)
    assert (first.new_count, len(first.proposals)) == (2, 2)
    again = run(store)
    assert (again.new_count, len(again.proposals), again.lapsed, again.outlived) == (0, 2, [], [])
    assert [one.proposal for one in again.proposals] == [one.proposal for one in first.proposals]


def test_nothing_published_gives_nothing(store: Store) -> None:
    with store.transaction() as tx:
        tx.evaluations.put(evaluation("A01"))
    with pytest.raises(NotFound, match="Nothing of 2026-10 is published"):
        run(store)
    with pytest.raises(ConfigurationError, match="not a month, quarter or year"):
        propose_awards(store, "October", NOW, rules=RULES, cards=CARDS)


def test_approved_points_go_into_the_ledger_and_declined_ones_do_not(store: Store) -> None:
    publish(store, evaluation("A01"), evaluation("A02", grade="A"))
    points = {one.proposal.subject: one.proposal.id for one in run(store).proposals}
    approved = decide(store, points["A01"])
    assert (approved.state, approved.decision and approved.decision.actor) == ("approved", "Chen")
    with pytest.raises(NotAllowed, match="needs a reason"):
        decide(store, points["A02"], "decline")
    assert decide(store, points["A02"], "decline", reason="still in training").state == "declined"
    with pytest.raises(Conflict, match="approved"):
        decide(store, points["A01"])
    ledger = read_ledger(store)
    assert [(one.proposal.subject, one.points, one.approved_by) for one in ledger] == [("A01", 10, "Chen")]
    assert read_ledger(store, "A02") == []


def test_many_are_decided_at_once_and_a_refused_one_keeps_nobody(store: Store) -> None:
    publish(store, evaluation("A01"), evaluation("A02"), evaluation("Chen"))
    ids = [one.proposal.id for one in run(store).proposals]
    found = decide_proposals(
        store, [*ids, "nothing", ids[0]], "approve", Attempt(actor="Chen", role=StaffRole.HR), NOW, cards=CARDS
    )
    assert [one.proposal.subject for one in found.decided] == ["A01", "A02"]
    assert [(one, type(problem)) for one, problem in found.refused] == [(ids[2], NotAllowed), ("nothing", NotFound)]


def test_nobody_approves_what_is_about_them_and_agents_approve_nothing(store: Store) -> None:
    publish(store, evaluation("A01"))
    proposal_id = run(store).proposals[0].proposal.id
    with pytest.raises(NotAllowed):
        decide(store, proposal_id, by="a01")
    with pytest.raises(NotAllowed, match="role agent"):
        decide_as(store, proposal_id, "approve", Attempt(actor="Wang", role=StaffRole.AGENT))
    with pytest.raises(NotAllowed, match="name"):
        decide(store, proposal_id, by=" ")


def test_an_open_appeal_holds_everything_that_rests_on_the_result(store: Store) -> None:
    publish(store, evaluation("A01"))
    proposal_id = run(store).proposals[0].proposal.id
    statement = Attempt(actor="A01", role=StaffRole.AGENT, reason="The count is wrong.")
    item = Item(indicator="first_contact_resolution")
    file_appeal(store, "A01", PERIOD, item, statement, NOW, cards=CARDS, times=Times())
    assert run(store).proposals[0].is_frozen
    with pytest.raises(Conflict, match="A01: an appeal is open"):
        decide(store, proposal_id)


def test_a_correction_lapses_what_does_not_follow_any_more(store: Store) -> None:
    publish(store, evaluation("A01", grade="A"), evaluation("A02", grade="A"))
    before = {one.proposal.subject: one.proposal.id for one in run(store).proposals}
    decide(store, before["A01"])
    publish(store, evaluation("A01", 88.0, grade="B"), evaluation("A02", 88.0, grade="B"), version=2)
    # Not yet proposed anew: the old one is refused all the same, and lapses.
    with pytest.raises(Conflict, match="does not follow"):
        decide(store, before["A02"])
    after = run(store)
    assert {one.proposal.points for one in after.proposals} == {10}
    assert (after.new_count, list(after.lapsed)) == (0, [])
    assert [one.id for one in after.outlived] == [before["A01"]]
    # The newer approval of the same thing takes the place of the older one.
    decide(store, next(one.proposal.id for one in after.proposals if one.proposal.subject == "A01"), at=LATER)
    assert [entry.points for entry in read_ledger(store, "A01")] == [10]
    assert run(store).outlived == []
    assert [one.proposal.id for one in list_proposals(store, NOW, period=PERIOD, subject="A02")] == [
        next(one.proposal.id for one in after.proposals if one.proposal.subject == "A02")
    ]
    assert len(list_proposals(store, NOW, period=PERIOD, subject="A02", superseded=True)) == 2


def test_undecided_ones_lapse_when_the_period_is_proposed_anew(store: Store) -> None:
    publish(store, evaluation("A01", grade="A"))
    before = run(store).proposals[0].proposal
    publish(store, evaluation("A01", 60.0, grade="D"), version=2)
    after = run(store)
    assert (after.proposals, [one.id for one in after.lapsed]) == ([], [before.id])
    # A second correction brings the first result back.
    publish(store, evaluation("A01", grade="A"), version=3)
    assert [one.proposal for one in run(store).proposals] == [before]
    assert list_proposals(store, NOW)[0].superseded_at is None


def test_an_improvement_plan_shows_sentences_and_needs_the_causes_in_words(store: Store) -> None:
    low = evaluation("A01", 65.0, group="below", attitude=(60.0, 4.0), resolution=(70.0, 3.0))
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        tx.contacts.put(contact("first_contact_resolution-1"))
        missed = finding("empathy", Outcome.NOT_MET, evidence=[quote("这不归我管")])
        tx.inspections.add(inspection("first_contact_resolution-1", findings=(missed,)), "r1")
    publish(store, low)
    plan = only(run(store), ProposalKind.IMPROVEMENT_PLAN)
    assert plan.proposal.due_on == date(2026, 11, 10)
    (shown,) = plan.proposal.figures[1].quotes
    assert (shown.contact_id, shown.criterion_id, shown.text) == ("first_contact_resolution-1", "empathy", "这不归我管")
    with pytest.raises(NotAllowed, match="words of your own"):
        decide(store, plan.proposal.id)
    assert decide(store, plan.proposal.id, reason="Product knowledge; pairs with A06 for a month.").state == "approved"


def test_three_low_months_rest_on_what_was_published_without_a_gap(store: Store) -> None:
    months = ("2026-08", "2026-09", "2026-10")
    publish(store, *(evaluation("A01", 65.0, group="below", period=month) for month in months))
    publish(
        store, *(evaluation("A02", 65.0, group="below", period=month) for month in ("2026-07", "2026-08", "2026-10"))
    )
    plan = only(propose_awards(store, "2026-09", NOW, rules=RULES, cards=CARDS), ProposalKind.IMPROVEMENT_PLAN)
    decide(store, plan.proposal.id, reason="Knowledge of the new tariffs.")
    flag = only(run(store), ProposalKind.REPEATED_LAST)
    assert flag.proposal.subject == "A01"
    assert [figure.period for figure in flag.proposal.figures] == list(months)
    assert flag.proposal.evidence[1].params == {"count": 1}


def test_a_red_line_keeps_from_badges_unless_a_person_has_lifted_it(store: Store) -> None:
    abuse = finding("no_abuse", Outcome.NOT_MET)
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for number in ("1", "2"):
            tx.contacts.put(contact(f"C-{number}", agent_id=f"A0{number}"))
            tx.inspections.add(inspection(f"C-{number}", findings=(abuse,), score=score(fatal=("no_abuse",))), "r1")
        lifted = Verdict(criterion_id="no_abuse", outcome=Outcome.MET, comment="The customer said it.")
        tx.reviews.add(
            Review(
                contact_id="C-2",
                scorecard_id="zh-telephone",
                scorecard_version=1,
                reviewer="Li",
                verdicts=(lifted,),
                reviewed_at=NOW,
                source="page",
                fingerprint="r",
            )
        )
    publish(store, evaluation("A01", attitude=(112.0, 2.0)), evaluation("A02", attitude=(112.0, 2.0)))
    badges = [one.proposal for one in run(store).proposals if one.proposal.kind is ProposalKind.BADGE]
    assert [(one.subject, one.name) for one in badges] == [("A02", "service-star")]


def test_an_unknown_proposal_is_told(store: Store) -> None:
    with pytest.raises(NotFound, match="no proposal with the id nothing"):
        decide(store, "nothing")


def test_publications_know_their_day_on_the_site(store: Store) -> None:
    # 20:00 UTC on 3 November is 4 November in Shanghai: the week runs from there.
    low = replace(publication(evaluation("A01", 65.0, group="below")), published_at=PUBLISHED_AT.replace(hour=20))
    with store.transaction() as tx:
        tx.publications.add(low)
    assert only(run(store), ProposalKind.IMPROVEMENT_PLAN).proposal.due_on == date(2026, 11, 11)
