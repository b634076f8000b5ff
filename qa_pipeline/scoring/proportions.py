"""Shares of counts with exact intervals."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``n``, with the 95 % interval of the share behind it; (0, 1) where nothing was counted."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share 0-1, None of nothing."""
        return self.count / self.n if self.n else None

    @property
    def ci95(self) -> tuple[float, float]:
        """The exact interval of Clopper and Pearson (1934)."""
        return clopper_pearson(self.count, self.n)


def clopper_pearson(count: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact two-sided interval of a binomial share; (0, 1) for n = 0.

    Its ends are the shares at which a count as high, or as low, as the one seen has probability (1 - level) / 2.
    """
    tail = (1 - level) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high
