"""Words given to two voices of one channel, and the voices to agent and customer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.diarization import SpeakerSpan
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.engines.options import DiarizationOptions, SpeechOptions
from qa_pipeline.engines.speakers import speakers_of, speakers_spec, split_by_speaker, turns_of, with_speakers
from tests.qa_pipeline.audio.sounds import contact
from tests.qa_pipeline.engines.two_voices import one_voice_call, two_voice_call

GREETING = "Thank you for calling, how can I help you?"
COMPLAINT = "I paid the bill twice and I want my money back."
# In two_voice_call the agent speaks at 0.5-4.7 and 9.2-14.1 s, the customer at 5.7-8.1 and 15.7-18.1 s.
TIMES = [(0.5, 4.7), (5.7, 8.1), (9.2, 14.1), (15.7, 18.1)]


def transcript(
    *texts: str, quality: TranscriptQuality = TranscriptQuality.TRUSTED, roles_by: str = "none"
) -> Transcript:
    return Transcript(
        language="en",
        engine="import:vtt",
        quality=quality,
        roles_by=roles_by,
        utterances=tuple(
            Utterance(index=index, role=Role.UNKNOWN, text=text, start_s=start, end_s=end)
            for index, (text, (start, end)) in enumerate(zip(texts, TIMES, strict=False))
        ),
    )


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contact, Listening]:
    found = contact(two_voice_call(tmp_path_factory.mktemp("call") / "two.wav"))
    return found, listen(found, ListenOptions())


def roles(told: Transcript) -> list[Role]:
    return [item.role for item in told.utterances]


def test_wording_says_which_voice_is_the_agents(call: tuple[Contact, Listening]) -> None:
    told = with_speakers(transcript(GREETING, COMPLAINT, "It is 415.", COMPLAINT), *call, SpeechOptions())
    assert roles(told) == [Role.AGENT, Role.CUSTOMER, Role.AGENT, Role.CUSTOMER]
    assert told.roles_by == "diarization"
    assert told.diarizer.startswith("resemblyzer@")
    assert [turn.role for turn in told.turns] == roles(told)
    assert told.turns_reliable
    assert speakers_of(told) == [0, 1, 0, 1]


def test_the_customer_may_speak_first(call: tuple[Contact, Listening]) -> None:
    told = with_speakers(transcript(COMPLAINT, GREETING, "It is late.", "Good."), *call, SpeechOptions())
    assert roles(told) == [Role.CUSTOMER, Role.AGENT, Role.CUSTOMER, Role.AGENT]


def test_wording_that_does_not_decide_leaves_two_speakers_without_roles(call: tuple[Contact, Listening]) -> None:
    told = with_speakers(transcript("Yes.", "No.", "Well.", "Maybe."), *call, SpeechOptions())
    assert roles(told) == [Role.UNKNOWN] * 4
    assert told.roles_by == "none"
    assert speakers_of(told) == [0, 1, 0, 1]
    assert not told.turns_reliable  # who spoke is told, but not which of them is the agent


def test_unusable_words_name_nobody(call: tuple[Contact, Listening]) -> None:
    poor = transcript(GREETING, COMPLAINT, quality=TranscriptQuality.UNUSABLE)
    assert roles(with_speakers(poor, *call, SpeechOptions())) == [Role.UNKNOWN] * 2


def test_one_voice_gives_no_words_to_anybody(tmp_path: Path) -> None:
    alone = contact(one_voice_call(tmp_path / "one.wav"))
    before = transcript(GREETING, COMPLAINT)
    told = with_speakers(before, alone, listen(alone, ListenOptions()), SpeechOptions())
    assert told.utterances == before.utterances
    assert told.diarization_confidence is not None
    assert told.diarization_confidence < 0.5
    assert not told.turns_reliable
    assert speakers_of(told) == [None, None]


def test_what_knows_its_speakers_stays(call: tuple[Contact, Listening]) -> None:
    labelled = transcript(GREETING, COMPLAINT)
    labelled = replace(labelled, utterances=tuple(replace(item, role=Role.AGENT) for item in labelled.utterances))
    without_times = transcript(GREETING)
    without_times = replace(without_times, utterances=(Utterance(index=0, role=Role.UNKNOWN, text=GREETING),))
    plain = transcript(GREETING)
    assert with_speakers(labelled, *call, SpeechOptions()) is labelled
    assert with_speakers(without_times, *call, SpeechOptions()) is without_times
    assert with_speakers(plain, call[0], None, SpeechOptions()) is plain
    off = SpeechOptions(diarization=DiarizationOptions(engine="none"))
    assert with_speakers(plain, *call, off) is plain


def spans(*written: tuple[int, float, float]) -> list[SpeakerSpan]:
    return [SpeakerSpan(speaker=speaker, start_s=start, end_s=end) for speaker, start, end in written]


def test_an_utterance_is_split_where_the_speaker_changes() -> None:
    words = tuple(
        Word(text=text, start_s=at, end_s=at + 0.9, confidence=confidence)
        for at, (text, confidence) in enumerate([("Hello", 0.8), ("there", 0.6), ("no", 0.5), ("thanks", 0.9)])
    )
    item = Utterance(index=0, role=Role.UNKNOWN, text="Hello, there. no thanks!", start_s=0.0, end_s=3.9, words=words)
    # "no" lies at 2.0-2.9: .3 s of it with speaker 0, .6 s with speaker 1. "thanks" lies in nobody's span.
    pieces = split_by_speaker([item], spans((0, 0.0, 2.3), (1, 2.3, 2.95)))
    assert [(speaker, part.text, part.start_s, part.end_s) for speaker, part in pieces] == [
        (0, "Hello, there.", 0.0, 1.9),
        (1, "no thanks!", 2.0, 3.9),
    ]
    assert [part.confidence for _, part in pieces] == pytest.approx([0.7, 0.7])


def test_chinese_words_are_split_without_spaces() -> None:
    words = tuple(Word(text=text, start_s=at / 2, end_s=at / 2 + 0.5) for at, text in enumerate("您好我要退货"))
    item = Utterance(index=0, role=Role.UNKNOWN, text="您好。我要退货。", start_s=0.0, end_s=3.0, words=words)
    pieces = split_by_speaker([item], spans((1, 0.0, 1.0), (0, 1.0, 3.0)))
    assert [(speaker, part.text) for speaker, part in pieces] == [(1, "您好。"), (0, "我要退货。")]


def test_without_word_times_the_longer_part_decides() -> None:
    item = Utterance(index=0, role=Role.UNKNOWN, text="all of it", start_s=1.0, end_s=4.0)
    assert split_by_speaker([item], spans((0, 0.0, 2.0), (1, 2.0, 9.0))) == [(1, item)]


def test_turns_are_what_lies_in_speech_without_the_padding() -> None:
    turns = list(turns_of(spans((0, 0.8, 3.2), (1, 3.2, 6.2)), [(1.0, 3.0), (4.0, 5.0), (5.5, 6.0)]))
    assert [(turn.speaker, turn.start_s, turn.end_s) for turn in turns] == [(0, 1, 3), (1, 4, 5), (1, 5.5, 6)]


def test_identity_of_calls_that_may_have_one_channel(tmp_path: Path) -> None:
    one = contact(two_voice_call(tmp_path / "one.wav"))
    pair = contact(tmp_path / "one.wav", tmp_path / "one.wav")
    known = contact(tmp_path / "one.wav", roles=(Role.AGENT,))
    on, off = SpeechOptions(), SpeechOptions(diarization=DiarizationOptions(engine="none"))
    with_it, without = speakers_spec(one, on), speakers_spec(one, off)
    assert with_it is not None
    assert without is not None
    assert with_it.key != without.key
    assert speakers_spec(pair, on) is None
    assert speakers_spec(known, on) is None
