"""Proposing what follows from published results, and deciding about it: a named person does, and it is logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from qa_pipeline.appraisal.awards.propose import propose
from qa_pipeline.appraisal.awards.result import Result
from qa_pipeline.appraisal.awards.rules import AwardRules, get_rules
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import Proposal, ProposalKind, Publication, Quote, Transition
from qa_pipeline.domain.inspection import Finding, Outcome, Reason
from qa_pipeline.domain.period import months_of, period_days, previous_period
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, CallqaError, Conflict, NotAllowed, NotFound
from qa_pipeline.services.cycle.advance import advance, states_of
from qa_pipeline.services.cycle.appeals import open_appeals
from qa_pipeline.services.reviews import effective_contacts
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.proposals import KeptProposal

MACHINE = "proposal"
APPROVED, PROPOSED = "approved", "proposed"
# What a person must have thought about in words of their own.
_NEEDS_WORDS = (ProposalKind.IMPROVEMENT_PLAN, ProposalKind.REPEATED_LAST)
_QUOTES_PER_CONTACT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalState:
    """A proposal with its state, the step that decided it, and whether an open appeal holds it."""

    proposal: Proposal
    state: str
    decision: Transition | None
    is_frozen: bool
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardsRun:
    """What a period's published results give.

    ``new_count`` of the proposals were not there before. ``lapsed``: undecided ones that do not follow any more since
    now. ``outlived``: approved ones that do not follow any more and that no newer approval replaces, for a person to
    look at. ``notes``: what was not proposed.
    """

    period: str
    rules: AwardRules
    proposals: Sequence[ProposalState]
    new_count: int
    lapsed: Sequence[Proposal]
    outlived: Sequence[Proposal]
    notes: Sequence[Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Proposals that were decided, and those that were not, by id with the reason."""

    decided: Sequence[ProposalState]
    refused: Sequence[tuple[str, CallqaError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Points 积分 that a person approved."""

    proposal: Proposal
    points: float
    approved_by: str
    approved_at: datetime


def propose_awards(
    store: Store,
    period: str,
    now: datetime,
    *,
    rules: AwardRules,
    cards: Sequence[Scorecard],
    concerns: Callable[[Proposal], bool] = lambda _: True,
) -> AwardsRun:
    """Propose what follows from the published results of a period. The same results give nothing new.

    Parameters
    ----------
    cards : sequence of Scorecard
        All versions, to read reviews with.
    concerns : callable, optional
        Which proposals are made, told and superseded; others stay as they are. Everybody is compared with all.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        Nothing is published of it.
    """
    period_days(period)
    with store.transaction() as tx:
        return _refresh(tx, period, now, rules, cards, concerns)


def decide_proposals(
    store: Store,
    ids: Sequence[str],
    step: str,
    attempt: Attempt,
    now: datetime,
    *,
    rules_folder: Path | None = None,
    cards: Sequence[Scorecard],
) -> Decided:
    """Approve or decline proposals as a named person; nothing but the log follows.

    One that cannot be decided does not keep the others from it: it is unknown (NotFound); decided, does not follow from
    the published results any more, or is held by an open appeal (Conflict); or the role or the person may not, or words
    are missing where a person has to find the causes (NotAllowed).

    Parameters
    ----------
    step : {"approve", "decline"}
    rules_folder : Path, optional
        Folder of the user's own rules; a proposal must still follow from the newest version of its own.
    """
    decided: list[str] = []
    refused: list[tuple[str, CallqaError]] = []
    with store.reading() as tx:
        known = {one: found.proposal for one in dict.fromkeys(ids) if (found := tx.proposals.find(one)) is not None}
    rules = {rules_id: get_rules(rules_id, rules_folder) for rules_id in {_rules_id(one) for one in known.values()}}
    with store.transaction() as tx:
        if step == "approve":
            for period, rules_id in sorted({(one.period, _rules_id(one)) for one in known.values()}):
                _refresh(tx, period, now, rules[rules_id], cards)
        appeals: dict[str, Mapping[str, int]] = {}
        for proposal_id in dict.fromkeys(ids):
            try:
                with tx.connection.begin_nested():
                    _decide(tx, proposal_id, step, attempt, now, appeals)
                decided.append(proposal_id)
            except CallqaError as problem:
                refused.append((proposal_id, problem))
        states = list(_states(tx, [tx.proposals.get(one) for one in decided], now))
    return Decided(decided=states, refused=refused)


def _decide(
    tx: Transaction,
    proposal_id: str,
    step: str,
    attempt: Attempt,
    now: datetime,
    appeals: dict[str, Mapping[str, int]],
) -> None:
    proposal = tx.proposals.get(proposal_id).proposal
    if step == "approve":
        _check_words(proposal, attempt)
        _check_follows(tx, proposal)
    is_agent = proposal.kind is not ProposalKind.BEST_TEAM
    advance(
        tx,
        MACHINE,
        proposal_id,
        step,
        replace(attempt, concerned=proposal.subject if is_agent else None),
        now,
        guards={"no_open_appeal": lambda: _check_no_appeal(tx, proposal, now, appeals)},
    )


def list_proposals(
    store: Store, now: datetime, *, period: str | None = None, subject: str | None = None, superseded: bool = False
) -> Sequence[ProposalState]:
    """Return proposals by period, kind and subject; `superseded`: also undecided ones that do not follow any more."""
    if period is not None:
        period_days(period)
    with store.reading() as tx:
        states = list(_states(tx, tx.proposals.list(period, subject), now))
    return [one for one in states if superseded or one.superseded_at is None or one.state != PROPOSED]


def read_ledger(store: Store, agent_id: str | None = None) -> Sequence[LedgerEntry]:
    """Return all approved points by agent and period. Of several for the same thing what was approved last counts."""
    with store.reading() as tx:
        kept = [one.proposal for one in tx.proposals.list(subject=agent_id) if one.proposal.points]
        steps = tx.transitions.latest(MACHINE, [one.id for one in kept])
    approved = [
        LedgerEntry(proposal=one, points=one.points or 0.0, approved_by=step.actor, approved_at=step.at)
        for one in kept
        if one.kind is not ProposalKind.BEST_TEAM
        and (step := steps.get(one.id)) is not None
        and step.to_state == APPROVED
    ]
    in_order = sorted(approved, key=lambda entry: entry.approved_at)
    counting = {_key(entry.proposal): entry for entry in in_order}.values()
    return sorted(counting, key=lambda one: (one.proposal.subject, one.proposal.period, one.proposal.name))


def _refresh(
    tx: Transaction,
    period: str,
    now: datetime,
    rules: AwardRules,
    cards: Sequence[Scorecard],
    concerns: Callable[[Proposal], bool] = lambda _: True,
) -> AwardsRun:
    results = _results(tx, period, rules, cards)
    if not results:
        raise NotFound(
            N_("Nothing of {period} is published."),
            hint=N_("Proposals follow from published results: `callqa periods publish {period}` first."),
            period=period,
        )
    found = propose(period, results, rules, now, quotes_of=lambda contact_id: _quotes(tx, contact_id, cards))
    proposals = [proposal for proposal in found.proposals if concerns(proposal)]
    of_rules = [
        one for one in tx.proposals.list(period) if _rules_id(one.proposal) == rules.id and concerns(one.proposal)
    ]
    new_count = tx.proposals.add_all(period, proposals)
    wanted = {proposal.id for proposal in proposals}
    others = [one for one in of_rules if one.proposal.id not in wanted]
    gone = [one.proposal for one in others if one.superseded_at is None]
    tx.proposals.supersede([proposal.id for proposal in gone], now)
    states = states_of(tx, MACHINE, [one.proposal.id for one in of_rules] + sorted(wanted))
    replaced = {_key(proposal) for proposal in proposals if states[proposal.id] == APPROVED}
    kept = [one for one in tx.proposals.list(period) if one.proposal.id in wanted]
    return AwardsRun(
        period=period,
        rules=rules,
        proposals=list(_states(tx, kept, now)),
        new_count=new_count,
        lapsed=[proposal for proposal in gone if states[proposal.id] == PROPOSED],
        outlived=[
            one.proposal for one in others if states[one.proposal.id] == APPROVED and _key(one.proposal) not in replaced
        ],
        notes=found.notes,
    )


def _results(tx: Transaction, period: str, rules: AwardRules, cards: Sequence[Scorecard]) -> list[Result]:
    """Return the published results with those of the periods before, as far back as the rules look without a gap."""
    if not tx.publications.latest(period):
        return []
    periods = [period]
    while len(periods) < _periods_looked_at(rules):
        periods.append(previous_period(periods[-1]))
    published = {one: {found.agent_id: found for found in tx.publications.latest(one)} for one in periods}
    red_lines = _red_lines(tx, period, cards)
    plans = _approved_plans(tx, periods)
    results = []
    for agent_id, publication in published[period].items():
        history: list[Publication] = []
        for earlier in periods:
            if agent_id not in published[earlier]:
                break
            history.insert(0, published[earlier][agent_id])
        results.append(
            Result(
                publications=tuple(history),
                published_on=publication.published_at.astimezone(tx.time_zone).date(),
                red_line_count=red_lines[agent_id],
                plan_count=plans[agent_id],
            )
        )
    return results


def _periods_looked_at(rules: AwardRules) -> int:
    looked = [badge.improves.periods for badge in rules.badges if badge.improves is not None]
    return max([1, *looked, rules.repeated.periods if rules.repeated else 1])


def _red_lines(tx: Transaction, period: str, cards: Sequence[Scorecard]) -> Counter[str]:
    """Count each agent's contacts with a red line that stands after reviews by people."""
    counts: Counter[str] = Counter()
    for month in months_of(period):
        reviewed = effective_contacts(tx, month, cards)
        for contact_id, agent_id in tx.inspections.red_lines(month):
            if contact_id not in reviewed:
                counts[agent_id] += 1
        for one in reviewed.values():
            if one.effective.score.fatal and one.contact.agent_id is not None:
                counts[one.contact.agent_id] += 1
    return counts


def _approved_plans(tx: Transaction, periods: Sequence[str]) -> Counter[str]:
    plans = [
        kept.proposal
        for period in periods
        for kept in tx.proposals.list(period)
        if kept.proposal.kind is ProposalKind.IMPROVEMENT_PLAN
    ]
    states = states_of(tx, MACHINE, [plan.id for plan in plans])
    # A plan that was approved anew after a correction is one plan of that period.
    approved = {(plan.subject, plan.period) for plan in plans if states[plan.id] == APPROVED}
    return Counter(subject for subject, _ in approved)


def _quotes(tx: Transaction, contact_id: str, cards: Sequence[Scorecard]) -> list[Quote]:
    """Return sentences of a contact that show what was not met, by the judgement that counts."""
    return [
        Quote(contact_id=contact_id, criterion_id=finding.criterion_id, text=evidence.quote)
        for finding in _findings(tx, contact_id, cards)
        if finding.outcome in (Outcome.NOT_MET, Outcome.PARTLY_MET)
        for evidence in finding.evidence[:1]
        if evidence.quote
    ][:_QUOTES_PER_CONTACT]


def _findings(tx: Transaction, contact_id: str, cards: Sequence[Scorecard]) -> Sequence[Finding]:
    reviewed = effective_contacts(tx, None, cards, contact_id=contact_id).get(contact_id)
    if reviewed is not None:
        return reviewed.effective.findings
    inspection = tx.inspections.find(contact_id)
    return inspection.findings if inspection is not None else ()


def _states(tx: Transaction, kept: Sequence[KeptProposal], now: datetime) -> Iterator[ProposalState]:
    steps = tx.transitions.latest(MACHINE, [one.proposal.id for one in kept])
    appeals: dict[str, Mapping[str, int]] = {}
    for one in kept:
        proposal, step = one.proposal, steps.get(one.proposal.id)
        state = step.to_state if step else PROPOSED
        yield ProposalState(
            proposal=proposal,
            state=state,
            decision=step,
            is_frozen=state == PROPOSED and bool(_appealing(tx, proposal, now, appeals)),
            superseded_at=one.superseded_at,
        )


def _appealing(tx: Transaction, proposal: Proposal, now: datetime, known: dict[str, Mapping[str, int]]) -> list[str]:
    """Return those whose open appeals hold a proposal: the agent in any period that it rests on, or team members."""
    found: set[str] = set()
    for period in {proposal.period, *(figure.period for figure in proposal.figures)}:
        if period not in known:
            known[period] = open_appeals(tx, period, now)
        members = {proposal.subject}
        if proposal.kind is ProposalKind.BEST_TEAM and known[period]:
            members = {
                one.agent_id for one in tx.publications.latest(period) if one.evaluation.team == proposal.subject
            }
        found |= members & known[period].keys()
    return sorted(found)


def _check_no_appeal(tx: Transaction, proposal: Proposal, now: datetime, known: dict[str, Mapping[str, int]]) -> None:
    agents = _appealing(tx, proposal, now, known)
    if agents:
        raise Conflict(
            N_("{agents}: an appeal is open, and nothing follows from the result until it is settled."),
            hint=N_("`callqa appeals list` shows what it waits for."),
            agents=", ".join(agents),
        )


def _check_follows(tx: Transaction, proposal: Proposal) -> None:
    if tx.proposals.get(proposal.id).superseded_at is not None:
        raise Conflict(
            N_("The proposal {id} does not follow from the published results any more."),
            hint=N_("`callqa awards propose --period {period}` shows what follows now."),
            id=proposal.id,
            period=proposal.period,
        )


def _check_words(proposal: Proposal, attempt: Attempt) -> None:
    if proposal.kind in _NEEDS_WORDS and not attempt.reason.strip():
        raise NotAllowed(
            N_("The causes are for a person to find, so this needs words of your own."),
            hint=N_("Say with --reason what the causes are and what is agreed; it is kept."),
        )


def _rules_id(proposal: Proposal) -> str:
    return proposal.rules.split("@")[0]


def _key(proposal: Proposal) -> tuple[str, str, str, str]:
    return proposal.period, proposal.kind.value, proposal.subject, proposal.name
