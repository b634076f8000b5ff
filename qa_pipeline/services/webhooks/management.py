"""Setting webhooks up: who is told of what, the secrets, a test message, and sending once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from qa_pipeline.domain.webhook import Delivery, DeliveryState, Webhook, WebhookKind, WebhookSecrets
from qa_pipeline.errors import N_, Conflict, InputError
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.services.webhooks.addresses import check_url
from qa_pipeline.services.webhooks.outbox import message
from qa_pipeline.services.webhooks.signing import new_secret
from qa_pipeline.store import Transaction

SECRET_OVERLAP_HOURS = 24


def add_webhook(
    tx: Transaction, name: str, url: str, kinds: Sequence[WebhookKind], now: datetime, *, private_hosts: bool
) -> tuple[Webhook, str]:
    """Return a new webhook with its secret, which is shown this once.

    Raises
    ------
    InputError
        The address is none that messages may go to, or nothing is to be told.
    """
    webhook = Webhook(id=new_id("w"), name=name.strip(), url=url, kinds=tuple(dict.fromkeys(kinds)), created_at=now)
    _check(webhook, private_hosts=private_hosts)
    secret = new_secret()
    tx.webhooks.add(webhook, secret)
    return webhook, secret


def change_webhook(tx: Transaction, changed: Webhook, *, private_hosts: bool) -> Webhook:
    """Keep a changed webhook; raises InputError as :func:`add_webhook`, and Outdated."""
    _check(changed, private_hosts=private_hosts)
    return tx.webhooks.change(replace(changed, name=changed.name.strip(), kinds=tuple(dict.fromkeys(changed.kinds))))


def rotate_secret(tx: Transaction, webhook: Webhook, now: datetime) -> tuple[Webhook, str]:
    """Return the webhook with a new secret; messages are signed with the old one too for a day.

    Raises
    ------
    Outdated
        Somebody else has changed the webhook.
    """
    secret = new_secret()
    tx.webhooks.set_secrets(
        webhook.id,
        WebhookSecrets(
            current=secret,
            previous=tx.webhooks.secrets(webhook.id).current,
            previous_until=now + timedelta(hours=SECRET_OVERLAP_HOURS),
        ),
    )
    return tx.webhooks.change(webhook), secret


def send_test(tx: Transaction, webhook: Webhook, now: datetime) -> Delivery:
    """Keep a test message for a webhook, whatever kinds it wants; raises Conflict while it is off."""
    if not webhook.is_active:
        raise Conflict(
            N_("The webhook {name} is switched off."), hint=N_("Switch it on, then test it."), name=webhook.name
        )
    made = message(webhook, WebhookKind.TEST, webhook.id, now, {})
    tx.deliveries.add(made)
    return made


def redeliver(tx: Transaction, webhook_id: str, delivery_id: str, now: datetime) -> Delivery:
    """Have a message that was delivered or is dead sent once more, under the same id.

    Raises
    ------
    NotFound
        There is no such message.
    Conflict
        It is still on its way.
    """
    delivery = tx.deliveries.get(webhook_id, delivery_id)
    if delivery.state is DeliveryState.WAITING:
        raise Conflict(
            N_("The message {id} is still on its way."),
            hint=N_("It is sent again by itself until it arrives or is given up."),
            id=delivery_id,
        )
    again = replace(delivery, state=DeliveryState.WAITING, attempts=0, due_at=now, status=None, problem=None)
    tx.deliveries.keep(again)
    return again


def _check(webhook: Webhook, *, private_hosts: bool) -> None:
    check_url(webhook.url, private_hosts=private_hosts)
    if not webhook.name:
        raise InputError(N_("A webhook needs a name."), field="name")
    if not webhook.kinds or WebhookKind.TEST in webhook.kinds:
        known = [kind.value for kind in WebhookKind if kind is not WebhookKind.TEST]
        raise InputError(
            N_("A webhook needs one kind of message at least, of these: {known}."),
            field="kinds",
            known=", ".join(known),
        )
