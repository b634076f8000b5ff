"""The months before a period and in it."""

from __future__ import annotations

from qa_pipeline.domain.period import months_of


def months_up_to(period: str, count: int) -> tuple[str, ...]:
    """Return `count` months that end with the last one of a period, more where the period itself has more."""
    own = months_of(period)
    year, month = (int(part) for part in own[-1].split("-"))
    last = 12 * year + month - 1
    return tuple(
        f"{place // 12:04d}-{place % 12 + 1:02d}" for place in range(last - max(count, len(own)) + 1, last + 1)
    )
