from __future__ import annotations

from qa_pipeline.domain.annotation import AttitudeMark, AttitudeScore
from qa_pipeline.report.attitude_reasons import anchor_word, attitude_reasons, behaviour_word


def mark(behaviour: str, effect: float, utterance: int | None, quote: str) -> AttitudeMark:
    return AttitudeMark(utterance=utterance, behaviour=behaviour, quote=quote, effect=effect)


def test_marks_of_one_behaviour_are_one_reason_and_the_largest_comes_first():
    marks = (
        mark("thanks", 0.25, 0, "谢谢"),
        mark("curt", -0.8, 2, "说"),
        mark("thanks", 0.125, 4, "多谢"),
    )
    reasons = attitude_reasons(AttitudeScore(dimension="courtesy", value=2.0, confidence=0.6, marks=marks))
    assert [(reason.behaviour, reason.effect, reason.count) for reason in reasons] == [
        ("curt", -0.8, 1),
        ("thanks", 0.375, 2),
    ]
    assert [each.quote for each in reasons[1].quoted] == ["谢谢", "多谢"]


def test_what_was_measured_has_no_quote():
    marks = (mark("interrupts", -0.8, None, ""),)
    (reason,) = attitude_reasons(AttitudeScore(dimension="patience", value=3.2, confidence=0.6, marks=marks))
    assert reason.quoted == ()


def test_behaviours_and_anchors_have_words_in_both_languages():
    assert behaviour_word("thanks", language="zh") == "致谢"
    assert behaviour_word("thanks", language="en") == "Thanks"
    # Marks of a lexicon of last year are still shown.
    assert behaviour_word("gone_by_now", language="en") == "gone_by_now"
    assert anchor_word("ownership", 4.9, language="zh") == "主动承担，说明谁在什么时间做什么"
    # 2.5 lies between "curt" and "plain": the lower one.
    assert anchor_word("courtesy", 2.5, language="en") == "Curt, without address or courtesies"
