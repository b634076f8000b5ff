"""Jobs in the store, and which worker holds which: every change of state is one statement in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from qa_pipeline.domain.job import ItemOutcome, Job, JobItem, JobKind, JobState, Trouble
from qa_pipeline.errors import N_, CallqaError, NotFound
from qa_pipeline.store import job_tables

_JOB, _ITEM = job_tables.job, job_tables.job_item


class Jobs:
    """Jobs with the outcomes of their items.

    Leases are kept by the clock of the database: of the server for PostgreSQL, of the one machine for SQLite. Should
    that clock jump, a lease may end early; its holder then finds at its next write that it has lost the job, and writes
    nothing. A lease that ends further ahead than any lease lasts was written before the clock was put back, and counts
    as ended.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> None:
        """Keep a new job."""
        self._connection.execute(insert(_JOB).values(_row_of(job)))

    def find(self, job_id: str) -> Job | None:
        """Return a job or None."""
        row = self._connection.execute(select(_JOB).where(_JOB.c.id == job_id)).mappings().first()
        return None if row is None else _job_of(row)

    def get(self, job_id: str, *, lock: bool = False) -> Job:
        """Return a job; with `lock` nobody else changes it before the transaction ends. Raises NotFound."""
        query = select(_JOB).where(_JOB.c.id == job_id)
        row = self._connection.execute(query.with_for_update() if lock else query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no job with the id {id}."), id=job_id)
        return _job_of(row)

    def list(
        self,
        *,
        kinds: Collection[JobKind] = (),
        states: Collection[JobState] = (),
        offset: int = 0,
        limit: int | None = None,
    ) -> Sequence[Job]:
        """Return jobs, the newest first; without kinds or states those of all."""
        query = _filtered(select(_JOB), kinds, states).order_by(_JOB.c.created_at.desc(), _JOB.c.id.desc())
        rows = self._connection.execute(query.offset(offset).limit(limit)).mappings()
        return [_job_of(row) for row in rows]

    def count(self, *, kinds: Collection[JobKind] = (), states: Collection[JobState] = ()) -> int:
        """Return how many jobs there are of some kinds and states."""
        query = _filtered(select(func.count()).select_from(_JOB), kinds, states)
        return int(self._connection.execute(query).scalar_one())

    def read(self, job_ids: Collection[str]) -> Sequence[Job]:
        """Return those of the jobs that there are."""
        rows = self._connection.execute(select(_JOB).where(_JOB.c.id.in_(job_ids))).mappings()
        return [_job_of(row) for row in rows]

    def change(self, job_id: str, was: Collection[JobState], **values: Any) -> bool:
        """Change columns of a job that is in one of the states; False when it is in another."""
        statement = update(_JOB).where(_JOB.c.id == job_id, _JOB.c.state.in_(was)).values(values)
        return self._connection.execute(statement).rowcount == 1

    def remove(self, job_id: str) -> None:
        """Drop a job and what became of its items."""
        self._connection.execute(delete(_ITEM).where(_ITEM.c.job_id == job_id))
        self._connection.execute(delete(_JOB).where(_JOB.c.id == job_id))

    # Leases.

    def any_claimable(self, kinds: Collection[JobKind], lease_s: float) -> bool:
        """Whether a job waits for a worker, without taking it."""
        query = select(_JOB.c.id).where(self._is_claimable(kinds, lease_s)).limit(1)
        return self._connection.execute(query).first() is not None

    def claim(self, kinds: Collection[JobKind], worker: str, lease_s: float) -> Job | None:
        """Give the oldest job that waits, or whose worker is gone, to a worker; None when there is none.

        Parameters
        ----------
        kinds : collection of JobKind
        worker : str
            A name that no other attempt bears.
        lease_s : float
            For how long it is the worker's unless it says that it is still there.
        """
        waiting = select(_JOB).where(self._is_claimable(kinds, lease_s)).order_by(_JOB.c.created_at, _JOB.c.id)
        row = self._connection.execute(waiting.limit(1).with_for_update(skip_locked=True)).mappings().first()
        if row is None:
            return None
        now = self.now()
        self._connection.execute(
            update(_JOB)
            .where(_JOB.c.id == row["id"])
            .values(
                state=JobState.RUNNING,
                worker=worker,
                lease_until=now + timedelta(seconds=lease_s),
                started_at=func.coalesce(_JOB.c.started_at, now),
                attempts=_JOB.c.attempts + 1,
            )
        )
        return self.get(row["id"])

    def extend(self, job_id: str, worker: str, lease_s: float) -> bool:
        """Say that the worker is still there; False when the job is no longer its own."""
        held = and_(_JOB.c.id == job_id, _JOB.c.worker == worker, _JOB.c.state == JobState.RUNNING)
        until = self.now() + timedelta(seconds=lease_s)
        return self._connection.execute(update(_JOB).where(held).values(lease_until=until)).rowcount == 1

    def holds(self, job_id: str, worker: str) -> bool:
        """Whether a job is still the worker's; until the transaction ends nobody can take it then."""
        held = and_(_JOB.c.id == job_id, _JOB.c.worker == worker, _JOB.c.state == JobState.RUNNING)
        return self._connection.execute(select(_JOB.c.id).where(held).with_for_update()).first() is not None

    def now(self) -> datetime:
        """Return the time by the clock that leases are kept by."""
        if self._connection.dialect.name == "postgresql":
            found: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
            return found.astimezone(UTC)
        return datetime.now(UTC)

    def _is_claimable(self, kinds: Collection[JobKind], lease_s: float) -> Any:
        now = self.now()
        gone = or_(_JOB.c.lease_until < now, _JOB.c.lease_until > now + timedelta(seconds=2 * lease_s))
        is_free = or_(_JOB.c.state == JobState.QUEUED, and_(_JOB.c.state == JobState.RUNNING, gone))
        return and_(_JOB.c.kind.in_(kinds), is_free)

    # Items.

    def put_item(
        self, job_id: str, subject: str, contact_id: str | None, outcome: ItemOutcome, problem: Trouble | None
    ) -> None:
        """Keep what became of an item, instead of what became of it before."""
        digest = sha256(subject.encode()).hexdigest()
        number = self._connection.execute(
            update(_JOB)
            .where(_JOB.c.id == job_id)
            .values(newest_item=_JOB.c.newest_item + 1)
            .returning(_JOB.c.newest_item)
        ).scalar_one()
        self._connection.execute(delete(_ITEM).where(_ITEM.c.job_id == job_id, _ITEM.c.subject_digest == digest))
        self._connection.execute(
            insert(_ITEM).values(
                job_id=job_id,
                number=number,
                subject=subject,
                subject_digest=digest,
                contact_id=contact_id,
                outcome=outcome,
                problem=asdict(problem) if problem else None,
                at=datetime.now(UTC),
            )
        )

    def forget_undone(self, job_id: str) -> None:
        """Drop the items that are not done, because they are tried again."""
        undone = and_(_ITEM.c.job_id == job_id, _ITEM.c.outcome != ItemOutcome.DONE)
        self._connection.execute(delete(_ITEM).where(undone))

    def done_contacts(self, job_id: str) -> Collection[str]:
        """Return the ids of the contacts that are kept as done by a job."""
        query = select(_ITEM.c.contact_id).where(_ITEM.c.job_id == job_id, _ITEM.c.outcome == ItemOutcome.DONE)
        return set(self._connection.execute(query).scalars())

    def items(
        self,
        job_id: str,
        *,
        outcomes: Collection[ItemOutcome] = (),
        after: int = 0,
        offset: int = 0,
        limit: int | None = None,
    ) -> Sequence[JobItem]:
        """Return items of a job with numbers above `after`, in the order in which they came."""
        query = select(_ITEM).where(_ITEM.c.job_id == job_id, _ITEM.c.number > after)
        if outcomes:
            query = query.where(_ITEM.c.outcome.in_(outcomes))
        rows = self._connection.execute(query.order_by(_ITEM.c.number).offset(offset).limit(limit)).mappings()
        return [_item_of(row) for row in rows]

    def counts(self, job_ids: Collection[str]) -> Mapping[str, Mapping[ItemOutcome, int]]:
        """Return how many items of each job had which outcome."""
        query = (
            select(_ITEM.c.job_id, _ITEM.c.outcome, func.count().label("n"))
            .where(_ITEM.c.job_id.in_(job_ids))
            .group_by(_ITEM.c.job_id, _ITEM.c.outcome)
        )
        found: dict[str, dict[ItemOutcome, int]] = {job_id: dict.fromkeys(ItemOutcome, 0) for job_id in job_ids}
        for row in self._connection.execute(query):
            found[row.job_id][ItemOutcome(row.outcome)] = row.n
        return found


def trouble_of(error: CallqaError) -> Trouble:
    """Return an error as it is kept."""
    params = {key: value if isinstance(value, int | float) else str(value) for key, value in error.params.items()}
    return Trouble(type=type(error).__name__, message=error.message, hint=error.hint, params=params)


def _filtered(query: Any, kinds: Collection[JobKind], states: Collection[JobState]) -> Any:
    if kinds:
        query = query.where(_JOB.c.kind.in_(kinds))
    return query.where(_JOB.c.state.in_(states)) if states else query


def _row_of(job: Job) -> dict[str, Any]:
    return {column.name: getattr(job, column.name) for column in _JOB.c} | {
        "params": dict(job.params),
        "result": None if job.result is None else dict(job.result),
        "problem": None if job.problem is None else asdict(job.problem),
    }


def _job_of(row: RowMapping) -> Job:
    problem = None if row["problem"] is None else Trouble(**row["problem"])
    return Job(**{**row, "kind": JobKind(row["kind"]), "state": JobState(row["state"]), "problem": problem})


def _item_of(row: RowMapping) -> JobItem:
    return JobItem(
        number=row["number"],
        subject=row["subject"],
        contact_id=row["contact_id"],
        outcome=ItemOutcome(row["outcome"]),
        problem=None if row["problem"] is None else Trouble(**row["problem"]),
        at=row["at"],
    )
