"""Sending what waits: to each webhook one message at a time, again and again for three days, then given up."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from qa_pipeline.domain.webhook import Delivery, DeliveryState
from qa_pipeline.services.webhooks.sending import Attempt, send
from qa_pipeline.services.webhooks.signing import headers_of
from qa_pipeline.store import Store

_log = logging.getLogger(__name__)

_HOUR_S = 3600
# After the first attempt, as the Standard Webhooks specification proposes: 75.6 hours together.
PAUSES_S = (5, 300, 1800, 2 * _HOUR_S, 5 * _HOUR_S, 10 * _HOUR_S, 14 * _HOUR_S, 20 * _HOUR_S, 24 * _HOUR_S)
_JITTER = 0.1  # share by which a pause is longer or shorter, so that what failed together does not come back together
_PAUSE_S_MAX = PAUSES_S[-1] * (1 + _JITTER)
_HOLD_S = 120.0  # longer than one attempt can take; a deliverer that was killed is waited for so long
_ROUND_S = 10.0  # when one webhook has to wait for its next round, so that all get their turn
_THREADS = 8
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """``timeout_s``: for one attempt. ``private_hosts``: whether messages may go into the site's own network."""

    timeout_s: float = 10.0
    private_hosts: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


def deliver_due(store: Store, options: DeliveryOptions, clock: Callable[[], datetime] = _now) -> int:
    """Send the messages whose time has come, and return how many attempts were made.

    Any number of processes may do so at once. A message is sent at least once: killed between the receiver's answer and
    our note of it, it is sent again under the same id. What fails is tried again after growing pauses; after about
    three days it is dead, and stays to be sent again by hand.

    Raises
    ------
    StoreError
        The database cannot be used.
    """
    with store.reading() as tx:
        due = tx.deliveries.list_webhooks_due(clock(), _PAUSE_S_MAX)
    if not due:
        return 0
    with ThreadPoolExecutor(max_workers=min(len(due), _THREADS), thread_name_prefix="webhook") as pool:
        return sum(pool.map(partial(_deliver_to, store, options, clock), due))


def _deliver_to(store: Store, options: DeliveryOptions, clock: Callable[[], datetime], webhook_id: str) -> int:
    began, count = monotonic(), 0
    while monotonic() - began < _ROUND_S:
        tried = _deliver_next(store, options, clock, webhook_id)
        if tried is None:
            break
        count += 1
        if tried.state is not DeliveryState.DELIVERED:
            break  # whoever does not answer now need not be asked for each message
    return count


def _deliver_next(
    store: Store, options: DeliveryOptions, clock: Callable[[], datetime], webhook_id: str
) -> Delivery | None:
    now = clock()
    with store.transaction() as tx:
        held_until = tx.webhooks.hold(webhook_id, now, _HOLD_S)
        delivery = tx.deliveries.find_due(webhook_id, now, _PAUSE_S_MAX) if held_until else None
        if held_until is None:
            return None
        if delivery is None:
            tx.webhooks.release(webhook_id, held_until)
            return None
        webhook, secrets = tx.webhooks.get(webhook_id), tx.webhooks.secrets(webhook_id)
    body = delivery.document.encode()
    attempt = send(
        webhook.url,
        body,
        headers_of(delivery.id, body, secrets.valid(now), now),
        timeout_s=options.timeout_s,
        private_hosts=options.private_hosts,
    )
    done = after(delivery, attempt, clock())
    with store.transaction() as tx:
        tx.deliveries.keep(done)
        tx.deliveries.forget(webhook_id, clock() - timedelta(days=KEPT_DAYS))
        tx.webhooks.release(webhook_id, held_until)
    if done.problem is not None:
        # Not the address: it may hold a password of the receiver.
        _log.warning(
            "webhook message not delivered",
            extra={"webhook": webhook_id, "message_id": done.id, "attempts": done.attempts, "problem": done.problem},
        )
    return done


def after(delivery: Delivery, attempt: Attempt, now: datetime) -> Delivery:
    """Return a message as it is after an attempt: delivered, waiting for the next one, or dead."""
    tried = replace(
        delivery, attempts=delivery.attempts + 1, tried_at=now, status=attempt.status, problem=attempt.problem
    )
    if attempt.problem is None:
        return replace(tried, state=DeliveryState.DELIVERED)
    if tried.attempts > len(PAUSES_S):
        return replace(tried, state=DeliveryState.DEAD)
    pause_s = PAUSES_S[tried.attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 -- no secret
    return replace(tried, due_at=now + timedelta(seconds=pause_s))
