"""Criteria go on hold by their error rate, and come off by a person."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from qa_pipeline.domain.cycle import Appeal, AppealDecision, AppealOutcome, StaffRole, Transition
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import Conflict, NotFound
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.calibration.holds import AUTOMATIC, error_rates, hold_criterion, update_holds
from qa_pipeline.services.calibration.verdicts import list_independent
from qa_pipeline.services.reviews import reviewed_values
from qa_pipeline.store import Store
from tests.qa_pipeline.services.calibration.site import (
    CARD,
    CRITERION,
    MET,
    NOT,
    PARTLY,
    UNSURE,
    add_contact,
    add_judged,
    add_review,
    day,
    start,
)

NOW = day("2026-11-02")
RULE = HoldRule()
CARDS = [CARD]


def test_a_criterion_past_its_limit_is_held_by_itself(store: Store) -> None:
    # 8 of 20 wrong: Clopper and Pearson give .191 to .639, and .1 is allowed.
    start(store)
    add_judged(store, [MET] * 20, [[NOT]] * 8 + [[MET]] * 12)
    with store.transaction() as tx:
        (hold,) = update_holds(tx, CARDS, RULE, NOW)
    assert (hold.scorecard_id, hold.criterion_id, hold.held_by) == (CARD.id, CRITERION, AUTOMATIC)
    assert hold.reason.params == {"wrong": 8, "n": 20, "low": 19.1, "high": 63.9, "allowed": 10.0}
    with store.transaction() as tx:
        assert update_holds(tx, CARDS, RULE, NOW) == ()
        assert [each.is_open for each in tx.holds.list()] == [True]


@pytest.mark.parametrize(
    ("machine", "people", "review"),
    [
        ([MET] * 19, [[NOT]] * 19, {}),  # one contact too few
        ([MET] * 20, [[NOT]] * 5 + [[MET]] * 15, {}),  # .087 to .491: it may be as good as allowed
        ([MET] * 20, [[NOT]] * 20, {"blind": False}),  # who has seen the machine's may have wanted to differ
        ([UNSURE] * 20, [[NOT]] * 20, {}),  # nothing was claimed
        ([MET] * 20, [[UNSURE]] * 20, {}),
    ],
)
def test_what_is_not_known_holds_nothing(store: Store, machine: list, people: list, review: dict) -> None:
    start(store)
    add_judged(store, machine, people, **review)
    with store.transaction() as tx:
        assert update_holds(tx, CARDS, RULE, NOW) == ()


def test_what_people_disagree_among_themselves_is_allowed_to_the_machine(store: Store) -> None:
    # 40 contacts by two people who differ on 12 (30 %): .1 + .3 are allowed. The machine goes with a, the first.
    start(store)
    add_judged(store, [MET] * 40, [[MET, NOT]] * 12 + [[MET, MET]] * 28)
    with store.reading() as tx:
        (rate,) = error_rates(tx, CARDS, RULE, NOW)
    assert (rate.reviewed.count, rate.people.count, rate.people.n) == (0, 12, 40)
    assert rate.allowed_ratio(RULE) == pytest.approx(0.4)
    # 20 more by one person each, all against the machine: 20 of 60, .217 to .466, but .4 are allowed.
    add_judged(store, [MET] * 20, [[NOT]] * 20)
    with store.transaction() as tx:
        assert update_holds(tx, CARDS, RULE, NOW) == ()


def test_a_release_counts_until_there_is_new_evidence(store: Store) -> None:
    start(store)
    add_judged(store, [MET] * 20, [[NOT]] * 20, on="2026-10-20")
    with store.transaction() as tx:
        update_holds(tx, CARDS, RULE, NOW)
        tx.holds.release(CARD.id, CRITERION, by="Chen", reason="new wording", at=NOW)
    later = NOW + timedelta(days=20)
    with store.transaction() as tx:
        assert update_holds(tx, CARDS, RULE, later) == ()
    add_judged(store, [MET] * 20, [[NOT]] * 20, on="2026-11-10")
    with store.transaction() as tx:
        (hold,) = update_holds(tx, CARDS, RULE, later)
        assert hold.reason.params["n"] == 20  # the old ones do not count again
        assert [each.is_open for each in tx.holds.list()] == [False, True]
        assert tx.holds.list()[0].released_by == "Chen"


def test_evidence_grows_old(store: Store) -> None:
    start(store)
    add_judged(store, [MET] * 20, [[NOT]] * 20)
    with store.transaction() as tx:
        assert update_holds(tx, CARDS, RULE, NOW + timedelta(days=200)) == ()


def _appeal(number: int, contact_id: str) -> Appeal:
    return Appeal(
        id=f"A-{number}",
        agent_id="A01",
        period="2026-10",
        version=1,
        contact_id=contact_id,
        scorecard_id=CARD.id,
        criterion_id=CRITERION,
        contested=NOT,
        indicator=None,
        statement="said it",
        filed_by="A01",
        filed_at=day("2026-10-21"),
        due_on=day("2026-10-28").date(),
    )


def _decided(number: int) -> Transition:
    return Transition(
        machine="appeal",
        subject=f"A-{number}",
        number=1,
        name="decide",
        from_state="filed",
        to_state="decided",
        actor="Li",
        role=StaffRole.QA,
        reason="heard it",
        at=day("2026-10-25"),
    )


def test_upheld_appeals_are_a_floor_of_the_error_rate(store: Store) -> None:
    # 10 charges, 4 of them appealed against with success: .122 to .738, and .1 is allowed.
    start(store)
    with store.transaction() as tx:
        for number in range(10):
            add_contact(tx, f"C-{number}", {CRITERION: NOT})
        for number in range(5):
            tx.appeals.add(_appeal(number, f"C-{number}"))
            tx.transitions.add(_decided(number))
            tx.appeals.decide(
                AppealDecision(
                    appeal_id=f"A-{number}",
                    instance=1,
                    outcome=AppealOutcome.UPHELD if number < 4 else AppealOutcome.REJECTED,
                    reason="heard it",
                    decided_by="Li",
                    decided_at=day("2026-10-25"),
                )
            )
        (hold,) = update_holds(tx, CARDS, RULE, NOW)
    assert hold.reason.params["wrong"] == 4
    assert hold.reason.params["n"] == 10
    assert hold.reason.params["low"] == 12.2


def test_people_hold_and_release_once(store: Store) -> None:
    def hold() -> None:
        with store.transaction() as tx:
            hold_criterion(tx, CARD.id, CRITERION, by="Chen", reason="new product", at=NOW)

    def release() -> None:
        with store.transaction() as tx:
            tx.holds.release(CARD.id, CRITERION, by="Li", reason="fixed", at=NOW)

    hold()
    with pytest.raises(Conflict):
        hold()
    release()
    with pytest.raises(NotFound):
        release()
    hold()
    with store.reading() as tx:
        assert [each.is_open for each in tx.holds.list()] == [False, True]


def test_error_rates_are_those_of_all_that_is_known_of_every_review(store: Store) -> None:
    # A site at random: 60 contacts, withheld and unsure findings, one to three people, all ways of being chosen.
    random = Random(7)
    outcomes, ways = [MET, PARTLY, NOT, UNSURE], list(Selection)
    criteria = [criterion.id for criterion in CARD.criteria][:4]
    start(store)
    with store.transaction() as tx:
        for number in range(60):
            contact_id = f"R-{number:02d}"
            add_contact(tx, contact_id, {each: random.choice(outcomes) for each in criteria})
            for person in random.sample("abcd", random.randint(1, 3)):
                judged = {each: random.choice(outcomes) for each in random.sample(criteria, random.randint(1, 4))}
                way, is_blind = random.choice(ways), random.random() < 0.8
                add_review(tx, contact_id, person, judged, selection=way, blind=is_blind)
        found = {(rate.scorecard_id, rate.criterion_id): rate for rate in error_rates(tx, CARDS, RULE, NOW)}
        known = list_independent(reviewed_values(tx, None, CARDS).compared)
        alone = {key: error_rates(tx, CARDS, RULE, NOW, {key}) for key in known}
    assert found.keys() == known.keys() == {(CARD.id, each) for each in criteria}
    for key, contacts in known.items():
        judged = [[(one.person, one.machine) for one in verdicts] for verdicts in contacts.values()]
        wrong = sum(person is not machine for (person, machine), *_ in judged)
        assert (found[key].reviewed.count, found[key].reviewed.n) == (wrong, len(judged))
        pairs = [(first, second) for (first, _), (second, _), *_ in (each for each in judged if len(each) > 1)]
        differing = sum(first is not second for first, second in pairs)
        assert (found[key].people.count, found[key].people.n) == (differing, len(pairs))
        assert alone[key] == [found[key]]  # of one criterion alone the same
