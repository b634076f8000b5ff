"""Does the analysis tell the truth? Simulated centres in which coaching adds nothing, or three points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from coaching.effect.difference import AFTER_MONTHS, BEFORE, Start, find_difference
from coaching.effect.verdict import Design, Effect, Verdict
from coaching.effect.waiting_list import find_waiting_list_effect
from coaching.simulation.centre import Centre, CentreSettings, Coaching, simulate_centre
from qa_pipeline.scoring.proportions import Share

SIZES = (60, 120, 300)
EFFECTS_POINTS = (0.0, 3.0)
FALSE_POSITIVES_MOST = 0.08
BIAS_MOST_POINTS = 0.2
COVERAGE_LEAST = 0.92
_Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``agents``: posts of the centre, of whom the lowest tenth is coached (per wave where there are two)."""

    design: Design
    agents: int
    effect_points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFigures:
    """What came of a scenario.

    ``bias_points`` with ``bias_ci95``: mean estimate minus the truth. ``coverage``: intervals that hold the truth.
    ``found``: intervals that leave out 0: false positives where there is no effect, power where there is one.
    ``before_after_points``: what the months after minus the month of selection would have said of the same people.
    """

    scenario: Scenario
    bias_points: float
    bias_ci95: tuple[float, float]
    coverage: Share
    found: Share
    half_width_points: float
    before_after_points: float
    verdicts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure that must be reached, over all sizes of centre: ``value`` at most (at least) ``limit``."""

    name: str
    design: Design
    value: float
    ci95: tuple[float, float]
    limit: float
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachingReport:
    """Figures by scenario and the bars."""

    repetitions: int
    scenarios: Sequence[ScenarioFigures]
    bars: Sequence[Bar]


def validate_coaching(repetitions: int = 500, seed: int = 0) -> CoachingReport:
    """Simulate so many centres of every scenario and return how far the analysis is from the truth."""
    rows = [
        _figures(Scenario(design=design, agents=agents, effect_points=effect), repetitions, seed + 1000 * place)
        for place, (design, effect, agents) in enumerate(product(Design, EFFECTS_POINTS, SIZES))
    ]
    return CoachingReport(
        repetitions=repetitions, scenarios=rows, bars=[bar for design in Design for bar in _bars(rows, design)]
    )


def analyse(centre: Centre) -> Effect | None:
    """Return the effect that a simulated centre shows, by its design."""
    selected = np.flatnonzero(centre.wave > 0)
    if centre.settings.coaching is Coaching.WAITING_LIST:
        month = int(centre.selected_month[selected[0]])
        return find_waiting_list_effect(
            centre.quality_points,
            np.flatnonzero(centre.wave == 1).tolist(),
            np.flatnonzero(centre.wave == 2).tolist(),
            selected_month=month,
            first_from=month + 1,
            second_from=month + 1 + centre.settings.second_wave_after_months,
        )
    starts = [
        Start(
            person=int(each),
            selected_month=int(centre.selected_month[each]),
            coached_from=int(centre.coached_from[each]),
        )
        for each in selected
        if centre.coached_from[each] >= 0
    ]
    return find_difference(centre.quality_points, starts)


def _figures(scenario: Scenario, repetitions: int, seed: int) -> ScenarioFigures:
    settings = CentreSettings(
        agents=scenario.agents,
        months=-BEFORE[0] + 1 + AFTER_MONTHS + 2,
        selection_months=(-BEFORE[0],),
        coaching=Coaching.WAITING_LIST if scenario.design is Design.WAITING_LIST else Coaching.LOWEST,
        coaching_effect_points=scenario.effect_points,
    )
    effects: list[Effect] = []
    luck = []
    for repetition in range(repetitions):
        centre = simulate_centre(replace(settings, seed=seed + repetition))
        effect = analyse(centre)
        if effect is not None:
            effects.append(effect)
            luck.append(_before_and_after(centre))
    points = np.array([effect.points for effect in effects])
    half = _Z95 * float(points.std(ddof=1)) / float(np.sqrt(len(points)))
    bias = float(points.mean()) - scenario.effect_points
    verdicts = [effect.verdict() for effect in effects]
    return ScenarioFigures(
        scenario=scenario,
        bias_points=bias,
        bias_ci95=(bias - half, bias + half),
        coverage=Share(sum(effect.low <= scenario.effect_points <= effect.high for effect in effects), len(effects)),
        found=Share(sum(not effect.low <= 0 <= effect.high for effect in effects), len(effects)),
        half_width_points=float(np.mean([(effect.high - effect.low) / 2 for effect in effects])),
        before_after_points=float(np.mean(luck)),
        verdicts={verdict: verdicts.count(verdict) for verdict in Verdict},
    )


def _before_and_after(centre: Centre) -> float:
    """Return what a page that compares before and after would show of the coached: what no page of callqa does."""
    coached = np.flatnonzero(centre.wave == 1)
    month = int(centre.selected_month[coached[0]])
    points = centre.quality_points[coached]
    after = points[:, month + 1 : month + 1 + AFTER_MONTHS]
    known = (~np.isnan(after)).any(axis=1)
    return float((np.nanmean(after[known], axis=1) - points[known, month]).mean())


def _bars(rows: Sequence[ScenarioFigures], design: Design) -> Sequence[Bar]:
    """Return the bars of a design over the sizes of centres: one size alone would need thousands of repetitions."""
    mine = [row for row in rows if row.scenario.design is design]
    without = [row for row in mine if row.scenario.effect_points == 0]
    helped = [row for row in mine if row.scenario.effect_points > 0]
    false = _pooled([row.found for row in without])
    coverage = _pooled([row.coverage for row in mine])
    bias = float(np.mean([row.bias_points for row in helped]))
    half = float(np.sqrt(np.sum([((row.bias_ci95[1] - row.bias_ci95[0]) / 2) ** 2 for row in helped])) / len(helped))
    return (
        _share_bar("false_positives", design, false, FALSE_POSITIVES_MOST, is_most=True),
        Bar(
            name="bias",
            design=design,
            value=bias,
            ci95=(bias - half, bias + half),
            limit=BIAS_MOST_POINTS,
            is_met=abs(bias) <= BIAS_MOST_POINTS,
        ),
        _share_bar("coverage", design, coverage, COVERAGE_LEAST, is_most=False),
    )


def _pooled(shares: Sequence[Share]) -> Share:
    return Share(sum(share.count for share in shares), sum(share.n for share in shares))


def _share_bar(name: str, design: Design, share: Share, limit: float, *, is_most: bool) -> Bar:
    value = share.count / share.n
    met = value <= limit if is_most else value >= limit
    return Bar(name=name, design=design, value=value, ci95=share.ci95, limit=limit, is_met=met)
