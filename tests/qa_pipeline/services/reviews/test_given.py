"""Reviews given by hand: nothing is lost, everything is kept, and they count like imported ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.domain.review import Selection, Verdict
from qa_pipeline.errors import Conflict, InputError, NotAllowed, Outdated
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.review_queue.claims import claim_contact
from qa_pipeline.services.reviews import effective_contacts, import_reviews, reviewed_values
from qa_pipeline.services.reviews.given import Said, give_review, read_review_state
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.qa_pipeline.services.review_queue.site import (
    CARD,
    LEASE,
    MET,
    NOT,
    NOW,
    add,
    draw,
    give,
    look_at,
    start,
    view,
)


@pytest.fixture
def site(store: Store) -> Store:
    """One contact that the machine found all right, one drawn at random."""
    start(store)
    with store.transaction() as tx:
        add(tx, "C-1", Flag.ANGRY_CUSTOMER)
        add(tx, "C-2")
        draw(tx, "S2026-10-1", Selection.RANDOM, ["C-2"])
    return store


def version(store: Store, contact_id: str = "C-1", person: str = "li", *, blind: bool = False) -> str:
    with store.reading() as tx:
        return read_review_state(tx, contact_id, person, blind=blind).version


def test_the_second_of_two_is_told_who_was_first_and_loses_nothing(site: Store) -> None:
    seen = version(site)
    with site.transaction() as tx:
        give(tx, "wang", "C-1", {"greeting": NOT}, seen=seen)
    with pytest.raises(Outdated, match="wang reviewed this contact since you looked at it"), site.transaction() as tx:
        give(tx, "li", "C-1", {"closing": NOT}, seen=seen)
    with site.transaction() as tx:
        give(tx, "li", "C-1", {"closing": NOT}, seen=version(site))
    with site.reading() as tx:
        found = effective_contacts(tx, None, [CARD], contact_id="C-1")["C-1"].effective
    outcomes = {finding.criterion_id: finding.outcome for finding in found.findings}
    # Both count: of 70 points by weight, greeting and closing (10 each) are lost.
    assert (outcomes["greeting"], outcomes["closing"], found.reviewers) == (NOT, NOT, ("wang", "li"))
    assert found.points == pytest.approx(100 * 50 / 70)


def test_a_new_inspection_makes_an_old_view_outdated(site: Store) -> None:
    seen = version(site)
    with site.transaction() as tx:
        found = tx.inspections.find("C-1")
        assert found is not None
        tx.inspections.add(replace(found, fingerprint="9" * 64), "run")
    with pytest.raises(Outdated, match="judged anew"), site.transaction() as tx:
        give(tx, "li", "C-1", {"closing": NOT}, seen=seen)


def test_a_changed_review_replaces_the_own_one_and_the_history_keeps_both(site: Store) -> None:
    with site.transaction() as tx:
        first = give(tx, "li", "C-1", {"greeting": NOT}).review
        same = give(tx, "li", "C-1", {"greeting": NOT}, now=NOW + timedelta(hours=1))
        second = give(tx, "li", "C-1", {"greeting": MET, "closing": NOT}, now=NOW + timedelta(hours=2)).review
    assert (same.is_new, same.review) == (False, first)
    assert second.replaces == first.fingerprint
    with site.reading() as tx:
        assert tx.reviews.list(contact_id="C-1") == [second]
        assert tx.reviews.list(contact_id="C-1", history=True) == [first, second]


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (Said(scorecard_id="zh-telephone", scorecard_version=1), InputError, "judges nothing"),
        (
            Said(scorecard_id="zh-telephone", scorecard_version=2, points=5.0),
            Conflict,
            "is inspected by zh-telephone@1",
        ),
        (Said(scorecard_id="chat", scorecard_version=1, points=5.0), Conflict, "is inspected by"),
        (Said(scorecard_id="zh-telephone", scorecard_version=1, points=101.0), InputError, "outside of 0 to 100"),
        (
            Said(scorecard_id="zh-telephone", scorecard_version=1, attitude_value=float("nan")),
            InputError,
            "outside of 1 to 5",
        ),
        (
            Said(scorecard_id="zh-telephone", scorecard_version=1, points=5.0),
            InputError,
            "machine gives other points",
        ),
        (
            Said(
                scorecard_id="zh-telephone",
                scorecard_version=1,
                verdicts=(Verdict(criterion_id="greeting", outcome=NOT, comment=" "),),
            ),
            InputError,
            "machine found another outcome on greeting",
        ),
        (
            Said(
                scorecard_id="zh-telephone",
                scorecard_version=1,
                verdicts=(Verdict(criterion_id="smile", outcome=MET),),
            ),
            InputError,
            "no criterion smile",
        ),
        (
            Said(
                scorecard_id="zh-telephone",
                scorecard_version=1,
                verdicts=(Verdict(criterion_id="greeting", outcome=MET),) * 2,
            ),
            InputError,
            "judged twice",
        ),
    ],
)
def test_what_is_refused(site: Store, said: Said, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words), site.transaction() as tx:
        give_review(tx, "li", "C-1", said, seen_version="*", cards=[CARD], hold_rule=HoldRule(), now=NOW)


def test_nobody_reviews_the_own_contact(site: Store) -> None:
    for name in ("A01", " a01", "王芳"):
        with pytest.raises(NotAllowed, match="your own"), site.transaction() as tx:
            give(tx, name, "C-1", {"greeting": NOT})


def test_only_a_blind_review_of_a_drawn_contact_tells_of_the_machine(site: Store) -> None:
    with site.transaction() as tx:
        claim_contact(tx, view("li"), "C-2", LEASE)
        blind = give(tx, "li", "C-2", {"greeting": NOT}, comment="").review  # blind needs no reasons
        shown = give(tx, "wang", "C-1", {"greeting": NOT}).review
    assert (blind.blind, blind.selection, blind.inclusion_probability, blind.sample_id) == (
        True,
        Selection.RANDOM,
        0.25,
        "S2026-10-1",
    )
    assert (shown.blind, shown.selection) == (False, Selection.UNKNOWN)
    with site.transaction() as tx:
        look_at(tx, "li", "C-2")
        changed = give(tx, "li", "C-2", {"greeting": MET}).review
    # Changed after a look at what was found: still of a drawn contact, but blind no more.
    assert (changed.blind, changed.selection, changed.sample_id) == (False, Selection.RANDOM, "S2026-10-1")


def test_a_criterion_that_the_machine_gets_wrong_is_held_with_the_review_that_shows_it(site: Store) -> None:
    ids = [f"R-{number:02d}" for number in range(20)]
    with site.transaction() as tx:
        for contact_id in ids:
            add(tx, contact_id)
        draw(tx, "S2026-10-2", Selection.RANDOM, ids)
    held: list[list[str]] = []
    for number, contact_id in enumerate(ids):
        with site.transaction() as tx:
            claim_contact(tx, view("li"), contact_id, LEASE)
            found = give(tx, "li", contact_id, {"greeting": NOT if number % 2 else MET})
            held.append([hold.criterion_id for hold in found.holds])
    # 10 of 20 wrong: the interval lies wholly above 10 %; before the twentieth review nothing is decided.
    assert held == [[]] * 19 + [["greeting"]]


OUTCOMES = st.dictionaries(
    st.sampled_from([criterion.id for criterion in CARD.criteria]),
    st.sampled_from([Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET, Outcome.NOT_APPLICABLE]),
)


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store, Path]]:
    folder = tmp_path_factory.mktemp("equal")
    stores = [open_store(f"sqlite:///{folder / name}.db", ZONE) for name in ("service", "table")]
    for each in stores:
        start(each)
    yield stores[0], stores[1], folder
    for each in stores:
        each.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcomes=OUTCOMES, points=st.none() | st.integers(0, 100), attitude=st.none() | st.integers(1, 5))
def test_a_review_by_hand_counts_as_the_same_one_from_a_table(
    two_stores: tuple[Store, Store, Path], outcomes: dict[str, Outcome], points: int | None, attitude: int | None
) -> None:
    by_hand, by_table, folder = two_stores
    if not outcomes and points is None and attitude is None:
        return
    with by_hand.reading() as tx:
        contact_id = f"E-{tx.contacts.count()}"
    for each in (by_hand, by_table):
        with each.transaction() as tx:
            add(tx, contact_id)
            draw(tx, f"S2026-10-{contact_id}", Selection.RANDOM, [contact_id])
    with by_hand.transaction() as tx:
        give(
            tx,
            "li",
            contact_id,
            outcomes,
            points=None if points is None else float(points),
            attitude_value=None if attitude is None else float(attitude),
        )
    lines = ["contact,reviewer,criterion,outcome,comment,points,attitude"]
    tail = f"{'' if points is None else points},{'' if attitude is None else attitude}"
    lines += [f"{contact_id},li,{key},{outcome.value},why,{tail}" for key, outcome in outcomes.items()]
    lines.append(f"{contact_id},li,,,why,{tail}")
    path = folder / "reviews.csv"
    path.write_text("\n".join(lines) + "\n")
    assert not import_reviews(by_table, path, [CARD], now=NOW).rejected

    def counts(store: Store) -> object:
        with store.reading() as tx:
            (compared,) = reviewed_values(tx, None, [CARD], contact_id=contact_id).compared
            found = effective_contacts(tx, None, [CARD], contact_id=contact_id)[contact_id].effective
        review = replace(compared.review, source="", fingerprint="")
        return found, compared.machine, compared.reviewed, compared.verdicts, review

    assert counts(by_hand) == counts(by_table)
