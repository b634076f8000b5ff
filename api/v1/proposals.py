"""What follows from published results: proposed by rules, decided by named people; and the ledger of points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.caller import Caller
from api.documents import ErrorBody
from api.filters import Paging
from api.listing import (
    AnyAgent,
    AnyPeriod,
    Document,
    IdInPath,
    ListDocument,
    Name,
    People,
    PlainText,
    ordered,
)
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import StateDocument, state_document
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.appraisal.awards.rules import DEFAULT_ID, get_rules
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind, StaffRole
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, CallqaError, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.services.awards import (
    MACHINE,
    ProposalState,
    decide_proposals,
    list_proposals,
    propose_awards,
    read_ledger,
)

router = Routes()
_SORTS = {
    "period": lambda one: one.proposal.period,
    "subject": lambda one: one.proposal.subject,
    "due_on": lambda one: one.proposal.due_on,
}


class NewProposals(Document):
    """From which period, by which rules (id or id@version)."""

    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]
    rules: Name = DEFAULT_ID


class NewProposalDecision(Document):
    """Which proposals, and why; improvement plans need the causes in words, declining needs a reason."""

    ids: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    reason: PlainText = ""


class DecisionDocument(Document):
    """Who has decided, when and why."""

    by: str
    role: StaffRole
    reason: str
    at: datetime


class ProposalDocument(Document):
    """One proposal with its evidence, down to the contacts and quotes for those who may see them.

    ``is_frozen``: an open appeal holds it. ``follows``: whether it still follows from what is published.
    ``points``: no money.
    """

    id: str
    period: str
    kind: ProposalKind
    subject: str
    subject_name: str | None
    name: str
    title: str
    state: StateDocument
    is_frozen: bool
    follows: bool
    points: float | None
    due_on: date | None
    rules: str
    evidence: tuple[str, ...]
    figures: tuple[Figure, ...]
    decision: DecisionDocument | None


class ProposalListDocument(ListDocument):
    """Some of ``total`` proposals."""

    proposals: tuple[ProposalDocument, ...]


class ProposedDocument(Document):
    """What the rules propose for a period. ``lapsed``, ``outlived``: ids of those that do not follow any more."""

    period: str
    rules: str
    proposals: tuple[ProposalDocument, ...]
    lapsed: tuple[str, ...]
    outlived: tuple[str, ...]
    notes: tuple[str, ...]


class RefusedProposalDocument(Document):
    """A proposal that could not be decided, and why; the others were."""

    id: str
    error: ErrorBody


class DecidedProposalsDocument(Document):
    """What was decided and what was not."""

    decided: tuple[ProposalDocument, ...]
    refused: tuple[RefusedProposalDocument, ...]


class LedgerEntryDocument(Document):
    """Points that a person approved."""

    agent_id: str
    agent_name: str | None
    period: str
    title: str
    points: float
    approved_by: str
    approved_at: datetime
    proposal_id: str


class LedgerDocument(ListDocument):
    """Some of ``total`` entries; ``sums``: the points of each agent, of all entries."""

    sums: dict[str, float]
    entries: tuple[LedgerEntryDocument, ...]


class ProposalQuery(Paging):
    """Filters of the list of proposals."""

    period: AnyPeriod = None
    subject: Annotated[Name | None, Query(description="Id of an agent, or name of a team")] = None
    kind: ProposalKind | None = None
    state: Literal["proposed", "approved", "declined"] | None = None
    superseded: Annotated[bool, Query(description="Also undecided ones that do not follow any more")] = False
    sort: Literal["period", "-period", "subject", "-subject", "due_on", "-due_on"] = "-period"


class LedgerQuery(Paging):
    """Filters of the ledger."""

    agent_id: AnyAgent = None


@router.read("/proposals", Permission.PROPOSALS_READ, operation_id="list_proposals")
def proposals(
    call: FromCaller, language: InLanguage, wanted: Annotated[ProposalQuery, Query()]
) -> ProposalListDocument:
    """What follows from published results, with evidence. Each waits for a person; nothing is carried out by itself."""
    found = list_proposals(
        call.store, call.now, period=wanted.period, subject=wanted.subject, superseded=wanted.superseded
    )
    render = _Rendering(call, language)
    fitting = [
        one
        for one in found
        if render.covers(one.proposal)
        and wanted.kind in (None, one.proposal.kind)
        and wanted.state in (None, one.state)
    ]
    call.record("proposal.list", wanted.period or "all", count=len(fitting))
    return ProposalListDocument.cut("proposals", ordered(fitting, wanted.sort, _SORTS), wanted, render.document)


@router.read("/proposals/{proposal_id}", Permission.PROPOSALS_READ, operation_id="get_proposal")
def proposal(call: FromCaller, language: InLanguage, proposal_id: IdInPath) -> ProposalDocument:
    """One proposal with all its evidence."""
    with call.store.reading() as tx:
        kept = tx.proposals.get(proposal_id).proposal
    render = _Rendering(call, language)
    render.check(kept)
    around = list_proposals(call.store, call.now, period=kept.period, subject=kept.subject, superseded=True)
    found = next(one for one in around if one.proposal.id == proposal_id)
    call.record("proposal.view", proposal_id)
    call.give_etag(f"{found.state}-{found.is_frozen}")
    return render.document(found)


@router.write("POST", "/proposals", Permission.PROPOSALS_DECIDE, operation_id="propose_awards")
def propose(call: FromCaller, language: InLanguage, wanted: NewProposals) -> ProposedDocument:
    """Propose what follows for one's own people from the published results; the same results give nothing new."""
    site, render = call.sources.site, _Rendering(call, language)
    found = propose_awards(
        call.store,
        wanted.period,
        call.now,
        rules=get_rules(wanted.rules, site.awards),
        cards=site.cards(),
        concerns=render.covers,
    )
    call.record("proposal.propose", wanted.period, new=found.new_count)
    return ProposedDocument(
        period=found.period,
        rules=found.rules.key,
        proposals=tuple(render.document(one) for one in found.proposals),
        lapsed=tuple(one.id for one in found.lapsed),
        outlived=tuple(one.id for one in found.outlived),
        notes=tuple(render_note(note, translator(language), {}, language) for note in found.notes)
        if call.reach.everything
        else (),
    )


