"""What Prometheus reads: requests by route, and how far jobs and messages are behind.

With several server processes each keeps its counts in files of a common folder (PROMETHEUS_MULTIPROC_DIR, which
``callqa serve`` sets), so that whichever answers tells the sum of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request

from qa_pipeline.domain.job import JobState
from qa_pipeline.domain.webhook import DeliveryState
from qa_pipeline.store import Store, Transaction

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counts of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "callqa_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "callqa_request_seconds",
            "Seconds until an answer began.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._store_errors = Counter(
            "callqa_store_errors", "Requests that the database failed.", ("type",), registry=self._registry
        )

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer. ``route`` is a template such as /contacts/{id}: addresses may hold ids of people."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def count_store_error(self, kind: str) -> None:
        """Count a request that the database failed."""
        self._store_errors.labels(kind).inc()

    def render(self, store: Store, now: datetime) -> bytes:
        """Return all counts in the text format of Prometheus, with the state of the store as it is now."""
        registry = self._registry
        if os.environ.get(_SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        state = CollectorRegistry()
        state.register(_StoreState(store, now))
        return generate_latest(registry) + generate_latest(state)


class _StoreState(Collector):
    """How many jobs and messages are in each state, read when asked."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self._now = now

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is, only the store knows."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        with self._store.reading() as tx:
            jobs = {state.value: tx.jobs.count(states=(state,)) for state in JobState}
            age_s = queue_age_s(tx, self._now)
            messages = tx.deliveries.count_by_state()
        yield _by_state("callqa_jobs", "Jobs by state.", jobs)
        yield GaugeMetricFamily("callqa_queue_age_seconds", "Age of the oldest job that waits.", value=age_s)
        by_state = {state.value: messages.get(state, 0) for state in DeliveryState}
        yield _by_state("callqa_webhook_messages", "Messages to webhooks by state.", by_state)


def queue_age_s(tx: Transaction, now: datetime) -> float:
    """Return for how long the oldest job has waited, 0 when none does."""
    waiting = tx.jobs.list(states=(JobState.QUEUED,))
    return max((max((now - job.created_at).total_seconds(), 0.0) for job in waiting), default=0.0)


def metrics_of(request: Request) -> Metrics:
    """Return the counts of the application that answers."""
    found = request.app.state.metrics
    assert isinstance(found, Metrics)  # create_app sets it
    return found


def _by_state(name: str, text: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=("state",))
    for state, count in counts.items():
        family.add_metric((state,), count)
    return family
