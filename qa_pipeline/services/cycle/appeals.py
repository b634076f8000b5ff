"""Appeals: filed by the agent per item in a stated time, decided by somebody else, with a second and final instance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from qa_pipeline.appraisal.deadlines import day_after, end_after
from qa_pipeline.appraisal.workflow import Attempt, get_workflow
from qa_pipeline.domain.cycle import Appeal, AppealDecision, AppealOutcome, Publication, Transition
from qa_pipeline.domain.inspection import Finding, Inspection, Outcome
from qa_pipeline.domain.period import period_days
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.errors import N_, ConfigurationError, Conflict, Message, NotFound
from qa_pipeline.report.labels import APPEAL_OUTCOMES
from qa_pipeline.services.cycle.advance import advance
from qa_pipeline.services.reviews import effective_contacts
from qa_pipeline.services.webhooks import emit
from qa_pipeline.store import Store, Transaction

MACHINE = "appeal"
_ENDED = ("final", "withdrawn", "expired")
_WAITING = ("filed", "under_review", "second_instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Days for filing after publication, for an answer, and for asking for the second instance."""

    appeal_days: int = 7
    answer_days: int = 7
    second_instance_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What an appeal is about: a criterion of a contact, or an indicator of the published evaluation."""

    contact_id: str | None = None
    criterion_id: str | None = None
    indicator: str | None = None

    @property
    def text(self) -> str:
        """The item as it is cited."""
        return self.indicator or f"{self.contact_id} {self.criterion_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealState:
    """An appeal with its state, all steps, and the decisions by instance.

    ``due_on``: the day by which an answer is due now, None when none is. ``open_until``: until when the agent may ask
    for the second instance, None when that is not the question.
    """

    appeal: Appeal
    state: str
    steps: Sequence[Transition]
    decisions: Sequence[AppealDecision]
    due_on: date | None
    open_until: datetime | None

    @property
    def standing(self) -> AppealDecision | None:
        """The decision that counts: where the second instance rejects, the first one's stands; None without any."""
        if not self.decisions:
            return None
        last = self.decisions[-1]
        return self.decisions[0] if last.outcome is AppealOutcome.REJECTED else last

    @property
    def is_upheld(self) -> bool:
        """Whether the agent was right, at least partly."""
        return self.standing is not None and self.standing.outcome is not AppealOutcome.REJECTED

    @property
    def is_undecided(self) -> bool:
        """Whether an instance has yet to decide."""
        return self.state in _WAITING

    def is_open(self, now: datetime) -> bool:
        """Whether the item is not settled, so that nothing may follow from the result."""
        if self.state == "decided":
            return self.open_until is not None and now < self.open_until
        return self.state not in _ENDED

    def is_overdue(self, today: date) -> bool:
        """Whether an answer is late."""
        return self.due_on is not None and today > self.due_on


