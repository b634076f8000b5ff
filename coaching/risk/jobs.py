"""Fitting and scoring as a job: it takes up to a minute, which no request should wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coaching.risk.checklist import check_open
from coaching.risk.history import check_over
from coaching.risk.runs import assumptions_of, fit_site, score_site
from qa_pipeline.domain.job import Job, JobKind
from qa_pipeline.domain.risk import RiskTerms
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.store import Store, Transaction


def order_risk_job(tx: Transaction, as_of: str, *, fit: bool, terms: RiskTerms | None, by: str, now: datetime) -> Job:
    """Put fitting, scoring or both in the queue.

    Raises
    ------
    Conflict
        The checklist is not complete.
    InputError
        The month is not over, or the terms cannot be.
    """
    check_open(tx)
    check_over(as_of, now, tx.time_zone)
    if terms is not None:
        assumptions_of(terms)
    params = {"as_of": as_of, "fit": fit, "terms": asdict(terms) if terms else None}
    return enqueue(tx, JobKind.RISK, params, by=by, now=now)


def do_risk_job(store: Store, folder: Path, job: Job) -> Mapping[str, Any]:
    """Fit where it is asked for, then score where there are terms; returns the model's version and the run's id.

    The model is None where it was not asked for, or where fewer than 30 people have left. A job that is done once more
    after its worker died makes the same model again, and no second run.
    """
    as_of, by = job.params["as_of"], job.created_by
    model = run = None
    if job.params["fit"]:
        model = fit_site(store, folder, as_of, by, datetime.now(UTC))
    if job.params["terms"] is not None:
        run_id = f"risk-{job.id}"
        with store.reading() as tx:
            run = next((one for one in tx.risk.runs() if one.id == run_id), None)
        terms = RiskTerms(**job.params["terms"])
        run = run or score_site(store, folder, as_of, terms, by, datetime.now(UTC), run_id)
    return {"model": model.version if model else None, "run": run.id if run else None}
