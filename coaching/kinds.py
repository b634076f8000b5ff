"""What probably stands behind a gap; the coach decides. Pure; nothing of the risk module goes in."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from statistics import median

from qa_pipeline.domain.coaching_plan import GapKind

COMMON_RATIO = 0.5  # met by fewer than half of the site's contacts: rather the rule or the script than the person
LOAD_RATIO = 1.25  # provably so much more than the median of the others
MINIMUM_PEOPLE = 3  # fewer have no median worth the name
_Z = 1.959964  # 95 %, two-sided


def suggest_kind(met_count: int, site_ratio: float, *, is_overloaded: bool) -> GapKind:
    """Return the kind of gap that the figures suggest of a criterion.

    Workload where the person provably has more to do than others, process where most of the site misses it too,
    knowledge where the person never did it, else skill: what is done at times is known and not yet a habit.
    """
    if is_overloaded:
        return GapKind.WORKLOAD
    if site_ratio < COMMON_RATIO:
        return GapKind.PROCESS
    return GapKind.SKILL if met_count else GapKind.KNOWLEDGE


def find_overloaded(volumes: Mapping[str, float]) -> frozenset[str]:
    """Return who provably had more contacts than `LOAD_RATIO` times the median of the others.

    Parameters
    ----------
    volumes : mapping
        Contacts of a period by agent id.

    Notes
    -----
    A count x is as uncertain as a Poisson variable; the lower end of its 95 % score interval is
    x + z²/2 - z √(x + z²/4) (Agresti & Coull, The American Statistician 52, 1998, of a rare event).
    """
    if len(volumes) < MINIMUM_PEOPLE:
        return frozenset()
    return frozenset(
        agent_id
        for agent_id, count in volumes.items()
        if _lower_end(count) > LOAD_RATIO * median(other for each, other in volumes.items() if each != agent_id)
    )


def _lower_end(count: float) -> float:
    return count + _Z**2 / 2 - _Z * sqrt(count + _Z**2 / 4)