def file_appeal(
    store: Store,
    agent_id: str,
    period: str,
    item: Item,
    attempt: Attempt,
    now: datetime,
    *,
    cards: Sequence[Scorecard],
    times: Times,
) -> AppealState:
    """File an appeal on one item of a published result; the statement is the attempt's reason.

    Raises
    ------
    ConfigurationError
        The item is neither a contact with a criterion nor an indicator.
    NotFound
        Nothing is published, or there is no such item in the result.
    Conflict
        The time is over, or the item is under appeal or settled already.
    NotAllowed
        Somebody else than the agent files, or says nothing.
    """
    period_days(period)
    if (item.indicator is None) == (item.contact_id is None or item.criterion_id is None):
        raise ConfigurationError(
            N_("An appeal is about one item: a contact with a criterion, or an indicator."),
            hint=N_("Give --contact and --criterion, or --indicator."),
        )
    with store.transaction() as tx:
        publication = get_published(tx, agent_id, period)
        scorecard_id, contested = _contested(tx, publication, item, cards)
        earlier = [one for one in list_appeals(tx, period, agent_id) if _item_of(one.appeal) == item]
        appeal = Appeal(
            # Of two windows that file the same at once, the second finds the id taken.
            id=sha256(f"{agent_id}\n{period}\n{item.text}\n{len(earlier)}".encode()).hexdigest()[:10],
            agent_id=agent_id,
            period=period,
            version=publication.version,
            contact_id=item.contact_id,
            scorecard_id=scorecard_id,
            criterion_id=item.criterion_id,
            contested=contested,
            indicator=item.indicator,
            statement=attempt.reason.strip(),
            filed_by=attempt.actor.strip(),
            filed_at=now,
            due_on=day_after(now, times.answer_days, tx.time_zone),
        )
        tx.appeals.add(appeal)
        guards = {
            "in_window": lambda: _check_window(tx, publication, now, times),
            "item_open": lambda: _check_item(earlier, publication, item, now),
        }
        advance(tx, MACHINE, appeal.id, "file", replace(attempt, concerned=agent_id), now, guards=guards)
        emit(
            tx,
            WebhookKind.APPEAL_FILED,
            appeal.id,
            period=period,
            contact_id=appeal.contact_id,
            scorecard_id=scorecard_id,
            criterion_id=appeal.criterion_id,
            indicator=appeal.indicator,
            due_on=appeal.due_on.isoformat(),
        )
        return get_appeal(tx, appeal.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealable:
    """An item that the agent may appeal: a criterion not wholly met on a contact behind the result, or an indicator.

    ``outcome`` of the criterion; None for an indicator. ``appeal``: the latest one on the item.
    """

    item: Item
    outcome: Outcome | None
    appeal: AppealState | None


def list_items(tx: Transaction, agent_id: str, period: str, cards: Sequence[Scorecard]) -> Sequence[Appealable]:
    """Return what can be appealed of a published result, indicators first; raises NotFound when none is published."""
    publication = get_published(tx, agent_id, period)
    appeals = {_item_of(one.appeal): one for one in list_appeals(tx, period, agent_id)}
    results = [one for dimension in publication.evaluation.dimensions for one in dimension.items]
    found: dict[Item, Outcome | None] = {
        Item(indicator=one.indicator): None for one in results if one.attainment_points is not None
    }
    for contact_id in dict.fromkeys(contact_id for one in results for contact_id in one.contacts):
        inspection = _inspection(tx, publication, contact_id)
        findings = _findings(tx, inspection, cards) if inspection is not None else {}
        for criterion_id, finding in findings.items():
            if finding.outcome in (Outcome.NOT_MET, Outcome.PARTLY_MET, Outcome.UNDETERMINED):
                found[Item(contact_id=contact_id, criterion_id=criterion_id)] = finding.outcome
    return [Appealable(item=item, outcome=outcome, appeal=appeals.get(item)) for item, outcome in found.items()]


def answer_appeal(store: Store, appeal_id: str, step: str, attempt: Attempt, now: datetime) -> AppealState:
    """Take a step that decides nothing: ``take`` it up, ``accept`` a decision, ``escalate`` it, or ``withdraw``.

    Raises
    ------
    NotFound
        There is no such appeal.
    Conflict, NotAllowed
        As :func:`~qa_pipeline.services.cycle.advance.advance`; escalating has its time.
    """
    with store.transaction() as tx:
        take_step(tx, get_appeal(tx, appeal_id), step, attempt, now)
        answered = get_appeal(tx, appeal_id)
        if step == "escalate":
            due_on = answered.due_on.isoformat() if answered.due_on else None
            emit(tx, WebhookKind.APPEAL_ESCALATED, appeal_id, period=answered.appeal.period, due_on=due_on)
        return answered


def take_step(tx: Transaction, found: AppealState, step: str, attempt: Attempt, now: datetime) -> None:
    """Take a step of an appeal by somebody who had no part in it, where the step asks for that."""
    asked = replace(attempt, concerned=found.appeal.agent_id, involved=judges_of(tx, found))
    guards = {
        "in_time": lambda: _check_time(found, now, is_over=False),
        "too_late": lambda: _check_time(found, now, is_over=True),
    }
    advance(tx, MACHINE, found.appeal.id, step, asked, now, guards=guards)


def get_appeal(tx: Transaction, appeal_id: str) -> AppealState:
    """Return one appeal; raises NotFound."""
    steps = tx.transitions.list(MACHINE, appeal_id)
    return _state(tx.appeals.get(appeal_id), steps, tx.appeals.decisions([appeal_id]), tx.time_zone)


def list_appeals(tx: Transaction, period: str | None = None, agent_id: str | None = None) -> Sequence[AppealState]:
    """Return appeals with their states, oldest first."""
    appeals = tx.appeals.list(period, agent_id)
    decisions: dict[str, list[AppealDecision]] = defaultdict(list)
    for decision in tx.appeals.decisions([appeal.id for appeal in appeals]):
        decisions[decision.appeal_id].append(decision)
    steps = tx.transitions.histories(MACHINE, [appeal.id for appeal in appeals])
    return [_state(appeal, steps.get(appeal.id, ()), decisions[appeal.id], tx.time_zone) for appeal in appeals]


def open_appeals(tx: Transaction, period: str, now: datetime) -> Mapping[str, int]:
    """Return how many items of each agent's result are not settled; agents without any are left out."""
    return Counter(one.appeal.agent_id for one in list_appeals(tx, period) if one.is_open(now))


def appealed_outcomes(tx: Transaction, period: str | None = None) -> Iterator[tuple[Appeal, AppealDecision]]:
    """Yield each appeal that was decided with the decision that stands."""
    for one in list_appeals(tx, period):
        if one.standing is not None:
            yield one.appeal, one.standing


def judges_of(tx: Transaction, found: AppealState) -> frozenset[str]:
    """Return who has judged the item, or decided on the appeal before: its next judge must be somebody else."""
    appeal = found.appeal
    people = {decision.decided_by for decision in found.decisions}
    if appeal.contact_id is None:
        ratings = [one.rating for one in tx.ratings.history(appeal.period, appeal.agent_id)]
        return frozenset(people | {one.rater_id for one in ratings if one.indicator == appeal.indicator})
    for review in tx.reviews.list(contact_id=appeal.contact_id, history=True):
        judged = {verdict.criterion_id for verdict in review.verdicts}
        # Whoever decided on another criterion of the contact has not judged this one; any other reviewer has.
        if not review.source.startswith(REVIEW_SOURCE) or appeal.criterion_id in judged or not judged:
            people.add(review.reviewer)
    return frozenset(people)


def get_published(tx: Transaction, agent_id: str, period: str) -> Publication:
    """Return what is published of an agent's result now; raises NotFound."""
    versions = tx.publications.versions(agent_id, period)
    if not versions:
        raise NotFound(
            N_("No result of {agent} in {period} is published."),
            hint=N_("`callqa periods show {period}` says how far the period is."),
            agent=agent_id,
            period=period,
        )
    return versions[-1]


REVIEW_SOURCE = "appeal:"
"""Reviews that decisions on appeals append name the appeal after this as their source."""


def _state(
    appeal: Appeal, steps: Sequence[Transition], decisions: Sequence[AppealDecision], zone: ZoneInfo
) -> AppealState:
    state = steps[-1].to_state
    due_on = appeal.due_on if state in _WAITING else None
    if state == "second_instance":
        # The second instance has as many days as the first had.
        answer_days = (appeal.due_on - day_after(appeal.filed_at, 0, zone)).days
        due_on = day_after(steps[-1].at, answer_days, zone)
    return AppealState(
        appeal=appeal,
        state=state,
        steps=steps,
        decisions=decisions,
        due_on=due_on,
        open_until=decisions[-1].open_until if state == "decided" else None,
    )


def _item_of(appeal: Appeal) -> Item:
    return Item(contact_id=appeal.contact_id, criterion_id=appeal.criterion_id, indicator=appeal.indicator)


def _contested(
    tx: Transaction, publication: Publication, item: Item, cards: Sequence[Scorecard]
) -> tuple[str | None, Outcome | None]:
    """Return the scorecard and the outcome that counts now; both None for an indicator. Raises NotFound."""
    agent_id = publication.agent_id
    if item.contact_id is None or item.criterion_id is None:
        known = [one.indicator for dimension in publication.evaluation.dimensions for one in dimension.items]
        if item.indicator not in known:
            raise NotFound(
                N_("The result of {agent} has no indicator {indicator}."),
                hint=N_("Its indicators: {known}."),
                agent=agent_id,
                indicator=item.indicator,
                known=", ".join(known),
            )
        return None, None
    inspection = _inspection(tx, publication, item.contact_id)
    if inspection is None:
        raise NotFound(
            N_("{agent} has no inspected contact {contact} in {period}."),
            hint=N_("`callqa results show` lists the contacts behind each indicator."),
            agent=agent_id,
            contact=item.contact_id,
            period=publication.period,
        )
    findings = _findings(tx, inspection, cards)
    if item.criterion_id not in findings:
        raise NotFound(
            N_("The criterion {criterion} was not judged on {contact}."),
            hint=N_("Judged there: {known}."),
            criterion=item.criterion_id,
            contact=item.contact_id,
            known=", ".join(findings),
        )
    return inspection.scorecard_id, findings[item.criterion_id].outcome


def _findings(tx: Transaction, inspection: Inspection, cards: Sequence[Scorecard]) -> Mapping[str, Finding]:
    """Return by criterion what counts of a contact now."""
    counting = effective_contacts(tx, None, cards, contact_id=inspection.contact_id).get(inspection.contact_id)
    return {one.criterion_id: one for one in (counting.effective.findings if counting else inspection.findings)}


def _inspection(tx: Transaction, publication: Publication, contact_id: str) -> Inspection | None:
    """Return the newest inspection of a contact that belongs to a published result, else None."""
    contact = tx.contacts.find(contact_id)
    if contact is None or contact.agent_id != publication.agent_id or contact.started_at is None:
        return None
    first_on, last_on = period_days(publication.period)
    happened_on = contact.started_at.astimezone(tx.time_zone).date()
    return tx.inspections.find(contact_id) if first_on <= happened_on <= last_on else None


def _check_window(tx: Transaction, publication: Publication, now: datetime, times: Times) -> None:
    ends_at = end_after(publication.published_at, times.appeal_days, tx.time_zone)
    if now >= ends_at:
        raise Conflict(
            N_("The time for appeals against this result ended on {date}."),
            hint=N_("A manager can still have it corrected: `callqa periods correct`."),
            date=day_after(publication.published_at, times.appeal_days, tx.time_zone).isoformat(),
        )


def _check_item(earlier: Sequence[AppealState], publication: Publication, item: Item, now: datetime) -> None:
    for one in earlier:
        if one.is_open(now):
            raise Conflict(
                N_("{item} is under appeal already: {id}."),
                hint=N_("`callqa appeals show {id}` tells how far it is."),
                item=item.text,
                id=one.appeal.id,
            )
        if one.state != "withdrawn" and one.appeal.version == publication.version:
            raise Conflict(
                N_("The appeal {id} on {item} is settled: {outcome}."),
                hint=N_("An item is decided once for each published version of a result."),
                item=item.text,
                id=one.appeal.id,
                outcome=Message(APPEAL_OUTCOMES[one.standing.outcome.value])
                if one.standing
                else get_workflow(MACHINE).get_state(one.state).name,
            )


def _check_time(found: AppealState, now: datetime, *, is_over: bool) -> None:
    assert found.open_until is not None, "every decision of the first instance carries it"
    if (now >= found.open_until) != is_over:
        message = (
            N_("The second instance may still be asked for until {moment}.")
            if is_over
            else N_("The time for the second instance ended at {moment}.")
        )
        raise Conflict(message, moment=found.open_until.isoformat(timespec="minutes"))
