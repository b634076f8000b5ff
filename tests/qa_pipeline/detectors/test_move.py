from __future__ import annotations

import pytest

from qa_pipeline.detectors.move import MoveParams
from qa_pipeline.domain.inspection import Outcome
from tests.qa_pipeline.detectors.scenes import judge, view


def test_a_language_without_wording_is_not_judged():
    finding = judge(view(["agent: bonjour"], language="fr"), {"detector": "move", "move": "greeting"})
    assert finding.outcome is Outcome.UNDETERMINED


def test_a_quote_that_is_not_in_the_words_is_no_evidence():
    moves = [{"utterance": 0, "move": "closing", "quote": "再见"}]
    finding = judge(view(["agent: 您好"], moves=moves), {"detector": "move", "move": "closing"})
    assert finding.outcome is Outcome.NOT_MET


def test_parts_must_be_fewer_than_the_whole():
    with pytest.raises(ValueError, match="partly_hits must be less"):
        MoveParams(move="promise", min_hits=1, partly_hits=1)
    with pytest.raises(ValueError, match="greeting"):
        MoveParams(move="gretting")
