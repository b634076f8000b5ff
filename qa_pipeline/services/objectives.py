"""Objectives with key results: agreed for a period, tracked through it, and beside the indicators, not in the total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path

from qa_pipeline.appraisal.objectives import ObjectiveStatus, track
from qa_pipeline.domain.cycle import KeyResult, Objective, Progress
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, CallqaError, Conflict, InputError, NotFound, RowError
from qa_pipeline.intake.tables import Row, parse_period
from qa_pipeline.services.rating_words import columns
from qa_pipeline.services.table_rows import TableRows, open_rows
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveImport:
    """What became of a file; counts are of key results."""

    added_count: int
    changed_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    ignored_columns: Sequence[str]


@dataclass(slots=True)
class _Tally:
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: list[RowError] = field(default_factory=list)


def make_objective(agent_id: str, period: str, name: str, owner: str, now: datetime) -> Objective:
    """Return an objective without key results; its id follows from agent, period and name."""
    return Objective(
        id=f"objective-{_digest(agent_id, period, name)}",
        agent_id=agent_id,
        period=period,
        name=name.strip(),
        key_results=(),
        owner=owner.strip(),
        created_at=now,
    )


def make_key_result(name: str, unit: str, start: float, target: float) -> KeyResult:
    """Return a key result; its id follows from its name.

    Raises
    ------
    InputError
        Start and target are the same or no numbers, or the name is empty.
    """
    if not name.strip():
        raise InputError(N_("The key result has no name."), hint=N_("Say what will be different."), field="key_result")
    _check_finite(start, "start")
    _check_finite(target, "target")
    if start == target:
        raise InputError(
            N_("Start and target of '{name}' are the same: there is no way to go."),
            hint=N_("Write where it stands now and where it is to be; for what must not fall, use an indicator."),
            field="target",
            name=name,
        )
    return KeyResult(id=f"kr-{_digest(name)}", name=name.strip(), unit=unit.strip(), start=start, target=target)


def add_key_result(store: Store, objective: Objective, key_result: KeyResult) -> str:
    """Keep one key result of an objective, which is made if it is new: "added", "changed" or "unchanged".

    Raises
    ------
    NotFound
        The agent is not known.
    ConfigurationError
        The period is none.
    Conflict
        It has other numbers already and check-ins on them.
    """
    period_days(objective.period)
    with store.transaction() as tx:
        return _keep(tx, objective, key_result)


def import_objectives(store: Store, path: Path, now: datetime) -> ObjectiveImport:
    """Import a table with a row per key result: agent, period, objective, key result, start, target, unit, owner.

    Raises
    ------
    TableError
        A column is missing.
    MappingError
        Two columns mean the same.
    """
    needed = ("agent", "period", "objective", "key_result", "start", "target")
    rows = open_rows(path, columns("objectives"), needed, store.time_zone)
    tally = _Tally()
    seen: dict[tuple[str, str], tuple[KeyResult, int]] = {}
    with store.transaction() as tx:
        for row in rows:
            try:
                if isinstance(row, RowError):
                    raise row
                objective, key_result = _read(rows, row, now)
                known, at = seen.setdefault((objective.id, key_result.id), (key_result, row.number))
                if known != key_result:
                    raise Conflict(
                        N_("Row {other} has other numbers for the same key result."),
                        hint=N_("Keep the row that is right."),
                        field="target",
                        other=at,
                    )
                tally.outcomes[_keep(tx, objective, key_result)] += 1
            except RowError as error:
                tally.rejected.append(error)
            except CallqaError as problem:
                assert isinstance(row, Row)
                tally.rejected.append(rows.refused(row, problem, "agent"))
    return ObjectiveImport(
        added_count=tally.outcomes["added"],
        changed_count=tally.outcomes["changed"],
        unchanged_count=tally.outcomes["unchanged"],
        rejected=tally.rejected,
        ignored_columns=rows.ignored_columns,
    )


def report_progress(store: Store, progress: Progress, now: datetime) -> bool:
    """Keep a check-in on a key result; False when the same is there already. `key_result_id` may be a name.

    Raises
    ------
    NotFound
        There is no such objective or key result.
    InputError
        The day lies in the future or before the period, or the value is no number.
    """
    _check_finite(progress.value, "value")
    with store.transaction() as tx:
        objective = tx.objectives.find(progress.objective_id)
        if objective is None:
            raise NotFound(
                N_("There is no objective with the id {id}."),
                hint=N_("`callqa objectives list` shows the ids."),
                id=progress.objective_id,
            )
        wanted = progress.key_result_id
        key_result = next((one for one in objective.key_results if wanted in (one.id, one.name)), None)
        if key_result is None:
            raise NotFound(
                N_("The objective has no key result {id}."),
                hint=N_("Its key results: {known}."),
                id=wanted,
                known=", ".join(f"{one.id} {one.name}" for one in objective.key_results),
            )
        day = progress.reported_at.astimezone(tx.time_zone).date()
        first, _ = period_days(objective.period)
        if day > now.astimezone(tx.time_zone).date() or day < first:
            raise InputError(
                N_("{date} lies in the future, or before the period of the objective."),
                hint=N_("Check the date."),
                field="on",
                date=day.isoformat(),
            )
        return tx.objectives.add_progress(replace(progress, key_result_id=key_result.id))


def list_objectives(
    tx: Transaction, today: date, agent_id: str | None = None, period: str | None = None
) -> Sequence[ObjectiveStatus]:
    """Return where objectives stand on a day, by agent and period."""
    found = tx.objectives.list(agent_id, period)
    progress = tx.objectives.progress([objective.id for objective in found])
    return [track(objective, progress.get(objective.id, ()), today, tx.time_zone) for objective in found]


def _keep(tx: Transaction, objective: Objective, key_result: KeyResult) -> str:
    tx.agents.get(objective.agent_id)
    known = tx.objectives.find(objective.id) or objective
    own = {one.id: one for one in known.key_results}
    before = own.get(key_result.id)
    if before == key_result:
        return "unchanged"
    if before is not None:
        tracked = tx.objectives.progress([objective.id]).get(objective.id, ())
        if any(one.key_result_id == key_result.id for one in tracked):
            raise Conflict(
                N_("'{name}' was agreed with other numbers and is being tracked."),
                hint=N_("Add it under a new name; what was agreed is not changed on the way."),
                field="target",
                name=key_result.name,
            )
    own[key_result.id] = key_result
    tx.objectives.put(replace(known, key_results=tuple(own.values())))
    return "added" if before is None else "changed"


def _read(rows: TableRows, row: Row, now: datetime) -> tuple[Objective, KeyResult]:
    key_result = make_key_result(
        rows.needed(row, "key_result"),
        rows.text(row, "unit") or "",
        rows.number(row, "start"),
        rows.number(row, "target"),
    )
    objective = make_objective(
        rows.needed(row, "agent"),
        _period(rows, row),
        rows.needed(row, "objective"),
        rows.text(row, "owner") or "",
        now,
    )
    return objective, key_result


def _period(rows: TableRows, row: Row) -> str:
    text = rows.needed(row, "period").upper()
    try:
        period_days(text)
    except CallqaError:
        # A month in any of the ways in which people write it.
        return parse_period(text, rows.place(row, "period"))
    return text


def _check_finite(value: float, field: str) -> None:
    if not isfinite(value):
        message = N_("{value} is no number that can be reached.")
        raise InputError(message, hint=N_("Write a plain number."), field=field, value=str(value))


def _digest(*parts: str) -> str:
    return sha256("\n".join(" ".join(part.split()).casefold() for part in parts).encode()).hexdigest()[:12]
