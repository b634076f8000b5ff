"""Which engine a contact gets, and the way from a recording to a transcript with roles."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.domain.contact import Contact, ContactKind, Role, Source, SourceKind
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.choice import choose_engine
from qa_pipeline.engines.options import AsrOptions, SpeechOptions
from qa_pipeline.engines.transcribe import transcribe, transcribe_spec
from qa_pipeline.errors import ConfigurationError, NeedsModel

SPEECH = Path(__file__).parents[2] / "data" / "speech"


def _source(path: Path, kind: SourceKind) -> Source:
    content = path.read_bytes()
    return Source(kind=kind, uri=str(path), sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def _call(*more: Source, language: str | None = "en", channel_map: tuple[Role, ...] = ()) -> Contact:
    audio = _source(SPEECH / "call_8k.flac", SourceKind.AUDIO)
    return Contact(id="call", kind=ContactKind.CALL, sources=(audio, *more), language=language, channel_map=channel_map)


@pytest.mark.parametrize(
    ("engine", "language", "has_transcript", "with_weights", "chosen"),
    [
        ("auto", "zh", True, "faster-whisper", "import"),
        ("auto", "zh", False, "faster-whisper", "faster-whisper"),
        ("auto", "en", False, "openai-whisper", "openai-whisper"),
        ("auto", "zh", False, "sherpa-onnx", "sherpa-onnx"),
        ("auto", "en", False, None, "pocketsphinx"),
        ("auto", None, False, None, "pocketsphinx"),
        ("pocketsphinx", "zh", True, None, "pocketsphinx"),
        ("import", None, True, None, "import"),
    ],
)
def test_choice(engine: str, language: str | None, has_transcript: bool, with_weights: str | None, chosen: str) -> None:
    assert choose_engine(AsrOptions(engine=engine), language, has_transcript, with_weights) == chosen


@pytest.mark.parametrize("engine", ["auto", "import"])
def test_chinese_without_weights_and_transcript_stays_pending(engine: str) -> None:
    with pytest.raises(NeedsModel) as caught:
        choose_engine(AsrOptions(engine=engine), "zh", False, None)
    assert caught.value.render_hint()


def test_a_two_channel_call_becomes_utterances_with_roles() -> None:
    contact = _call()
    transcript = transcribe(contact, listen(contact, ListenOptions()), SpeechOptions())
    assert transcript.engine.startswith("pocketsphinx@")
    assert transcript.language == "en"
    assert transcript.roles_by == "channel"
    agent = " ".join(item.text for item in transcript.utterances if item.role is Role.AGENT)
    customer = [item for item in transcript.utterances if item.role is Role.CUSTOMER]
    assert "customer service" in agent
    assert "money back" in " ".join(item.text for item in customer)
    # The customer's side begins 6 s after the start (README of the recordings).
    assert customer[0].start_s is not None
    assert 5.8 <= customer[0].start_s <= 6.5
    assert transcript.confidence is not None


def test_roles_of_the_metadata_win_over_the_order_of_channels(english_whisper: Path) -> None:
    contact = _call(channel_map=(Role.CUSTOMER, Role.AGENT))
    options = AsrOptions(model=str(english_whisper / "ct2"), beam_size=1)
    transcript = transcribe(contact, listen(contact, ListenOptions()), SpeechOptions(asr=options))
    # Both channels say the agent's sentence, so the words speak for neither side and the metadata stays.
    assert [item.role for item in transcript.utterances] == [Role.CUSTOMER, Role.AGENT]
    assert (transcript.roles_by, transcript.roles_swapped) == ("metadata", False)


def test_an_imported_transcript_comes_before_recognition(tmp_path: Path) -> None:
    text = tmp_path / "call.txt"
    text.write_text("agent: Good morning.\ncustomer: Hello.\n", encoding="utf-8")
    contact = _call(_source(text, SourceKind.TRANSCRIPT))
    transcript = transcribe(contact, listen(contact, ListenOptions()), SpeechOptions())
    assert transcript.engine.startswith("import:")
    assert [item.text for item in transcript.utterances] == ["Good morning.", "Hello."]
    assert transcribe_spec(contact, SpeechOptions(asr=AsrOptions())).name == "import"
    assert transcribe_spec(contact, SpeechOptions(asr=AsrOptions(engine="pocketsphinx"))).name == "pocketsphinx"


def test_whisper_weights_come_before_the_embedded_engine(english_whisper: Path) -> None:
    contact = _call()
    options = AsrOptions(model=str(english_whisper / "ct2"), beam_size=1)
    transcript = transcribe(contact, listen(contact, ListenOptions()), SpeechOptions(asr=options))
    assert transcript.engine.startswith("faster-whisper@")
    # The checkpoint says one sentence for every window, and each channel has one window.
    assert [item.text for item in transcript.utterances] == ["Thank you for calling, how may I help?"] * 2


def test_the_identity_changes_with_what_changes_the_words() -> None:
    contact = _call()
    base = SpeechOptions(asr=AsrOptions(engine="faster-whisper", model="base"))
    keys = {
        transcribe_spec(contact, SpeechOptions(asr=AsrOptions(engine="pocketsphinx"))).key,
        transcribe_spec(_call(language=None), SpeechOptions(asr=AsrOptions(engine="pocketsphinx"))).key,
        transcribe_spec(contact, SpeechOptions(asr=AsrOptions(engine="faster-whisper", model="small"))).key,
        transcribe_spec(contact, base).key,
        transcribe_spec(contact, base, SpeechHints(prompt="Aurora")).key,
        transcribe_spec(contact, base, SpeechHints(hot_words=("Aurora",))).key,
        transcribe_spec(contact, SpeechOptions(asr=AsrOptions(engine="faster-whisper", model="base", beam_size=1))).key,
    }
    assert len(keys) == 7


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        transcribe_spec(_call(), SpeechOptions(asr=AsrOptions(engine="siri")))
    assert "pocketsphinx" in caught.value.render_hint()
