"""Made months of indicator values, the same for every way that evaluates them, and the template of twenty items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt

from qa_pipeline.appraisal.attainment import Levels, levels_of
from qa_pipeline.domain.performance import (
    IndicatorDirection,
    KpiDefinition,
    KpiRecord,
    Template,
    TemplateDimension,
    TemplateItem,
)
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.kpi.catalogue import shipped

# Twelve have targets in the catalogue; the others get them here: target, floor, stretch.
PERFORMANCE = (
    TemplateItem(indicator="csat", weight=20),
    TemplateItem(indicator="first_contact_resolution", weight=20),
    TemplateItem(indicator="complaint_rate", weight=10),
    TemplateItem(indicator="repeat_contact_rate", weight=10),
    TemplateItem(indicator="average_handle_time", weight=10),
    TemplateItem(indicator="average_speed_of_answer", weight=10),
    TemplateItem(indicator="resolution_rate", weight=5),
    TemplateItem(indicator="cost_per_contact", weight=5),
    TemplateItem(indicator="payment_rate", weight=5, target=0.7, floor=0.4, stretch=0.9),
    TemplateItem(indicator="refund_rate", weight=5, target=0.05, floor=0.2, stretch=0.01),
)
ABILITY = (
    TemplateItem(indicator="answer_rate", weight=20),
    TemplateItem(indicator="response_within_24h", weight=20),
    TemplateItem(indicator="ticket_handle_time", weight=20),
    TemplateItem(indicator="error_rate", weight=20, target=0.03, floor=0.1, stretch=0.005),
    TemplateItem(indicator="average_response_time", weight=10, target=30, floor=120, stretch=10),
    TemplateItem(indicator="valid_order_share", weight=10, target=0.9, floor=0.7, stretch=0.98),
)
ATTITUDE = (
    TemplateItem(indicator="nps", weight=40),
    TemplateItem(indicator="attendance_rate", weight=20, target=0.98, floor=0.9, stretch=1.0),
    TemplateItem(indicator="revisit_rate", weight=20, target=0.6, floor=0.3, stretch=0.9),
    TemplateItem(indicator="long_term_satisfaction", weight=20, target=0.8, floor=0.5, stretch=0.95),
)
DIMENSIONS = (("performance", 60.0, PERFORMANCE), ("ability", 20.0, ABILITY), ("attitude", 20.0, ATTITUDE))
MISSING_RATIO = 0.03
NO_COUNT_RATIO = 0.02
# Observations behind a value, and the spread of one as a share of the way from floor to target.
N_FROM, N_TO = 1, 120
SPREAD = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One indicator of one month, arrays by agent; ``value`` is NaN where there is none, ``n`` 0 without a count.

    ``sd`` is the standard deviation of one observation, None for a share.
    """

    period: str
    indicator: str
    value: npt.NDArray[np.float64]
    n: npt.NDArray[np.intp]
    sd: float | None


def template() -> Template:
    """Return the template; every contact counts, so that evaluating hangs on the indicators alone."""
    return Template(
        id="made",
        version=1,
        name=Text(zh="测速方案", en="Made template"),
        role="front-line",
        dimensions=tuple(
            TemplateDimension(id=key, name=Text(zh=key, en=key), weight=weight, items=items)
            for key, weight, items in DIMENSIONS
        ),
        grades=(("A", 100.0), ("B", 85.0), ("C", 70.0), ("D", 0.0)),
        min_contacts=0,
        digest="0" * 64,
    )


def months(count: int) -> list[str]:
    """Return `count` months from January 2025 on."""
    return [f"{2025 + number // 12}-{number % 12 + 1:02d}" for number in range(count)]


def agent_ids(count: int) -> list[str]:
    """Return the ids of agents in their order."""
    return [f"A{number:06d}" for number in range(count)]


def columns(period: str, agents: int) -> Iterator[Column]:
    """Yield the twenty indicators of a month; the same month is the same for everybody who asks."""
    random = np.random.default_rng([int(part) for part in period.split("-")])
    catalogue = shipped()
    skill = random.normal(0.0, 0.35, agents)
    for item in template().items:
        definition = catalogue[item.indicator]
        middle, step = _middle(levels_of(definition, item))
        value = middle + step * (skill + random.normal(0.0, 0.5, agents))
        value = np.clip(value, definition.minimum, definition.maximum)
        value[random.random(agents) < MISSING_RATIO] = np.nan
        n = random.integers(N_FROM, N_TO, agents)
        n[random.random(agents) < NO_COUNT_RATIO] = 0
        sd = None if definition.unit == "ratio" else SPREAD * abs(step)
        yield Column(period=period, indicator=item.indicator, value=value, n=n, sd=sd)


def _middle(levels: Levels) -> tuple[float, float]:
    """Return a value that half of all reach, and the step towards better ones."""
    assert levels.target is not None and levels.floor is not None
    if levels.direction is IndicatorDirection.RANGE:
        return levels.target, levels.floor - levels.target
    return levels.target, levels.target - levels.floor


def records(period: str, agents: int) -> list[KpiRecord]:
    """Return a month as the records that imports leave in the store."""
    ids = agent_ids(agents)
    return [
        KpiRecord(
            indicator=column.indicator,
            agent_id=ids[place],
            period=period,
            value=value,
            n=n or None,
            source="made",
            sd=column.sd,
        )
        for column in columns(period, agents)
        for place, (value, n) in enumerate(zip(column.value.tolist(), column.n.tolist(), strict=True))
        if not isnan(value)
    ]


def catalogue() -> dict[str, KpiDefinition]:
    """Return the definitions that the template asks for."""
    return {item.indicator: shipped()[item.indicator] for item in template().items}
