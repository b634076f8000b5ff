"""What every diarizer must hold to, on synthetic voices; how one is chosen; what is said when it cannot start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.diarization import RELIABLE_FROM, Diarization
from qa_pipeline.engines.diarizers import choose_diarizer, diarizer_spec
from qa_pipeline.engines.options import DiarizationOptions
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.engines.resemblyzer_diarizer import confidence_of, mel_energies
from qa_pipeline.engines.voices import Voices
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.ports import Diarizer, SpeechWindow
from tests.qa_pipeline.audio.sounds import contact, line, write
from tests.qa_pipeline.engines.two_voices import DURATION_S, TURNS, clips, one_voice_call, two_voice_call
from tools.tiny_voices import build

SPEECH = Path(__file__).parents[2] / "data" / "speech"


@pytest.fixture(scope="module", params=["resemblyzer", "sherpa-onnx"])
def diarizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Diarizer:
    folder = build(tmp_path_factory.mktemp("voices")) if request.param == "sherpa-onnx" else None
    options = DiarizationOptions(engine=request.param, model=str(folder) if folder else None)
    found: Diarizer = load_engine("diarization", request.param, options=options)
    return found


def windows(folder: Path, make: Callable[[Path], Path]) -> list[SpeechWindow]:
    call = contact(make(folder / "call.wav"))
    return list(speech_windows(call, listen(call, ListenOptions())))


def test_spans_are_sorted_do_not_overlap_and_lie_in_speech(diarizer: Diarizer, tmp_path: Path) -> None:
    given = windows(tmp_path, two_voice_call)
    found = diarizer.diarize(given)
    assert found.spans
    assert found.spans[0].speaker == 0
    assert {span.speaker for span in found.spans} <= {0, 1}
    speech = [(window.start_s + start, window.start_s + end) for window in given for start, end in window.spans]
    for span in found.spans:
        assert span.start_s < span.end_s
        assert any(start - 1e-3 <= span.start_s and span.end_s <= end + 1e-3 for start, end in speech)
    ends = [(span.start_s, span.end_s) for span in found.spans]
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(ends))


def test_the_same_sound_gives_the_same_turns(diarizer: Diarizer, tmp_path: Path) -> None:
    given = windows(tmp_path, two_voice_call)
    assert diarizer.diarize(given) == diarizer.diarize(given)


def test_no_speech_is_nobody(diarizer: Diarizer) -> None:
    assert diarizer.diarize([]) == Diarization(engine=diarizer.spec.key, spans=(), confidence=0.0)


def test_the_engine_names_itself(diarizer: Diarizer) -> None:
    assert diarizer.spec.kind == "diarization"
    assert diarizer.spec.version


@pytest.fixture(scope="module")
def resemblyzer() -> Diarizer:
    found: Diarizer = load_engine("diarization", "resemblyzer", options=DiarizationOptions())
    return found


def test_two_voices_are_told_apart(resemblyzer: Diarizer, tmp_path: Path) -> None:
    found = resemblyzer.diarize(windows(tmp_path, two_voice_call))
    assert found.confidence >= RELIABLE_FROM
    # Spans are padded by 0.2 s; each turn of the call is one.
    assert [span.speaker for span in found.spans] == [0, 1, 0, 1]
    for span, (_, start, end) in zip(found.spans, TURNS, strict=True):
        assert span.start_s == pytest.approx(start, abs=0.4)
        assert span.end_s == pytest.approx(end, abs=0.4)


def test_one_voice_alone_has_a_low_confidence(resemblyzer: Diarizer, tmp_path: Path) -> None:
    assert resemblyzer.diarize(windows(tmp_path, one_voice_call)).confidence < 0.5


def test_sherpa_onnx_finds_the_two_voices_of_its_models(tmp_path: Path) -> None:
    options = DiarizationOptions(model=str(build(tmp_path / "models")))
    engine: Diarizer = load_engine("diarization", "sherpa-onnx", options=options)
    greeting, complaint, number = clips()
    # The models of the test tell a loud voice from a quiet one.
    placed = [(0.3, greeting * 0.3), (5.4, complaint * 4), (8.9, number * 0.3), (15.4, complaint * 4)]
    found = engine.diarize(windows(tmp_path, lambda path: write(path, line(DURATION_S, placed))))
    assert found.confidence >= RELIABLE_FROM
    for who, start, end in TURNS:
        spoken = [0.0, 0.0]
        for span in found.spans:
            spoken[span.speaker] += max(0.0, min(end, span.end_s) - max(start, span.start_s))
        # Soft sounds of the loud voice are the quiet one's to these models.
        right = spoken[who == "customer"]
        assert right > 0.6 * (end - start)
        assert right > 2 * spoken[who != "customer"]


def test_confidence_rises_with_distance_and_with_speech_up_to_a_minute() -> None:
    def of(distance: float, speech_s: float) -> float:
        return confidence_of(Voices(spans=(), distance=distance, speech_s=speech_s))

    assert of(0.0, 600) == 0.0
    # 10.4 - 32 * .2 - 1.6 * ln 60 = -2.551, and 1 / (1 + e^-2.551) = .928.
    assert of(0.2, 60) == pytest.approx(0.928, abs=1e-3)
    assert of(0.2, 3600) == of(0.2, 60)
    assert of(0.1, 60) < of(0.2, 20) < of(0.2, 60) < of(0.3, 60)


def test_the_encoder_gets_what_its_own_library_would_give_it() -> None:
    # Every fifth row of librosa.feature.melspectrogram(y=samples, sr=16_000, n_fft=400, hop_length=160, n_mels=40).T
    # of librosa 0.11.0, kept because librosa compiles itself for up to 16 s.
    theirs = np.load(SPEECH / "noise_mel.npy")
    samples = np.random.default_rng(3).normal(0, 0.05, 16_000).astype(np.float32)
    assert theirs.shape == (21, 40)
    np.testing.assert_allclose(mel_energies(samples)[::5], theirs, rtol=1e-3, atol=1e-6)


def test_loading_says_nothing() -> None:
    script = (
        "from qa_pipeline.engines.options import DiarizationOptions;"
        "from qa_pipeline.engines.registry import load_engine;"
        "load_engine('diarization', 'resemblyzer', options=DiarizationOptions())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_choice(tmp_path: Path) -> None:
    assert choose_diarizer(DiarizationOptions()) == "resemblyzer"
    assert choose_diarizer(DiarizationOptions(model=str(tmp_path))) == "sherpa-onnx"
    assert choose_diarizer(DiarizationOptions(engine="none", model=str(tmp_path))) == "none"
    assert diarizer_spec(DiarizationOptions(engine="none")) is None
    with pytest.raises(ConfigurationError) as caught:
        choose_diarizer(DiarizationOptions(engine="pyannote"))
    assert "resemblyzer" in caught.value.render_hint()


def test_a_folder_says_what_it_lacks(tmp_path: Path) -> None:
    def problem(model: Path | None) -> str:
        options = DiarizationOptions(engine="sherpa-onnx", model=str(model) if model else None)
        found = engine_problem("diarization", "sherpa-onnx", options=options)
        return found.render() if found else ""

    assert "folder" in problem(None)
    assert str(tmp_path / "gone") in problem(tmp_path / "gone")
    assert "segmentation, embedding" in problem(tmp_path)
    whole = build(tmp_path / "whole")
    assert problem(whole) == ""
    (whole / "again.onnx").write_bytes((whole / "segmentation.onnx").read_bytes())
    assert "again.onnx" in problem(whole)
    (whole / "again.onnx").write_bytes(b"no model")
    assert "again.onnx" in problem(whole)
    (whole / "again.onnx").unlink()
    (whole / "embedding.onnx").unlink()
    assert problem(whole).endswith("lacks a model for embedding.")


def test_another_model_is_another_engine(tmp_path: Path) -> None:
    folder = build(tmp_path)
    options = DiarizationOptions(model=str(folder))
    before = diarizer_spec(options)
    with (folder / "embedding.onnx").open("ab") as file:
        file.write(b"\x72\x00")  # an empty metadata entry more
    after = diarizer_spec(options)
    assert before is not None
    assert after is not None
    assert before.key != after.key
