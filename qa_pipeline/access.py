"""Who may do what, and on whose rows: the one place that says so. Pure.

A permission names an action on a kind of thing. Each role has some permissions, each on all rows, on those of the teams
that the account names, or on the person's own. Whoever is inspected has the agent's permissions on their own rows too,
whatever the account's role. What is granted nowhere is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.account import User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, NotAllowed, NotFound


class Permission(StrEnum):
    """An action on a kind of thing, in the words that scopes of tokens use."""

    ACCOUNT_OWN = "account.own"  # one's own account, sessions and tokens
    CONTACTS_READ = "contacts.read"  # transcripts, inspections, findings, what was said
    AUDIO_LISTEN = "audio.listen"
    CONTACTS_REVIEW = "contacts.review"  # the queue, and reviews
    REVIEWS_READ = "reviews.read"  # who judged what, and how far reviewers agree
    SAMPLES_READ = "samples.read"
    SAMPLES_DRAW = "samples.draw"
    CALIBRATION_TAKE = "calibration.take"  # take part in a calibration session
    CALIBRATION_MANAGE = "calibration.manage"  # open and close sessions, hold and release criteria
    SCORECARDS_READ = "scorecards.read"
    SCORECARDS_WRITE = "scorecards.write"
    TEMPLATES_READ = "templates.read"
    TEMPLATES_WRITE = "templates.write"
    KPIS_READ = "kpis.read"
    KPIS_IMPORT = "kpis.import"
    EVALUATIONS_READ = "evaluations.read"  # before publication too
    EVALUATIONS_RUN = "evaluations.run"
    RESULTS_READ = "results.read"  # published results, and the running view
    PERIODS_READ = "periods.read"
    PERIODS_MANAGE = "periods.manage"
    PLANS_READ = "plans.read"  # goal plans
    PLANS_PROPOSE = "plans.propose"
    PLANS_ANSWER = "plans.answer"
    APPEALS_READ = "appeals.read"
    APPEALS_FILE = "appeals.file"
    APPEALS_DECIDE = "appeals.decide"
    RATINGS_READ = "ratings.read"
    RATINGS_GIVE = "ratings.give"
    RATINGS_IMPORT = "ratings.import"
    INCIDENTS_READ = "incidents.read"
    INCIDENTS_RECORD = "incidents.record"
    OBJECTIVES_READ = "objectives.read"
    OBJECTIVES_WRITE = "objectives.write"
    ASSIGNMENTS_READ = "assignments.read"
    ASSIGNMENTS_WRITE = "assignments.write"
    PROPOSALS_READ = "proposals.read"  # awards and what else follows from results
    PROPOSALS_DECIDE = "proposals.decide"
    COACHING_READ = "coaching.read"
    COACHING_WRITE = "coaching.write"  # prepare and hold feedback talks
    COACHING_ANSWER = "coaching.answer"  # what the agent says in them
    COACHING_OVERVIEW = "coaching.overview"  # groups of agents for talks, and what coaches have to do
    COACHING_DRAW = "coaching.draw"  # who on a waiting list begins first
    SUGGESTIONS_READ = "suggestions.read"  # what agents propose to do better
    SUGGESTIONS_FILE = "suggestions.file"
    SUGGESTIONS_ANSWER = "suggestions.answer"
    REPORTS_READ = "reports.read"
    RISK_READ = "risk.read"  # bands and reasons of people
    RISK_MANAGE = "risk.manage"  # its checklist, its imports, fitting and scoring
    RISK_OWN = "risk.own"  # what went in about oneself, and what it was associated with
    FIGURES_READ = "figures.read"  # of groups of people: leavers, and whom the machine is harder on
    BATCHES_RUN = "batches.run"
    PROBLEMS_READ = "problems.read"
    USERS_MANAGE = "users.manage"
    AUDIT_READ = "audit.read"
    RETENTION_MANAGE = "retention.manage"
    PEOPLE_EXPORT = "people.export"
    PEOPLE_ERASE = "people.erase"
    WEBHOOKS_MANAGE = "webhooks.manage"
    SYSTEM_READ = "system.read"  # metrics, engines, settings


class Rows(StrEnum):
    """Whose rows a permission reaches."""

    ALL = "all"
    SITE = "site"  # of the account's teams, or all where it names none
    TEAMS = "teams"
    OWN = "own"


_AGENT, _SUPERVISOR, _QA = StaffRole.AGENT, StaffRole.SUPERVISOR, StaffRole.QA
_HR, _ADMINISTRATOR = StaffRole.HR, StaffRole.ADMINISTRATOR
_EVERYBODY = dict.fromkeys(StaffRole, Rows.ALL)

GRANTS: Mapping[Permission, Mapping[StaffRole, Rows]] = {
    Permission.ACCOUNT_OWN: _EVERYBODY,
    Permission.CONTACTS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.AUDIO_LISTEN: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.CONTACTS_REVIEW: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.REVIEWS_READ: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.SAMPLES_READ: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.SAMPLES_DRAW: {_QA: Rows.SITE},
    Permission.CALIBRATION_TAKE: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.CALIBRATION_MANAGE: {_QA: Rows.SITE},
    Permission.SCORECARDS_READ: _EVERYBODY,
    Permission.SCORECARDS_WRITE: {_QA: Rows.ALL},
    Permission.TEMPLATES_READ: _EVERYBODY,
    Permission.TEMPLATES_WRITE: {_HR: Rows.ALL, _ADMINISTRATOR: Rows.ALL},
    Permission.KPIS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.KPIS_IMPORT: {_QA: Rows.ALL, _HR: Rows.ALL},
    Permission.EVALUATIONS_READ: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.EVALUATIONS_RUN: {_QA: Rows.ALL, _HR: Rows.ALL},
    Permission.RESULTS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.PERIODS_READ: _EVERYBODY,
    Permission.PERIODS_MANAGE: {_HR: Rows.ALL},
    Permission.PLANS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.PLANS_PROPOSE: {_SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.PLANS_ANSWER: {_AGENT: Rows.OWN},
    Permission.APPEALS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.APPEALS_FILE: {_AGENT: Rows.OWN},
    Permission.APPEALS_DECIDE: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE},
    Permission.RATINGS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.RATINGS_GIVE: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS},
    Permission.RATINGS_IMPORT: {_HR: Rows.ALL},
    Permission.INCIDENTS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.INCIDENTS_RECORD: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.OBJECTIVES_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.OBJECTIVES_WRITE: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS},
    Permission.ASSIGNMENTS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.ASSIGNMENTS_WRITE: {_HR: Rows.ALL},
    Permission.PROPOSALS_READ: {_SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.PROPOSALS_DECIDE: {_SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.COACHING_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.COACHING_WRITE: {_SUPERVISOR: Rows.TEAMS},
    Permission.COACHING_ANSWER: {_AGENT: Rows.OWN},
    Permission.COACHING_OVERVIEW: {_SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.COACHING_DRAW: {_HR: Rows.ALL},
    Permission.SUGGESTIONS_READ: {_AGENT: Rows.OWN, _SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.SUGGESTIONS_FILE: {_AGENT: Rows.OWN},
    Permission.SUGGESTIONS_ANSWER: {_SUPERVISOR: Rows.TEAMS, _HR: Rows.ALL},
    Permission.REPORTS_READ: {_SUPERVISOR: Rows.TEAMS, _QA: Rows.SITE, _HR: Rows.ALL},
    Permission.RISK_READ: {_HR: Rows.ALL},
    Permission.RISK_MANAGE: {_HR: Rows.ALL},
    Permission.RISK_OWN: {_AGENT: Rows.OWN},
    Permission.FIGURES_READ: {_HR: Rows.ALL},
    Permission.BATCHES_RUN: {_QA: Rows.ALL},
    Permission.PROBLEMS_READ: {_QA: Rows.ALL},
    Permission.USERS_MANAGE: {_ADMINISTRATOR: Rows.ALL},
    Permission.AUDIT_READ: {_ADMINISTRATOR: Rows.ALL},
    Permission.RETENTION_MANAGE: {_ADMINISTRATOR: Rows.ALL},
    Permission.PEOPLE_EXPORT: {_AGENT: Rows.OWN, _HR: Rows.ALL},
    Permission.PEOPLE_ERASE: {_ADMINISTRATOR: Rows.ALL},
    Permission.WEBHOOKS_MANAGE: {_ADMINISTRATOR: Rows.ALL},
    Permission.SYSTEM_READ: {_ADMINISTRATOR: Rows.ALL},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose rows somebody may touch: all, those of ``teams``, and those of the agent ``agent_id``."""

    everything: bool = False
    teams: frozenset[str] = frozenset()
    agent_id: str | None = None

    def covers(self, agent_id: str | None, team: str | None) -> bool:
        """Whether a row of this agent and this team is among them; a row of nobody only for who may touch all."""
        if self.everything:
            return True
        return (agent_id is not None and agent_id == self.agent_id) or (team is not None and team in self.teams)

    def check(self, agent_id: str | None, team: str | None, *, subject: str) -> None:
        """Raise NotFound for a row out of reach: that it exists is not for this person to know."""
        if not self.covers(agent_id, team):
            raise NotFound(N_("There is nothing with the id {id} that you may see."), id=subject)


