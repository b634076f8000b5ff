"""How well the reason that a model finds agrees with the category that people gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, Message, NeedsModel, RowError
from qa_pipeline.intake.tables import Row, Table, read_table
from qa_pipeline.ports import ReasonModel, ReasonReading
from qa_pipeline.scoring.confidence import expected_calibration_error
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

Labels = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

TOP = 3
_PAIRS_MAX = 10
_UNKNOWN = -1  # a category that the model does not have
_TEXT_NAMES = ("text", "utterance")
_CATEGORY_NAMES = ("category", "reason", "intent")


@dataclass(frozen=True, slots=True)
class ReasonRows:
    """Texts with their categories, and the rows that were wrong."""

    texts: tuple[str, ...]
    categories: tuple[str, ...]
    left_out: tuple[RowError, ...]


def validate_reason(
    path: Path, model: ReasonModel, *, language: str | None = None, limit: int | None = None
) -> ValidationReport:
    """Compare the reasons that a model finds with the categories of a table.

    Parameters
    ----------
    path : Path
        Table as `read_reason_rows` takes it.
    model : ReasonModel
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        Metrics as `measure_reason` gives them; ``confusion`` holds the pairs that are confused most often. A category
        that the model does not have counts as wrong, and a note says how many.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    NeedsModel
        When there is no model of the language.
    """
    rows = read_reason_rows(path, limit)
    spoken = language or language_of(rows.texts)
    reading = model.predict(rows.texts, spoken)
    if reading is None:
        raise NeedsModel(
            N_("There is no reason model for the language {language}."),
            hint=N_("Train one with: callqa train reason TABLE --language {language}"),
            language=spoken,
        )
    labels = numbered(rows.categories, reading.categories)
    notes = []
    unknown = {name for name, label in zip(rows.categories, labels, strict=True) if label == _UNKNOWN}
    if unknown:
        message = N_("{count} categories of the table are none of the model's, so their texts count as wrong: {names}")
        notes.append(Message(message, {"count": len(unknown), "names": ", ".join(sorted(unknown)[:_PAIRS_MAX])}))
    if rows.left_out:
        notes.append(rows_left_out(rows.left_out))
    return ValidationReport(
        task="reason",
        n=len(labels),
        engine=model.spec.key,
        metrics=measure_reason(labels, reading),
        notes=tuple(notes),
        confusion=most_confused(rows.categories, [reading.categories[best] for best in _best(reading)]),
    )


def numbered(names: Sequence[str], categories: Sequence[str]) -> Labels:
    """Return the place of each name among the categories, -1 for one that is none of them."""
    places = {category: place for place, category in enumerate(categories)}
    return np.array([places.get(name, _UNKNOWN) for name in names], dtype=np.intp)


def measure_reason(labels: Labels, reading: ReasonReading) -> dict[str, Metric]:
    """Return figures of a reading for the right categories, shape (n,), each 0-1 with a bootstrap interval.

    ``accuracy``, ``macro_f1`` (over the categories that occur) and ``top3`` (the right one is among the three
    likeliest) count every text. ``answered`` is the share that reaches the threshold, ``answered_accuracy`` how many of
    those are right, ``ece`` the expected calibration error over ten bins of the same width (Guo et al. 2017).
    """
    best = _best(reading)
    confidence = reading.probabilities.max(axis=1)
    hit = best == labels
    right = hit.astype(np.float64)
    likeliest = np.argsort(-reading.probabilities, axis=1, kind="stable")[:, :TOP]
    top = (likeliest == labels[:, None]).any(axis=1)
    answered = confidence >= reading.threshold

    def answered_accuracy(rows: Indices) -> float:
        kept = rows[answered[rows]]
        return float(hit[kept].mean()) if len(kept) else float("nan")

    statistics: Mapping[str, Callable[[Indices], float]] = {
        "accuracy": lambda rows: float(hit[rows].mean()),
        "macro_f1": lambda rows: _macro_f1(labels[rows], best[rows], len(reading.categories)),
        f"top{TOP}": lambda rows: float(top[rows].mean()),
        "answered": lambda rows: float(answered[rows].mean()),
        "answered_accuracy": answered_accuracy,
        "ece": lambda rows: expected_calibration_error(confidence[rows], right[rows]),
    }
    return {name: measured(statistic, len(labels)) for name, statistic in statistics.items()}


def most_confused(given: Sequence[str], found: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return right category -> found category -> count for the pairs that are confused most often, commonest first."""
    counts: dict[tuple[str, str], int] = {}
    for pair in zip(given, found, strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    wrong = sorted(((count, pair) for pair, count in counts.items() if pair[0] != pair[1]), key=lambda each: -each[0])
    confused: dict[str, dict[str, int]] = {}
    for count, (right, other) in wrong[:_PAIRS_MAX]:
        confused.setdefault(right, {right: counts.get((right, right), 0)})[other] = count
    return confused


def _best(reading: ReasonReading) -> Labels:
    best: Labels = reading.probabilities.argmax(axis=1)
    return best


def _macro_f1(labels: Labels, found: Labels, count: int) -> float:
    known = labels != _UNKNOWN
    given = np.bincount(labels[known], minlength=count)
    taken = np.bincount(found, minlength=count)
    right = np.bincount(labels[labels == found], minlength=count)
    occurs = given > 0
    return float((2 * right[occurs] / (given + taken)[occurs]).mean()) if occurs.any() else float("nan")


def read_reason_rows(path: Path, limit: int | None = None) -> ReasonRows:
    """Read a table with ``text`` (or ``utterance``) and ``category`` (or ``reason`` or ``intent``).

    Rows without a text or a category are collected in ``left_out``.

    Raises
    ------
    TableError
        When a column is missing.
    """
    table = read_table(path)
    headers = table.columns
    text = next((headers[name] for name in _TEXT_NAMES if name in headers), None)
    category = next((headers[name] for name in _CATEGORY_NAMES if name in headers), None)
    if text is None or category is None:
        raise missing_columns(table, "text, category")
    rows, left_out = usable_rows(table, lambda row: (_value(table, row, text), _value(table, row, category)), limit)
    return ReasonRows(tuple(said for said, _ in rows), tuple(name for _, name in rows), tuple(left_out))


def _value(table: Table, row: Row, column: str) -> str:
    value = row.values[column].strip()
    if not value:
        raise RowError(N_("The value is missing."), file=str(table.path), row=row.number, field=column)
    return value
