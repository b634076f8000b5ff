"""Where each role works: the addresses in the head of every page, most used first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa_pipeline.access import Permission
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_

if TYPE_CHECKING:  # api.caller needs api.errors, whose page of an error needs this
    from api.caller import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page that the head leads to, shown to who has its permission; ``name`` is a msgid."""

    path: str
    name: str
    permission: Permission

    def holds(self, path: str) -> bool:
        """Whether a page stands below this place."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


OVERVIEW = Place(path="/", name=N_("Overview"), permission=Permission.PERIODS_READ)
QUEUE = Place(path="/queue", name=N_("Review queue"), permission=Permission.CONTACTS_REVIEW)
CONTACTS = Place(path="/contacts", name=N_("Contacts"), permission=Permission.CONTACTS_READ)
BATCHES = Place(path="/batches", name=N_("Batches"), permission=Permission.BATCHES_RUN)
SAMPLES = Place(path="/samples", name=N_("Samples"), permission=Permission.SAMPLES_READ)
CALIBRATION = Place(path="/calibration", name=N_("Calibration"), permission=Permission.CALIBRATION_TAKE)
SCORECARDS = Place(path="/scorecards", name=N_("Scorecards"), permission=Permission.SCORECARDS_READ)
APPEALS = Place(path="/appeals", name=N_("Appeals"), permission=Permission.APPEALS_READ)
REPORTS = Place(path="/reports", name=N_("Reports"), permission=Permission.REPORTS_READ)
TEAM = Place(path="/team", name=N_("Team"), permission=Permission.EVALUATIONS_READ)
TALKS = Place(path="/talks", name=N_("Feedback talks"), permission=Permission.COACHING_READ)
COACHING = Place(path="/coaching", name=N_("Coaching"), permission=Permission.COACHING_READ)
GOALS = Place(path="/goals", name=N_("Goal plans"), permission=Permission.PLANS_READ)
PROPOSALS = Place(path="/proposals", name=N_("Proposals"), permission=Permission.PROPOSALS_READ)
SUGGESTIONS = Place(path="/suggestions", name=N_("Suggestions"), permission=Permission.SUGGESTIONS_READ)
MY_RESULTS = Place(path="/my", name=N_("My results"), permission=Permission.RESULTS_READ)
PERIODS = Place(path="/periods", name=N_("Periods"), permission=Permission.PERIODS_MANAGE)
RESULTS = Place(path="/results", name=N_("Results"), permission=Permission.EVALUATIONS_READ)
FAIRNESS = Place(path="/fairness", name=N_("Fairness"), permission=Permission.FIGURES_READ)
RISK = Place(path="/risk", name=N_("Support"), permission=Permission.RISK_READ)
LEAVERS = Place(path="/leavers", name=N_("Leavers"), permission=Permission.FIGURES_READ)
TEMPLATES = Place(path="/templates", name=N_("Templates"), permission=Permission.TEMPLATES_READ)
USERS = Place(path="/users", name=N_("Users"), permission=Permission.USERS_MANAGE)
AUDIT = Place(path="/audit", name=N_("Audit"), permission=Permission.AUDIT_READ)
RETENTION = Place(path="/retention", name=N_("Retention"), permission=Permission.RETENTION_MANAGE)
WEBHOOKS = Place(path="/webhooks", name=N_("Webhooks"), permission=Permission.WEBHOOKS_MANAGE)
SYSTEM = Place(path="/system", name=N_("System"), permission=Permission.SYSTEM_READ)

PLACES: Mapping[StaffRole, tuple[Place, ...]] = {
    StaffRole.AGENT: (MY_RESULTS, CONTACTS, GOALS, TALKS, COACHING, APPEALS, SUGGESTIONS),
    StaffRole.SUPERVISOR: (
        TEAM,
        QUEUE,
        CONTACTS,
        TALKS,
        COACHING,
        GOALS,
        APPEALS,
        CALIBRATION,
        PROPOSALS,
        SUGGESTIONS,
        REPORTS,
    ),
    StaffRole.QA: (OVERVIEW, QUEUE, CONTACTS, BATCHES, SAMPLES, CALIBRATION, SCORECARDS, APPEALS, REPORTS),
    StaffRole.HR: (
        PERIODS,
        RESULTS,
        GOALS,
        TALKS,
        COACHING,
        APPEALS,
        PROPOSALS,
        SUGGESTIONS,
        FAIRNESS,
        LEAVERS,
        RISK,
        TEMPLATES,
        REPORTS,
    ),
    StaffRole.ADMINISTRATOR: (USERS, TEMPLATES, RETENTION, AUDIT, WEBHOOKS, SYSTEM),
}


def places_of(who: Who) -> tuple[Place, ...]:
    """Return what the head of a page leads somebody to; whoever is inspected gets their own results too."""
    places = PLACES[who.user.role]
    if who.user.agent_id is not None and MY_RESULTS not in places:
        places = (*places, MY_RESULTS)
    return tuple(place for place in places if who.may(place.permission))


def start_of(who: Who) -> str:
    """Return the address where somebody's work begins."""
    places = places_of(who)
    return places[0].path if places else "/account"
