from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Finding, Outcome, Reason
from qa_pipeline.domain.scorecard import Criterion, Scorecard
from qa_pipeline.scoring.score import attitude_value, score_findings, script_ratio
from tests.qa_pipeline.detectors.scenes import card_of, criterion

MET, PARTLY, NOT_MET = Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED


def findings(**outcomes: Outcome) -> list[Finding]:
    return [
        Finding(criterion_id=name, outcome=outcome, confidence=1, reason=Reason(message=""))
        for name, outcome in outcomes.items()
    ]


CARD = card_of(
    criterion("a", weight=4.0, indicator="script"),
    criterion("b", weight=3.0, indicator="script"),
    criterion("c", weight=2.0, indicator="attitude"),
    criterion("d", weight=1.0),
    criterion("red", weight=0.0, fatal=True, fatal_cap_points=30.0),
    min_coverage_ratio=0.5,
)


def test_points_are_the_weighted_share() -> None:
    # 4 + 3/2 + 0 + 1 = 6.5 of 10
    score = score_findings(findings(a=MET, b=PARTLY, c=NOT_MET, d=MET, red=MET), CARD)
    assert (score.points, score.uncapped_points, score.range_points) == (65.0, 65.0, (65.0, 65.0))
    assert (score.coverage_ratio, score.passed, score.fatal) == (1.0, False, ())


def test_what_does_not_apply_leaves_the_denominator() -> None:
    # 4 of 4 + 1
    score = score_findings(findings(a=MET, b=NOT_APPLICABLE, c=NOT_APPLICABLE, d=NOT_MET, red=MET), CARD)
    assert (score.points, score.coverage_ratio, score.not_applicable_count) == (80.0, 1.0, 2)
    assert score.passed is True  # pass_points = 80


def test_undetermined_leaves_the_denominator_and_opens_the_range() -> None:
    # determined 4 of 4 + 2; applicable 4 + 3 + 2 + 1 = 10: coverage 6/10, range 4/10 to (4 + 3 + 1)/10
    score = score_findings(findings(a=MET, b=UNDETERMINED, c=NOT_MET, d=UNDETERMINED, red=MET), CARD)
    assert score.points == pytest.approx(100 * 4 / 6)
    assert (score.coverage_ratio, score.range_points, score.undetermined_count) == (0.6, (40.0, 80.0), 2)


def test_no_points_below_the_coverage_of_the_card() -> None:
    # determined 3 + 1 = 4 of 10 < .5
    score = score_findings(findings(a=UNDETERMINED, b=MET, c=UNDETERMINED, d=MET, red=NOT_MET), CARD)
    assert (score.points, score.uncapped_points, score.passed) == (None, None, None)
    assert score.fatal == ("red",)
    assert score.range_points == (30.0, 30.0)  # 40 and 100, both under the cap of 30


def test_a_broken_red_line_caps_the_total() -> None:
    score = score_findings(findings(a=MET, b=MET, c=MET, d=MET, red=NOT_MET), CARD)
    assert (score.points, score.uncapped_points, score.passed, score.fatal) == (30.0, 100.0, False, ("red",))


def test_an_undetermined_red_line_lowers_only_the_low_end() -> None:
    score = score_findings(findings(a=MET, b=MET, c=MET, d=MET, red=UNDETERMINED), CARD)
    assert (score.points, score.range_points) == (100.0, (30.0, 100.0))


def test_nothing_applies() -> None:
    nothing = dict.fromkeys("abcd", NOT_APPLICABLE)
    score = score_findings(findings(**nothing, red=MET), CARD)
    assert (score.points, score.range_points, score.coverage_ratio) == (None, None, 0.0)


def test_a_criterion_without_a_finding_is_undetermined() -> None:
    assert score_findings(findings(a=MET, b=MET), CARD).undetermined_count == 3


@pytest.mark.parametrize("wrong", [findings(z=MET), [*findings(a=MET), *findings(a=MET)]])
def test_findings_must_fit_the_card(wrong: Sequence[Finding]) -> None:
    with pytest.raises(ValueError, match="criterion"):
        score_findings(wrong, CARD)


def test_script_ratio() -> None:
    assert script_ratio(findings(a=MET, b=PARTLY), CARD) == pytest.approx(5.5 / 7)
    assert script_ratio(findings(a=MET, b=NOT_APPLICABLE), CARD) == 1.0
    # 3 of 7 < .5
    assert script_ratio(findings(a=UNDETERMINED, b=MET), CARD) is None
    assert script_ratio(findings(a=NOT_APPLICABLE, b=NOT_APPLICABLE), CARD) is None


def test_attitude_value() -> None:
    # 1 + 4 x share
    assert attitude_value(findings(c=MET), CARD) == 5.0
    assert attitude_value(findings(c=PARTLY), CARD) == 3.0
    assert attitude_value(findings(c=NOT_MET), CARD) == 1.0
    assert attitude_value(findings(c=UNDETERMINED), CARD) is None


@st.composite
def judged_cards(draw: st.DrawFn) -> tuple[Scorecard, list[Finding]]:
    criteria: list[Criterion] = []
    outcomes: dict[str, Outcome] = {}
    for number in range(draw(st.integers(1, 8))):
        name = f"c{number}"
        criteria.append(
            criterion(
                name,
                weight=draw(st.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0])),
                fatal=draw(st.booleans()),
                fatal_cap_points=draw(st.sampled_from([0.0, 59.0])),
            )
        )
        outcomes[name] = draw(st.sampled_from(list(Outcome)))
    card = card_of(*criteria, min_coverage_ratio=draw(st.sampled_from([0.0, 0.5, 1.0])))
    return card, findings(**outcomes)


@given(judged_cards())
def test_points_lie_in_their_range(judged: tuple[Scorecard, list[Finding]]) -> None:
    card, found = judged
    score = score_findings(found, card)
    assert 0 <= score.coverage_ratio <= 1
    if score.range_points is not None:
        low, high = score.range_points
        assert 0 <= low <= high <= 100
        if score.points is not None:
            assert low - 1e-9 <= score.points <= high + 1e-9


@given(judged_cards(), st.integers(0, 7), st.sampled_from([MET, PARTLY, NOT_MET]))
def test_settling_an_undetermined_criterion_stays_in_the_range(
    judged: tuple[Scorecard, list[Finding]], place: int, outcome: Outcome
) -> None:
    card, found = judged
    before = score_findings(found, card)
    place %= len(found)
    if found[place].outcome is not UNDETERMINED:
        return
    settled = [*found[:place], *findings(**{found[place].criterion_id: outcome}), *found[place + 1 :]]
    after = score_findings(settled, card)
    if before.range_points is None or after.range_points is None:
        return
    assert before.range_points[0] - 1e-9 <= after.range_points[0]
    assert after.range_points[1] <= before.range_points[1] + 1e-9


@given(judged_cards(), st.integers(0, 7))
def test_a_better_outcome_never_lowers_the_points(judged: tuple[Scorecard, list[Finding]], place: int) -> None:
    card, found = judged
    place %= len(found)
    if found[place].outcome not in (PARTLY, NOT_MET):
        return
    better = [*found[:place], *findings(**{found[place].criterion_id: MET}), *found[place + 1 :]]
    before, after = score_findings(found, card).points, score_findings(better, card).points
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after >= before - 1e-9
