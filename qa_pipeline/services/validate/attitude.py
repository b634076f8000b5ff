"""How well service attitude agrees with what people rated, dimension by dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.audio.facts import facts_of_call, facts_of_chat
from qa_pipeline.domain.annotation import AttitudeScore
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.engines.text import EMBEDDED_TEXT, TextEngine, text_models
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, parse_number, read_table
from qa_pipeline.privacy.masking import mask_transcript
from qa_pipeline.scoring.annotate import annotate
from qa_pipeline.scoring.attitude import HIGHEST, LOWEST, attitude_of
from qa_pipeline.scoring.attitude_lexicon import DIMENSIONS, LANGUAGES, LEXICON
from qa_pipeline.scoring.languages import script_of, written_language
from qa_pipeline.services.validate.courtesy import correlation, ranks
from qa_pipeline.services.validate.labelled_contacts import json_object, read_utterances
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

Values = npt.NDArray[np.float64]
Labels = Mapping[str, float]  # dimension -> 1-5

ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One row: what people rated, and what was found; a dimension that was not judged is NaN."""

    labels: Labels
    found: Labels


def validate_attitude(
    path: Path,
    engines: Sequence[TextEngine] = EMBEDDED_TEXT,
    *,
    language: str | None = None,
    limit: int | None = None,
) -> ValidationReport:
    """Compare the dimensions of service attitude with people's ratings from 1 to 5.

    Parameters
    ----------
    path : Path
        Either rows with ``contact`` {``utterances``: [{``role``, ``text``, ``start_s``, ``end_s``}], optional
        ``language``, optional ``kind`` "chat"} and ``labels`` {dimension: 1-5}; or a flat table with ``text``, optional
        ``customer`` (what the customer had said before) and a column for each rated dimension, empty where not rated:
        then each text is taken alone.
    engines : sequence of TextEngine
        Engines that read words; a negative sentence of the customer is an opening for empathy.
    language : str, optional
        Of rows that name none; without it their letters decide.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        n counts the rated dimensions of all rows. For each dimension in ``groups``, and for all together: quadratic
        weighted ``kappa`` of whole points, ``pearson``, ``spearman`` and ``mae`` where there is a judgement, and the
        share ``abstained`` where there is none. Intervals by bootstrap over rows. ``confusion`` counts whole points.

    Raises
    ------
    TableError
        When the file is no such table or no row can be used.
    """
    table = read_table(path)
    read = _reader_of(table, engines, language)
    rows, left_out = usable_rows(table, read, limit)
    rated = [(number, name) for number, row in enumerate(rows) for name in DIMENSIONS if name in row.labels]
    if not rated:
        raise left_out[0] if left_out else TableError(N_("No dimension in the table is rated."), file=str(path))
    labels = np.array([rows[number].labels[name] for number, name in rated])
    found = np.array([rows[number].found[name] for number, name in rated])
    groups: dict[str, Mapping[str, Metric]] = {}
    confusion: dict[str, Mapping[str, int]] = {}
    for name in dict.fromkeys(name for _, name in sorted(rated, key=lambda pair: DIMENSIONS.index(pair[1]))):
        chosen = np.array([each == name for _, each in rated])
        groups[name] = {"n": Metric(value=float(chosen.sum())), **_measure(labels[chosen], found[chosen], None)}
        confusion |= _confusion(name, labels[chosen], found[chosen])
    return ValidationReport(
        task="attitude",
        n=len(rated),
        engine=f"lexicon:{LEXICON.stem}",
        metrics=_measure(labels, found, [number for number, _ in rated]),
        notes=(rows_left_out(left_out),) if left_out else (),
        groups=groups,
        confusion=confusion,
    )


def weighted_kappa(first: Values, second: Values) -> float:
    """Return Cohen's kappa of whole points with quadratic weights, NaN where chance alone would agree fully.

    kappa = 1 - (mean squared difference) / (that of all pairs across rows), after Cohen 1968; the latter is the sum of
    both variances and the squared difference of the means.
    """
    given, found = whole_points(first), whole_points(second)
    if not len(given):
        return float("nan")
    expected = float(given.var() + found.var() + (given.mean() - found.mean()) ** 2)
    return 1 - float(((given - found) ** 2).mean()) / expected if expected else float("nan")


def whole_points(values: Values) -> Values:
    """Return values at the nearest whole point, halves upwards."""
    rounded: Values = np.floor(values + 0.5)
    return rounded


