"""Which days and months a period has: a month, a quarter or a year."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from qa_pipeline.errors import N_, ConfigurationError

_FORM = re.compile(r"(?P<year>(?!0000)[0-9]{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?")


def months_of(period: str) -> Sequence[str]:
    """Return the months of ``2026-Q4`` (``2026-10`` to ``2026-12``) or ``2026``; a month has itself alone.

    Raises
    ------
    ConfigurationError
        The text is no period.
    """
    found = _FORM.fullmatch(period)
    if found is None:
        raise ConfigurationError(
            N_("{period} is not a month, quarter or year."),
            hint=N_("Write for example 2026-10, 2026-Q4 or 2026."),
            field="period",
            period=period,
        )
    if found["month"]:
        return (period,)
    first, last = (3 * int(found["quarter"]) - 2, 3 * int(found["quarter"])) if found["quarter"] else (1, 12)
    return tuple(f"{found['year']}-{month:02d}" for month in range(first, last + 1))


def period_days(period: str) -> tuple[date, date]:
    """Return the first and the last day of ``2026-10``, ``2026-Q4`` or ``2026``.

    Raises
    ------
    ConfigurationError
        The text is no period.
    """
    months = months_of(period)
    first, last = date.fromisoformat(f"{months[0]}-01"), date.fromisoformat(f"{months[-1]}-01")
    return first, last.replace(day=monthrange(last.year, last.month)[1])


def previous_period(period: str) -> str:
    """Return the period of the same length before this one, such as ``2025-Q4`` before ``2026-Q1``.

    Raises
    ------
    ConfigurationError
        The text is no period.
    """
    before = period_days(period)[0] - timedelta(days=1)
    if "Q" in period:
        return f"{before.year:04d}-Q{(before.month + 2) // 3}"
    return f"{before:%Y-%m}" if "-" in period else f"{before.year:04d}"


def check_month(period: str) -> None:
    """Raise ConfigurationError unless `period` is a month written YYYY-MM."""
    found = _FORM.fullmatch(period)
    if found is None or found["month"] is None:
        raise ConfigurationError(
            N_("{period} is not a month."),
            hint=N_("Write the year and the month, for example 2026-10."),
            field="period",
            period=period,
        )
