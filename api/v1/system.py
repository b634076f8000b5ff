"""Whether the server works."""

from __future__ import annotations

from importlib.metadata import version

from api.documents import HealthDocument
from api.router import Routes
from api.sources import FromSources

router = Routes()


@router.open("GET", "/health")
def health(sources: FromSources) -> HealthDocument:
    """Whether the server reads its database."""
    with sources.store.reading() as tx:
        tx.connection.exec_driver_sql("SELECT 1")
    return HealthDocument(status="ok", version=version("callqa"))
