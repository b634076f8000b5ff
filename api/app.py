"""The application: JSON under /api/v1 and the pages."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api import errors, v1
from api.options import ServiceOptions, Site
from api.pages import account, sign_in
from api.pages import routes as page_routes
from api.security import LocalOnly
from api.sources import Sources
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
    app.state.sources = Sources(store=store, artifacts=artifacts, rulebook=rulebook, site=site, options=options)
    errors.install(app)
    app.include_router(v1.router)
    for pages in (page_routes, sign_in, account):
        app.include_router(pages.router)
    app.add_middleware(LocalOnly)
    return app
