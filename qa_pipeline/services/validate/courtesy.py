"""How well the courtesy of single texts agrees with people's ratings of politeness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, ConfigurationError, Message, RowError, TableError
from qa_pipeline.intake.tables import parse_number, read_table
from qa_pipeline.scoring.attitude import courtesy_of
from qa_pipeline.scoring.attitude_lexicon import LANGUAGES, LEXICON
from qa_pipeline.services.validate.labelled_rows import missing_columns, usable_rows
from qa_pipeline.services.validate.report import Metric, ValidationReport, measured, rows_left_out
from qa_pipeline.services.validate.sentiment import language_of

Values = npt.NDArray[np.float64]
WEAK_ELSEWHERE = Message(
    N_("Courtesy is a lexicon of service wording; ratings of other kinds of text agree with it only weakly.")
)


def validate_courtesy(path: Path, *, language: str | None = None, limit: int | None = None) -> ValidationReport:
    """Compare the courtesy dimension of single texts with ratings.

    Parameters
    ----------
    path : Path
        Table with ``text`` and ``politeness`` (a number on any scale, more is politer).
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        ``pearson`` and ``spearman`` with bootstrap intervals (NaN when every text gets the same courtesy), and
        ``marked_ratio``, the share of texts in which the lexicon found anything.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    ConfigurationError
        When there is no lexicon for `language`.
    """
    texts, ratings, left_out = _read(path, limit)
    language = language or language_of(texts)
    if language not in LANGUAGES:
        raise ConfigurationError(
            N_("There is no attitude lexicon for the language {language}."),
            hint=N_("Choose one of: {known}."),
            language=language,
            known=", ".join(LANGUAGES),
        )
    found = np.array([courtesy_of(text, language) for text in texts], dtype=np.float64)
    rated = np.array(ratings)
    unmarked = courtesy_of("", language)

    def metric(first: Values, second: Values) -> Metric:
        return measured(lambda rows: correlation(first[rows], second[rows]), len(first))

    return ValidationReport(
        task="courtesy",
        n=len(texts),
        engine=f"lexicon:{LEXICON.stem}",
        metrics={
            "pearson": metric(found, rated),
            "spearman": metric(ranks(found), ranks(rated)),
            "marked_ratio": Metric(value=float((found != unmarked).mean())),
        },
        notes=(WEAK_ELSEWHERE, *([rows_left_out(left_out)] if left_out else [])),
    )


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


def _read(path: Path, limit: int | None) -> tuple[Sequence[str], Sequence[float], Sequence[RowError]]:
    table = read_table(path)
    headers = {header.casefold(): header for header in table.headers}
    if not {"text", "politeness"} <= headers.keys():
        raise missing_columns(table, "text, politeness")
    text, rating = headers["text"], headers["politeness"]
    rows, left_out = usable_rows(
        table, lambda row: (row.values[text], parse_number(row.values[rating], table.place(row, rating))), limit
    )
    if not rows:
        raise left_out[0] if left_out else TableError(N_("The table has no rated text."), file=str(path))
    return [said for said, _ in rows], [number for _, number in rows], left_out
