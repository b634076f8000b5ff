"""A team in a period as its supervisor sees it: who stands where, where it is weak, and what waits for somebody."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.caller import Caller
from api.judgements import blind_to
from api.listing import People
from coaching.plans import list_plans as list_coaching
from coaching.talks import TalkState, list_talks
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.performance import Evaluation, ItemResult
from qa_pipeline.errors import N_
from qa_pipeline.report.agent_rows import GROUP_ORDER
from qa_pipeline.report.data import Interval
from qa_pipeline.services.awards import PROPOSED as WAITING
from qa_pipeline.services.awards import list_proposals
from qa_pipeline.services.contact_list import ContactFilter, Part, list_contacts
from qa_pipeline.services.cycle.appeals import AppealState, list_appeals
from qa_pipeline.services.cycle.plans import CONFIRMED, WITHDRAWN, list_plans
from qa_pipeline.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One agent of a team in a period. ``version``: of the published result, None while it is not published."""

    agent_id: str
    name: str | None
    evaluation: Evaluation | None
    version: int | None
    open_appeals: int
    talk: TalkState | None

    @property
    def ci95(self) -> Interval | None:
        """The interval of the total."""
        found = self.evaluation.ci95 if self.evaluation else None
        return Interval(low=found[0], high=found[1]) if found else None

    @property
    def group(self) -> str:
        """Where the agent stands, as far as that can be told."""
        return self.evaluation.group if self.evaluation else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """An indicator over the team: mean attainment in points, and who stays below the target, lowest first."""

    indicator: str
    points: float
    count: int
    below: Sequence[Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits for the person: how many, of what (msgid), where, and whether it is late."""

    count: int
    words: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    late: int = 0


def read_members(tx: Transaction, call: Caller, people: People, period: str, agent_ids: Sequence[str]) -> list[Member]:
    """Return agents with what counts of them in a period: the published result, else the evaluation in force."""
    published: Mapping[str, Publication] = {one.agent_id: one for one in tx.publications.latest(period, agent_ids)}
    evaluated = {one.agent_id: one for one in tx.evaluations.of_agents(agent_ids, [period])}
    appeals = _open_by_agent(list_appeals(tx, period), call) if call.may(Permission.APPEALS_READ) else {}
    talks = {one.talk.agent_id: one for one in list_talks(tx, period)} if call.may(Permission.COACHING_READ) else {}
    members = []
    for agent_id in agent_ids:
        publication = published.get(agent_id)
        members.append(
            Member(
                agent_id=agent_id,
                name=people.name_of(agent_id),
                evaluation=publication.evaluation if publication else evaluated.get(agent_id),
                version=publication.version if publication else None,
                open_appeals=appeals.get(agent_id, 0),
                talk=talks.get(agent_id),
            )
        )
    return members


def groups_of(members: Sequence[Member]) -> Sequence[tuple[str, Sequence[Member]]]:
    """Return members by group, those above first; inside a group by name, which says nothing of who is better."""
    by_name = sorted(members, key=lambda one: (one.name or "", one.agent_id))
    groups = [(group, [one for one in by_name if one.group == group]) for group in GROUP_ORDER]
    return [(group, found) for group, found in groups if found]


def weaknesses_of(members: Sequence[Member]) -> Sequence[Weakness]:
    """Return the indicators on which the team stays below the target in the mean, the lowest first."""
    by_indicator: dict[str, list[tuple[float, Member]]] = {}
    for member in members:
        for item in _items(member.evaluation):
            if item.attainment_points is not None:
                by_indicator.setdefault(item.indicator, []).append((item.attainment_points, member))
    found = [
        Weakness(
            indicator=indicator,
            points=math.fsum(points for points, _ in pairs) / len(pairs),
            count=len(pairs),
            below=[one for points, one in sorted(pairs, key=lambda pair: pair[0]) if points < _TARGET_POINTS],
        )
        for indicator, pairs in by_indicator.items()
    ]
    weak = (one for one in found if one.points < _TARGET_POINTS)
    return sorted(weak, key=lambda one: (one.points, one.indicator))


def needs_of(call: Caller, people: People, period: str, members: Sequence[Member], team: str | None) -> Sequence[Need]:
    """Return what waits for the person, for those kinds of things that they have a part in."""
    found = [
        *_red_lines(call, period, team),
        *_appeals(call, people),
        *_talks(call, period, members),
        *_coaching(call, members),
        *_plans(call, period, members),
        *_proposals(call, people),
        *_holds(call),
    ]
    return [one for one in found if one.count]


_TARGET_POINTS = 100.0  # the attainment of a target that is just reached


def _items(evaluation: Evaluation | None) -> Sequence[ItemResult]:
    return [item for dimension in evaluation.dimensions for item in dimension.items] if evaluation else ()


def _open_by_agent(found: Sequence[AppealState], call: Caller) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for one in found:
        if one.is_open(call.now):
            counts[one.appeal.agent_id] = counts.get(one.appeal.agent_id, 0) + 1
    return counts


def _red_lines(call: Caller, period: str, team: str | None) -> Sequence[Need]:
    reach = find_reach(call.user, Permission.CONTACTS_READ, call.scopes)
    if reach is None:
        return ()
    query = {"period": period, "red_line": "true", "reviewed": "false", "team": team or ""}
    where = ContactFilter(period=period, team=team, red_line=True, reviewed=False, reach=reach, hidden=blind_to(call))
    count = list_contacts(call.store, where, Part(limit=1)).total
    return (Need(count=count, words=N_("Red lines that nobody has looked at"), path="/contacts", query=query),)


def _appeals(call: Caller, people: People) -> Sequence[Need]:
    if not call.may(Permission.APPEALS_DECIDE):
        return ()
    today = call.now.astimezone(call.store.time_zone).date()
    with call.store.reading() as tx:
        waiting = [one for one in list_appeals(tx) if one.is_undecided and people.covers(one.appeal.agent_id)]
    late = sum(one.is_overdue(today) for one in waiting)
    query = {"is_open": "true"}
    return (Need(count=len(waiting), words=N_("Appeals to answer"), path="/appeals", query=query, late=late),)


def _talks(call: Caller, period: str, members: Sequence[Member]) -> Sequence[Need]:
    if not call.may(Permission.COACHING_WRITE):
        return ()
    today = call.now.astimezone(call.store.time_zone).date()
    due = [one for one in members if one.version is not None and not (one.talk and one.talk.is_over)]
    late = sum(one.talk is not None and one.talk.is_overdue(today) for one in due)
    return (Need(count=len(due), words=N_("Talks to hold"), path="/talks", query={"period": period}, late=late),)


def _coaching(call: Caller, members: Sequence[Member]) -> Sequence[Need]:
    """Return the plans with something to do for the coach: to offer, or a session whose day has come."""
    if not call.may(Permission.COACHING_WRITE):
        return ()
    today = call.now.astimezone(call.store.time_zone).date()
    ids = {one.agent_id for one in members} - {call.user.agent_id}
    with call.store.reading() as tx:
        waiting = [one for one in list_coaching(tx) if one.plan.agent_id in ids and one.waits_for_coach(today)]
    late = sum(one.is_overdue(today) for one in waiting)
    return (Need(count=len(waiting), words=N_("Coaching plans to go on with"), path="/coaching", late=late),)


def _plans(call: Caller, period: str, members: Sequence[Member]) -> Sequence[Need]:
    if not call.may(Permission.PLANS_PROPOSE):
        return ()
    ids = {one.agent_id for one in members}
    with call.store.reading() as tx:
        waiting = [
            one
            for one in list_plans(tx)
            if one.plan.agent_id in ids and one.plan.period >= period and one.state not in (CONFIRMED, WITHDRAWN)
        ]
    return (Need(count=len(waiting), words=N_("Goal plans that are not confirmed"), path="/goals"),)


def _proposals(call: Caller, people: People) -> Sequence[Need]:
    if not call.may(Permission.PROPOSALS_DECIDE):
        return ()
    found = [
        one
        for one in list_proposals(call.store, call.now)
        if one.state == WAITING and people.covers(one.proposal.subject)
    ]
    return (Need(count=len(found), words=N_("Proposals to decide on"), path="/proposals", query={"state": WAITING}),)


def _holds(call: Caller) -> Sequence[Need]:
    if not call.may(Permission.REVIEWS_READ):
        return ()
    with call.store.reading() as tx:
        count = sum(one.is_open for one in tx.holds.list())
    return (Need(count=count, words=N_("Criteria on hold: people judge them"), path="/queue"),)
