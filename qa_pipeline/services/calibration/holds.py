"""Criteria that the machine gets wrong too often stop scoring by themselves until a person releases them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qa_pipeline.domain.cycle import AppealOutcome, CriterionHold
from qa_pipeline.domain.inspection import Inspection, Outcome, Reason
from qa_pipeline.domain.review import Review
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.errors import N_
from qa_pipeline.scoring.holds import ErrorRate, HoldRule
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.calibration.verdicts import JUDGED, Key, is_independent, machine_outcome
from qa_pipeline.services.cycle.appeals import appealed_outcomes
from qa_pipeline.services.reviews.values import by_card_of
from qa_pipeline.services.webhooks import emit
from qa_pipeline.store import Transaction

AUTOMATIC = "callqa"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What one person and the machine said on one criterion of one contact."""

    reviewed_at: datetime
    person: Outcome
    machine: Outcome


_Since = Callable[[Key], datetime]
_DAYS_PER_MONTH = 30.44
_CHARGES = (Outcome.NOT_MET, Outcome.PARTLY_MET)


def update_holds(
    tx: Transaction,
    cards: Sequence[Scorecard],
    rule: HoldRule,
    at: datetime,
    keys: Collection[Key] | None = None,
) -> tuple[CriterionHold, ...]:
    """Put every criterion on hold whose error rate is past what the rule allows, and return the new holds.

    ``keys``: the criteria that the change is about, None for all.

    To be called after reviews or decisions on appeals were added, in the same transaction. Nothing is released: that
    takes a person, and what was known at a release does not put the criterion on hold again.
    """
    in_force = {(hold.scorecard_id, hold.criterion_id) for hold in tx.holds.list() if hold.is_open}
    new = []
    for rate in error_rates(tx, cards, rule, at, None if keys is None else set(keys) - in_force):
        reason = rate.reason_to_hold(rule)
        if reason is None or (rate.scorecard_id, rate.criterion_id) in in_force:
            continue
        hold = CriterionHold(
            scorecard_id=rate.scorecard_id,
            criterion_id=rate.criterion_id,
            reason=reason,
            held_by=AUTOMATIC,
            held_at=at,
        )
        _add(tx, hold)
        new.append(hold)
    return tuple(new)


def hold_criterion(
    tx: Transaction, scorecard_id: str, criterion_id: str, *, by: str, reason: str, at: datetime
) -> CriterionHold:
    """Put a criterion on hold because a person says so; raises Conflict when it is on hold already."""
    hold = CriterionHold(
        scorecard_id=scorecard_id,
        criterion_id=criterion_id,
        reason=Reason(message=N_("{by}: {why}"), params={"by": by, "why": reason}),
        held_by=by,
        held_at=at,
    )
    _add(tx, hold)
    return hold


def release_criterion(
    tx: Transaction, scorecard_id: str, criterion_id: str, *, by: str, reason: str, at: datetime
) -> CriterionHold:
    """Let a criterion score by itself again because a person says so; raises NotFound when it is not on hold."""
    released = tx.holds.release(scorecard_id, criterion_id, by=by, reason=reason, at=at)
    emit(tx, WebhookKind.CRITERION_RELEASED, f"{scorecard_id}/{criterion_id}", **_names(released))
    return released


def _add(tx: Transaction, hold: CriterionHold) -> None:
    tx.holds.add(hold)
    by_error_rate = hold.held_by == AUTOMATIC
    subject = f"{hold.scorecard_id}/{hold.criterion_id}"
    emit(tx, WebhookKind.CRITERION_HELD, subject, **_names(hold), by_error_rate=by_error_rate)


def _names(hold: CriterionHold) -> dict[str, str]:
    return {"scorecard_id": hold.scorecard_id, "criterion_id": hold.criterion_id}


def error_rates(
    tx: Transaction,
    cards: Sequence[Scorecard],
    rule: HoldRule,
    at: datetime,
    keys: Collection[Key] | None = None,
) -> Sequence[ErrorRate]:
    """Return what is known of the machine's errors by criterion, since its last release and within the rule's months.

    ``keys``: of these criteria alone, None for all.

    Of each contact the machine is set beside one person, as people are beside one other, so that the two shares can be
    compared. Appeals are set against the charges only where there are as many upheld ones as the rule asks for.
    """
    first = at - timedelta(days=_DAYS_PER_MONTH * rule.months)
    since = _since(tx, first)
    if keys is not None and not keys:
        return []
    reviewed = {
        key: list(_recent(contacts.values(), since(key)))
        for key, contacts in _list_independent(tx, cards, first, keys).items()
    }
    upheld = _upheld_counts(tx, since, keys)
    upheld = Counter({key: count for key, count in upheld.items() if count >= rule.upheld_min})
    charged = _charged_counts(tx, upheld, since)
    return [
        ErrorRate(
            scorecard_id=key[0],
            criterion_id=key[1],
            reviewed=_wrong(reviewed.get(key, ())),
            # A charge that a review has corrected since may not be found any more.
            appealed=Share(upheld[key], max(upheld[key], charged[key])),
            people=_differing(reviewed.get(key, ())),
        )
        for key in sorted({*reviewed, *upheld})
    ]


