"""Agreement from the store's reviews: what counts, what is left out, and the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa_pipeline.appraisal.criterion_agreement import Gate, Rated, measure_criterion
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.scoring.holds import withhold
from qa_pipeline.services.calibration.agreement import measure_period
from qa_pipeline.services.calibration.overrides import count_overrides
from qa_pipeline.store import Store
from tests.qa_pipeline.services.calibration.site import (
    CARD,
    CRITERION,
    MET,
    NOT,
    UNSURE,
    add_contact,
    add_judged,
    add_review,
    day,
    start,
)


def test_blind_random_reviews_count_and_the_others_are_told(store: Store) -> None:
    start(store)
    # Two people on ten contacts: both right on eight, b alone differs on two. The machine goes with a but on one.
    machine = [NOT] + [MET] * 4 + [NOT] * 5
    people = [[MET, MET]] + [[MET, MET]] * 3 + [[MET, NOT]] + [[NOT, NOT]] * 4 + [[NOT, MET]]
    add_judged(store, machine, people)
    add_judged(store, [MET] * 2, [[MET], [MET]], blind=False)
    add_judged(store, [MET], [[NOT]], selection=Selection.COMPLAINT)
    add_judged(store, [UNSURE], [[MET]])
    found = measure_period(store, "2026-10", [CARD])
    (one,) = found.criteria
    assert (found.blind_count, found.shown_count, found.targeted_count, found.left_out_count) == (21, 2, 1, 0)
    assert one.blind.people is not None
    assert one.blind.machine is not None
    assert (one.blind.people.units, one.blind.people.raw.value) == (10, pytest.approx(0.8))
    assert (one.blind.machine.units, one.blind.machine.raw.value) == (10, pytest.approx(0.9))
    assert one.blind.abstained == 1  # the machine's own
    assert (one.blind.gate, one.blind.missing) == (Gate.TOO_FEW, 190)
    assert one.shown is None  # everybody said met: nothing tells raters apart
    assert measure_period(store, "2026-Q4", [CARD], "chat").criteria == ()


def test_what_the_machine_found_on_a_criterion_on_hold_is_still_measured(store: Store) -> None:
    start(store)
    add_judged(store, [MET, NOT], [[MET], [NOT]])
    hold = CriterionHold(
        scorecard_id=CARD.id,
        criterion_id=CRITERION,
        reason=Reason(message="why"),
        held_by="Chen",
        held_at=day("2026-10-30"),
    )
    with store.transaction() as tx:
        for number in range(2):
            before = tx.inspections.find(f"J-{number:04d}")
            assert before is not None
            findings = withhold(before.findings, CARD.id, [hold])
            tx.inspections.add(replace(before, findings=findings, fingerprint=f"{number}" * 64), "run")
    (one,) = measure_period(store, "2026-10", [CARD]).criteria
    assert one.blind.machine is not None
    assert (one.blind.machine.units, one.blind.machine.raw.value, one.blind.abstained) == (2, 1.0, 0)


def test_where_all_are_given_one_outcome_the_gate_knows_nothing() -> None:
    ratings = [Rated(contact=str(n), rater=who, value=1.0) for n in range(200) for who in ("a", "b", "machine")]
    found = measure_criterion("greeting", ratings)
    assert (found.gate, found.missing, found.people) == (Gate.UNDEFINED, 0, None)
    # The machine finds one that people do not: still nothing is known of how it would agree on a real one.
    ratings[2] = Rated(contact="0", rater="machine", value=0.0)
    assert measure_criterion("greeting", ratings).gate is Gate.UNDEFINED


def test_without_reviews_it_is_said_what_to_do(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        measure_period(store, "2026-10", [CARD])
    assert "reviews import" in caught.value.hint
    with pytest.raises(ConfigurationError):
        measure_period(store, "October", [CARD])


def test_who_never_changes_anything_raises_an_alarm(store: Store) -> None:
    start(store)
    with store.transaction() as tx:
        for number in range(20):
            contact_id = f"C-{number}"
            add_contact(tx, contact_id, {CRITERION: MET}, points=80.0)
            add_review(tx, contact_id, "nods", {CRITERION: MET}, blind=False)
            said = NOT if number < 5 else MET
            add_review(tx, contact_id, "reads", {CRITERION: said}, blind=False, comment="cut short" if number else "")
            add_review(tx, contact_id, "blind", {CRITERION: NOT})
        add_review(tx, "C-0", "totals", points=70.0, blind=False, comment="too long")
        add_review(tx, "C-1", "totals", points=80.0, blind=False)
    nods, reads, totals = count_overrides(store, "2026-Q4", [CARD])
    assert (nods.changed.count, nods.changed.n, nods.is_alarm) == (0, 20, True)
    assert (reads.changed.count, reads.unexplained_count, reads.is_alarm) == (5, 1, False)
    assert (totals.reviewer, totals.changed.count, totals.changed.n, totals.is_alarm) == ("totals", 1, 2, False)
