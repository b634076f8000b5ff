"""The application: JSON under /api/v1 and the pages."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import errors, v1
from api.description import describe
from api.job_watch import JobWatch
from api.metrics import Metrics
from api.options import ServiceOptions, Site
from api.pages import (
    account,
    appeals,
    appraisal_templates,
    assets,
    audit,
    batches,
    calibration,
    coaching,
    contact,
    contacts,
    figures,
    goals,
    metrics,
    my,
    overview,
    periods,
    proposals,
    queue,
    reports,
    result_view,
    results,
    retention,
    risk,
    samples,
    scorecards,
    sign_in,
    single_sign_on,
    suggestions,
    system,
    talks,
    team,
    users,
    webhooks,
)
from api.rates import LimitOpenRequests, Rates
from api.rulebook_watch import RulebookWatch
from api.security import HeadAsGet, KnownHosts, SecureHeaders
from api.sources import Sources
from api.trace import Trace
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.rule_files import place_files
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Store

PAGES = (
    scorecards,
    appraisal_templates,
    assets,
    contact,
    contacts,
    sign_in,
    single_sign_on,
    account,
    metrics,
    queue,
    results,
    team,
    talks,
    risk,
    coaching,
    goals,
    appeals,
    proposals,
    periods,
    reports,
    figures,
    my,
    result_view,
    overview,
    batches,
    samples,
    calibration,
    users,
    audit,
    retention,
    webhooks,
    system,
    suggestions,
)


def create_app(
    *, store: Store, artifacts: Artifacts, rulebook: Rulebook, site: Site, options: ServiceOptions
) -> FastAPI:
    """Return the application over an opened store.

    Parameters
    ----------
    store : Store
        Opened and migrated; whoever calls closes it after the server has stopped.
    artifacts : Artifacts
        Where the stages put transcripts and what was heard.
    rulebook : Rulebook
        The names behind the ids of results.
    site : Site
        Where the site's own rule files are, and the lines and times that its settings draw.
    options : ServiceOptions
        Limits of the service.
    """
    # The interactive documentation loads scripts from other hosts, which the content security policy forbids.
    app = FastAPI(
        title="callqa", version=version("callqa"), openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
    )
    place_files(store, site.rule_folders)
    rates = Rates(options.requests_per_minute, options.open_requests_per_minute, options.sign_ins_per_minute)
    app.state.metrics = Metrics()
    app.state.sources = Sources(
        store=store,
        artifacts=artifacts,
        rules=RulebookWatch(rulebook, site),
        site=site,
        options=options,
        rates=rates,
    )
    app.state.job_watch = JobWatch(store, app.state.sources.stopping)
    errors.install(app)
    describe(app)
    app.include_router(v1.router)
    for pages in PAGES:
        app.include_router(pages.router)
    # The last one added sees a request first.
    app.add_middleware(LimitOpenRequests, rates=rates)
    app.add_middleware(HeadAsGet)
    app.add_middleware(KnownHosts, hosts=options.hosts)
    if options.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(options.proxies))
    app.add_middleware(Trace, metrics=app.state.metrics)
    app.add_middleware(SecureHeaders)
    return app
