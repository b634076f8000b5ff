"""Feedback talks: drafted from the data, edited by the coach, answered by the agent, held, acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from coaching.focus import focus_of
from coaching.gaps import find_strength
from coaching.outline import draft_outline, facts_of
from qa_pipeline.appraisal.deadlines import day_after
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import IncidentKind, Publication, Transition
from qa_pipeline.domain.period import months_of, period_days
from qa_pipeline.domain.talk import Talk, TalkMoment
from qa_pipeline.errors import N_, Conflict, InputError
from qa_pipeline.i18n import translator
from qa_pipeline.report.data import FocusRow
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.cycle.advance import advance, states_of
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.services.incidents import find_incidents
from qa_pipeline.store import Store, Transaction

MACHINE = "talk"
DRAFTED, PLANNED, HELD, ACKNOWLEDGED = "drafted", "planned", "held", "acknowledged"
Praise = tuple[str, TalkMoment | None]  # in words, and where it can be heard
FOLLOW_UP_DAYS = (3, 10, 24)  # after the talk; short ones, while what was practised is fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkState:
    """A talk with its state and the steps that led there."""

    talk: Talk
    state: str
    steps: Sequence[Transition] = ()

    @property
    def is_over(self) -> bool:
        """Whether it has taken place."""
        return self.state in (HELD, ACKNOWLEDGED)

    @property
    def version(self) -> str:
        """What changes with every edit and every step."""
        return f"{self.talk.version}-{self.state}"

    def is_overdue(self, today: date) -> bool:
        """Whether it should have taken place."""
        return not self.is_over and self.talk.due_on is not None and today > self.talk.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """What a draft is made with: names, deadlines, the coach's language, and which contacts the coach reviews blind."""

    rulebook: Rulebook
    times: Times
    language: str
    hidden: Collection[str] = ()


def talk_due_on(publication: Publication, times: Times, tx: Transaction) -> date:
    """Return the day until which a talk about a result should be held: while the agent can still appeal."""
    return day_after(publication.published_at, times.appeal_days, tx.time_zone)


def draft_talk(
    store: Store, agent_id: str, period: str, attempt: Attempt, now: datetime, drafting: Drafting
) -> TalkState:
    """Prepare a talk about a period: the outline from findings, incidents and the published result.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        No such agent.
    Conflict
        A talk of this agent and period is there already.
    """
    period_days(period)
    with store.transaction() as tx:
        tx.agents.get(agent_id)
        published = tx.publications.versions(agent_id, period)
        newest = published[-1] if published else None
        due_on = talk_due_on(newest, drafting.times, tx) if newest else None
        focus, strength = _read_findings(tx, agent_id, period, drafting)
        praise = _praise(tx, agent_id, period) or strength
        talk = Talk(
            id=uuid4().hex[:16],
            agent_id=agent_id,
            period=period,
            version=1,
            result_version=newest.version if newest else None,
            facts=facts_of(newest.evaluation) if newest else (),
            outline=draft_outline(period, focus, praise, due_on, translator(drafting.language)),
            meets_at=None,
            place="",
            due_on=due_on,
            self_assessment="",
            agent_notes="",
            drafted_by=attempt.actor,
            drafted_at=now,
        )
        tx.talks.add(talk)
    return TalkState(talk=talk, state=DRAFTED)


def list_talks(tx: Transaction, period: str | None = None, agent_id: str | None = None) -> Sequence[TalkState]:
    """Return talks with their states, by agent and the newest period first; without their steps."""
    found = tx.talks.list(period, agent_id)
    states = states_of(tx, MACHINE, [one.id for one in found])
    return [TalkState(talk=one, state=states[one.id]) for one in found]


def get_talk(tx: Transaction, talk_id: str) -> TalkState:
    """Return one talk with its steps; raises NotFound."""
    talk, steps = tx.talks.get(talk_id), tx.transitions.list(MACHINE, talk_id)
    return TalkState(talk=talk, state=steps[-1].to_state if steps else DRAFTED, steps=steps)


def change_talk(tx: Transaction, found: TalkState, changed: Talk) -> TalkState:
    """Keep what the coach or the agent has changed.

    Raises
    ------
    Conflict
        The talk was acknowledged: what both have in writing stays.
    Outdated
        Somebody else has changed it meanwhile.
    """
    if found.state == ACKNOWLEDGED:
        raise Conflict(
            N_("The agent has acknowledged this talk: it stays as it is."),
            hint=N_("What comes after it belongs into the next talk."),
        )
    kept = replace(changed, version=found.talk.version + 1)
    tx.talks.replace(kept)
    return replace(found, talk=kept)


def advance_talk(store: Store, found: TalkState, step: str, attempt: Attempt, now: datetime) -> TalkState:
    """Take a step: ``invite``, ``hold``, ``reopen`` or ``acknowledge``.

    Holding a talk sets the days on which to look at it again, where the coach has set none.

    Raises
    ------
    InputError
        The agent is invited without a time.
    Conflict, NotAllowed
        As :func:`~qa_pipeline.services.cycle.advance.advance`.
    """
    talk = found.talk
    if step == "invite" and talk.meets_at is None:
        raise InputError(
            N_("The invitation needs the time of the talk."),
            hint=N_("Set when it takes place, then invite."),
            field="meets_at",
        )
    with store.transaction() as tx:
        advance(tx, MACHINE, talk.id, step, replace(attempt, concerned=talk.agent_id), now)
        if step == "hold" and not talk.outline.follow_ups:
            today = now.astimezone(tx.time_zone).date()
            days = tuple(today + timedelta(days=days) for days in FOLLOW_UP_DAYS)
            outline = replace(talk.outline, follow_ups=days)
            tx.talks.replace(replace(talk, outline=outline, version=talk.version + 1))
        return get_talk(tx, talk.id)


def _read_findings(
    tx: Transaction, agent_id: str, period: str, drafting: Drafting
) -> tuple[tuple[FocusRow, ...], Praise | None]:
    """Return the agent's proven gaps, and what is done best with a moment of it."""
    inspected = [
        pair
        for month in months_of(period)
        for pair in tx.inspections.list(period=month)
        if pair[0].id not in drafting.hidden
    ]
    focus = focus_of(inspected, drafting.rulebook, drafting.language).get(agent_id, ())
    strength = find_strength(inspected, agent_id)
    if strength is None:
        return focus, None
    key, example = strength
    known = drafting.rulebook.find_criterion(*key)
    quote = example.evidence.quote if example.evidence else ""
    moment = TalkMoment(contact_id=example.contact.id, quote=quote)
    return focus, (known[1].name.in_language(drafting.language) if known else key[2], moment)


def _praise(tx: Transaction, agent_id: str, period: str) -> Praise | None:
    """Return the newest good incident of the period: what a person saw says more than a count."""
    recorded = find_incidents(tx, period, agent_id).get(agent_id, ())
    good = [one for one in recorded if one.kind is IncidentKind.GOOD]
    if not good:
        return None
    newest = good[-1]
    words = f"{newest.title} ({newest.happened_on.isoformat()})"
    moment = TalkMoment(contact_id=newest.contacts[0], quote="") if newest.contacts else None
    return f"{words}: {newest.evidence}" if newest.evidence else words, moment
