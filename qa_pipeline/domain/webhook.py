"""Webhooks: addresses of other programs that are told what has happened, and what is on its way to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WebhookKind(StrEnum):
    """What happened."""

    RED_LINE = "contact.red_line"
    BATCH_FINISHED = "batch.finished"
    APPEAL_FILED = "appeal.filed"
    APPEAL_ESCALATED = "appeal.escalated"  # the second instance is asked for
    APPEAL_DECIDED = "appeal.decided"
    CRITERION_HELD = "criterion.held"
    CRITERION_RELEASED = "criterion.released"
    TEST = "webhook.test"  # sent only when somebody asks for it


class DeliveryState(StrEnum):
    """How far a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class DeliveryProblem(StrEnum):
    """Why an attempt failed."""

    UNREACHABLE = "unreachable"  # no such name, or nothing listens
    TIMEOUT = "timeout"
    TLS = "tls"  # the certificate, or what was spoken was no TLS
    FORBIDDEN_ADDRESS = "forbidden_address"
    BAD_ANSWER = "bad_answer"  # not HTTP, or broken off
    STATUS = "status"  # an answer that is not 2xx


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where messages of some kinds go. ``version`` counts the changes, from 1."""

    id: str
    name: str
    url: str
    kinds: tuple[WebhookKind, ...]
    is_active: bool = True
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecrets:
    """What a webhook's messages are signed with: the secret in force, and the one before for as long as both count."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    def valid(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign a message now, the newest first."""
        if self.previous is None or self.previous_until is None or self.previous_until <= now:
            return (self.current,)
        return (self.current, self.previous)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook. ``id`` is the receiver's webhook-id, the same at each attempt.

    ``document`` is the body as it is signed and sent. ``due_at``: when it is tried next. ``status``: what the receiver
    answered last, None when nothing came. ``problem``: why the last attempt failed.
    """

    id: str
    webhook_id: str
    kind: WebhookKind
    subject: str
    document: str
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    created_at: datetime
    due_at: datetime
    tried_at: datetime | None = None
    status: int | None = None
    problem: DeliveryProblem | None = None
