"""What the people of the demo have done and what waits for them, so that every page has something to show.

October is published and November is open. The services of the real commands do it, in the names of the demo's accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callqa import site_wiring, wiring
from callqa.demo import PERIODS, DemoSet
from callqa.demo.accounts import AGENT_ID, LOGINS, team_of
from callqa.settings import Settings
from coaching.plans import advance_plan, draft_plan
from coaching.talks import Drafting, advance_talk, change_talk, draft_talk
from qa_pipeline.access import Permission, get_reach
from qa_pipeline.appraisal.awards.rules import DEFAULT_ID, get_rules
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.job import JobKind
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.awards import propose_awards
from qa_pipeline.services.calibration.sessions import open_session
from qa_pipeline.services.cycle.appeals import file_appeal, list_items
from qa_pipeline.services.cycle.periods import close_period, open_period, publish_period
from qa_pipeline.services.cycle.plans import propose_plans
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.review_queue.claims import claim_next
from qa_pipeline.services.review_queue.listing import QueueView
from qa_pipeline.services.samples.drawing import draw_sample
from qa_pipeline.services.samples.plan import make_plan
from qa_pipeline.services.webhooks.management import add_webhook, change_webhook
from qa_pipeline.store import Store, Transaction

NEXT_PERIOD = "2026-11"
_SEED = 2026
_STATEMENT = N_("The customer said this first, I only repeated it. Please listen again. (Invented)")
_NOTE = N_("In November, first of all: apologise and confirm. (Invented)")
_TITLE = N_("Calibration of October (invented)")
_PLACE = N_("Meeting room 2 (invented)")
_HOOK = N_("Chat of the supervisors (invented, switched off)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """In which home, language and team it happens, and when."""

    settings: Settings
    translate: Callable[[str], str]
    team: str
    now: datetime


def live(store: Store, settings: Settings, demo: DemoSet, translate: Callable[[str], str], now: datetime) -> None:
    """Do what the demo's people have done, all or nothing; raises what the services raise."""
    with store.transaction() as tx:
        inside = store.within(tx)
        scene = _Scene(settings=settings, translate=translate, team=team_of(tx), now=now)
        _publish(inside, scene)
        _appeal(inside, tx, scene)
        _prepare_talk(inside, tx, scene)
        _coach(inside, scene)
        _propose(inside, tx, scene)
        _calibrate(inside, tx, scene)
        _administrate(tx, demo, scene)


def _as(role: StaffRole, reason: str = "") -> Attempt:
    return Attempt(actor=AGENT_ID if role is StaffRole.AGENT else LOGINS[role], role=role, reason=reason)


def _publish(store: Store, scene: _Scene) -> None:
    hr, compute = _as(StaffRole.HR), site_wiring.evaluations_of(scene.settings)
    for period in PERIODS[-2:]:
        open_period(store, period, hr, scene.now)
        close_period(store, period, hr, scene.now, compute)
        publish_period(store, period, hr, scene.now, site_wiring.consequence_line(scene.settings))
    open_period(store, NEXT_PERIOD, hr, scene.now)


def _appeal(store: Store, tx: Transaction, scene: _Scene) -> None:
    """Have the agent appeal against the first finding that took points."""
    cards = wiring.scorecards(scene.settings)
    items = [each.item for each in list_items(tx, AGENT_ID, PERIODS[-1], cards) if each.item.contact_id is not None]
    statement = _as(StaffRole.AGENT, scene.translate(_STATEMENT))
    times = site_wiring.times(scene.settings)
    file_appeal(store, AGENT_ID, PERIODS[-1], items[0], statement, scene.now, cards=cards, times=times)


def _prepare_talk(store: Store, tx: Transaction, scene: _Scene) -> None:
    coach = _as(StaffRole.SUPERVISOR)
    drafting = Drafting(
        rulebook=site_wiring.rulebook(scene.settings),
        times=site_wiring.times(scene.settings),
        language=scene.settings.lang,
    )
    drafted = draft_talk(store, AGENT_ID, PERIODS[-1], coach, scene.now, drafting)
    meeting = replace(drafted.talk, meets_at=scene.now + timedelta(days=2), place=scene.translate(_PLACE))
    advance_talk(store, change_talk(tx, drafted, meeting), "invite", coach, scene.now)


def _coach(store: Store, scene: _Scene) -> None:
    """Offer the agent a plan on the largest proven gap of October."""
    coach = _as(StaffRole.SUPERVISOR)
    drafting = Drafting(
        rulebook=site_wiring.rulebook(scene.settings),
        times=site_wiring.times(scene.settings),
        language=scene.settings.lang,
    )
    drafted = draft_plan(store, AGENT_ID, PERIODS[-1], coach, scene.now, drafting)
    advance_plan(store, drafted, "offer", coach, scene.now)


def _propose(store: Store, tx: Transaction, scene: _Scene) -> None:
    """Put goal plans before the agents of the supervisor's team, and what follows from October before HR."""
    templates = list_templates(shipped(), scene.settings.templates)
    team = sorted(each.id for each in tx.agents.list() if each.team == scene.team)
    note = scene.translate(_NOTE)
    propose_plans(store, NEXT_PERIOD, team, _as(StaffRole.SUPERVISOR), scene.now, templates=templates, note=note)
    rules = get_rules(DEFAULT_ID, scene.settings.awards)
    propose_awards(store, PERIODS[-1], scene.now, rules=rules, cards=wiring.scorecards(scene.settings))


def _calibrate(store: Store, tx: Transaction, scene: _Scene) -> None:
    """Open a calibration session of the two who review, and have the analyst take the next contact of the queue."""
    analyst, lead = LOGINS[StaffRole.QA], LOGINS[StaffRole.SUPERVISOR]
    plan = make_plan(Selection.CALIBRATION, count=3, team=scene.team)
    drawn = draw_sample(store, PERIODS[-1], plan, by=analyst, seed=_SEED, now=scene.now)
    ends_at = scene.now + timedelta(days=7)
    open_session(tx, drawn.sample.id, scene.translate(_TITLE), (analyst, lead), analyst, ends_at, scene.now)
    person = tx.users.find_login(analyst)
    assert person is not None, "the accounts are made first"
    view = QueueView(person=analyst, reach=get_reach(person, Permission.CONTACTS_REVIEW), now=scene.now)
    claim_next(tx, view, timedelta(minutes=scene.settings.service.claim_minutes))


def _administrate(tx: Transaction, demo: DemoSet, scene: _Scene) -> None:
    """Put a batch into the queue, some of whose files are in trouble, and set up a webhook that is switched off."""
    params = {"folder": str(demo.recordings), "metadata": demo.metadata.name, "scorecard": None, "engine": None}
    enqueue(tx, JobKind.SCORE, params, by=LOGINS[StaffRole.QA], now=scene.now)
    kinds = (WebhookKind.RED_LINE, WebhookKind.APPEAL_FILED)
    address = "https://hooks.example.com/callqa"
    made, _ = add_webhook(tx, scene.translate(_HOOK), address, kinds, scene.now, private_hosts=False)
    change_webhook(tx, replace(made, is_active=False), private_hosts=False)
