from __future__ import annotations

from dataclasses import replace

import pytest

from qa_pipeline.detectors import run
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.transcript import Word
from tests.qa_pipeline.detectors.scenes import card_of, criterion, judge, view

HELD = {"detector": "phrase", "any": ["请稍等"]}
THANKED = {"detector": "phrase", "any": ["久等了"]}
RUDE = {"detector": "phrase", "none": ["神经病"]}
LONG_SILENCE = {"detector": "measure", "measure": "longest_silence_s", "met": {"at_least": 20}}


def test_findings_come_in_the_order_of_the_card() -> None:
    card = card_of(criterion("b", HELD), criterion("a", THANKED))
    found = detect_all(view(["agent: 请稍等"]), card)
    assert [(item.criterion_id, item.outcome) for item in found] == [("b", Outcome.MET), ("a", Outcome.NOT_MET)]


def test_a_condition_that_does_not_hold_makes_it_not_applicable() -> None:
    assert judge(view(["agent: 您好"]), THANKED, HELD).outcome is Outcome.NOT_APPLICABLE


def test_a_condition_that_holds_leaves_the_check() -> None:
    assert judge(view(["agent: 请稍等"]), THANKED, HELD).outcome is Outcome.NOT_MET
    assert judge(view(["agent: 请稍等", "agent: 久等了"]), THANKED, HELD).outcome is Outcome.MET


def test_nobody_is_charged_under_a_condition_that_may_not_hold() -> None:
    # the silence was not measured
    assert judge(view(["agent: 您好"]), THANKED, LONG_SILENCE).outcome is Outcome.UNDETERMINED
    assert judge(view(["agent: 神经病"]), RUDE, LONG_SILENCE).outcome is Outcome.UNDETERMINED


def test_a_behaviour_that_was_shown_is_credited_under_a_condition_that_may_not_hold() -> None:
    found = judge(view(["agent: 久等了"]), THANKED, LONG_SILENCE)
    assert (found.outcome, found.evidence[0].quote) == (Outcome.MET, "久等了")


def test_the_absence_of_words_is_not_credited_under_a_condition_that_may_not_hold() -> None:
    assert judge(view(["agent: 您好"]), RUDE, LONG_SILENCE).outcome is Outcome.UNDETERMINED


def test_evidence_carries_role_utterance_and_times() -> None:
    (part,) = judge(view(["customer: 喂", "agent: 请稍等"]), HELD).evidence
    assert (part.quote, part.utterance, part.role, part.start_s, part.end_s) == ("请稍等", 1, "agent", 10.0, 15.0)


def test_the_deciding_words_count_not_the_rest_of_the_utterance() -> None:
    def heard(*confidences: float) -> Outcome:
        contact = view(["agent: 好的 请稍等"])
        words = tuple(
            Word(text=text, start_s=start, end_s=start + 1, confidence=confidence)
            for text, start, confidence in zip(["好的", "请稍等"], [3.0, 4.0], confidences, strict=True)
        )
        spoken = replace(contact.utterances[0], words=words, confidence=0.5)
        found = judge(replace(contact, utterances=(spoken,)), HELD)
        if found.outcome is Outcome.MET:
            assert (found.evidence[0].start_s, found.evidence[0].end_s) == (4.0, 5.0)
        return found.outcome

    assert heard(0.1, 0.9) is Outcome.MET
    assert heard(0.9, 0.1) is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    ("said", "confidences", "outcome"),
    [
        ("are you stupid", (0.85, 0.87, 0.88), Outcome.NOT_MET),
        # Mean .75, as "how can I help you" may come out: the word that makes it forbidden is a guess.
        ("cannot help you", (0.46, 0.9, 0.89), Outcome.UNDETERMINED),
    ],
)
def test_a_draft_charges_by_its_least_certain_word(said: str, confidences: tuple[float, ...], outcome: Outcome) -> None:
    contact = view([f"agent: {said}"], language="en", quality="draft")
    words = tuple(
        Word(text=text, start_s=float(at), end_s=at + 1.0, confidence=confidence)
        for at, (text, confidence) in enumerate(zip(said.split(), confidences, strict=True))
    )
    spoken = replace(contact.utterances[0], words=words, confidence=0.9)
    found = judge(replace(contact, utterances=(spoken,)), {"detector": "phrase", "none": [said]})
    assert (found.outcome, found.evidence[0].quote) == (outcome, said)


def test_a_card_with_the_digest_of_another_is_judged_by_its_own_rules() -> None:
    one, other = card_of(criterion("one", HELD)), card_of(criterion("one", THANKED))
    assert one.digest == other.digest
    contact = view(["agent: 请稍等"])
    assert detect_all(contact, one)[0].outcome is Outcome.MET
    assert detect_all(contact, other)[0].outcome is Outcome.NOT_MET


def test_a_quote_that_is_not_there_is_no_judgement() -> None:
    card = card_of(criterion("one", HELD))
    contact = view(["agent: 请稍等", "customer: 请稍等吧"])
    (honest,) = detect_all(contact, card)
    part = honest.evidence[0]
    for false in (
        replace(part, quote="请稍候"),  # other words
        replace(part, utterance=1),  # the customer's
        replace(part, utterance=7),  # nobody's
        replace(part, utterance=None),
    ):
        verdict = run.Verdict(outcome=Outcome.NOT_MET, reason=honest.reason, confidence=0.9, evidence=(false,))
        found = run._verified(verdict, "one", contact)
        assert (found.outcome, found.confidence, found.evidence) == (Outcome.UNDETERMINED, 0.0, ())


@pytest.mark.parametrize(("language", "example"), [("zh", "请问有什么可以帮您"), ("en", "how can I help")])
def test_a_bilingual_rule_names_an_example_in_the_language_of_the_contact(language: str, example: str) -> None:
    contact = view(["agent: 喂"], language=language)
    finding = judge(contact, {"detector": "phrase", "any": ["请问有什么可以帮您", "how can I help"]})
    assert (finding.outcome, finding.reason.params) == (Outcome.NOT_MET, {"example": example})