def _list_independent(
    tx: Transaction, cards: Sequence[Scorecard], since: datetime, keys: Collection[Key] | None
) -> Mapping[Key, Mapping[str, Sequence[_Verdict]]]:
    """Return by criterion and contact what tells how often the machine errs, reviewers by name.

    The same as :func:`list_independent` of all reviews, by what little is needed of each.
    """
    by_key = {(card.id, card.version): card for card in cards}
    found: dict[Key, dict[str, list[_Verdict]]] = defaultdict(lambda: defaultdict(list))
    drawn = tx.reviews.drawn(since, None if keys is None else {scorecard_id for scorecard_id, _ in keys})
    for one in sorted(drawn, key=lambda one: one.review.reviewer):
        review = by_card_of(one.card, one.review, by_key) if is_independent(one.review) else None
        if not isinstance(review, Review):
            continue
        machine = {finding.criterion_id: machine_outcome(finding) for finding in one.found}
        for criterion_id, person in {each.criterion_id: each.outcome for each in review.verdicts}.items():
            key, said = (one.card[0], criterion_id), machine.get(criterion_id)
            if (keys is None or key in keys) and said in JUDGED and person in JUDGED:
                made = _Verdict(reviewed_at=review.reviewed_at, person=person, machine=said)
                found[key][one.contact_id].append(made)
    return found


def _since(tx: Transaction, first: datetime) -> _Since:
    """Return from when evidence on a criterion counts: from its last release on, or from `first`."""
    released: dict[Key, datetime] = {}
    for hold in tx.holds.list():
        if hold.released_at is not None:
            released[hold.scorecard_id, hold.criterion_id] = hold.released_at
    return lambda key: max(first, released.get(key, first))


def _recent(contacts: Iterable[Sequence[_Verdict]], since: datetime) -> Iterator[Sequence[_Verdict]]:
    for verdicts in contacts:
        recent = [one for one in verdicts if one.reviewed_at > since]
        if recent:
            yield recent


def _wrong(contacts: Sequence[Sequence[_Verdict]]) -> Share:
    """Return on how many contacts the machine disagrees with one person, the first by name."""
    return Share(sum(one.person is not one.machine for one, *_ in contacts), len(contacts))


def _differing(contacts: Sequence[Sequence[_Verdict]]) -> Share:
    """Return on how many contacts the first two people by name disagree."""
    pairs = [verdicts[:2] for verdicts in contacts if len(verdicts) > 1]
    return Share(sum(one.person is not other.person for one, other in pairs), len(pairs))


def _upheld_counts(tx: Transaction, since: _Since, keys: Collection[Key] | None) -> Counter[Key]:
    """Return by criterion on how many contacts the machine's finding was appealed against with success.

    An appeal against what a person had judged says nothing of the machine.
    """
    contacts: set[tuple[Key, str]] = set()
    for appeal, decision in appealed_outcomes(tx):
        if appeal.contact_id is None or appeal.scorecard_id is None or appeal.criterion_id is None:
            continue
        key = (appeal.scorecard_id, appeal.criterion_id)
        if keys is not None and key not in keys:
            continue
        is_recent = decision.outcome is not AppealOutcome.REJECTED and decision.decided_at > since(key)
        if is_recent and _found(tx, appeal.contact_id, key) is appeal.contested:
            contacts.add((key, appeal.contact_id))
    return Counter(key for key, _ in contacts)


def _found(tx: Transaction, contact_id: str, key: Key) -> Outcome | None:
    inspection = tx.inspections.find(contact_id, key[0])
    findings = inspection.findings if inspection else ()
    return next((machine_outcome(finding) for finding in findings if finding.criterion_id == key[1]), None)


def _charged_counts(tx: Transaction, keys: Iterable[Key], since: _Since) -> Counter[Key]:
    """Return how many contacts of that time the machine charged on each criterion."""
    wanted = set(keys)
    found: Counter[Key] = Counter()
    if not wanted:
        return found
    for contact, inspection in tx.inspections.list():
        for key in _charges(inspection):
            if key in wanted and (contact.started_at or inspection.created_at) > since(key):
                found[key] += 1
    return found


def _charges(inspection: Inspection) -> Iterator[Key]:
    return (
        (inspection.scorecard_id, finding.criterion_id)
        for finding in inspection.findings
        if machine_outcome(finding) in _CHARGES
    )
