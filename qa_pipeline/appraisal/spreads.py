"""How indicators tell people apart: who reaches a target, and what indicators weigh in the end. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from qa_pipeline.domain.performance import Evaluation, ItemResult

TARGET_POINTS = 100.0
# Of fewer people, all or none says little.
ALIKE_PEOPLE_MIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSpread:
    """One indicator over the people who are evaluated by one version of a template.

    ``reached_count`` of ``known_count`` people with a value have reached the target. ``low``, ``middle``, ``high``:
    smallest, median and largest attainment in points 0-120, None without a value. ``weight``: as in the template,
    ``effective_weight``: mean over all ``people_count`` people after missing indicators were re-weighted, both in
    percent of the total.
    """

    template_id: str
    template_version: int
    indicator: str
    people_count: int
    known_count: int
    reached_count: int
    low: float | None
    middle: float | None
    high: float | None
    weight: float
    effective_weight: float

    @property
    def all_reach_it(self) -> bool:
        """Whether the target tells nobody apart because everybody reaches it."""
        return self.known_count >= ALIKE_PEOPLE_MIN and self.reached_count == self.known_count

    @property
    def nobody_reaches_it(self) -> bool:
        """Whether the target tells nobody apart because nobody reaches it."""
        return self.known_count >= ALIKE_PEOPLE_MIN and self.reached_count == 0


def indicator_spreads(evaluations: Iterable[Evaluation]) -> Sequence[IndicatorSpread]:
    """Return the spread of each indicator, by template and in the order of its items."""
    items: dict[tuple[str, int, str], list[ItemResult]] = defaultdict(list)
    for one in evaluations:
        for dimension in one.dimensions:
            for item in dimension.items:
                items[one.template_id, one.template_version, item.indicator].append(item)
    order = {key: place for place, key in enumerate(items)}
    return [_spread(key, items[key]) for key in sorted(items, key=lambda key: (key[:2], order[key]))]


def _spread(key: tuple[str, int, str], items: Sequence[ItemResult]) -> IndicatorSpread:
    known = [item.attainment_points for item in items if item.attainment_points is not None]
    return IndicatorSpread(
        template_id=key[0],
        template_version=key[1],
        indicator=key[2],
        people_count=len(items),
        known_count=len(known),
        reached_count=sum(points >= TARGET_POINTS for points in known),
        low=min(known, default=None),
        middle=median(known) if known else None,
        high=max(known, default=None),
        weight=fmean(item.weight for item in items),
        effective_weight=fmean(item.effective_weight for item in items),
    )
