from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa_pipeline.domain.inspection import Finding, Outcome, Reason
from qa_pipeline.scoring.score import score_findings, script_ratio
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
    score = score_findings(findings(a=UNDETERMINED, b=MET, c=UNDETERMINED, d=MET), CARD)
    assert (score.points, score.uncapped_points, score.passed) == (None, None, None)


def test_points_are_known_when_what_is_undetermined_cannot_move_them() -> None:
    # 4 of 10 are earned for sure and at most 10 of 10; the red line caps both at its 30 points.
    score = score_findings(findings(a=UNDETERMINED, b=MET, c=UNDETERMINED, d=MET, red=NOT_MET), CARD)
    assert (score.range_points, score.points, score.uncapped_points, score.passed) == ((30.0, 30.0), 30.0, None, False)
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
