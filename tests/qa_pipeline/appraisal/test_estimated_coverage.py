"""Totals of estimates and indicator values: intervals and places hold about as often as they say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import norm

from qa_pipeline.appraisal.estimated import ReviewedContact, combine
from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.inspected import JudgedContact, observe_inspected
from qa_pipeline.appraisal.observed import Observed, observe_record
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.domain.performance import Evaluation, KpiRecord, TemplateItem
from qa_pipeline.kpi.catalogue import shipped

CATALOGUE = shipped()
FRONT_LINE = get_template("front-line", CATALOGUE)
TEMPLATE = replace(
    FRONT_LINE,
    min_contacts=0,
    dimensions=(
        replace(FRONT_LINE.dimensions[0], weight=60.0, items=(TemplateItem(indicator="csat", weight=100.0),)),
        replace(
            FRONT_LINE.dimensions[1],
            weight=40.0,
            items=(
                TemplateItem(indicator="inspection_score", weight=60.0, target=90.0, floor=50.0, stretch=100.0),
                TemplateItem(indicator="inspection_pass_rate", weight=40.0, target=0.9, floor=0.3, stretch=1.0),
            ),
        ),
    ),
)
INDICATORS = {
    "points": "inspection_score",
    "passed": "inspection_pass_rate",
    "script": "script_compliance",
    "attitude": "service_attitude_score",
}
AGENTS, CONTACTS, REVIEWS, REVIEWERS = 40, 30, 4, 5
MEAN, PASS_POINTS, CONTACT_SD, REVIEW_SD = 78.0, 75.0, 9.0, 4.0


@dataclass(frozen=True, slots=True)
class Month:
    """What is known of a simulated month, and each agent's true total."""

    evaluations: list[Evaluation]
    truth: list[float]


def simulate(random: np.random.Generator) -> Month:
    """A machine 4 points too low, flat and unfair to single agents; five reviewers of different severity."""
    quality = MEAN + 5 * random.standard_normal(AGENTS)
    satisfied = np.clip(0.8 + 0.05 * random.standard_normal(AGENTS) + 0.004 * (quality - MEAN), 0.5, 0.97)
    severity = 3 * random.standard_normal(REVIEWERS)
    judged, reviews, observed = [], [], {}
    for agent in range(AGENTS):
        true_points = quality[agent] + CONTACT_SD * random.standard_normal(CONTACTS)
        machine = MEAN - 4 + 0.7 * (true_points - MEAN) + 3 * random.standard_normal()
        machine = machine + 4 * random.standard_normal(CONTACTS)
        for number in range(CONTACTS):
            contact_id = f"C{agent:02d}-{number:02d}"
            judged.append(_judged(contact_id, f"A{agent:02d}", float(machine[number])))
            if number < REVIEWS:
                reviewer = int(random.integers(REVIEWERS))
                points = true_points[number] + severity[reviewer] + REVIEW_SD * random.standard_normal()
                reviews.append(_reviewed(contact_id, f"R{reviewer}", float(points)))
    month = combine(judged, reviews, {}, INDICATORS)
    for agent in range(AGENTS):
        agent_id = f"A{agent:02d}"
        share = float(random.binomial(100, satisfied[agent])) / 100
        record = KpiRecord(indicator="csat", agent_id=agent_id, period="2026-10", value=share, n=100, source="kpi.csv")
        observed[agent_id] = {
            "csat": observe_record(record, CATALOGUE["csat"]),
            **observe_inspected(month.inspected[agent_id], CATALOGUE),
        }
    sd = float(np.hypot(CONTACT_SD, REVIEW_SD))
    passing = np.mean([norm.cdf((quality + one - PASS_POINTS) / sd) for one in severity], axis=0)
    truth = {
        f"A{agent:02d}": {
            "csat": _exact(satisfied[agent]),
            "inspection_score": _exact(quality[agent] + severity.mean()),
            "inspection_pass_rate": _exact(passing[agent]),
        }
        for agent in range(AGENTS)
    }
    return Month(_evaluate(observed), [one.total or 0.0 for one in _evaluate(truth)])


def _evaluate(observed: dict[str, dict[str, Observed]]) -> list[Evaluation]:
    return list(evaluate_month("2026-10", TEMPLATE, observed, {agent: Grounds() for agent in observed}, CATALOGUE))


def _exact(value: float) -> Observed:
    return Observed(value=float(value), n=None, se=None, df=None, source="truth")


def _values(points: float) -> dict[str, float]:
    return {"points": points, "passed": float(points >= PASS_POINTS)}


def _judged(contact_id: str, agent_id: str, points: float) -> JudgedContact:
    return JudgedContact(
        contact_id=contact_id,
        agent_id=agent_id,
        team=None,
        language="zh",
        case="call",
        started_at=None,
        fingerprints=(contact_id,),
        review_count=0,
        values=_values(points),
    )


def _reviewed(contact_id: str, reviewer: str, points: float) -> ReviewedContact:
    return ReviewedContact(
        contact_id=contact_id,
        reviewer=reviewer,
        targeted=False,
        inclusion_probability=None,
        values=_values(points),
        fingerprint=contact_id,
    )


@pytest.mark.slow
def test_intervals_and_places_of_totals_hold_and_hardly_anybody_is_named_wrongly() -> None:
    random = np.random.default_rng(11)
    covered, placed, wrong, months = [], [], 0, 25
    for _ in range(months):
        month = simulate(random)
        truth = np.array(month.truth)
        true_places = AGENTS - truth.argsort().argsort()
        for one, total, true_place in zip(month.evaluations, truth, true_places, strict=True):
            assert one.ci95 is not None and one.places is not None
            covered.append(one.ci95[0] <= total <= one.ci95[1])
            placed.append(one.places[0] <= true_place <= one.places[1])
        sides = {"above": 1.0, "below": -1.0}
        wrong += any(
            sides.get(one.group, 0.0) * (total - truth.mean()) < 0
            for one, total in zip(month.evaluations, truth, strict=True)
        )
    # A thousand intervals, of which those of a month have errors in common.
    assert 0.92 <= np.mean(covered) <= 0.98
    assert 0.93 <= np.mean(placed) <= 0.99
    assert wrong / months <= 0.16  # 5 % and two and a half standard errors of 25 months
