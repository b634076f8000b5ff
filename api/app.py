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
from api.pages import account, metrics, sign_in, single_sign_on
from api.pages import routes as page_routes
from api.rates import LimitOpenRequests, Rates
from api.rulebook_watch import RulebookWatch
from api.security import HeadAsGet, KnownHosts, SecureHeaders
from api.sources import Sources
from api.trace import Trace
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store


def create_app(
    *, store: Store, artifacts: ArtifactFolder, rulebook: Rulebook, site: Site, options: ServiceOptions
) -> FastAPI:
    """Return the application over an opened store.

    Parameters
    ----------
    store : Store
        Opened and migrated; whoever calls closes it after the server has stopped.
    artifacts : ArtifactFolder
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
    for pages in (page_routes, sign_in, single_sign_on, account, metrics):
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
