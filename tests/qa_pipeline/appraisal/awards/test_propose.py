"""What follows from published results, and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from qa_pipeline.appraisal.awards.propose import Proposed, propose
from qa_pipeline.appraisal.awards.result import Result
from qa_pipeline.appraisal.awards.rules import AwardRules, get_rules
from qa_pipeline.domain.cycle import Proposal, ProposalKind, Quote
from qa_pipeline.domain.performance import Evaluation
from tests.qa_pipeline.appraisal.awards.results import evaluation, result

RULES = get_rules("standard")
NOW = datetime(2026, 11, 4, tzinfo=UTC)


def quotes(contact_id: str) -> Sequence[Quote]:
    return [Quote(contact_id=contact_id, criterion_id="empathy", text="这不归我管")]


def proposed(*results: Result, rules: AwardRules = RULES) -> Proposed:
    return propose("2026-10", results, rules, NOW, quotes_of=quotes)


def of_kind(found: Proposed, kind: ProposalKind) -> list[Proposal]:
    return [one for one in found.proposals if one.kind is kind]


def names(found: Proposed, kind: ProposalKind) -> list[tuple[str, str]]:
    return [(one.subject, one.name) for one in of_kind(found, kind)]


def texts(proposal: Proposal) -> list[str]:
    return [note.message.format(**note.params) for note in proposal.evidence]


def notes(found: Proposed) -> list[str]:
    return [note.message.format(**note.params) for note in found.notes]


def others(count: int, total: float = 80.0, **changes: Any) -> list[Result]:
    return [result(evaluation(f"B{number:02d}", total, **changes)) for number in range(count)]


def test_points_by_grade_say_total_interval_and_basis() -> None:
    found = proposed(
        result(evaluation(grade="B")), result(evaluation("A02", grade="C")), result(evaluation("A03", None))
    )
    (one,) = of_kind(found, ProposalKind.POINTS)
    assert (one.subject, one.points, one.title.zh, one.rules) == ("A01", 10, "等级积分 B", "standard@1")
    assert texts(one) == [
        "Grade B: 90.0 points in total (86.1 – 93.9).",
        "40 contacts with a score, 5 reviews by people, 0 red lines.",
    ]
    assert (one.figures[0].points, one.figures[0].n) == (90.0, 40)


def test_no_points_for_a_grade_on_too_little_evidence_and_it_is_said() -> None:
    thin = result(evaluation("A02", group="insufficient"))
    ungraded = result(evaluation("A03", group="insufficient", grade="C"))  # C gives none anyhow
    found = proposed(result(), thin, ungraded)
    assert [one.subject for one in of_kind(found, ProposalKind.POINTS)] == ["A01"]
    assert "No points for the grade, for too little evidence stands behind it: A02." in notes(found)


def test_the_service_star_is_for_attitude_surely_over_its_target() -> None:
    # 108 with an error of 2 is four of them above 100; 103 is one and a half: not sure at 5 % among two looked at.
    found = proposed(
        result(evaluation(attitude=(108.0, 2.0))),
        result(evaluation("A02", attitude=(103.0, 2.0))),
        result(evaluation("A03", attitude=(108.0, None))),
        result(evaluation("A04", attitude=(108.0, 2.0), reviews=2)),
        result(evaluation("A05", attitude=(108.0, 2.0)), red_lines=1),
    )
    (star,) = [one for one in of_kind(found, ProposalKind.BADGE) if one.name == "service-star"]
    assert (star.subject, star.title.zh, star.points) == ("A01", "服务之星", 10)
    assert texts(star) == [
        "attitude: 108.0 points of attainment, 95 % interval 104.1 to 111.9, at least 100.0 asked.",
        "40 contacts with a score, 5 reviews by people, 0 red lines.",
        "2 agents were looked at; at most 5.0 % of such badges are expected to be chance.",
    ]
    assert star.figures[0].contacts == ("service_attitude_score-1", "service_attitude_score-2")


def test_the_problem_solver_is_for_the_indicator_that_the_template_has() -> None:
    found = proposed(result(evaluation(resolution=(112.0, 3.0))), result(evaluation("A02")))
    assert names(found, ProposalKind.BADGE) == [("A01", "problem-solver")]


def test_the_progress_star_needs_a_rise_whose_interval_excludes_0() -> None:
    def over(agent_id: str, *totals: float, se: float = 2.0, template: str = "front-line") -> Result:
        months = ("2026-08", "2026-09", "2026-10")[3 - len(totals) :]
        return result(
            *(
                evaluation(agent_id, total, se, period=month, template=template if month == "2026-08" else "front-line")
                for month, total in zip(months, totals, strict=True)
            )
        )

    found = proposed(
        over("A01", 76, 84, 90),  # 14 points with an error of 2.83
        over("A02", 84, 86, 88),  # 4 points: 1.4 errors
        over("A03", 84, 90),  # two periods only
        over("A04", 76, 84, 90, template="new-hire"),  # not by the same template
        over("A05", 88.0, 89.0, 90.0, se=0.1),  # sure, but 2 points are less than 3
        over("A06", 90, 84, 76),
    )
    (star,) = [one for one in of_kind(found, ProposalKind.BADGE) if one.name == "progress-star"]
    assert star.subject == "A01"
    assert "The total rose by 14.0 points over 3 periods, 95 % interval 8.5 to 19.5; the interval excludes 0." in texts(
        star
    )
    assert any("regression to the mean" in text for text in texts(star))
    assert [figure.period for figure in star.figures] == ["2026-08", "2026-09", "2026-10"]


def test_the_best_agent_is_one_who_can_be_told_apart() -> None:
    found = proposed(result(evaluation("A01", 100.0)), *others(6))
    (best,) = of_kind(found, ProposalKind.BEST_AGENT)
    assert (best.subject, best.points) == ("A01", 30)
    assert "Told apart from all 6 others that can be compared." in texts(best)


def test_few_who_cannot_be_told_apart_share_it_and_many_get_none() -> None:
    shared = proposed(result(evaluation("A01", 100.0)), result(evaluation("A02", 99.0)), *others(6))
    assert [one.subject for one in of_kind(shared, ProposalKind.BEST_AGENT)] == ["A01", "A02"]
    assert any(text.startswith("Cannot be told apart: A01, A02.") for text in texts(shared.proposals[-1]))
    none = proposed(*others(6))
    assert of_kind(none, ProposalKind.BEST_AGENT) == []
    assert any("no award, for 6 of 6 cannot be told apart" in text for text in notes(none))


def test_templates_are_not_compared_with_each_other_and_few_are_no_field() -> None:
    found = proposed(result(evaluation("A01", 110.0, template="team-lead")), *others(6))
    assert of_kind(found, ProposalKind.BEST_AGENT) == []
    assert "Best agent by the template team-lead: 1 can be compared, 5 are needed." in notes(found)


def test_no_best_agent_without_reviews_by_people() -> None:
    found = proposed(result(evaluation("A01", 100.0, reviews=2)), *others(6))
    assert of_kind(found, ProposalKind.BEST_AGENT) == []
    assert any("fewer than 3 reviews by people" in text for text in notes(found))


def test_nobody_is_best_while_a_higher_total_cannot_be_compared() -> None:
    unsure = evaluation("A02", 105.0, attitude=(105.0, None), resolution=(105.0, None))
    found = proposed(result(evaluation("A01", 100.0)), result(unsure), *others(6))
    assert of_kind(found, ProposalKind.BEST_AGENT) == []
    assert any(text.endswith("how sure the totals of others are: A02.") for text in notes(found))


def test_a_total_on_too_little_evidence_is_neither_best_nor_passed_over() -> None:
    thin = result(evaluation("A02", 105.0, group="insufficient"))
    found = proposed(result(evaluation("A01", 100.0)), thin, *others(6))
    assert of_kind(found, ProposalKind.BEST_AGENT) == []
    assert any(text.endswith("how sure the totals of others are: A02.") for text in notes(found))
    lower = result(evaluation("A02", 70.0, group="insufficient"))
    (best,) = of_kind(proposed(result(evaluation("A01", 100.0)), lower, *others(6)), ProposalKind.BEST_AGENT)
    assert (best.subject, "Told apart from all 6 others that can be compared." in texts(best)) == ("A01", True)


def test_a_team_is_judged_with_its_members_whose_results_are_held_back() -> None:
    low = [result(evaluation("A9", 20.0, reviews=0, team="A"), blocked="Below the line.")]
    teams = [result(evaluation(f"{team}{n}", 90.0, team=team)) for team in "BC" for n in range(3)]
    strong = [result(evaluation(f"A{n}", 100.0, team="A")) for n in range(3)]
    assert [one.subject for one in of_kind(proposed(*strong, *teams), ProposalKind.BEST_TEAM)] == ["A"]
    # With the low one team A has a mean of 80.
    assert [one.subject for one in of_kind(proposed(*strong, *low, *teams), ProposalKind.BEST_TEAM)] == ["B", "C"]


def test_the_best_team_is_compared_within_templates() -> None:
    # Back office totals are 20 higher for everybody; team C only looks better for having them.
    team_a = [result(evaluation(f"A{n}", 95.0, team="A")) for n in range(4)]
    team_a.append(result(evaluation("A9", None, team="A")))
    team_b = [result(evaluation(f"B{n}", 80.0, team="B")) for n in range(4)]
    team_c = [result(evaluation(f"C{n}", 100.0, team="C", template="back-office")) for n in range(4)]
    found = proposed(*team_a, *team_b, *team_c)
    (best,) = of_kind(found, ProposalKind.BEST_TEAM)
    assert (best.subject, best.points) == ("A", None)
    # The mean of the front line is 87.5; four errors of 2 give 2 / sqrt(4) = 1 for the mean: 95 +- 1.96.
    assert texts(best)[0] == (
        "Mean total of 4 of 5 members: 95.0 points, 95 % interval 93.0 to 97.0; +7.5 against the mean of all "
        "with the same templates."
    )
    small = proposed(*team_a[:2], *team_b, *team_c)
    assert of_kind(small, ProposalKind.BEST_TEAM) == []


def test_an_improvement_plan_is_for_low_results_told_apart_and_due_in_a_week() -> None:
    found = proposed(
        result(evaluation("A01", 65.0, group="below", attitude=(60.0, 4.0), resolution=(70.0, 3.0))),
        result(evaluation("A02", 65.0)),  # low, but not told apart from the others
        result(evaluation("A03", 101.0, group="below")),  # below the others, but the targets are reached
    )
    (plan,) = of_kind(found, ProposalKind.IMPROVEMENT_PLAN)
    assert (plan.subject, plan.due_on) == ("A01", date(2026, 11, 10))
    # 60 % of the total lack 30 points: 18; 40 % lack 40: 16.
    assert (
        "first_contact_resolution: 70.0 points of attainment, 95 % interval 64.1 to 75.9; "
        "costs 18.0 points of the total." in texts(plan)
    )
    assert any("for a person to find out" in text for text in texts(plan))
    assert [figure.of for figure in plan.figures] == ["total", "first_contact_resolution", "service_attitude_score"]
    assert [quote.text for quote in plan.figures[1].quotes] == ["这不归我管", "这不归我管"]


def test_nothing_but_more_reviews_follows_from_a_low_result_without_them() -> None:
    found = proposed(
        result(evaluation("A01", 65.0, group="below", reviews=2)),
        result(evaluation("A02", 65.0, reviews=0), blocked="Below the line without enough reviews."),
    )
    assert [(one.subject, one.kind) for one in found.proposals if one.kind is not ProposalKind.POINTS] == [
        ("A01", ProposalKind.MORE_REVIEWS),
        ("A02", ProposalKind.MORE_REVIEWS),
    ]
    first, second = of_kind(found, ProposalKind.MORE_REVIEWS)
    assert "before 3 reviews by people; there are 2." in texts(first)[1]
    assert texts(second)[1] == "Below the line without enough reviews."
    # From a result that is held back, points do not follow either.
    assert [one.subject for one in of_kind(found, ProposalKind.POINTS)] == ["A01"]


def test_nothing_is_shared_out_by_quota() -> None:
    found = proposed(*others(50, 60.0))
    assert {one.kind for one in found.proposals} == {ProposalKind.POINTS}


def test_three_low_periods_running_put_a_change_of_post_up_for_a_person() -> None:
    def low(period: str, group: str = "below", reviews: int = 4) -> Evaluation:
        return evaluation("A01", 65.0, period=period, group=group, reviews=reviews)

    months = ("2026-08", "2026-09", "2026-10")
    found = proposed(result(*(low(month) for month in months), plans=2))
    (flag,) = of_kind(found, ProposalKind.REPEATED_LAST)
    assert (flag.subject, flag.points, flag.due_on) == ("A01", None, None)
    assert texts(flag)[:2] == [
        "Told apart below the average and under 100.0 points in 3 periods running.",
        "Improvement plans that people approved in these periods: 2.",
    ]
    assert "guiding case 18" in texts(flag)[2] and "nothing follows by itself" in texts(flag)[2]
    broken = [
        result(low("2026-09"), low("2026-10")),
        result(low("2026-08"), low("2026-09", group="within"), low("2026-10")),
        result(low("2026-08", reviews=1), low("2026-09"), low("2026-10")),
    ]
    for one in broken:
        assert of_kind(proposed(one), ProposalKind.REPEATED_LAST) == []


def test_the_same_results_give_the_same_ids_and_other_results_others() -> None:
    first, again = proposed(result()), proposed(result())
    assert [one.id for one in first.proposals] == [one.id for one in again.proposals]
    assert first.proposals[0].id != proposed(result(evaluation(total=90.5))).proposals[0].id


@pytest.mark.parametrize("count", [12, 60])
def test_without_true_differences_hardly_anybody_is_awarded(count: int) -> None:
    """Everybody's attitude and resolution are exactly on target, totals equal, and nothing changes over the months.

    For each badge the chance that anybody gets it is at most 5 %; the best agent's and team's too. With 150 repetitions
    10.3 % is three standard errors above 5 %.
    """
    random = np.random.default_rng(count)
    given: dict[str, int] = {}
    for _ in range(150):
        results = []
        for number in range(count):
            noise = random.standard_normal(5) * 3
            months = [
                evaluation(
                    f"A{number:03d}",
                    90 + noise[month],
                    3.0,
                    period=period,
                    team=f"T{number % 4}",
                    attitude=(100 + noise[3], 3.0),
                    resolution=(100 + noise[4], 3.0),
                )
                for month, period in enumerate(("2026-08", "2026-09", "2026-10"))
            ]
            results.append(result(*months))
        found = proposed(*results)
        for name in {one.name for one in found.proposals if one.kind is not ProposalKind.POINTS}:
            given[name] = given.get(name, 0) + 1
    assert all(times / 150 <= 0.103 for times in given.values()), given
