"""Calibrated confidence: what labels say a rule is worth, and when they silence it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Evidence, Finding, Outcome, Reason
from qa_pipeline.scoring.confidence import (
    Calibration,
    ConfidenceCurve,
    brier,
    criterion_key,
    expected_calibration_error,
)
from qa_pipeline.scoring.confidence_fit import LabelledFinding, calibration_card, fit_calibration
from tests.qa_pipeline.detectors.scenes import criterion

LIMIT = 0.2
QUOTE = Evidence(quote="您好", utterance=0)


def finding(outcome: Outcome = Outcome.MET, confidence: float = 0.95) -> Finding:
    reason = Reason(message="Said: “{quote}”.", params={"quote": "您好"})
    return Finding(criterion_id="one", outcome=outcome, confidence=confidence, reason=reason, evidence=(QUOTE,))


def labelled(
    right: int, wrong: int, *, confidence: float = 0.95, key: str = "k", first: int = 0
) -> list[LabelledFinding]:
    """Return so many findings that people confirmed, then those that they did not, each of another contact."""
    return [
        LabelledFinding(
            contact=first + place,
            key=key,
            detector="phrase",
            outcome=Outcome.MET,
            confidence=confidence,
            right=place < right,
        )
        for place in range(right + wrong)
    ]


def test_a_curve_is_linear_between_its_points_and_level_outside() -> None:
    curve = ConfidenceCurve(raw=(0.5, 0.9), right=(0.6, 0.8), n=10)
    assert [curve.at(raw) for raw in (0.0, 0.5, 0.7, 0.9, 1.0)] == pytest.approx([0.6, 0.6, 0.7, 0.8, 0.8])


def test_the_nearest_curve_counts() -> None:
    def of(right: float) -> dict[Outcome, ConfidenceCurve]:
        return {Outcome.MET: ConfidenceCurve(raw=(0.9,), right=(right,), n=99)}

    calibration = Calibration(error_limit=LIMIT, criteria={"own": of(0.5)}, kinds={"phrase": of(0.6), "": of(0.7)})
    assert calibration.read(finding(), "own", "phrase").confidence == 0.5
    assert calibration.read(finding(), "other", "phrase").confidence == 0.6
    assert calibration.read(finding(), "other", "measure").confidence == 0.7
    # Nobody has labelled this outcome: the rule's own confidence stays.
    assert calibration.read(finding(Outcome.NOT_MET), "own", "phrase") == finding(Outcome.NOT_MET)


def test_a_silenced_rule_abstains_but_shows_what_it_saw() -> None:
    curve = ConfidenceCurve(raw=(0.6, 0.9), right=(0.4, 0.9), n=99, silent_to=0.7, silent_n=30, silent_wrong=18)
    calibration = Calibration(error_limit=LIMIT, criteria={"k": {Outcome.MET: curve}})
    silent = calibration.read(finding(confidence=0.7), "k", "phrase")
    assert (silent.outcome, silent.confidence, silent.evidence) == (Outcome.UNDETERMINED, 0.0, (QUOTE,))
    assert silent.reason.params == {"wrong": 18, "n": 30}
    assert calibration.read(finding(confidence=0.71), "k", "phrase").outcome is Outcome.MET
    unknown = finding(Outcome.UNDETERMINED, 0.0)
    assert calibration.read(unknown, "k", "phrase") == unknown


def test_ece_and_brier_by_hand() -> None:
    confidences, right = np.array([0.95, 0.95, 0.65, 0.65]), np.array([1.0, 0.0, 1.0, 1.0])
    # Bin .9-1: |.95 - .5| of 2 findings; bin .6-.7: |.65 - 1| of 2: (.9 + .7) / 4.
    assert expected_calibration_error(confidences, right) == pytest.approx(0.4)
    # (.0025 + .9025 + .1225 + .1225) / 4
    assert brier(confidences, right) == pytest.approx(0.2875)
    assert np.isnan(expected_calibration_error(np.array([]), np.array([])))


def test_calibration_error_of_a_calibrated_confidence_is_small():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.3, 1, size=20_000)
    assert expected_calibration_error(confidence, random.uniform(size=20_000) < confidence) < 0.02
    assert expected_calibration_error(np.ones(4), np.zeros(4)) == 1


def test_few_labels_move_little() -> None:
    # Two wrong labels against what counts for twenty of the rule's own .95, three times over: all, kind, no more.
    calibration = fit_calibration(labelled(0, 2), LIMIT)
    # all: 20 * .95 / 22; kind: 20 * that / 22
    assert calibration.kinds[""][Outcome.MET].at(0.95) == pytest.approx(20 * 0.95 / 22)
    assert calibration.read(finding(), "k", "phrase").confidence == pytest.approx((20 / 22) ** 2 * 0.95)
    assert not calibration.criteria


def test_many_labels_decide() -> None:
    calibration = fit_calibration(labelled(450, 50), LIMIT)
    assert calibration.read(finding(), "k", "phrase").confidence == pytest.approx(0.9, abs=0.01)


def test_a_rule_that_is_proven_wrong_is_silenced() -> None:
    # 30 of 60 wrong: the interval of the error, .37 to .63, lies above .2.
    calibration = fit_calibration(labelled(30, 30), LIMIT)
    silent = calibration.read(finding(), "k", "phrase")
    assert silent.outcome is Outcome.UNDETERMINED
    assert silent.reason.params == {"wrong": 30, "n": 60}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (20, 20),  # as bad, but too few labels for a curve of the criterion's own
        (41, 14),  # .25 wrong, but the interval begins at .15: not proven
    ],
)
def test_nobody_is_silenced_without_proof(right: int, wrong: int) -> None:
    calibration = fit_calibration(labelled(right, wrong), LIMIT)
    assert calibration.read(finding(), "k", "phrase").outcome is Outcome.MET


def test_only_the_unsure_findings_of_a_rule_are_silenced() -> None:
    findings = labelled(60, 2) + labelled(5, 25, confidence=0.6, first=62)
    calibration = fit_calibration(findings, LIMIT)
    assert calibration.read(finding(confidence=0.6), "k", "phrase").outcome is Outcome.UNDETERMINED
    sure = calibration.read(finding(confidence=0.95), "k", "phrase")
    assert sure.outcome is Outcome.MET
    assert sure.confidence > 0.9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_surer_is_never_less_right(said: list[tuple[float, bool]]) -> None:
    findings = [
        LabelledFinding(contact=n, key="k", detector="d", outcome=Outcome.MET, confidence=raw, right=right)
        for n, (raw, right) in enumerate(said)
    ]
    calibration = fit_calibration(findings, LIMIT)
    for curves in (*calibration.kinds.values(), *calibration.criteria.values()):
        right = curves[Outcome.MET].right
        assert all(0 <= one <= other <= 1 for one, other in pairwise(right))


def test_calibration_helps_on_contacts_that_it_did_not_see() -> None:
    # A rule that says .95 and is right in 70 %: the gap of .25 shrinks to what 200 labels leave.
    card = calibration_card(labelled(210, 90), LIMIT)
    assert card["ece_before"] == pytest.approx(0.25)
    assert isinstance(card["ece_after"], float)
    assert card["ece_after"] < 0.1
    assert card["error"] == pytest.approx(0.3)


def test_a_criterion_keeps_its_key_while_its_rule_stays() -> None:
    one = criterion(check={"detector": "phrase", "any": ["您好"]})
    renamed = criterion("two", check={"detector": "phrase", "any": ["您好"]}, weight=5.0)
    other = criterion(check={"detector": "phrase", "any": ["您好", "你好"]})
    assert criterion_key(one) == criterion_key(renamed) != criterion_key(other)


def test_the_digest_is_of_what_moves_a_confidence() -> None:
    made = fit_calibration(labelled(30, 30), LIMIT)
    assert made.digest == fit_calibration(labelled(30, 30), LIMIT).digest
    assert made.digest != fit_calibration(labelled(31, 29), LIMIT).digest