EVERYTHING = Reach(everything=True)


def find_reach(user: User, permission: Permission, scopes: Collection[str] | None = None) -> Reach | None:
    """Return whose rows a user may touch by a permission, None when nobody's.

    Parameters
    ----------
    user : User
    permission : Permission
    scopes : collection of str, optional
        The permissions of a token; without, all of the user's.
    """
    if not user.is_active or (scopes is not None and permission.value not in scopes):
        return None
    granted = GRANTS[permission]
    rows = granted.get(user.role)
    own = user.agent_id if StaffRole.AGENT in granted and granted[StaffRole.AGENT] is Rows.OWN else None
    if rows is Rows.ALL or (rows is Rows.SITE and not user.teams):
        return EVERYTHING
    teams = frozenset(user.teams) if rows in (Rows.SITE, Rows.TEAMS) else frozenset()
    return Reach(teams=teams, agent_id=own) if teams or own else None


def get_reach(user: User, permission: Permission, scopes: Collection[str] | None = None) -> Reach:
    """Return whose rows a user may touch by a permission; raises NotAllowed when nobody's."""
    found = find_reach(user, permission, scopes)
    if found is None:
        raise NotAllowed(
            N_("Your account may not do this ({permission})."),
            hint=N_(
                "An administrator can change the role or the teams of an account; a token carries its scopes only."
            ),
            permission=permission.value,
        )
    return found
