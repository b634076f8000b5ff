"""The detector ``similar`` beside its cases: without a model, in other languages, and how often the model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.text.embedding import load
from qa_pipeline.detectors.registry import asked_kinds
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.detectors.similar import SimilarParams
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.inspection import Finding, Outcome
from qa_pipeline.ports import JudgingModels
from tests.qa_pipeline.detectors.scenes import card_of, criterion, view

CHECK: dict[str, Any] = {"detector": "similar", "examples": ["退款会在三个工作日内到账"]}


class Letters:
    """A real, tiny measure: texts are alike as far as they share letters; it counts how often it was asked."""

    spec = EngineSpec(kind="embedding", name="letters", version="1")

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def embed(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float32]:
        """Return the counts of a to z, of length 1."""
        self.asked.append(texts)
        counts = np.array([[text.count(chr(97 + place)) for place in range(26)] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


def findings(contact: Any, models: JudgingModels | None, *checks: dict[str, Any]) -> Sequence[Finding]:
    criteria = [criterion(id=f"c{number}", check=check) for number, check in enumerate(checks)]
    return detect_all(contact, card_of(*criteria), models)


def test_a_site_that_measures_nothing_judges_nothing():
    (finding,) = findings(view(["agent: 退款会在三个工作日内到账"]), None, {**CHECK, "charges": True})
    assert finding.outcome is Outcome.UNDETERMINED
    assert "no measure" in finding.reason.message


def test_a_language_that_the_measure_does_not_know_is_not_judged():
    contact = view(["agent: votre remboursement arrive"], language="fr")
    check = {"detector": "similar", "examples": ["votre remboursement arrive"], "charges": True}
    (finding,) = findings(contact, JudgingModels(embedder=load()), check)
    assert finding.outcome is Outcome.UNDETERMINED


def test_the_words_of_a_contact_are_measured_once_for_all_criteria():
    model = Letters()
    contact = view(["agent: abc, def", "customer: xyz"], language="en")
    checks = [{"detector": "similar", "examples": [words], "charges": True} for words in ("bca", "fed", "uvw")]
    outcomes = [finding.outcome for finding in findings(contact, JudgingModels(embedder=model), *checks)]
    assert outcomes == [Outcome.MET, Outcome.MET, Outcome.NOT_MET]
    assert list(model.asked[0]) == ["abc", "abc, def", "def", "xyz"]
    assert [list(texts) for texts in model.asked[1:]] == [["bca"], ["fed"], ["uvw"]]
    # Another contact by the same model: its words alone, the examples are known.
    findings(view(["agent: ghi"], language="en"), JudgingModels(embedder=model), *checks)
    assert list(model.asked[-1]) == ["ghi"]


def test_how_often_counts_utterances():
    model = JudgingModels(embedder=Letters())
    contact = view(["agent: abc, cab", "agent: bca", "agent: zzz"], language="en")
    twice = {"detector": "similar", "examples": ["abc"], "min_hits": 2}
    thrice = {"detector": "similar", "examples": ["abc"], "min_hits": 3, "partly_hits": 2, "charges": True}
    assert [found.outcome for found in findings(contact, model, twice, thrice)] == [Outcome.MET, Outcome.PARTLY_MET]


def test_a_card_says_which_engine_it_asks():
    assert asked_kinds(card_of(criterion(check=CHECK))) == {"embedding"}


def test_wrong_parameters_are_named():
    with pytest.raises(ValueError, match="unsure_from is greater"):
        SimilarParams(examples=["a b"], at_least=0.6, unsure_from=0.7)
    with pytest.raises(ValueError, match="partly_hits must be less"):
        SimilarParams(examples=["a b"], min_hits=1, partly_hits=1)
    with pytest.raises(ValueError, match="no words"):
        SimilarParams(examples=["。"])
