"""Deciding on appeals: a blind sheet for whoever judges anew, and the decision with what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from qa_pipeline.appraisal.deadlines import end_after
from qa_pipeline.appraisal.workflow import Attempt, check_step, get_workflow
from qa_pipeline.domain.cycle import Appeal, AppealDecision, AppealOutcome, CriterionHold
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.domain.scorecard import Criterion, Scorecard
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.errors import N_, ConfigurationError, Conflict
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.calibration.holds import update_holds
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.cycle.appeals import (
    MACHINE,
    REVIEW_SOURCE,
    AppealState,
    Times,
    get_appeal,
    get_published,
    judges_of,
    take_step,
)
from qa_pipeline.services.webhooks import emit
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Store, Transaction

DECIDING = {1: "decide", 2: "decide_finally"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSheet:
    """What somebody needs to judge an item anew, without what anybody or the machine has judged, and without the name.

    Of a contact: the ``criterion`` and the masked ``transcript``. Of an indicator: from where it came, on how many
    observations, and the contacts behind it.
    """

    appeal: AppealState
    criterion: Criterion | None
    transcript: Transcript | None
    source: str | None
    n: int | None
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What an instance (1, or 2 as the last) decides; ``verdict`` on the criterion or ``points`` (0-100), instead."""

    instance: int
    outcome: AppealOutcome
    verdict: Outcome | None = None
    points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An appeal after a decision, the review that it appended, and criteria that are on hold since."""

    appeal: AppealState
    review: Review | None
    holds: Sequence[CriterionHold]


def read_sheet(
    store: Store,
    artifacts: Artifacts,
    appeal_id: str,
    attempt: Attempt,
    now: datetime,
    *,
    cards: Sequence[Scorecard],
) -> BlindSheet:
    """Return the blind sheet of an appeal for somebody who may decide on it; one that was only filed is taken up.

    Raises
    ------
    NotFound
        There is no such appeal.
    Conflict
        There is nothing to decide.
    NotAllowed
        The person had a part in it.
    """
    with store.transaction() as tx:
        found = get_appeal(tx, appeal_id)
        if found.state == "filed":
            take_step(tx, found, "take", attempt, now)
            found = get_appeal(tx, appeal_id)
        workflow = get_workflow(MACHINE)
        step = workflow.get_step(DECIDING[2 if found.state == "second_instance" else 1])
        # Whoever may read it is whoever may decide; the reason comes with the decision.
        reader = replace(attempt, reason="-", concerned=found.appeal.agent_id, involved=judges_of(tx, found))
        check_step(workflow, step, found.state, appeal_id, reader)
        if found.appeal.indicator is not None:
            return _indicator_sheet(tx, found)
    contact_id = found.appeal.contact_id
    assert contact_id is not None, "an appeal is about an indicator or a contact"
    card = next((one for one in reversed(cards) if one.id == found.appeal.scorecard_id), None)
    criteria = card.criteria if card is not None else ()
    return BlindSheet(
        appeal=found,
        criterion=next((one for one in criteria if one.id == found.appeal.criterion_id), None),
        transcript=read_contact(store, artifacts, contact_id).transcript,
        source=None,
        n=None,
        contacts=(contact_id,),
    )


def decide_appeal(
    store: Store,
    appeal_id: str,
    ruling: Ruling,
    attempt: Attempt,
    now: datetime,
    *,
    times: Times,
    cards: Sequence[Scorecard],
    hold_rule: HoldRule,
) -> Decided:
    """Decide on an appeal in one instance; the attempt's reason is what the agent is told.

    Where an appeal on a contact is upheld, a review is appended that changes what counts of the contact. The published
    result stays until its correction is published. Where the second instance rejects, the first decision stands.

    Raises
    ------
    ConfigurationError
        The ruling does not fit the item.
    Conflict, NotAllowed
        As :func:`~qa_pipeline.services.cycle.advance.advance`: another state, or somebody who judged before.
    """
    with store.transaction() as tx:
        found = get_appeal(tx, appeal_id)
        _check_ruling(found.appeal, ruling)
        take_step(tx, found, DECIDING[ruling.instance], attempt, now)
        open_until = end_after(now, times.second_instance_days, tx.time_zone) if ruling.instance == 1 else None
        tx.appeals.decide(
            AppealDecision(
                appeal_id=appeal_id,
                instance=ruling.instance,
                outcome=ruling.outcome,
                reason=attempt.reason.strip(),
                decided_by=attempt.actor.strip(),
                decided_at=now,
                verdict=ruling.verdict,
                points=ruling.points,
                open_until=open_until,
            )
        )
        review = None
        if ruling.verdict is not None or ruling.points is not None:
            review = _review(tx, found.appeal, ruling, attempt, now)
            tx.reviews.add(review)
        outcome, period = ruling.outcome.value, found.appeal.period
        emit(tx, WebhookKind.APPEAL_DECIDED, appeal_id, period=period, instance=ruling.instance, outcome=outcome)
        holds = update_holds(tx, cards, hold_rule, now)
        return Decided(appeal=get_appeal(tx, appeal_id), review=review, holds=holds)


def _indicator_sheet(tx: Transaction, found: AppealState) -> BlindSheet:
    evaluation = get_published(tx, found.appeal.agent_id, found.appeal.period).evaluation
    item = next(
        one for dimension in evaluation.dimensions for one in dimension.items if one.indicator == found.appeal.indicator
    )
    return BlindSheet(
        appeal=found,
        criterion=None,
        transcript=None,
        source=item.source,
        n=item.n,
        contacts=tuple(sorted(item.contacts)),  # the published order, worst first, would tell what was found
    )


def _check_ruling(appeal: Appeal, ruling: Ruling) -> None:
    changes = (ruling.verdict is not None) + (ruling.points is not None)
    if ruling.outcome is AppealOutcome.REJECTED or appeal.contact_id is None:
        if changes:
            raise ConfigurationError(
                N_("A verdict or points stand only beside an appeal on a contact that is upheld, at least partly."),
                hint=N_(
                    "What an indicator should be comes by an import or a rating, then by `callqa periods correct`."
                ),
                field="verdict",
            )
        return
    if changes != 1:
        raise ConfigurationError(
            N_("Upholding an appeal on a contact needs what it is judged instead: a verdict or points, one of them."),
            hint=N_("Give --verdict met, partly_met, not_met or not_applicable; or --points 0 to 100."),
            field="verdict",
        )
    if ruling.verdict is Outcome.UNDETERMINED:
        raise ConfigurationError(
            N_("A person's verdict on an appeal cannot be 'undetermined'."),
            hint=N_("Where nothing can be determined for or against, the criterion is not applicable."),
            field="verdict",
        )
    if ruling.verdict is appeal.contested:
        raise Conflict(
            N_("The verdict {verdict} is the one that was appealed."),
            hint=N_("Give another, or reject the appeal."),
            verdict=ruling.verdict.value if ruling.verdict else "",
        )
    if ruling.points is not None and not 0 <= ruling.points <= 100:
        raise ConfigurationError(N_("Points of a contact lie between 0 and 100."), field="points")


def _review(tx: Transaction, appeal: Appeal, ruling: Ruling, attempt: Attempt, now: datetime) -> Review:
    assert appeal.contact_id is not None and appeal.criterion_id is not None, "only a contact is reviewed"
    inspection = tx.inspections.find(appeal.contact_id, appeal.scorecard_id)
    assert inspection is not None, "it was there when the appeal was filed, and inspections are never removed"
    verdict = None
    if ruling.verdict is not None:
        verdict = Verdict(criterion_id=appeal.criterion_id, outcome=ruling.verdict, comment=attempt.reason.strip())
    return Review(
        contact_id=appeal.contact_id,
        scorecard_id=inspection.scorecard_id,
        scorecard_version=inspection.scorecard_version,
        reviewer=attempt.actor.strip(),
        verdicts=(verdict,) if verdict else (),
        points=ruling.points,
        selection=Selection.APPEAL,
        blind=True,  # one item is judged anew; about the others it says nothing
        reviewed_at=now,
        source=f"{REVIEW_SOURCE}{appeal.id}",
        fingerprint=sha256(f"{appeal.id}\n{attempt.actor}\n{now.isoformat()}".encode()).hexdigest(),
    )
