"""Days that people are given: counted in the site's time zone, and the last one counts to its end. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_after(moment: datetime, days: int, zone: ZoneInfo) -> date:
    """Return the day that lies `days` days after a moment."""
    return moment.astimezone(zone).date() + timedelta(days=days)


def end_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which the day `days` days after a moment is over, in UTC."""
    following = day_after(moment, days + 1, zone)
    return datetime.combine(following, time.min, tzinfo=zone).astimezone(UTC)
