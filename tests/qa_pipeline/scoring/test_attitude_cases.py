"""Every case of attitude_cases.yaml: what an agent says, and which behaviours are marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_pipeline.domain.listening import Facts
from qa_pipeline.scoring.attitude import judge_attitude
from qa_pipeline.scoring.attitude_lexicon import DIMENSIONS, attitude_lexicon
from tests.qa_pipeline.scoring.talks import talk

CASES = yaml.safe_load((Path(__file__).parent / "attitude_cases.yaml").read_text(encoding="utf-8"))
# Said before, so that no sentence stands at the opening or the closing.
AROUND = {"zh": ("好的", "我想问一下"), "en": ("All right", "I have a question")}


def _cases() -> list[Any]:
    return [
        pytest.param(language, case, id=f"{language} {group}: {case['says']}")
        for language, groups in CASES.items()
        for group, cases in groups.items()
        for case in cases
    ]


def _marked(language: str, case: dict[str, Any]) -> set[str]:
    said, asked = AROUND[language]
    lines = [f"agent: {said}"] * 4 + [f"customer: {case.get('customer', asked)}", f"agent: {case['says']}"]
    lines += [f"agent: {said}"] * 4
    scores = judge_attitude(talk("\n".join(lines), language), Facts(), ())
    return {mark.behaviour for score in scores for mark in score.marks}


@pytest.mark.parametrize(("language", "case"), _cases())
def test_case(language: str, case: dict[str, Any]):
    marked = _marked(language, case)
    assert not marked & set(case.get("not", ()))
    if "is" in case:
        assert set(case["is"]) <= marked
        costing = {behaviour.id for behaviour in attitude_lexicon(language).behaviours if behaviour.effect < 0}
        assert marked & costing == set(case["is"]) & costing


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_behaviour_that_words_can_show_has_a_case(language: str):
    groups = CASES[language]
    shown = {behaviour for cases in groups.values() for case in cases for behaviour in case.get("is", ())}
    assert set(DIMENSIONS) <= set(groups)
    lexicon = attitude_lexicon(language)
    # What counts at an end only, and the commonest courtesies, stand in test_attitude.py.
    elsewhere = {"addresses_with_respect", "gracious", "offers_more_help", "makes_sure", "verifies"}
    missing = {each.id for each in lexicon.behaviours if each.phrases and not each.where} - shown - elsewhere
    assert not missing
