"""How well the courtesy of single texts agrees with people's ratings of politeness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, ConfigurationError, Message, RowError
from qa_pipeline.intake.tables import parse_number, read_table
from qa_pipeline.scoring.attitude import courtesy_of
from qa_pipeline.scoring.attitude_lexicon import LANGUAGES, LEXICON
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

Values = npt.NDArray[np.float64]
WEAK_ELSEWHERE = Message(
    N_("Courtesy is a lexicon of service wording; ratings of other kinds of text agree with it only weakly.")
)
_QUARTILES = (0.25, 0.75)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtesyReader:
    """Something that reads the courtesy of texts: ``read`` returns numbers, shape (n,), more is more courteous.

    ``name``: its identity. ``notes``: what a report must say of it.
    """

    name: str
    read: Callable[[Sequence[str]], Values]
    notes: tuple[Message, ...] = ()


def lexicon_reader(language: str) -> CourtesyReader:
    """Return the courtesy dimension of service attitude, each text taken alone."""

    def read(texts: Sequence[str]) -> Values:
        return np.array([courtesy_of(text, language) for text in texts], dtype=np.float64)

    return CourtesyReader(name=f"lexicon:{LEXICON.stem}", read=read, notes=(WEAK_ELSEWHERE,))


def validate_courtesy(
    path: Path,
    reader_of: Callable[[str], CourtesyReader] = lexicon_reader,
    *,
    language: str | None = None,
    limit: int | None = None,
) -> ValidationReport:
    """Compare the courtesy that is read from single texts with ratings.

    Parameters
    ----------
    path : Path
        Table with ``text`` and ``politeness`` (a number on any scale, more is politer).
    reader_of : callable
        Takes ``zh`` or ``en`` and returns what reads the texts.
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        See `measure_courtesy`; and ``marked_ratio``, the share of texts that are not read like an empty one.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    ConfigurationError
        When there is no lexicon for `language`.
    """
    texts, ratings, left_out = read_rated_texts(path, limit)
    language = language or language_of(texts)
    if language not in LANGUAGES:
        raise ConfigurationError(
            N_("There is no attitude lexicon for the language {language}."),
            hint=N_("Choose one of: {known}."),
            language=language,
            known=", ".join(LANGUAGES),
        )
    reader = reader_of(language)
    found = reader.read(texts)
    marked = Metric(value=float((found != reader.read([""])[0]).mean()))
    return ValidationReport(
        task="courtesy",
        n=len(texts),
        engine=reader.name,
        metrics={**measure_courtesy(found, np.array(ratings)), "marked_ratio": marked},
        notes=(*reader.notes, *([rows_left_out(left_out)] if left_out else [])),
    )


def measure_courtesy(found: Values, rated: Values) -> Mapping[str, Metric]:
    """Return figures with bootstrap intervals.

    ``pearson`` and ``spearman``; ``quartile_accuracy``: of the texts in the outer quarters of the ratings, the share
    that is read on its own side of these texts' median reading. NaN when all readings or all ratings are the same.
    """
    low, high = np.quantile(rated, _QUARTILES)
    outer = np.flatnonzero((rated <= low) | (rated >= high))

    def sides(rows: Indices) -> float:
        chosen = outer[rows]
        if np.ptp(found[chosen]) == 0 or low == high:
            return float("nan")
        return float(((found[chosen] > np.median(found[chosen])) == (rated[chosen] >= high)).mean())

    def metric(first: Values, second: Values) -> Metric:
        return measured(lambda rows: correlation(first[rows], second[rows]), len(first))

    return {
        "pearson": metric(found, rated),
        "spearman": metric(ranks(found), ranks(rated)),
        "quartile_accuracy": measured(sides, len(outer)),
    }


def correlation(first: Values, second: Values) -> float:
    """Return Pearson's correlation, NaN when either side is constant and none is defined."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def ranks(values: Values) -> Values:
    """Return ranks from 0, ties sharing their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts + 1) / 2
    shared: Values = means[places]
    return shared


def read_rated_texts(path: Path, limit: int | None = None) -> tuple[Sequence[str], Sequence[float], Sequence[RowError]]:
    """Return texts, ratings and the errors of rows that could not be used.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    table = read_table(path)
    headers = table.columns
    if not {"text", "politeness"} <= headers.keys():
        raise missing_columns(table, "text, politeness")
    text, rating = headers["text"], headers["politeness"]
    rows, left_out = usable_rows(
        table, lambda row: (row.values[text], parse_number(row.values[rating], table.place(row, rating))), limit
    )
    return [said for said, _ in rows], [number for _, number in rows], left_out
