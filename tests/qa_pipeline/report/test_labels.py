"""Words for codes: nothing that a result can carry is shown as its raw id."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import qa_pipeline.detectors
from qa_pipeline.detectors.attitude import Dimension
from qa_pipeline.detectors.measure import MEASURES as DETECTED
from qa_pipeline.detectors.sentiment import Moment, SentimentParams
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.i18n import translator
from qa_pipeline.report.data import Count
from qa_pipeline.report.labels import MEASURES, joined, reason_text, with_name, with_note
from qa_pipeline.report.overview_lines import counts_text

ROLES = get_args(SentimentParams.model_fields["role"].annotation)
# What the first argument of each call of measured() in the detectors can be.
EMITTED = {
    "params.measure": set(DETECTED),
    "f'attitude_{params.dimension}'": {f"attitude_{name}" for name in get_args(Dimension)},
    "f'{params.role}_sentiment_{params.at}'": {f"{role}_sentiment_{at}" for role in ROLES for at in get_args(Moment)},
    "'wait_s'": {"wait_s"},
    "'duration_s'": {"duration_s"},
    "'utterances_count'": {"utterances_count"},
}


def emitting_calls() -> set[str]:
    folder = Path(next(iter(qa_pipeline.detectors.__path__)))
    nodes = (node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {
        ast.unparse(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "measured"
    }


def test_every_measure_that_a_detector_gives_as_evidence_has_words() -> None:
    assert emitting_calls() == set(EMITTED)
    assert {"attitude_overall", "customer_sentiment_change", "agent_sentiment_lowest"} <= set().union(*EMITTED.values())
    assert set().union(*EMITTED.values()) <= set(MEASURES)


def test_a_reason_calls_a_measure_by_its_name() -> None:
    reason = Reason(message="This could not be measured for this contact ({measure}).", params={"measure": "wait_s"})
    assert reason_text(reason, str) == f"This could not be measured for this contact ({MEASURES['wait_s']})."


@pytest.mark.parametrize(
    ("language", "counted", "listed", "named"),
    [
        ("zh", "电话 v1（33）、在线 v1（8）", "甲、乙", "甲：原因"),
        ("en", "电话 v1 (33), 在线 v1 (8)", "甲, 乙", "甲: 原因"),
    ],
)
def test_joins_follow_the_typography_of_the_language(language: str, counted: str, listed: str, named: str) -> None:
    translate = translator(language)
    counts = (Count(label="电话 v1", count=33), Count(label="在线 v1", count=8))
    assert counts_text(counts, translate) == counted
    assert joined(["甲", "乙"], translate) == listed
    assert with_name("甲", "原因", translate) == named
    assert with_note("甲", 2, translator("zh")) == "甲（2）"
