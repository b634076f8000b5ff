from __future__ import annotations

from dataclasses import replace

import pytest

from qa_pipeline.domain.annotation import AbuseHint, Annotation, CourseEvent, SentimentCourse, TurningPoint
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Evidence, Finding, Flag, Outcome, Reason, Score
from qa_pipeline.domain.listening import AudioStatus, ChannelLayout, Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.scoring.flags import flags_of
from tests.qa_pipeline.detectors.scenes import card_of, criterion

CARD = card_of(criterion(), pass_points=80)
GOOD = Score(
    points=90.0,
    uncapped_points=90.0,
    range_points=(85.0, 92.0),
    coverage_ratio=0.9,
    passed=True,
    fatal=(),
    undetermined_count=1,
    not_applicable_count=0,
)
TRANSCRIPT = Transcript(language="zh", engine="import:txt", quality=TranscriptQuality.TRUSTED, utterances=())
LISTENING = Listening(
    duration_s=60,
    sample_rate_hz=8000,
    channel_count=2,
    layout=ChannelLayout.STEREO,
    status=AudioStatus.OK,
    narrow_band=True,
    channels=(),
)


def mood() -> Annotation:
    course = SentimentCourse(role=Role.CUSTOMER, mean=0.0, start=0.0, end=0.1, lowest=-0.2, lowest_utterance=1)
    return Annotation(
        sentiments=(), courses=(course,), attitude=(), attitude_value=None, sentiment_engine="none", masked_count=0
    )


def test_a_good_call_has_no_flag() -> None:
    assert flags_of((), GOOD, CARD, mood(), TRANSCRIPT, LISTENING) == ()
    assert flags_of((), GOOD, CARD, mood(), TRANSCRIPT, None) == ()


def test_red_line_and_low_score() -> None:
    score = replace(GOOD, points=0.0, range_points=(0.0, 0.0), passed=False, fatal=("no_abuse",))
    assert flags_of((), score, CARD, mood(), TRANSCRIPT, LISTENING) == (Flag.RED_LINE, Flag.LOW_SCORE)


@pytest.mark.parametrize(
    ("event", "flags"),
    [
        (CourseEvent.LEFT_ANGRY, (Flag.ANGRY_CUSTOMER,)),
        (CourseEvent.RECOVERED, (Flag.RECOVERED,)),
        (CourseEvent.WORSENED, ()),
        (CourseEvent.IMPROVED, ()),
    ],
)
def test_flags_follow_how_the_customer_left(event: CourseEvent, flags: tuple[Flag, ...]) -> None:
    point = TurningPoint(event=event, role=Role.CUSTOMER, utterance=3, quote="我要投诉", before=0.0, after=-0.6)
    assert flags_of((), GOOD, CARD, replace(mood(), turning_points=(point,)), TRANSCRIPT, LISTENING) == flags


def test_poor_recognition_never_looks_like_an_angry_customer() -> None:
    unusable = replace(TRANSCRIPT, quality=TranscriptQuality.UNUSABLE)
    assert flags_of((), GOOD, CARD, mood(), unusable, LISTENING) == (Flag.POOR_RECOGNITION,)


def test_abstained_when_the_undetermined_decide() -> None:
    nothing = replace(GOOD, points=None, uncapped_points=None, passed=None)
    assert flags_of((), nothing, CARD, mood(), TRANSCRIPT, LISTENING) == (Flag.ABSTAINED,)
    # pass at 80 lies between 79 and 95, and not between 80 and 95
    assert flags_of((), replace(GOOD, range_points=(79.0, 95.0)), CARD, mood(), TRANSCRIPT, None) == (Flag.ABSTAINED,)
    assert flags_of((), replace(GOOD, range_points=(80.0, 95.0)), CARD, mood(), TRANSCRIPT, None) == ()


def test_transcript_and_audio_flags() -> None:
    swapped = replace(TRANSCRIPT, roles_swapped=True)
    torn = replace(LISTENING, status=AudioStatus.TRUNCATED)
    assert flags_of((), GOOD, CARD, mood(), swapped, torn) == (Flag.ROLES_SWAPPED, Flag.AUDIO_INCOMPLETE)
    apart = replace(LISTENING, clocks_agree=False)
    assert flags_of((), GOOD, CARD, mood(), TRANSCRIPT, apart) == (Flag.CLOCKS_DIFFER,)


@pytest.mark.parametrize(("speaker", "flagged"), [(Role.AGENT, True), (Role.CUSTOMER, False), (Role.UNKNOWN, False)])
def test_only_what_the_agent_said_is_possible_abuse(speaker: Role, flagged: bool) -> None:
    said = replace(TRANSCRIPT, utterances=(Utterance(index=0, role=speaker, text="你是不是有病"),))
    hinted = replace(mood(), abuse=(AbuseHint(utterance=0, probability=0.95),))
    assert (Flag.POSSIBLE_ABUSE in flags_of((), GOOD, CARD, hinted, said, LISTENING)) is flagged


def test_a_draft_is_never_possible_abuse() -> None:
    said = (Utterance(index=0, role=Role.AGENT, text="你是不是有病"),)
    draft = replace(TRANSCRIPT, quality=TranscriptQuality.DRAFT, utterances=said)
    hinted = replace(mood(), abuse=(AbuseHint(utterance=0, probability=0.95),))
    assert Flag.POSSIBLE_ABUSE not in flags_of((), GOOD, CARD, hinted, draft, LISTENING)


@pytest.mark.parametrize(
    ("fatal", "outcome", "quoted", "flagged"),
    [
        (True, Outcome.UNDETERMINED, "闭嘴", True),
        (True, Outcome.UNDETERMINED, "", False),  # a draft, in which nothing was seen
        (False, Outcome.UNDETERMINED, "闭嘴", False),
        (True, Outcome.MET, "闭嘴", False),
    ],
)
def test_words_that_may_cross_a_red_line_are_for_a_person(
    fatal: bool, outcome: Outcome, quoted: str, flagged: bool
) -> None:
    card = card_of(criterion("one", fatal=fatal, fatal_cap_points=0.0), pass_points=80)
    seen = (Evidence(quote=quoted, utterance=0, role=Role.AGENT),) if quoted else ()
    finding = Finding(criterion_id="one", outcome=outcome, confidence=0.0, reason=Reason(message=""), evidence=seen)
    flags = flags_of((finding,), GOOD, card, mood(), TRANSCRIPT, LISTENING)
    assert flags == ((Flag.POSSIBLE_RED_LINE,) if flagged else ())
