"""``/metrics``, where Prometheus looks for them."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Depends, Request, Response

from api.caller import caller_with
from api.metrics import CONTENT_TYPE, metrics_of
from api.router import PERMISSION, Routes
from api.security import is_loopback
from api.sources import FromSources, sources_of
from qa_pipeline.access import Permission

router = Routes()


def _may_read(request: Request, response: Response) -> None:
    """Let pass who has the permission; where the site says so, programs on this machine too."""
    # A proxy on this machine brings requests from elsewhere.
    is_here = request.client is not None and is_loopback(request.client.host)
    is_forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if not (sources_of(request).options.metrics_local and is_here and not is_forwarded):
        caller_with(Permission.SYSTEM_READ)(request, response)


def metrics(request: Request, sources: FromSources) -> Response:
    """Counts and states for Prometheus."""
    return Response(metrics_of(request).render(sources.store, datetime.now(UTC)), media_type=CONTENT_TYPE)


router.add_api_route(
    "/metrics",
    metrics,
    dependencies=[Depends(_may_read)],
    include_in_schema=False,
    openapi_extra={PERMISSION: Permission.SYSTEM_READ.value},
)