def _measure(labels: Values, found: Values, groups: Sequence[int] | None) -> Mapping[str, Metric]:
    def judged(statistic: Callable[[Values, Values], float]) -> Metric:
        def of(rows: Indices) -> float:
            known = rows[~np.isnan(found[rows])]
            return statistic(labels[known], found[known]) if len(known) else float("nan")

        return measured(of, len(labels), groups=groups)

    return {
        "kappa": judged(weighted_kappa),
        "pearson": judged(correlation),
        "spearman": judged(lambda first, second: correlation(ranks(first), ranks(second))),
        "mae": judged(lambda first, second: float(np.abs(first - second).mean())),
        ABSTAINED: measured(lambda rows: float(np.isnan(found[rows]).mean()), len(labels), groups=groups),
    }


def _confusion(name: str, labels: Values, found: Values) -> Mapping[str, Mapping[str, int]]:
    points = range(int(LOWEST), int(HIGHEST) + 1)
    given, read = whole_points(labels), whole_points(found)
    return {
        f"{name} {point}": {
            **{str(other): int(((given == point) & (read == other)).sum()) for other in points},
            ABSTAINED: int(((given == point) & np.isnan(read)).sum()),
        }
        for point in points
        if (given == point).any()
    }


def _reader_of(table: Table, engines: Sequence[TextEngine], language: str | None) -> Callable[[Row], _Judged]:
    headers = table.columns
    if {"contact", "labels"} <= headers.keys():
        return lambda row: _judge_contact(table, row, engines, language)
    columns = {name: headers[name] for name in DIMENSIONS if name in headers}
    if "text" not in headers or not columns:
        raise missing_columns(table, "contact, labels")

    def judge(row: Row) -> _Judged:
        text = row.values[headers["text"]]
        if not text.strip():
            raise table.place(row, headers["text"]).error(
                N_("The text is missing."), hint=N_("Write what the agent said, or take the row out.")
            )
        labels = {
            name: _rating(table, row, column, row.values[column])
            for name, column in columns.items()
            if row.values[column].strip()
        }
        spoken = _known_language(table, row, language or script_of(text) or LANGUAGES[0])
        customer = row.values[headers["customer"]] if "customer" in headers else ""
        return _Judged(labels=labels, found=_values_of(attitude_of(text, spoken, customer)))

    return judge


def _judge_contact(table: Table, row: Row, engines: Sequence[TextEngine], language: str | None) -> _Judged:
    labels = {}
    for name, value in json_object(table, row, "labels").items():
        field = f"labels.{name}"
        if name not in DIMENSIONS:
            raise table.place(row, field).error(
                N_("There is no dimension {name} of service attitude."),
                hint=N_("Choose one of: {known}."),
                name=name,
                known=", ".join(DIMENSIONS),
            )
        if value is not None:
            labels[name] = _rating(table, row, field, str(value))
    contact = json_object(table, row, "contact")
    utterances = tuple(read_utterances(table, row, contact))
    guessed = language_of([said.text for said in utterances])
    transcript = Transcript(
        language=_known_language(table, row, str(contact.get("language") or language or guessed)),
        engine="import:validation",
        quality=TranscriptQuality.TRUSTED,
        utterances=utterances,
        roles_by="labels",
    )
    masked, masked_count = mask_transcript(transcript)
    is_chat = contact.get("kind") == ContactKind.CHAT.value
    facts = facts_of_chat(masked) if is_chat else facts_of_call(None, masked)
    return _Judged(
        labels=labels, found=_values_of(annotate(masked, facts, text_models(engines), masked_count).attitude)
    )


def _known_language(table: Table, row: Row, language: str) -> str:
    if written_language(language) not in LANGUAGES:
        raise RowError(
            N_("There is no attitude lexicon for the language {language}."),
            hint=N_("Choose one of: {known}."),
            file=str(table.path),
            row=row.number,
            language=language,
            known=", ".join(LANGUAGES),
        )
    return written_language(language)


def _rating(table: Table, row: Row, field: str, written: str) -> float:
    value = parse_number(written, table.place(row, field))
    if not LOWEST <= value <= HIGHEST:
        raise table.place(row, field).error(
            N_("{value} is no rating."), hint=N_("Write a number from 1 to 5."), value=written
        )
    return value


def _values_of(scores: Sequence[AttitudeScore]) -> Labels:
    return {score.dimension: float("nan") if score.value is None else score.value for score in scores}
