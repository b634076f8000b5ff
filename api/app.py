"""The application: JSON under /api/v1 and the pages, read-only, for this machine only."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api import errors, routes
from api.pages import routes as page_routes
from api.security import LocalOnly
from api.sources import Sources
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store


def create_app(*, store: Store, artifacts: ArtifactFolder, rulebook: Rulebook) -> FastAPI:
    """Return the application over an opened store.

    Parameters
    ----------
    store : Store
        Opened and migrated; whoever calls closes it after the server has stopped.
    artifacts : ArtifactFolder
        Where the stages put transcripts and what was heard.
    rulebook : Rulebook
        The names behind the ids of results.
    """
    # The interactive documentation loads scripts from other hosts, which the content security policy forbids.
    app = FastAPI(
        title="callqa", version=version("callqa"), openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.sources = Sources(store=store, artifacts=artifacts, rulebook=rulebook)
    errors.install(app)
    app.include_router(routes.router)
    app.include_router(page_routes.router)
    app.add_middleware(LocalOnly)
    return app