@router.write("POST", "/proposals/approve", Permission.PROPOSALS_DECIDE, operation_id="approve_proposals")
def approve(call: FromCaller, language: InLanguage, wanted: NewProposalDecision) -> DecidedProposalsDocument:
    """Approve proposals. Nothing is carried out: it is logged, and points go into the ledger."""
    return _decide(call, language, wanted, "approve")


@router.write("POST", "/proposals/decline", Permission.PROPOSALS_DECIDE, operation_id="decline_proposals")
def decline(call: FromCaller, language: InLanguage, wanted: NewProposalDecision) -> DecidedProposalsDocument:
    """Decline proposals, and say why."""
    return _decide(call, language, wanted, "decline")


@router.read("/points", Permission.RESULTS_READ, operation_id="list_points")
def points(call: FromCaller, language: InLanguage, wanted: Annotated[LedgerQuery, Query()]) -> LedgerDocument:
    """The ledger of approved points."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    entries = [one for one in read_ledger(call.store, wanted.agent_id) if people.covers(one.proposal.subject)]
    sums: dict[str, float] = {}
    for one in entries:
        sums[one.proposal.subject] = sums.get(one.proposal.subject, 0.0) + one.points
    call.record("points.list", wanted.agent_id or "all", count=len(entries))
    return LedgerDocument.cut(
        "entries",
        entries,
        wanted,
        lambda one: LedgerEntryDocument(
            agent_id=one.proposal.subject,
            agent_name=people.name_of(one.proposal.subject),
            period=one.proposal.period,
            title=one.proposal.title.in_language(language),
            points=one.points,
            approved_by=one.approved_by,
            approved_at=one.approved_at,
            proposal_id=one.proposal.id,
        ),
        sums=sums,
    )


def _decide(call: Caller, language: str, wanted: NewProposalDecision, step: str) -> DecidedProposalsDocument:
    render = _Rendering(call, language)
    unknown: list[tuple[str, CallqaError]] = []
    reachable = []
    with call.store.reading() as tx:
        for proposal_id in wanted.ids:
            try:
                render.check(tx.proposals.get(proposal_id).proposal)
                reachable.append(proposal_id)
            except NotFound as problem:
                unknown.append((proposal_id, problem))
    site = call.sources.site
    found = decide_proposals(
        call.store,
        reachable,
        step,
        call.attempt(wanted.reason),
        call.now,
        rules_folder=site.awards,
        cards=site.cards(),
    )
    refused = [*unknown, *found.refused]
    if len(wanted.ids) == len(refused) == 1:
        raise refused[0][1]
    for one in found.decided:
        call.record(f"proposal.{step}", one.proposal.id)
    call.record(f"proposals.{step}", str(len(wanted.ids)), decided=len(found.decided), refused=len(refused))
    translate = translator(language)
    return DecidedProposalsDocument(
        decided=tuple(render.document(one) for one in found.decided),
        refused=tuple(
            RefusedProposalDocument(id=one, error=ErrorBody(**problem.as_dict(translate))) for one, problem in refused
        ),
    )


class _Rendering:
    """Proposals as one person may see them, in one language."""

    def __init__(self, call: Caller, language: str) -> None:
        with call.store.reading() as tx:
            self._people = People(tx, call.reach)
        self._reach = call.reach
        self._contacts = find_reach(call.user, Permission.CONTACTS_READ, call.scopes)
        self._language = language
        self._translate = translator(language)
        names: dict[str, Text] = {}
        for template in call.sources.site.list_templates():
            names |= names_of(list_indicators(), template)
        self._names: Mapping[str, Text] = names

    def covers(self, found: Proposal) -> bool:
        """Whether the person may see a proposal."""
        if found.kind is ProposalKind.BEST_TEAM:
            return self._reach.covers(None, found.subject)
        return self._people.covers(found.subject)

    def check(self, found: Proposal) -> None:
        """Raise NotFound where the person may not see a proposal."""
        if not self.covers(found):
            raise NotFound(N_("There is nothing with the id {id} that you may see."), id=found.id)

    def document(self, one: ProposalState) -> ProposalDocument:
        """Return a proposal."""
        found = one.proposal
        is_team = found.kind is ProposalKind.BEST_TEAM
        return ProposalDocument(
            id=found.id,
            period=found.period,
            kind=found.kind,
            subject=found.subject,
            subject_name=None if is_team else self._people.name_of(found.subject),
            name=found.name,
            title=found.title.in_language(self._language),
            state=state_document(MACHINE, one.state, self._language),
            is_frozen=one.is_frozen,
            follows=one.superseded_at is None,
            points=found.points,
            due_on=found.due_on,
            rules=found.rules,
            evidence=tuple(render_note(note, self._translate, self._names, self._language) for note in found.evidence),
            figures=tuple(self._figures(found, is_team)),
            decision=DecisionDocument(
                by=one.decision.actor, role=one.decision.role, reason=one.decision.reason, at=one.decision.at
            )
            if one.decision
            else None,
        )

    def _figures(self, found: Proposal, is_team: bool) -> Iterable[Figure]:
        agent, team = (None, found.subject) if is_team else (found.subject, self._people.team_of(found.subject))
        if self._contacts is not None and self._contacts.covers(agent, team):
            return found.figures
        return (replace(figure, contacts=(), quotes=()) for figure in found.figures)
