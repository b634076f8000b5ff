"""Indicators, appraisal templates and evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.scorecard import Text


class IndicatorDirection(StrEnum):
    """Which values are good."""

    UP = "up"
    DOWN = "down"
    RANGE = "range"


class RaterClass(StrEnum):
    """From where somebody sees the agent's work."""

    SELF = "self"
    MANAGER = "manager"
    PEER = "peer"
    REPORT = "report"  # who reports to the one who is rated
    SERVED = "served"  # customers and inner customers
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiDefinition:
    """One named measure.

    ``unit``: ratio, s, h, min, points, count, cny, scale_1_5, nps. ``target`` in that unit; for RANGE a low and a
    high end stand in ``target_low``/``target``. ``floor`` gives attainment 0, ``stretch`` 120.
    ``floor_low``: for RANGE, the low value with attainment 0 (``floor`` is the high one).
    ``other_targets``: further targets that sources of the field state. ``minimum``, ``maximum``: plausible values.
    ``aliases``: column headers that people write, in any language.
    ``source``: "import", "inspection" (computed from inspections by ``measure``) or "rating" (people rate it from 1 to
    5; ``anchors`` says of each step what can be seen then).
    ``group``: where lists show it. ``opposing``: indicators that suffer when this one is chased, shown beside it.
    ``also_rated``: people also report it as a mean rating on a scale, which is another indicator.
    ``formula``: from which counts it comes, in words. ``accumulates``: it grows with the length of the period.
    """

    id: str
    name: Text
    unit: str
    direction: IndicatorDirection
    target: float | None
    target_low: float | None = None
    floor: float | None = None
    stretch: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    aliases: tuple[str, ...] = ()
    source: str = "import"
    measure: str | None = None
    group: str = ""
    floor_low: float | None = None
    other_targets: tuple[float, ...] = ()
    opposing: tuple[str, ...] = ()
    also_rated: bool = False
    formula: Text | None = None
    accumulates: bool = False
    anchors: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRecord:
    """One value of one indicator for one agent and period.

    ``period`` is YYYY-MM. ``n`` is the count of observations behind the value, None when the source does not say.
    ``sd`` is the standard deviation of one observation when it is known. ``source`` names the import.
    ``origin``: which values it replaces, those of the same origin; empty means those of the same source.
    ``notes``: what is doubtful about it, such as another source that says otherwise.
    """

    indicator: str
    agent_id: str
    period: str
    value: float
    n: int | None
    source: str
    sd: float | None = None
    origin: str = ""
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateItem:
    """One indicator in a template; targets None = those of the catalogue. ``weight`` in percent of the dimension.

    ``goal``: the id of the template's goal that it serves.
    """

    indicator: str
    weight: float
    target: float | None = None
    floor: float | None = None
    stretch: float | None = None
    target_low: float | None = None
    floor_low: float | None = None
    goal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDimension:
    """performance, ability or attitude with its weight in percent and its items."""

    id: str
    name: Text
    weight: float
    items: tuple[TemplateItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Indicators, targets and weights of a role, versioned.

    ``grades``: lower bound in points by grade, best first. ``period``: what the targets are for, "month", or None when
    the file does not say. ``goals``: what the business wants to reach, by id. ``raters``: who rates the rated items,
    with the weight of each class in percent; empty where nothing is rated.
    """

    id: str
    version: int
    name: Text
    role: str
    dimensions: tuple[TemplateDimension, ...]
    grades: tuple[tuple[str, float], ...]
    min_contacts: int
    digest: str
    period: str | None = None
    goals: tuple[tuple[str, Text], ...] = ()
    raters: tuple[tuple[RaterClass, float], ...] = ()

    @property
    def items(self) -> Iterator[TemplateItem]:
        """All items, in the order of the template."""
        return (item for dimension in self.dimensions for item in dimension.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """One indicator's part in an evaluation.

    ``attainment_points``: 0-120, None when missing. ``se_points``: standard error of the attainment, None when the
    source gives no n. ``weight`` as in the template, ``effective_weight`` after missing ones were re-weighted,
    both in percent of the total. ``contacts``: ids of the contacts behind an inspection indicator, worst first.
    ``se`` and ``df``: standard error of ``value`` in its own unit and the degrees of freedom, from which longer
    periods are made.
    """

    indicator: str
    value: float | None
    n: int | None
    source: str | None
    target: float | None
    attainment_points: float | None
    se_points: float | None
    weight: float
    effective_weight: float
    contacts: tuple[str, ...] = ()
    se: float | None = None
    df: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionResult:
    """One dimension's part: points None when nothing in it was known."""

    id: str
    points: float | None
    weight: float
    effective_weight: float
    items: tuple[ItemResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One agent, one period, one template version.

    ``total`` 0-120 or None with insufficient evidence; ``ci95`` its interval over the items that have one.
    ``group``: "above", "within", "below" the team of all agents, or "insufficient": who cannot be told apart from
    the average is "within". A total without enough reviews behind it is "insufficient" too. ``notes``: what was missing
    and re-weighted, in words. ``places``: the 95 % interval of the place among those with a total, and their number;
    ``above_average``: probability of being above their average; both None where the spread is not known well enough.
    ``basis``: who judged the contacts, "machine", "reviewed" (people's word where there is one) or "estimated" (from
    both). ``team``: the latest of the period.
    """

    agent_id: str
    period: str
    template_id: str
    template_version: int
    total: float | None
    ci95: tuple[float, float] | None
    grade: str | None
    group: str
    dimensions: tuple[DimensionResult, ...]
    n_contacts: int
    n_reviews: int
    notes: tuple[Reason, ...]
    fingerprint: str
    places: tuple[int, int, int] | None = None
    above_average: float | None = None
    basis: str = "machine"
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One person on the staff as seen in metadata and KPI tables. ``team`` is the latest known."""

    id: str
    name: str | None = None
    team: str | None = None
    role: str | None = None
