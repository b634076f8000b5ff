"""Messages are kept in the transaction of what they tell of, so that neither is ever without the other."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime

from qa_pipeline.domain.webhook import Delivery, Webhook, WebhookKind
from qa_pipeline.store import Transaction

Detail = str | int | float | bool | None


def emit(tx: Transaction, kind: WebhookKind, subject: str, **details: Detail) -> int:
    """Keep a message for every active webhook that wants this kind, and return how many there are.

    Parameters
    ----------
    tx : Transaction
        That of what has happened.
    kind : WebhookKind
    subject : str
        The id of what it happened to; messages about one subject arrive in order.
    **details : str, int, float, bool or None
        Ids, names of states and counts. Never names of people, and nothing that anybody said or wrote: the receiver
        asks the API for more, with its own rights.
    """
    wanting = tx.webhooks.list_wanting(kind)
    now = datetime.now(UTC)
    for webhook in wanting:
        tx.deliveries.add(message(webhook, kind, subject, now, details))
    return len(wanting)


def message(webhook: Webhook, kind: WebhookKind, subject: str, now: datetime, details: dict[str, Detail]) -> Delivery:
    """Return a new message to a webhook, in the form of the Standard Webhooks: type, timestamp and data."""
    document = {"type": kind.value, "timestamp": now.isoformat(), "data": {"id": subject, **details}}
    return Delivery(
        id=f"msg_{secrets.token_hex(12)}",
        webhook_id=webhook.id,
        kind=kind,
        subject=subject,
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
        due_at=now,
    )
