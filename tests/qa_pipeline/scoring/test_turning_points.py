"""Turning points of sentiment: what counts as one, and what must not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.annotation import AbuseHint, CourseEvent, Sentiment, SentimentLabel, TurningPoint
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.scoring.turning_points import cuts_of, find_turning_points

Line = tuple[float, str]


def contact(
    lines: Sequence[Line], *, role: Role = Role.CUSTOMER, quality: TranscriptQuality = TranscriptQuality.TRUSTED
) -> tuple[Transcript, tuple[Sentiment, ...]]:
    """Return a contact in which one party says the lines, each with its sentiment."""
    said = tuple(Utterance(index=place, role=role, text=text) for place, (_, text) in enumerate(lines))
    sentiments = tuple(
        Sentiment(utterance=place, label=SentimentLabel.NEUTRAL, score=score, confidence=0.5)
        for place, (score, _) in enumerate(lines)
    )
    return Transcript(language="zh", engine="import:txt", quality=quality, utterances=said), sentiments


def events(lines: Sequence[Line], abuse: Sequence[int] = (), **options: object) -> list[tuple[str, int]]:
    transcript, sentiments = contact(lines, **options)  # type: ignore[arg-type]
    hints = [AbuseHint(utterance=place, probability=0.9) for place in abuse]
    return [(point.event.value, point.utterance) for point in find_turning_points(transcript, sentiments, hints)]


CALM = [(0.0, "我想查一下订单"), (0.1, "昨天买的"), (0.0, "是的"), (0.05, "尾号六七八")]
ANGRY = [(-0.6, "等了三天还没有人管"), (-0.7, "你们这是什么态度"), (-0.8, "我要投诉你们")]
THANKS = [(0.5, "那太好了"), (0.6, "谢谢你帮我解决"), (0.4, "好的再见")]


def test_a_customer_who_ends_in_anger_left_angry_and_the_sentence_shows_it() -> None:
    transcript, sentiments = contact([*CALM, *ANGRY])
    worse, left = find_turning_points(transcript, sentiments)
    # Calm: (0 + .1 + 0 + .05) / 4; angry: (-.6 - .7 - .8) / 3.
    assert worse == TurningPoint(
        event=CourseEvent.WORSENED,
        role=Role.CUSTOMER,
        utterance=4,
        quote="等了三天还没有人管",
        before=pytest.approx(0.0375),
        after=pytest.approx(-0.7),
    )
    # The last third of seven sentences is two: (-.7 - .8) / 2; before it (.15 - .6) / 5.
    assert left == TurningPoint(
        event=CourseEvent.LEFT_ANGRY,
        role=Role.CUSTOMER,
        utterance=6,
        quote="我要投诉你们",
        before=pytest.approx(-0.09),
        after=pytest.approx(-0.75),
    )


def test_anger_that_ends_in_thanks_is_a_recovery() -> None:
    # No second turn at the thanks: the last five err by 0.27 around their mean, a cut costs 3 ln(8) 0.25² = 0.39.
    assert events([*ANGRY, *CALM[:2], *THANKS]) == [("improved", 3), ("recovered", 6)]


def test_a_formal_goodbye_after_anger_changes_nothing() -> None:
    assert ("left_angry", 6) in events([*CALM, *ANGRY, (0.1, "再见")])


def test_making_up_at_the_end_is_no_anger() -> None:
    assert "left_angry" not in dict(events([*CALM, *ANGRY, (0.7, "好吧谢谢你")]))


def test_anger_is_no_change_for_the_better() -> None:
    # Calmer by .6 from the third sentence on, whose words are angry all the same.
    lines = [(-0.8, "一直没人管"), (-0.8, "东西坏了一个月"), (-0.2, "你们这是什么态度"), (-0.2, "没有了")]
    assert events(lines) == [("left_angry", 2)]
    assert events([*lines[:2], (-0.2, "好的"), lines[3]])[0] == ("improved", 2)


def test_a_polite_account_of_a_problem_is_neither_anger_nor_recovery() -> None:
    polite = [(-0.4, "你好我的包裹没有收到"), (-0.3, "显示三天前签收了"), (-0.4, "麻烦您帮我查一下"), (-0.3, "谢谢")]
    assert events(polite) == []
    assert events([*polite, *THANKS])[-1][0] == "improved"


def test_one_over_confident_sentence_makes_no_turn() -> None:
    assert events([*CALM, (-0.95, "这个东西坏了"), *CALM]) == []
    assert events([*CALM, (0.05, "对的"), (-0.95, "这个东西坏了")]) == []


def test_words_of_others_are_not_the_customers_anger() -> None:
    reported = [(-0.3, "快递员说我要投诉你们就去投诉"), (-0.3, "他骂我是垃圾")]
    assert events([*CALM, *reported]) == []
    assert events([*CALM, (-0.5, "上面写着“我要投诉”是哪个按钮"), (-0.3, "我不明白")]) == []


def test_harmless_wording_is_no_anger() -> None:
    assert events([*CALM, (-0.3, "垃圾桶的盖子坏了"), (-0.3, "我没有生气"), (-0.3, "我不是要投诉你们")]) == []


def test_wording_that_the_sentiment_contradicts_is_no_anger() -> None:
    assert events([*CALM, (0.3, "太离谱了这么便宜"), (-0.5, "是吗")]) == []


def test_an_insult_that_the_abuse_model_hints_at_counts_where_it_is_negative() -> None:
    lines = [*CALM, (-0.5, "你这个木头"), (-0.4, "算了")]
    assert events(lines) == []
    assert events(lines, abuse=[4]) == [("left_angry", 4)]
    assert events([*CALM, (-0.1, "你这个木头"), (-0.4, "算了")], abuse=[4]) == []


def test_english_anger() -> None:
    calm = [(0.0, "I ordered a kettle"), (0.0, "last Monday"), (0.1, "yes that one"), (0.0, "by card")]
    assert events([*calm, (-0.7, "this is ridiculous"), (-0.6, "I will file a complaint")])[-1] == ("left_angry", 5)


def test_the_agents_sentiment_turns_too_but_the_agent_does_not_leave_angry() -> None:
    assert events([*CALM, *ANGRY], role=Role.AGENT) == [("worsened", 4)]


@pytest.mark.parametrize("quality", [TranscriptQuality.DRAFT, TranscriptQuality.UNUSABLE])
def test_nothing_is_found_in_words_that_cannot_be_trusted(quality: TranscriptQuality) -> None:
    assert events([*CALM, *ANGRY], quality=quality) == []


def test_short_contacts_have_no_turn_but_wording_still_tells_anger_and_its_end() -> None:
    assert events(ANGRY) == [("left_angry", 2)]
    assert events(ANGRY[1:]) == [("left_angry", 1)]
    assert events(ANGRY[2:]) == []  # one sentence has no course
    assert events([ANGRY[2], *THANKS[:2]]) == [("recovered", 2)]
    assert events([ANGRY[0], *THANKS[:2]]) == []  # unhappy in one sentence, but not angry


def test_noise_rarely_turns() -> None:
    # 300 steady talks of 12 sentences with the spread of real ones: the promise is one in twenty at most.
    random = np.random.default_rng(0)
    turned = sum(bool(cuts_of(random.normal(0, 0.25, 12).clip(-1, 1))) for _ in range(300))
    assert turned <= 15  # 0.05 x 300


scores = st.lists(st.floats(-1, 1), max_size=60).map(np.array)


@given(scores)
def test_cuts_are_far_enough_apart_and_mirror_with_the_sentiment(values: np.ndarray) -> None:
    cuts = cuts_of(values)
    borders = [0, *cuts, len(values)]
    assert not cuts or min(np.diff(borders)) >= 2
    assert cuts_of(-values) == cuts


def test_a_very_long_contact_is_cut_without_exhausting_the_stack() -> None:
    values = np.tile([0.9] * 4 + [-0.9] * 4, 250)
    assert len(cuts_of(values)) == 499
