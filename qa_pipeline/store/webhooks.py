"""Webhooks, their secrets, and the messages on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, or_, select, update

from qa_pipeline.domain.webhook import Delivery, DeliveryProblem, DeliveryState, Webhook, WebhookKind, WebhookSecrets
from qa_pipeline.errors import N_, NotFound, Outdated
from qa_pipeline.store import tables
from qa_pipeline.store.webhook_tables import webhook as _webhooks
from qa_pipeline.store.webhook_tables import webhook_delivery as _deliveries


class Webhooks:
    """Addresses that are told what has happened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook, secret: str) -> None:
        """Keep a new webhook with the secret that its messages are signed with."""
        self._connection.execute(insert(_webhooks).values(_row(webhook) | {"secret": secret}))

    def change(self, webhook: Webhook) -> Webhook:
        """Keep the changed webhook as its next version, and return that; raises Outdated when somebody was quicker."""
        row = _row(webhook) | {"version": webhook.version + 1}
        done = self._connection.execute(
            update(_webhooks).where(_webhooks.c.id == webhook.id, _webhooks.c.version == webhook.version).values(row)
        )
        if done.rowcount != 1:
            raise Outdated(
                N_("Somebody else has changed the webhook {name} since you looked at it."),
                hint=N_("Look at it again, then decide whether your change is still wanted."),
                name=webhook.name,
            )
        return self.get(webhook.id)

    def remove(self, webhook_id: str) -> None:
        """Drop a webhook with all its messages."""
        self._connection.execute(delete(_webhooks).where(_webhooks.c.id == webhook_id))

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; raises NotFound."""
        row = self._connection.execute(select(_webhooks).where(_webhooks.c.id == webhook_id)).mappings().first()
        if row is None:
            raise NotFound(N_("There is no webhook with the id {id}."), id=webhook_id)
        return _webhook(row)

    def list(self) -> Sequence[Webhook]:
        """Return all webhooks by name."""
        query = select(_webhooks).order_by(_webhooks.c.name, _webhooks.c.id)
        return [_webhook(row) for row in self._connection.execute(query).mappings()]

    def list_wanting(self, kind: WebhookKind) -> Sequence[Webhook]:
        """Return the active webhooks that want messages of a kind."""
        query = select(_webhooks).where(_webhooks.c.is_active, _webhooks.c.kinds.contains(f" {kind.value} "))
        return [_webhook(row) for row in self._connection.execute(query).mappings()]

    def secrets(self, webhook_id: str) -> WebhookSecrets:
        """Return what the messages of a webhook are signed with; raises NotFound."""
        row = self._connection.execute(select(_webhooks).where(_webhooks.c.id == webhook_id)).mappings().first()
        if row is None:
            raise NotFound(N_("There is no webhook with the id {id}."), id=webhook_id)
        return WebhookSecrets(
            current=row["secret"], previous=row["previous_secret"], previous_until=row["previous_until"]
        )

    def set_secrets(self, webhook_id: str, secrets: WebhookSecrets) -> None:
        """Sign with other secrets from now on."""
        row = {
            "secret": secrets.current,
            "previous_secret": secrets.previous,
            "previous_until": secrets.previous_until,
        }
        self._connection.execute(update(_webhooks).where(_webhooks.c.id == webhook_id).values(row))

    def hold(self, webhook_id: str, now: datetime, for_s: float) -> datetime | None:
        """Reserve an active webhook for one deliverer; returns until when, None when somebody else has it.

        A hold that lies further ahead than twice its length was made before the clock was set back, and counts no more.
        """
        until, held = now + timedelta(seconds=for_s), _webhooks.c.held_until
        done = self._connection.execute(
            update(_webhooks)
            .where(_webhooks.c.id == webhook_id, _webhooks.c.is_active)
            # With room for deliverers whose reading of the clock is a moment older than that of the holder.
            .where(or_(held.is_(None), held <= now, held > until + timedelta(seconds=for_s)))
            .values(held_until=until)
        )
        return until if done.rowcount == 1 else None

    def release(self, webhook_id: str, until: datetime) -> None:
        """Give back the hold that lasts until then; one that somebody else has got since stays."""
        self._connection.execute(
            update(_webhooks)
            .where(_webhooks.c.id == webhook_id, _webhooks.c.held_until == until)
            .values(held_until=None)
        )


class Deliveries:
    """Messages to webhooks, kept until they have arrived and for a while after that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, delivery: Delivery) -> None:
        """Keep a new message."""
        self._connection.execute(insert(_deliveries).values(asdict(delivery)))

    def keep(self, delivery: Delivery) -> None:
        """Keep how far a message is."""
        self._connection.execute(update(_deliveries).where(_deliveries.c.id == delivery.id).values(asdict(delivery)))

    def get(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Return a message of a webhook; raises NotFound."""
        query = select(_deliveries).where(_deliveries.c.webhook_id == webhook_id, _deliveries.c.id == delivery_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no message with the id {id}."), id=delivery_id)
        return _delivery(row)

    def count(self, webhook_id: str, state: DeliveryState | None = None) -> int:
        """Return how many messages of a webhook are kept, in one state or in any."""
        query = select(func.count()).select_from(_deliveries).where(*_of(webhook_id, state))
        return int(self._connection.execute(query).scalar_one())

    def list(
        self, webhook_id: str, state: DeliveryState | None = None, *, offset: int = 0, limit: int = 50
    ) -> Sequence[Delivery]:
        """Return messages of a webhook, the newest first."""
        query = select(_deliveries).where(*_of(webhook_id, state)).order_by(_deliveries.c.number.desc())
        return [_delivery(row) for row in self._connection.execute(query.offset(offset).limit(limit)).mappings()]

    def list_webhooks_due(self, now: datetime, pause_s_max: float) -> Sequence[str]:
        """Return the ids of the active webhooks that have something to be sent."""
        query = (
            select(_deliveries.c.webhook_id)
            .join(_webhooks, _webhooks.c.id == _deliveries.c.webhook_id)
            .where(_webhooks.c.is_active, _is_due(now, pause_s_max))
            .distinct()
            .order_by(_deliveries.c.webhook_id)
        )
        return list(self._connection.execute(query).scalars())

    def find_due(self, webhook_id: str, now: datetime, pause_s_max: float) -> Delivery | None:
        """Return the oldest message to be sent now, or None.

        A message waits while an older one of the same subject does, so that nobody hears of the end before the start.
        """
        older = _deliveries.alias("older")
        waits = (
            select(older.c.number)
            .where(older.c.webhook_id == webhook_id, older.c.state == DeliveryState.WAITING.value)
            .where(older.c.subject == _deliveries.c.subject, older.c.number < _deliveries.c.number)
            .exists()
        )
        query = (
            select(_deliveries)
            .where(_deliveries.c.webhook_id == webhook_id, _is_due(now, pause_s_max), ~waits)
            .order_by(_deliveries.c.number)
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _delivery(row)

    def count_by_state(self) -> Mapping[DeliveryState, int]:
        """Return how many messages of all webhooks are in each state."""
        query = select(_deliveries.c.state, func.count()).group_by(_deliveries.c.state)
        return {DeliveryState(state): count for state, count in self._connection.execute(query)}

    def forget(self, webhook_id: str, before: datetime) -> int:
        """Drop messages of a webhook that are over and were last tried before a moment; returns how many."""
        query = delete(_deliveries).where(
            _deliveries.c.webhook_id == webhook_id,
            _deliveries.c.state != DeliveryState.WAITING.value,
            _deliveries.c.tried_at < before,
        )
        return int(self._connection.execute(query).rowcount)


def _is_due(now: datetime, pause_s_max: float) -> ColumnElement[bool]:
    # What is due later than any pause lasts was put off before the clock was set back.
    due = _deliveries.c.due_at
    return and_(
        _deliveries.c.state == DeliveryState.WAITING.value,
        or_(due <= now, due > now + timedelta(seconds=pause_s_max)),
    )


def _of(webhook_id: str, state: DeliveryState | None) -> tuple[ColumnElement[bool], ...]:
    of_webhook = _deliveries.c.webhook_id == webhook_id
    return (of_webhook,) if state is None else (of_webhook, _deliveries.c.state == state.value)


def _row(webhook: Webhook) -> dict[str, Any]:
    return asdict(webhook) | {"kinds": tables.spaced(kind.value for kind in webhook.kinds)}


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        kinds=tuple(WebhookKind(kind) for kind in row["kinds"].split()),
        is_active=row["is_active"],
        version=row["version"],
        created_at=row["created_at"],
    )


def _delivery(row: RowMapping) -> Delivery:
    fields = {name: value for name, value in row.items() if name != "number"}
    problem = DeliveryProblem(row["problem"]) if row["problem"] else None
    kinds = {"kind": WebhookKind(row["kind"]), "state": DeliveryState(row["state"]), "problem": problem}
    return Delivery(**fields | kinds)
