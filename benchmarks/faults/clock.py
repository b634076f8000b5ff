"""A clock that jumps, ahead and back, while a batch runs, while workers hold a job, and between requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import time_machine

from benchmarks.faults.whole import PATIENCE_S, ZONE, Outcome, Rows, Site, callqa, finished_count, timed, wait_for
from callqa import site_wiring, wiring
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.job import ItemOutcome, JobKind, JobState
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.services.score import Progress, Watch, plan_score, score_paths
from qa_pipeline.services.webhooks.management import add_webhook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app

# Where the clock goes from the true time, one after the other: ten years ahead, back to before the first, and home.
JUMPS = (timedelta(days=3653), timedelta(days=-400), timedelta())
_LEASE_S = 2.0


def jump_clock(site_of: Callable[[str], Site], undisturbed: Rows) -> Outcome:
    """Do all three; each keeps everything once, in an audit whose chain holds though its times go back."""
    with timed(Outcome(fault="clock jump")) as outcome:
        for name, disturb in (("batch", _in_a_batch), ("job", _in_a_job), ("requests", _between_requests)):
            site = site_of(name)
            now = datetime.now(UTC)
            with time_machine.travel(now, tick=True) as clock:
                disturb(site, partial(_move, clock, now), outcome)
            if name == "requests":
                outcome.check(site)
                outcome.runs += 1
            else:
                outcome.add(site, undisturbed)
    return outcome


def _in_a_batch(site: Site, jump: Callable[[timedelta], None], outcome: Outcome) -> None:
    settings = read_settings(home=site.home)
    callqa(site, "users", "add", "before", "--role", "qa", "--sso-only")
    store = open_store(site.store_url, ZONE)
    batch = wiring.batch(settings)
    waiting = list(JUMPS)

    def on_progress(progress: Progress) -> None:
        if waiting and progress.finished % 2 == 1:
            jump(waiting.pop(0))
            callqa(site, "users", "add", f"after{progress.finished}", "--role", "qa", "--sso-only")

    plan = plan_score(store, [site.night], None, batch)
    run = score_paths(store, plan, batch, InlineExecutor(), Watch(on_progress=on_progress))
    outcome.expect(run.complete, "the batch did not end well")
    again = plan_score(store, [site.night], None, batch)
    outcome.expect(not again.missing, "what was done before the jump is done again")
    outcome.expect(again.run_id != plan.run_id, "two runs have one id")
    store.close()


def _in_a_job(site: Site, jump: Callable[[timedelta], None], outcome: Outcome) -> None:
    """Two workers wait for one batch, whose lease seems to have run out, or to last for years."""
    with patch.dict("os.environ", site.environment | {"CALLQA_BATCH__WORKERS": "0"}):
        tools = site_wiring.tools(read_settings(home=site.home))
    store = open_store(site.store_url, ZONE)
    with store.transaction() as tx:
        job = enqueue(tx, JobKind.SCORE, {"folder": str(site.night)}, by="qa", now=datetime.now(UTC))
    workers = [Worker(store, tools, WorkerOptions(lease_s=_LEASE_S)) for _ in range(2)]
    threads = [Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for done, change in enumerate(JUMPS, 1):
            wait_for(partial(_has_finished, site, done))
            jump(change)
        wait_for(lambda: _state(store, job.id) is JobState.DONE)
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join(PATIENCE_S)
    with store.reading() as tx:
        items = [item.contact_id for item in tx.jobs.items(job.id, outcomes=[ItemOutcome.DONE])]
    outcome.doubled += len(items) - len(set(items))
    outcome.lost += len(list(site.night.iterdir())) - len(set(items))
    store.close()


def _move(clock: time_machine.Traveller, true: datetime, jump: timedelta) -> None:
    clock.move_to(true + jump)


def _has_finished(site: Site, least: int) -> bool:
    return finished_count(site.home) >= least


def _state(store: Any, job_id: str) -> JobState:
    with store.reading() as tx:
        return JobState(tx.jobs.get(job_id).state)


def _between_requests(site: Site, jump: Callable[[timedelta], None], outcome: Outcome) -> None:
    """A program with a token goes on, and a request that is sent again after a jump is not done again."""
    store = open_store(site.store_url, ZONE)
    client = client_of(
        make_app(store, ArtifactFolder(site.home / "artifacts"), site.home), an_account(StaffRole.ADMINISTRATOR)
    )
    with store.transaction() as tx:
        webhook, _ = add_webhook(
            tx, "Chat", "https://example.com/", [WebhookKind.APPEAL_FILED], datetime.now(UTC), private_hosts=False
        )
    told = []
    for change in JUMPS:
        key = {"idempotency-key": uuid4().hex}
        answers = [client.post(f"/api/v1/webhooks/{webhook.id}/test", headers=key)]
        jump(change)
        answers.append(client.post(f"/api/v1/webhooks/{webhook.id}/test", headers=key))
        outcome.expect([each.status_code for each in answers] == [202, 202], answers[-1].text)
        told.append({each.json()["id"] for each in answers})
    with store.reading() as tx:
        kept = {each.id for each in tx.deliveries.list(webhook.id, limit=10)}
    outcome.doubled += sum(len(ids) - 1 for ids in told) + len(kept) - len(JUMPS)
    outcome.lost += len(set().union(*told) - kept)
    store.close()
