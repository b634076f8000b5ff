"""Every case of cases/*.yaml: a check, a contact, and what must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_pipeline.detectors.registry import DETECTORS
from tests.qa_pipeline.detectors.scenes import judge, view

CASES = Path(__file__).parent / "cases"
_EXPECTED = ("name", "check", "applies_when", "says", "outcome", "quotes", "reason", "measure")


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("case", _cases())
def test_case(case: dict[str, Any]) -> None:
    contact = view(case["says"], **{key: value for key, value in case.items() if key not in _EXPECTED})
    finding = judge(contact, case["check"], case.get("applies_when"))
    assert finding.outcome == case["outcome"], finding.reason
    if "quotes" in case:
        assert [part.quote for part in finding.evidence if part.quote] == case["quotes"]
    if "measure" in case:
        assert {part.measure: part.value for part in finding.evidence if part.measure} == case["measure"]
    if "reason" in case:
        assert case["reason"] in finding.reason.message.format(**finding.reason.params)


def test_every_detector_has_cases_in_both_languages() -> None:
    for name in DETECTORS:
        cases = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
        assert {case.get("language", "zh") for case in cases} == {"zh", "en"}, name
        assert all(case["check"]["detector"] == name for case in cases), name
