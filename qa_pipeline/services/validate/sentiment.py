"""How well a sentiment engine agrees with labels that people gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, Message, RowError
from qa_pipeline.intake.tables import read_table
from qa_pipeline.ports import SentimentModel
from qa_pipeline.scoring.confidence import expected_calibration_error
from qa_pipeline.services.validate.labelled_rows import label_of, language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import (
    Indices,
    Metric,
    ValidationReport,
    confusion_of,
    measured,
    rows_left_out,
)

Labels = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.float64]

SENTIMENT_NAMES: Mapping[str, int] = {
    "negative": 0, "neg": 0, "负面": 0, "消极": 0,
    "neutral": 1, "neu": 1, "中性": 1,
    "positive": 2, "pos": 2, "正面": 2, "积极": 2,
}  # fmt: skip
NAMES = ("negative", "neutral", "positive")
POLARITY_NAMES: Mapping[str, int] = {"0": 0, "1": 2}
NEUTRAL = 1


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Texts with labels 0 negative, 1 neutral, 2 positive.

    ``groups``: the dialogue of each, ``speakers``: who said it, where the table names them.
    """

    texts: tuple[str, ...]
    labels: Labels
    groups: tuple[str, ...] | None
    speakers: tuple[str, ...] | None
    binary: bool
    left_out: tuple[RowError, ...]


def validate_sentiment(
    path: Path,
    engine: SentimentModel,
    *,
    language: str | None = None,
    limit: int | None = None,
    in_context: bool = True,
) -> ValidationReport:
    """Compare an engine's sentiment with the labels of a table.

    Parameters
    ----------
    path : Path
        Table with ``text`` and either ``sentiment`` (negative, neutral, positive) or ``label`` (0 negative,
        1 positive); a column ``dialogue`` makes the intervals respect that its utterances belong together.
    engine : SentimentModel
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first rows.
    in_context : bool
        Tell the engine the dialogues and speakers that the table names, in the order of the table.

    Returns
    -------
    ValidationReport
        ``macro_f1``, ``accuracy`` and ``ece`` (expected calibration error of the chosen label, ten bins), each 0-1
        with a bootstrap interval; per label its recall in ``groups``.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    rows = read_rows(path, limit)
    in_context = in_context and rows.groups is not None and rows.speakers is not None
    probabilities = _read(rows, engine, language or language_of(rows.texts), in_context=in_context)
    if rows.binary:
        probabilities = fold_neutral(probabilities)
    notes = []
    if in_context:
        notes.append(Message(N_("The table names dialogues and speakers: the engine was told them.")))
    if rows.binary:
        notes.append(
            Message(
                N_("The table knows no neutral texts: each text counts as the more likely of negative and positive.")
            )
        )
    if rows.left_out:
        notes.append(rows_left_out(rows.left_out))
    return ValidationReport(
        task="sentiment",
        n=len(rows.texts),
        engine=engine.spec.key,
        metrics=measure(rows.labels, probabilities, rows.groups),
        notes=tuple(notes),
        groups=_recalls(rows.labels, probabilities.argmax(axis=1)),
        confusion=confusion_of(rows.labels, probabilities.argmax(axis=1), NAMES),
    )


def read_rows(path: Path, limit: int | None = None) -> LabelledRows:
    """Read labelled texts; rows that are wrong are collected in ``left_out``."""
    table = read_table(path)
    headers = table.columns
    label = headers.get("sentiment") or headers.get("label")
    if "text" not in headers or label is None:
        raise missing_columns(table, "text, sentiment | label")
    binary = "sentiment" not in headers
    names = POLARITY_NAMES if binary else SENTIMENT_NAMES
    rows, left_out = usable_rows(table, lambda row: (row, label_of(table, row, headers["text"], label, names)), limit)

    def column(name: str) -> tuple[str, ...]:
        return tuple(row.values[headers[name]] for row, _ in rows)

    return LabelledRows(
        column("text"),
        np.array([number for _, number in rows], dtype=np.intp),
        column("dialogue") if "dialogue" in headers else None,
        column("speaker") if "speaker" in headers else None,
        binary,
        tuple(left_out),
    )


def _read(rows: LabelledRows, engine: SentimentModel, language: str, *, in_context: bool) -> Probabilities:
    if not in_context or rows.groups is None or rows.speakers is None:
        return engine.predict(rows.texts, language)
    probabilities = np.zeros((len(rows.texts), 3))
    for places in dialogues_of(rows.groups):
        said, by = [rows.texts[place] for place in places], [rows.speakers[place] for place in places]
        probabilities[places] = engine.predict(said, language, by)
    return probabilities


def dialogues_of(groups: Sequence[str]) -> list[list[int]]:
    """Return the rows of each dialogue, in order."""
    by_name: dict[str, list[int]] = {}
    for row, name in enumerate(groups):
        by_name.setdefault(name, []).append(row)
    return list(by_name.values())


def fold_neutral(probabilities: Probabilities) -> Probabilities:
    """Return the probabilities of negative and positive alone, for tables that know no neutral texts."""
    folded = probabilities.copy()
    folded[:, NEUTRAL] = 0.0
    total = folded.sum(axis=1, keepdims=True)
    return np.where(total > 0, folded / np.where(total > 0, total, 1.0), np.array([0.5, 0.0, 0.5]))


def measure(labels: Labels, probabilities: Probabilities, groups: Sequence[object] | None) -> dict[str, Metric]:
    """Return macro-F1, accuracy and calibration error with their intervals."""
    chosen = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    right = (chosen == labels).astype(np.float64)

    def metric(statistic: Callable[[Indices], float]) -> Metric:
        return measured(statistic, len(labels), groups=groups)

    return {
        "macro_f1": metric(lambda rows: macro_f1(labels[rows], chosen[rows])),
        "accuracy": metric(lambda rows: float(right[rows].mean())),
        "ece": metric(lambda rows: expected_calibration_error(confidence[rows], right[rows])),
    }


def macro_f1(labels: Labels, chosen: Labels) -> float:
    """Return the mean F1 over the labels that occur in `labels` or `chosen`."""
    size = int(max(labels.max(), chosen.max())) + 1
    table = np.bincount(labels * size + chosen, minlength=size * size).reshape(size, size)
    both = table.sum(axis=0) + table.sum(axis=1)
    occurring = both > 0
    return float((2 * table.diagonal()[occurring] / both[occurring]).mean())


def _recalls(labels: Labels, chosen: Labels) -> dict[str, dict[str, Metric]]:
    return {
        NAMES[label]: {
            "n": Metric(value=float((labels == label).sum())),
            "recall": Metric(value=float((chosen[labels == label] == label).mean())),
        }
        for label in sorted({int(each) for each in labels})
    }
