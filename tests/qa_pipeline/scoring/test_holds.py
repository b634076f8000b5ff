"""When a criterion is put on hold, and what becomes of findings on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Flag, Outcome, Reason
from qa_pipeline.scoring.flags import flags_of
from qa_pipeline.scoring.holds import ErrorRate, HoldRule, withhold
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.scoring.score import score_findings
from tests import factories

NONE = Share(0, 0)
ANNOTATION = Annotation(
    sentiments=(), courses=(), attitude=(), attitude_value=None, sentiment_engine="embedded", masked_count=0
)
HOLD = CriterionHold(
    scorecard_id="zh-telephone",
    criterion_id="greeting",
    reason=Reason(message="why"),
    held_by="Chen",
    held_at=datetime(2026, 11, 2, tzinfo=UTC),
)
FINDINGS = (
    factories.finding("greeting", evidence=[factories.quote("您好")]),
    factories.finding("closing", Outcome.NOT_MET),
)


def _rate(reviewed: Share = NONE, appealed: Share = NONE, people: Share = NONE) -> ErrorRate:
    return ErrorRate(
        scorecard_id="zh-telephone", criterion_id="greeting", reviewed=reviewed, appealed=appealed, people=people
    )


@pytest.mark.parametrize(
    ("rate", "is_held"),
    [
        (_rate(reviewed=Share(6, 20)), True),  # .119 to .543
        (_rate(reviewed=Share(5, 20)), False),  # .087 to .491
        (_rate(reviewed=Share(19, 19)), False),  # fewer than the rule asks for
        (_rate(reviewed=Share(6, 20), people=Share(3, 30)), False),  # .1 + .1 are allowed
        (_rate(reviewed=Share(6, 20), people=Share(3, 29)), True),  # what people differ is not known well enough
        (_rate(appealed=Share(3, 10)), False),  # .067 to .652
        (_rate(appealed=Share(3, 5)), True),  # .147 to .947
        (_rate(appealed=Share(2, 2)), False),  # two appeals are none
        (_rate(), False),
    ],
)
def test_the_lower_end_decides(rate: ErrorRate, is_held: bool) -> None:
    assert (rate.reason_to_hold(HoldRule()) is not None) is is_held


@given(st.integers(20, 300), st.data())
def test_more_errors_never_make_a_criterion_better(n: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, n - 1))
    rule = HoldRule()
    if _rate(reviewed=Share(wrong, n)).reason_to_hold(rule):
        assert _rate(reviewed=Share(wrong + 1, n)).reason_to_hold(rule)


def test_a_withheld_finding_keeps_its_evidence_and_what_was_found() -> None:
    greeting, closing = withhold(FINDINGS, "zh-telephone", [HOLD])
    assert closing is FINDINGS[1]
    assert (greeting.outcome, greeting.withheld, greeting.confidence) == (Outcome.UNDETERMINED, Outcome.MET, 0.0)
    assert greeting.evidence == FINDINGS[0].evidence
    assert withhold((greeting, closing), "zh-telephone", [HOLD]) == (greeting, closing)


def test_other_cards_and_released_holds_withhold_nothing() -> None:
    assert withhold(FINDINGS, "en-telephone", [HOLD]) == FINDINGS
    assert withhold(FINDINGS, "zh-telephone", [replace(HOLD, released_at=HOLD.held_at)]) == FINDINGS
    again = replace(HOLD, held_at=datetime(2026, 12, 1, tzinfo=UTC))
    found = withhold(FINDINGS, "zh-telephone", [replace(HOLD, released_at=HOLD.held_at), again])
    assert found[0].reason.params["since"] == "2026-12-01"


@pytest.mark.parametrize(("found", "is_flagged"), [(Outcome.NOT_MET, True), (Outcome.MET, False)])
def test_a_red_line_on_hold_is_looked_at_where_it_seemed_crossed(found: Outcome, is_flagged: bool) -> None:
    card = factories.scorecard()
    hold = replace(HOLD, criterion_id="no_abuse")
    findings = withhold(
        [factories.finding("no_abuse", found, evidence=[factories.quote("你有病吧")])], "zh-telephone", [hold]
    )
    score = score_findings(findings, card)
    assert score.fatal == ()
    flags = flags_of(findings, score, card, ANNOTATION, factories.transcript(), None)
    assert (Flag.POSSIBLE_RED_LINE in flags) is is_flagged
