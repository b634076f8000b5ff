"""How much a contact needs a person, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.review_need import machine_signs, review_need, sum_points
from qa_pipeline.domain.inspection import Finding, Flag, Inspection, Outcome
from tests.factories import finding, inspection, score

LINE = 80.0
QUIET = inspection(score=score(95.0))


def findings(count: int, outcome: Outcome = Outcome.MET, confidence: float = 0.9) -> tuple[Finding, ...]:
    return tuple(finding(f"c{place}", outcome, confidence=confidence) for place in range(count))


def test_a_contact_on_which_nothing_is_odd_needs_nobody() -> None:
    assert (machine_signs(QUIET, LINE), review_need(QUIET, LINE)) == ((), 0)


@pytest.mark.parametrize(
    ("found", "points"),
    [
        (replace(QUIET, flags=(Flag.RED_LINE,)), 8),
        (replace(QUIET, flags=(Flag.RED_LINE, Flag.ANGRY_CUSTOMER)), 8 + 4),
        (replace(QUIET, flags=(Flag.RECOVERED,)), 0),  # worth a look, but nobody has to
        # 60 points lose 40 of 100: 2 for the flag, 2 x 0.4 beside it.
        (replace(QUIET, flags=(Flag.LOW_SCORE,), score=score(60.0)), 2.8),
        (replace(QUIET, findings=findings(3, Outcome.UNDETERMINED)), 0.6),
        (replace(QUIET, findings=findings(9, Outcome.UNDETERMINED)), 1.0),
        (replace(QUIET, findings=(replace(finding("a", Outcome.UNDETERMINED), withheld=Outcome.MET),)), 1.5),
        # 84 lies within 5 points of the line, and a finding is hardly better than a guess.
        (replace(QUIET, score=score(84.0), findings=findings(1, confidence=0.55)), 2),
        (replace(QUIET, score=score(86.0), findings=findings(1, confidence=0.55)), 0),
        (replace(QUIET, score=score(84.0), findings=findings(1, confidence=0.6)), 0),
    ],
)
def test_signs_add_up(found: Inspection, points: float) -> None:
    assert review_need(found, LINE) == pytest.approx(points)


def test_without_the_card_nothing_is_near_the_line() -> None:
    assert review_need(replace(QUIET, score=score(84.0), findings=findings(1, confidence=0.5)), None) == 0


@given(
    flags=st.lists(st.sampled_from(Flag), unique=True),
    points=st.none() | st.floats(0, 100),
    undetermined=st.integers(0, 12),
    confidence=st.floats(0, 1),
    more=st.sampled_from([Flag.RED_LINE, Flag.POSSIBLE_ABUSE, Flag.ANGRY_CUSTOMER]),
)
def test_every_point_is_explained_and_another_sign_never_lowers_the_need(
    flags: list[Flag], points: float | None, undetermined: int, confidence: float, more: Flag
) -> None:
    said = (*findings(undetermined, Outcome.UNDETERMINED), finding("z", confidence=confidence))
    found = replace(QUIET, flags=tuple(flags), score=score(points), findings=said)
    signs = machine_signs(found, LINE)
    assert review_need(found, LINE) == sum_points(signs)
    assert all(sign.points > 0 and sign.reason.message for sign in signs)
    assert [sign.points for sign in signs] == sorted((sign.points for sign in signs), reverse=True)
    assert review_need(replace(found, flags=(*flags, more)), LINE) >= review_need(found, LINE)
