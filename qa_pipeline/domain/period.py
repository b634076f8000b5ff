"""Which days a period has: a month, a quarter or a year."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from qa_pipeline.errors import N_, ConfigurationError

_FORM = re.compile(r"(?P<year>(?!0000)\d{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?")


def period_days(period: str) -> tuple[date, date]:
    """Return the first and the last day of ``2026-10``, ``2026-Q4`` or ``2026``.

    Raises
    ------
    ConfigurationError
        The text is none of these.
    """
    found = _FORM.fullmatch(period)
    if found is None:
        raise ConfigurationError(
            N_("{period} is not a month, quarter or year."),
            hint=N_("Write for example 2026-10, 2026-Q4 or 2026."),
            field="period",
            period=period,
        )
    year = int(found["year"])
    if found["month"]:
        first_month = last_month = int(found["month"])
    elif found["quarter"]:
        first_month, last_month = 3 * int(found["quarter"]) - 2, 3 * int(found["quarter"])
    else:
        first_month, last_month = 1, 12
    return date(year, first_month, 1), date(year, last_month, monthrange(year, last_month)[1])
