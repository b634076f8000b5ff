"""Texts with the moves that people saw in them, from tables: what validation and training share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, parse_role, read_table
from qa_pipeline.scoring.move_lexicon import Act, known_acts
from qa_pipeline.services.validate.labelled_rows import missing_columns

_SEPARATORS = re.compile(r"\||<div>|,|，|、|;|；")
_DETAIL = re.compile(r"[(（].*|-.*")  # 求助-查询（流量余额） is a kind of 求助
_PARTIES = (Role.AGENT, Role.CUSTOMER)
_TURNS = "turns"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledMoves:
    """One text: the moves it makes, those that its label leaves open, its speaker and dialogue ("" if unknown)."""

    text: str
    role: Role
    dialogue: str
    moves: frozenset[MoveKind]
    open: frozenset[MoveKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTable:
    """The labelled texts of one table, and the rows that could not be used."""

    path: Path
    rows: tuple[LabelledMoves, ...]
    left_out: tuple[RowError, ...]


def read_move_table(path: Path, *, limit: int | None = None) -> MoveTable:
    """Read a table of texts and acts.

    Parameters
    ----------
    path : Path
        Table with ``text`` and ``act`` or ``acts`` (several separated by ``|``; empty: no act), optional ``role`` and
        ``dialogue``; or JSON lines with ``turns``, each with ``agent``, ``customer``, ``agent_acts`` and
        ``customer_acts``. Names of acts are those of `known_acts`, whatever their case.
    limit : int, optional
        Only the first texts.

    Raises
    ------
    TableError
        When columns are missing, or no row can be used.
    RowError
        When no row can be used: the first of its errors.
    """
    table = read_table(path)
    columns = _columns_of(table)
    rows: list[LabelledMoves] = []
    left_out: list[RowError] = []
    for row in table.rows:
        if limit is not None and len(rows) >= limit:
            break
        if isinstance(row, RowError):
            left_out.append(row)
            continue
        try:
            rows += _texts_of(table, row, columns)
        except RowError as problem:
            left_out.append(problem)
    if not rows:
        raise left_out[0] if left_out else TableError(N_("The table has no labelled text."), file=str(path))
    return MoveTable(path=path, rows=tuple(rows[:limit]), left_out=tuple(left_out))


def _columns_of(table: Table) -> Mapping[str, str]:
    headers = table.columns
    if "act" not in headers and "acts" in headers:
        headers["act"] = headers["acts"]
    if _TURNS not in headers and not {"text", "act"} <= set(headers):
        raise missing_columns(table, "text, act")
    return headers


def _texts_of(table: Table, row: Row, columns: Mapping[str, str]) -> Iterator[LabelledMoves]:
    dialogue = row.values[columns["dialogue"]] if "dialogue" in columns else ""
    if _TURNS in columns:
        for turn in _turns_of(table, row, columns[_TURNS]):
            for role in _PARTIES:
                if text := str(turn.get(role.value) or "").strip():
                    field = f"{role.value}_acts"
                    yield _labelled(table, row, field, text, str(turn.get(field) or ""), role, dialogue)
        return
    text = row.values[columns["text"]]
    if not text:
        raise RowError(N_("The text is missing."), file=str(table.path), row=row.number, field=columns["text"])
    named = row.values[columns["role"]] if "role" in columns else ""
    role = parse_role(named, table.place(row, columns["role"])) if named else Role.UNKNOWN
    yield _labelled(table, row, columns["act"], text, row.values[columns["act"]], role, dialogue)


def _labelled(table: Table, row: Row, field: str, text: str, named: str, role: Role, dialogue: str) -> LabelledMoves:
    acts = [_act_of(table, row, field, name) for part in _SEPARATORS.split(named) if (name := part.strip())]
    return LabelledMoves(
        text=text,
        role=role,
        dialogue=dialogue,
        moves=frozenset(move for act in acts for move in act.moves),
        open=frozenset(move for act in acts for move in act.open),
    )


def _act_of(table: Table, row: Row, field: str, name: str) -> Act:
    acts = known_acts()
    folded = name.casefold()
    found = acts.get(folded) or acts.get(_DETAIL.sub("", folded).strip())
    if found is None:
        raise RowError(
            N_("This dialogue act is not known: {value}."),
            hint=N_("Write one of: {known}."),
            file=str(table.path),
            row=row.number,
            field=field,
            value=name,
            known=", ".join(MoveKind),
        )
    return found


def _turns_of(table: Table, row: Row, column: str) -> list[dict[str, Any]]:
    try:
        turns = json.loads(row.values[column])
    except ValueError:
        turns = None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise RowError(
            N_("The turns must be a list of objects."),
            hint=N_("Give each turn the keys agent, customer, agent_acts and customer_acts."),
            file=str(table.path),
            row=row.number,
            field=column,
        )
    return turns
