"""By which template an agent is evaluated, and in which team, from the assignments of a period. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TypeVar

from qa_pipeline.appraisal.templates import DEFAULT_ID
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Agent, Template
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.resources import SHIPPED, read_yaml

_JOINTS = re.compile(r"[\s_\-/]+")
_SHOWN_AGENTS = 10

Key = TypeVar("Key")


class Basis(StrEnum):
    """What an agent's template rests on."""

    ASSIGNMENT = "assignment"
    ROLE = "role"  # of the agent, as imports name it
    FRONT_LINE = "front_line"  # nothing says anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The days on which an assignment counts, both ends included."""

    assignment: Assignment
    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last_on - self.first_on).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What an agent is evaluated by in a period, and what there is to say about it."""

    agent_id: str
    template: Template
    team: str | None
    basis: Basis
    notes: tuple[Reason, ...] = ()


def held_days(assignments: Iterable[Assignment], first_on: date, last_on: date) -> list[Held]:
    """Return the days between two days on which each of one agent's assignments counts, in order.

    An assignment without a last day ends when the next one begins.
    """
    ordered = sorted(assignments, key=lambda one: one.valid_from)
    ends = [one.valid_to or following.valid_from - timedelta(days=1) for one, following in pairwise(ordered)]
    ends += [one.valid_to or last_on for one in ordered[-1:]]
    return [
        Held(assignment=one, first_on=max(one.valid_from, first_on), last_on=min(end, last_on))
        for one, end in zip(ordered, ends, strict=True)
        if one.valid_from <= last_on and end >= first_on
    ]


def find_overlap(assignment: Assignment, others: Iterable[Assignment]) -> Assignment | None:
    """Return another assignment of the same agent that has a day in common with this one, or None.

    One without a last day overlaps nothing later: it ends there.
    """
    for other in others:
        earlier, later = sorted((assignment, other), key=lambda one: one.valid_from)
        if earlier.valid_from == later.valid_from:
            return other
        if earlier.valid_to is not None and earlier.valid_to >= later.valid_from:
            return other
    return None


def assign(
    agent: Agent,
    assignments: Sequence[Assignment],
    days: tuple[date, date],
    templates: Sequence[Template],
) -> Assigned:
    """Return the template and the team that an agent had on most days of a period; of equals, the later one.

    Without an assignment in the period it is the template of the agent's known role, and the front-line one where no
    template has that role.

    Parameters
    ----------
    assignments : sequence of Assignment
        This agent's, of any time.
    days : (first, last)
        Of the period.
    templates : sequence of Template
        All versions; the newest of an id counts unless an assignment names another (``id@version``). Where an
        assignment names one that is gone meanwhile, it is as without an assignment, and said.
    """
    held = held_days(assignments, *days)
    if not held:
        return _unassigned(agent, assignments, days, templates)
    template_of, lost = _templates_of(held, agent, templates)
    by_id = {template.id: template for template in template_of.values()}
    template_id, template_days = _most(held, lambda one: template_of[one.assignment.valid_from].id)
    team, team_days = _most(held, lambda one: one.assignment.team)
    period_days = (days[1] - days[0]).days + 1
    notes = [
        *lost,
        *_template_changes(held, template_of, by_id[template_id], template_days, period_days),
        *_team_changes(held, team, team_days, period_days),
        *_gaps(held, period_days),
    ]
    return Assigned(
        agent_id=agent.id, template=by_id[template_id], team=team, basis=Basis.ASSIGNMENT, notes=tuple(notes)
    )


def period_notes(assigned: Iterable[Assigned]) -> tuple[Reason, ...]:
    """Return what is said once for all: who is evaluated without an assignment, and by what."""
    by_basis: dict[Basis, list[str]] = defaultdict(list)
    for one in assigned:
        by_basis[one.basis].append(one.agent_id)
    texts = {
        Basis.ROLE: N_("{count} agents have no assignment; the template is that of their known role: {agents}."),
        Basis.FRONT_LINE: N_(
            "{count} agents have neither an assignment nor a role with a template; the front-line template is used: "
            "{agents}."
        ),
    }
    return tuple(
        Reason(message=text, params={"count": len(by_basis[basis]), "agents": _listed(by_basis[basis])})
        for basis, text in texts.items()
        if by_basis[basis]
    )


def template_for(assignment: Assignment, templates: Sequence[Template]) -> Template:
    """Return the template that an assignment names, or the one of its role.

    Raises
    ------
    NotFound
        There is none.
    """
    if assignment.template_id is not None:
        named = find_template(assignment.template_id, templates)
        if named is not None:
            return named
        raise NotFound(
            N_("{agent} is assigned to the template {template}, which does not exist."),
            hint=N_("Known templates: {known}."),
            agent=assignment.agent_id,
            template=assignment.template_id,
            known=", ".join(sorted({template.id for template in templates})),
        )
    of_role = find_role_template(assignment.role, templates)
    if of_role is None:
        raise NotFound(
            N_("{agent} is assigned to the role {role}, for which there is no template."),
            hint=N_("Name a template in the assignment, or use one of these roles: {known}."),
            agent=assignment.agent_id,
            role=assignment.role,
            known=", ".join(known_roles(templates)),
        )
    return of_role


def find_template(template_id: str, templates: Iterable[Template]) -> Template | None:
    """Return the newest version of a template, or one version of it as ``id@version``; None when there is none."""
    fitting = [found for found in templates if template_id in (found.id, f"{found.id}@{found.version}")]
    return max(fitting, key=lambda found: found.version, default=None)


def find_role_template(role: str, templates: Sequence[Template]) -> Template | None:
    """Return the template of a role, in its newest version; None when no template is for that role.

    Where several templates are for one role, the one whose id is the role comes first, then the first by id.
    """
    fitting = [found for found in templates if found.role == role]
    if not fitting:
        return None
    chosen = min({found.id for found in fitting}, key=lambda found: (found != role, found))
    return find_template(chosen, fitting)


def known_roles(templates: Iterable[Template]) -> Sequence[str]:
    """Return the roles that have a template."""
    return sorted({found.role for found in templates})


def find_role(text: str, templates: Sequence[Template]) -> str | None:
    """Return the role that people mean by ``Front line`` or ``一线坐席``; None when no template is for it."""
    folded = _fold(text)
    for role in known_roles(templates):
        if folded == _fold(role) or folded in _role_words().get(role, ()):
            return role
    return None


@cache
def _role_words() -> Mapping[str, frozenset[str]]:
    words: Mapping[str, Sequence[str]] = read_yaml(SHIPPED / "lexicons" / "assignments.yaml").data["roles"]
    return {role: frozenset(map(_fold, listed)) for role, listed in words.items()}


def _fold(text: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _templates_of(
    held: Sequence[Held], agent: Agent, templates: Sequence[Template]
) -> tuple[Mapping[date, Template], Sequence[Reason]]:
    """Return the template of each assignment by its first day, and what is said of those whose template is gone."""
    found: dict[date, Template] = {}
    lost = []
    for one in held:
        try:
            found[one.assignment.valid_from] = template_for(one.assignment, templates)
        except NotFound as problem:
            instead, _ = _by_role(agent, templates)
            found[one.assignment.valid_from] = instead
            message = N_("The template or role {wanted} of the assignment does not exist any more; {template} is used.")
            wanted = str(problem.params.get("template") or problem.params["role"])
            lost.append(Reason(message=message, params={"wanted": wanted, "template": instead.id}))
    return found, lost


def _by_role(agent: Agent, templates: Sequence[Template]) -> tuple[Template, Basis]:
    role = find_role(agent.role, templates) if agent.role else None
    template = find_role_template(role, templates) if role else None
    if template is not None:
        return template, Basis.ROLE
    front_line = find_template(DEFAULT_ID, templates)
    assert front_line is not None, "the front-line template ships"
    return front_line, Basis.FRONT_LINE


def _unassigned(
    agent: Agent, assignments: Sequence[Assignment], days: tuple[date, date], templates: Sequence[Template]
) -> Assigned:
    template, basis = _by_role(agent, templates)
    ended = [one.valid_to for one in assignments if one.valid_to is not None and one.valid_to < days[0]]
    notes = []
    if ended:
        message = N_("No assignment covers this period; the last one ended on {date}.")
        notes.append(Reason(message=message, params={"date": max(ended).isoformat()}))
    return Assigned(agent_id=agent.id, template=template, team=agent.team, basis=basis, notes=tuple(notes))


def _most(held: Sequence[Held], key_of: Callable[[Held], Key]) -> tuple[Key, int]:
    days: dict[Key, int] = defaultdict(int)
    latest: dict[Key, date] = {}
    for one in held:
        days[key_of(one)] += one.days
        latest[key_of(one)] = one.last_on
    best = max(days, key=lambda key: (days[key], latest[key]))
    return best, days[best]


def _template_changes(
    held: Sequence[Held], template_of: Mapping[date, Template], chosen: Template, held_for: int, period_days: int
) -> Iterator[Reason]:
    ids = [(one, template_of[one.assignment.valid_from].id) for one in held]
    changes = [(old, new, one.first_on) for (_, old), (one, new) in pairwise(ids) if old != new]
    for old, new, changed_on in changes:
        yield Reason(
            message=N_("Changed from the template {old} to {new} on {date}."),
            params={"old": old, "new": new, "date": changed_on.isoformat()},
        )
    if changes:
        yield Reason(
            message=N_("Evaluated by the template {template}, held on {days} of {of} days."),
            params={"template": chosen.id, "days": held_for, "of": period_days},
        )


def _team_changes(held: Sequence[Held], chosen: str | None, held_for: int, period_days: int) -> Iterator[Reason]:
    changes = [
        (before.assignment.team, after.assignment.team, after.first_on)
        for before, after in pairwise(held)
        if before.assignment.team != after.assignment.team
    ]
    for old, new, changed_on in changes:
        yield Reason(
            message=N_("Changed from team {old} to team {new} on {date}."),
            params={"old": old or "–", "new": new or "–", "date": changed_on.isoformat()},
        )
    if changes:
        yield Reason(
            message=N_("Counted in team {team}, held on {days} of {of} days."),
            params={"team": chosen or "–", "days": held_for, "of": period_days},
        )


def _gaps(held: Sequence[Held], period_days: int) -> Iterator[Reason]:
    days = sum(one.days for one in held)
    if days < period_days:
        yield Reason(
            message=N_("Assigned on {days} of {of} days of the period, between {first} and {last}."),
            params={
                "days": days,
                "of": period_days,
                "first": held[0].first_on.isoformat(),
                "last": held[-1].last_on.isoformat(),
            },
        )


def _listed(agents: Sequence[str]) -> str:
    listed = ", ".join(sorted(agents)[:_SHOWN_AGENTS])
    return f"{listed}, …" if len(agents) > _SHOWN_AGENTS else listed
