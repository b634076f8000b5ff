"""What the site's rules and its service are made of, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any

from api.options import About, ServiceOptions, Site
from callqa import wiring
from callqa.settings import Settings
from callqa.shown_settings import shown_settings
from qa_pipeline.appraisal.consequences import ConsequenceLine
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.job import Job, JobKind
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.scorecards import list_scorecards
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.accounts.oidc import OidcOptions
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.services.cycle.current import Compute, evaluations_by
from qa_pipeline.services.evaluate import read_rules
from qa_pipeline.services.jobs.work import Tools
from qa_pipeline.services.retention import Terms
from qa_pipeline.services.webhooks.delivery import DeliveryOptions
from qa_pipeline.store import PostgresOptions, Store, open_store


def evaluations_of(settings: Settings) -> Compute:
    """Return what evaluates a period inside a transaction and stores nothing."""
    return evaluations_by(read_rules(None, settings.templates, settings.scorecards))


def hold_rule(settings: Settings) -> HoldRule:
    """Return when a criterion stops scoring by itself."""
    part = settings.holds
    return HoldRule(
        error_limit=part.error_limit,
        reviews_min=part.reviews_min,
        upheld_min=part.upheld_min,
        months=part.months,
    )


def service_store(settings: Settings) -> Store:
    """Return the store as a server process uses it."""
    part = settings.database
    options = PostgresOptions(
        pool_size=part.pool_size,
        pool_more=part.pool_more,
        pool_wait_s=part.pool_wait_s,
        statement_timeout_s=part.statement_timeout_s,
    )
    return open_store(settings.store_url, settings.zone, options)


def rulebook(settings: Settings) -> Rulebook:
    """Return the names behind the ids that results carry."""
    return Rulebook(
        scorecards=list_scorecards(settings.scorecards),
        indicators=list_indicators(),
        templates=list_templates(shipped(), settings.templates),
    )


def times(settings: Settings) -> Times:
    """Return the days that appeals have."""
    part = settings.cycle
    return Times(
        appeal_days=part.appeal_days,
        answer_days=part.answer_days,
        second_instance_days=part.second_instance_days,
    )


def consequence_line(settings: Settings) -> ConsequenceLine:
    """Return below which total nothing follows without reviews by people."""
    part = settings.cycle
    return ConsequenceLine(points=part.consequence_points, reviews=part.consequence_reviews)


def site(settings: Settings) -> Site:
    """Return the site's rules for the service."""
    return Site(
        home=settings.home,
        times=times(settings),
        line=consequence_line(settings),
        hold_rule=hold_rule(settings),
        retention=retention_rules(settings),
        engines=wiring.text_engines(settings),
        calibration=wiring.calibration(settings),
    )


def retention_rules(settings: Settings) -> RetentionRules:
    """Return how long things are kept."""
    return RetentionRules(**settings.retention.model_dump())


def retention_terms(settings: Settings, now: datetime) -> Terms:
    """Return by what something of this site is due at a moment."""
    return Terms(rules=retention_rules(settings), home=settings.home, artifacts=wiring.artifacts(settings), now=now)


def service_options(settings: Settings) -> ServiceOptions:
    """Return the limits of the service: those of its options that are settings too."""
    part = settings.service
    set_ones = {each.name: getattr(part, each.name) for each in fields(ServiceOptions) if hasattr(part, each.name)}
    return ServiceOptions(
        **set_ones,
        sign_in=sign_in_rules(settings),
        single_sign_on=oidc_options(settings),
        about=About(engines=partial(wiring.engine_states, settings), settings=shown_settings(settings)),
    )


def oidc_options(settings: Settings) -> OidcOptions | None:
    """Return the single sign-on provider, None where the site has none."""
    part = settings.service
    if part.oidc_issuer is None or part.oidc_client_id is None:
        return None
    secret = part.oidc_client_secret
    return OidcOptions(
        issuer=part.oidc_issuer,
        client_id=part.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        scopes=part.oidc_scopes,
        login_claim=part.oidc_login_claim,
        role_claim=part.oidc_role_claim,
        roles=part.oidc_roles,
        agent_claim=part.oidc_agent_claim,
        adds_accounts=part.oidc_adds_accounts,
    )


def sign_in_rules(settings: Settings) -> SignInRules:
    """Return how long sessions last and what wrong passwords do."""
    part = settings.service
    return SignInRules(
        session_hours=part.session_hours,
        idle_minutes=part.idle_minutes,
        wrong_passwords_max=part.wrong_passwords_max,
        lock_minutes=part.lock_minutes,
        one_time_hours=part.one_time_hours,
    )


def tools(settings: Settings) -> Tools:
    """Return what jobs are done with."""
    return Tools(
        batch=lambda scorecard, engine: wiring.batch(settings, scorecard, engine),
        executor=lambda: wiring.executor(settings),
        artifacts=wiring.artifacts(settings),
        uploads=site(settings).uploads,
        scorecards=settings.scorecards,
        templates=settings.templates,
        retention=retention_rules(settings),
        others={JobKind.RISK: partial(_risk, settings)},
    )


def _risk(settings: Settings, store: Store, job: Job) -> Mapping[str, Any]:
    from coaching.risk.jobs import do_risk_job  # scikit-learn takes a second to load

    return do_risk_job(store, settings.risk_models, job)


def delivery_options(settings: Settings) -> DeliveryOptions:
    """Return how messages are sent to webhooks."""
    part = settings.service
    return DeliveryOptions(timeout_s=part.webhook_timeout_s, private_hosts=part.webhook_private_hosts)
