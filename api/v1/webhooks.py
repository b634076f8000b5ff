"""Webhooks: who is told what has happened, and how far the messages are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Caller
from api.filters import Paging
from api.router import FromCaller, Routes
from api.sources import InLanguage
from qa_pipeline.access import Permission
from qa_pipeline.domain.webhook import Delivery, DeliveryProblem, DeliveryState, Webhook, WebhookKind
from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.services.webhooks.addresses import URL_CHARACTERS_MAX
from qa_pipeline.services.webhooks.management import (
    add_webhook,
    change_webhook,
    redeliver,
    rotate_secret,
    send_test,
)

router = Routes()
_MANAGE = Permission.WEBHOOKS_MANAGE
_Id = Annotated[str, Path(max_length=60, pattern=r"^[\w-]+$")]
_Kinds = Annotated[tuple[WebhookKind, ...], Field(min_length=1, max_length=len(WebhookKind))]
_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Url = Annotated[str, Field(min_length=1, max_length=URL_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]

_PROBLEMS = {
    DeliveryProblem.UNREACHABLE: N_("The receiver cannot be reached: no such name, or nothing listens there."),
    DeliveryProblem.TIMEOUT: N_("The receiver took too long."),
    DeliveryProblem.TLS: N_("No secure connection: the certificate is not trusted, or the receiver speaks no TLS."),
    DeliveryProblem.FORBIDDEN_ADDRESS: N_("The name leads to an address that messages may not be sent to."),
    DeliveryProblem.BAD_ANSWER: N_("The receiver broke off or did not answer by HTTP."),
    DeliveryProblem.STATUS: N_("The receiver answered that it did not take the message."),
}


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewWebhook(_Body):
    """Where which messages are to go."""

    name: _Name
    url: _Url
    kinds: _Kinds


class WebhookChange(_Body):
    """What is to be different; what is left out stays."""

    name: _Name | None = None
    url: _Url | None = None
    kinds: _Kinds | None = None
    is_active: bool | None = None


class WebhookDocument(_Document):
    """One webhook, without its secret. ``waiting`` and ``dead``: how many messages are so."""

    id: str
    name: str
    url: str
    kinds: tuple[WebhookKind, ...]
    is_active: bool
    version: int
    created_at: datetime
    waiting: int
    dead: int


class WebhookSecretDocument(_Document):
    """A webhook with its secret, which is shown this once."""

    webhook: WebhookDocument
    secret: str


class WebhookListDocument(_Document):
    """All webhooks by name."""

    webhooks: tuple[WebhookDocument, ...]


class DeliveryDocument(_Document):
    """One message. ``due_at``: the next attempt while it waits; ``status``: what the receiver answered last."""

    id: str
    kind: WebhookKind
    subject: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime | None
    tried_at: datetime | None
    status: int | None
    problem: str | None


class DeliveryListDocument(_Document):
    """Messages of a webhook, the newest first."""

    total: int
    offset: int
    limit: int
    deliveries: tuple[DeliveryDocument, ...]


class DeliveryQuery(Paging):
    """Which messages."""

    state: DeliveryState | None = None


@router.read("/webhooks", _MANAGE)
def webhooks(call: FromCaller) -> WebhookListDocument:
    """Who is told what."""
    with call.store.reading() as tx:
        listed = tx.webhooks.list()
    return WebhookListDocument(webhooks=tuple(_document(call, each) for each in listed))


@router.write("POST", "/webhooks", _MANAGE, keyless=True, status_code=HTTPStatus.CREATED)
def new_webhook(call: FromCaller, body: NewWebhook) -> WebhookSecretDocument:
    """Set one up; the answer holds the secret, this once."""
    with call.store.transaction() as tx:
        made, secret = add_webhook(
            tx, body.name, body.url, body.kinds, call.now, private_hosts=call.sources.options.webhook_private_hosts
        )
    call.record("webhook.add", made.id, kinds=", ".join(made.kinds))
    return _with_secret(call, made, secret)


@router.read("/webhooks/{webhook_id}", _MANAGE)
def webhook(call: FromCaller, webhook_id: _Id) -> WebhookDocument:
    """One of them, with its version as ETag."""
    found = _get(call, webhook_id)
    call.give_etag(found.version)
    return _document(call, found)


@router.write("PATCH", "/webhooks/{webhook_id}", _MANAGE)
def changed_webhook(call: FromCaller, webhook_id: _Id, body: WebhookChange) -> WebhookDocument:
    """Change one, or switch it off and on. Messages that wait go to the new address."""
    found = _get(call, webhook_id)
    call.check_etag(found.version)
    given = body.model_dump(exclude_none=True)
    with call.store.transaction() as tx:
        made = change_webhook(tx, replace(found, **given), private_hosts=call.sources.options.webhook_private_hosts)
    call.record("webhook.change", webhook_id, fields=", ".join(sorted(given)))
    call.give_etag(made.version)
    return _document(call, made)


@router.write("DELETE", "/webhooks/{webhook_id}", _MANAGE, status_code=HTTPStatus.NO_CONTENT)
def removed_webhook(call: FromCaller, webhook_id: _Id) -> None:
    """Drop one with all its messages, also those that wait."""
    call.check_etag(_get(call, webhook_id).version)
    with call.store.transaction() as tx:
        tx.webhooks.remove(webhook_id)
    call.record("webhook.remove", webhook_id)


@router.write("POST", "/webhooks/{webhook_id}/secret", _MANAGE, keyless=True)
def new_secret(call: FromCaller, webhook_id: _Id) -> WebhookSecretDocument:
    """Make a new secret. For a day messages are signed with the old one too."""
    found = _get(call, webhook_id)
    call.check_etag(found.version)
    with call.store.transaction() as tx:
        made, secret = rotate_secret(tx, found, call.now)
    call.record("webhook.rotate", webhook_id)
    call.give_etag(made.version)
    return _with_secret(call, made, secret)


@router.write("POST", "/webhooks/{webhook_id}/test", _MANAGE, status_code=HTTPStatus.ACCEPTED)
def tested_webhook(call: FromCaller, webhook_id: _Id, language: InLanguage) -> DeliveryDocument:
    """Send a message of the kind webhook.test; the list of messages tells what came of it."""
    with call.store.transaction() as tx:
        made = send_test(tx, tx.webhooks.get(webhook_id), call.now)
    call.record("webhook.test", webhook_id)
    return _delivery(made, language)


@router.read("/webhooks/{webhook_id}/deliveries", _MANAGE)
def deliveries(
    call: FromCaller, webhook_id: _Id, query: Annotated[DeliveryQuery, Query()], language: InLanguage
) -> DeliveryListDocument:
    """The messages of the last 30 days, and all that wait."""
    _get(call, webhook_id)
    with call.store.reading() as tx:
        total = tx.deliveries.count(webhook_id, query.state)
        listed = tx.deliveries.list(webhook_id, query.state, offset=query.offset, limit=query.limit)
    return DeliveryListDocument(
        total=total,
        offset=query.offset,
        limit=query.limit,
        deliveries=tuple(_delivery(each, language) for each in listed),
    )


@router.write("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/again", _MANAGE, status_code=HTTPStatus.ACCEPTED)
def delivered_again(call: FromCaller, webhook_id: _Id, delivery_id: _Id, language: InLanguage) -> DeliveryDocument:
    """Send a message that was delivered or is dead once more, under the same id."""
    with call.store.transaction() as tx:
        made = redeliver(tx, webhook_id, delivery_id, call.now)
    call.record("webhook.redeliver", webhook_id, message_id=delivery_id)
    return _delivery(made, language)


def _get(call: Caller, webhook_id: str) -> Webhook:
    with call.store.reading() as tx:
        return tx.webhooks.get(webhook_id)


def _document(call: Caller, found: Webhook) -> WebhookDocument:
    with call.store.reading() as tx:
        waiting = tx.deliveries.count(found.id, DeliveryState.WAITING)
        dead = tx.deliveries.count(found.id, DeliveryState.DEAD)
    return WebhookDocument(
        id=found.id,
        name=found.name,
        url=found.url,
        kinds=found.kinds,
        is_active=found.is_active,
        version=found.version,
        created_at=found.created_at,
        waiting=waiting,
        dead=dead,
    )


def _with_secret(call: Caller, found: Webhook, secret: str) -> WebhookSecretDocument:
    return WebhookSecretDocument(webhook=_document(call, found), secret=secret)


def _delivery(found: Delivery, language: str) -> DeliveryDocument:
    problem = translator(language)(_PROBLEMS[found.problem]) if found.problem else None
    return DeliveryDocument(
        id=found.id,
        kind=found.kind,
        subject=found.subject,
        state=found.state,
        attempts=found.attempts,
        created_at=found.created_at,
        due_at=found.due_at if found.state is DeliveryState.WAITING else None,
        tried_at=found.tried_at,
        status=found.status,
        problem=problem,
    )
