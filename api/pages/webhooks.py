"""Webhooks: who is told what has happened, and what did not arrive."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from api.language import language_of
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.webhooks import DeliveryQuery, deliveries, webhook, webhooks
from qa_pipeline.access import Permission
from qa_pipeline.domain.webhook import DeliveryState, WebhookKind

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_KINDS = tuple(kind for kind in WebhookKind if kind is not WebhookKind.TEST)
_Id = Annotated[str, Path(max_length=60, pattern=r"^[\w-]+$")]


@router.read("/webhooks", Permission.WEBHOOKS_MANAGE)
def webhooks_page(request: Request, call: FromCaller) -> str:
    """All webhooks, and the form for a new one."""
    return render("webhooks.html", request, found=webhooks(call=call).webhooks, kinds=_KINDS)


@router.read("/webhooks/{webhook_id}", Permission.WEBHOOKS_MANAGE)
def webhook_page(request: Request, call: FromCaller, webhook_id: _Id, wanted: Annotated[DeliveryQuery, Query()]) -> str:
    """One webhook with its messages."""
    return render(
        "webhook.html",
        request,
        found=webhook(call=call, webhook_id=webhook_id),
        messages=deliveries(call=call, webhook_id=webhook_id, query=wanted, language=language_of(request)),
        wanted=wanted,
        states=tuple(DeliveryState),
        kinds=_KINDS,
    )
