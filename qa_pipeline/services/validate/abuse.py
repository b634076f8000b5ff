"""How well abuse that a model sees agrees with labels that people gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, Message, RowError
from qa_pipeline.intake.tables import read_table
from qa_pipeline.ports import AbuseModel
from qa_pipeline.services.validate.labelled_rows import label_of, language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import (
    Indices,
    Metric,
    ValidationReport,
    confusion_of,
    measured,
    rows_left_out,
    share_of,
)
from qa_pipeline.services.validate.sentiment import macro_f1

Labels = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

CLEAN, ABUSIVE = 0, 1
NAMES = ("clean", "abusive")
DECISION = 0.5
ABUSE_NAMES: Mapping[str, int] = {"0": CLEAN, "1": ABUSIVE, "clean": CLEAN, "abusive": ABUSIVE}
# Davidson et al. 2017 number their classes: 0 hate speech, 1 offensive language, 2 neither.
CLASS_NAMES: Mapping[str, int] = {
    "0": ABUSIVE, "1": ABUSIVE, "2": CLEAN,
    "hate": ABUSIVE, "offensive": ABUSIVE, "neither": CLEAN,
}  # fmt: skip
_COLUMNS: Mapping[str, Mapping[str, int]] = {"label": ABUSE_NAMES, "toxic": ABUSE_NAMES, "class": CLASS_NAMES}


@dataclass(frozen=True, slots=True)
class AbuseRows:
    """Texts with labels 0 clean, 1 abusive, and the rows that were wrong."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    left_out: tuple[RowError, ...]


def validate_abuse(
    path: Path, engine: AbuseModel, *, language: str | None = None, limit: int | None = None
) -> ValidationReport:
    """Compare what an engine takes for abuse with the labels of a table.

    Parameters
    ----------
    path : Path
        Table as `read_abuse_rows` takes it.
    engine : AbuseModel
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        Decided at probability 0.5: ``macro_f1``, ``accuracy`` and, of the abusive texts, ``precision``, ``recall`` and
        ``f1``. At the stricter threshold where inspections point a person to an utterance: ``hint_recall`` and
        ``hint_false_alarms``, the share of clean texts that are pointed at. All 0-1 with bootstrap intervals (Wilson's
        for the last two), NaN where the table shows no text to tell them by.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    rows = read_abuse_rows(path, limit)
    reading = engine.predict(rows.texts, language or language_of(rows.texts))
    labels = np.array(rows.labels, dtype=np.intp)
    chosen = (reading.probabilities >= DECISION).astype(np.intp)
    notes = []
    if len(set(rows.labels)) == 1:
        notes.append(Message(N_("The table shows one label only, so the F1 over both says nothing.")))
    if rows.left_out:
        notes.append(rows_left_out(rows.left_out))
    return ValidationReport(
        task="abuse",
        n=len(labels),
        engine=engine.spec.key,
        metrics=measure_abuse(labels, chosen, reading.hints),
        notes=tuple(notes),
        confusion=confusion_of(labels, chosen, NAMES),
    )


def measure_abuse(labels: Labels, chosen: Labels, hints: Flags) -> dict[str, Metric]:
    """Return the figures of `validate_abuse` for labels, decisions and hints, each of shape (n,)."""

    def ratio(hit: Flags, among: Flags, rows: Indices) -> float:
        total = int(among[rows].sum())
        return float((hit & among)[rows].sum() / total) if total else float("nan")

    def both_f1(rows: Indices) -> float:
        return macro_f1(labels[rows], chosen[rows]) if len(np.unique(labels[rows])) == len(NAMES) else float("nan")

    def f1(rows: Indices) -> float:
        total = int(abusive[rows].sum() + called[rows].sum())
        return float(2 * (abusive & called)[rows].sum() / total) if total else float("nan")

    abusive, called = labels == ABUSIVE, chosen == ABUSIVE
    statistics: dict[str, Callable[[Indices], float]] = {
        "macro_f1": both_f1,
        "accuracy": lambda rows: float((labels == chosen)[rows].mean()),
        "precision": lambda rows: ratio(abusive, called, rows),
        "recall": lambda rows: ratio(called, abusive, rows),
        "f1": f1,
    }
    return {
        **{name: measured(statistic, len(labels)) for name, statistic in statistics.items()},
        "hint_recall": share_of(int((hints & abusive).sum()), int(abusive.sum())),
        "hint_false_alarms": share_of(int((hints & ~abusive).sum()), int((~abusive).sum())),
    }


def read_abuse_rows(path: Path, limit: int | None = None) -> AbuseRows:
    """Read a table with ``text`` and ``label`` (0 clean, 1 abusive), ``toxic`` (the same) or ``class``.

    ``class`` is that of Davidson et al.: 0 hate, 1 offensive, 2 neither; the first two are abusive. Rows that are wrong
    are collected in ``left_out``.

    Raises
    ------
    TableError
        When a column is missing.
    """
    table = read_table(path)
    headers = table.columns
    kind = next((name for name in _COLUMNS if name in headers), None)
    if "text" not in headers or kind is None:
        raise missing_columns(table, "text, label")
    text, label, names = headers["text"], headers[kind], _COLUMNS[kind]
    rows, left_out = usable_rows(table, lambda row: (row.values[text], label_of(table, row, text, label, names)), limit)
    return AbuseRows(tuple(said for said, _ in rows), tuple(number for _, number in rows), tuple(left_out))
