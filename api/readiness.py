"""Whether the server can do its work: what it needs, looked at one by one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from api.metrics import queue_age_s
from api.sources import Sources
from qa_pipeline.domain.job import JobState
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import schema

_QUEUE_AGE_S_MAX = 120.0  # a worker asks every few seconds
_MB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is needed. ``problem``: what is wrong, a msgid with ``params``; None when nothing is.

    ``is_needed``: whether the server is not ready without it; else only an administrator hears of it.
    """

    name: str
    problem: str | None = None
    params: tuple[tuple[str, object], ...] = ()
    is_needed: bool = True


def check_all(sources: Sources, now: datetime) -> Sequence[Check]:
    """Look at database, schema, folders, disk and the queue."""
    return (*_check_store(sources, now), _check_artifacts(sources.artifacts), _check_disk(sources))


def _check_store(sources: Sources, now: datetime) -> Iterator[Check]:
    try:
        with sources.store.reading() as tx:
            revision = schema.current_revision(tx.connection)
            age_s = queue_age_s(tx, now)
            running = tx.jobs.count(states=(JobState.RUNNING,))
    except CallqaError as problem:
        yield Check(name="database", problem=problem.message, params=tuple(problem.params.items()))
        return
    except SQLAlchemyError:  # such as a table that is not there
        yield Check(name="database", problem=N_("The database does not hold what it should: `callqa db check`."))
        return
    yield Check(name="database")
    wrong = N_("The database has the schema {found}, and this version needs {wanted}: `callqa db upgrade`.")
    params = (("found", revision), ("wanted", schema.HEAD))
    yield Check(name="schema", problem=wrong if revision != schema.HEAD else None, params=params)
    # The server answers without a worker too.
    idle = N_("A job has waited for {seconds} s and none is running: is there a `callqa work`?")
    waits = age_s > _QUEUE_AGE_S_MAX and not running
    yield Check(name="worker", problem=idle if waits else None, params=(("seconds", round(age_s)),), is_needed=False)


def _check_artifacts(artifacts: Artifacts) -> Check:
    try:
        artifacts.check()
    except CallqaError as problem:
        return Check(name="artifacts", problem=problem.message, params=tuple(problem.params.items()))
    return Check(name="artifacts")


def _check_disk(sources: Sources) -> Check:
    home = sources.site.home
    nearest = next(each for each in (home, *home.parents) if each.exists())
    free_mb, wanted_mb = shutil.disk_usage(nearest).free // _MB, sources.options.disk_free_mb
    few = N_("There are {free} MB left on the disk, less than {wanted}.")
    params = (("free", free_mb), ("wanted", wanted_mb))
    return Check(name="disk", problem=few if free_mb < wanted_mb else None, params=params)
