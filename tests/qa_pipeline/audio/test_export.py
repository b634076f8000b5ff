from __future__ import annotations

import errno
import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from qa_pipeline.audio.decode import open_audio
from qa_pipeline.audio.export import SilencedCopy, write_silenced
from qa_pipeline.audio.intervals import Intervals
from qa_pipeline.domain.listening import AudioStatus
from qa_pipeline.errors import AudioError, EmptyAudio
from tests.qa_pipeline.audio.sounds import clip, line, wav_bytes, write

SPEECH = Path(__file__).parents[2] / "data" / "speech"


def samples(path: Path) -> npt.NDArray[np.float32]:
    with open_audio(path) as reader:
        return np.concatenate(list(reader.blocks()), axis=1)


def export(source: Path, silent: Intervals, to: Path) -> SilencedCopy:
    with to.open("wb") as file:
        return write_silenced(source, file, silent)


def steps(found: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Samples as whole steps of 16 bit."""
    return np.clip(np.rint(found * 32768), -32768, 32767).astype(np.int32)


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Ten seconds of loud noise on two channels, 8 kHz, 16 bit."""
    return write(tmp_path / "noise.wav", np.stack([line(10.0, [], noise=0.2), line(10.0, [], noise=0.1)]))


def test_silence_is_exact_and_all_else_bit_for_bit(noise: Path, tmp_path: Path) -> None:
    made = export(noise, ((0.0, 0.5), (2.0, 3.0), (4.1, 4.2), (9.5, 99.0)), tmp_path / "copy.flac")
    assert made == SilencedCopy(duration_s=10.0, sample_rate_hz=8000, channel_count=2, status=AudioStatus.OK)
    before, after = samples(noise), samples(tmp_path / "copy.flac")
    assert after.shape == before.shape
    # Frames = seconds x 8000; a fade of 5 ms has 40 frames, of which 39 lie outside of the silence.
    for first, behind in ((0, 4000), (16000, 24000), (32800, 33600), (76000, 80000)):
        assert not after[:, first:behind].any()
    for first, behind in ((4039, 15961), (24039, 32761), (33639, 75961)):
        np.testing.assert_array_equal(after[:, first:behind], before[:, first:behind])


def test_the_edges_fade(tmp_path: Path) -> None:
    steady = np.full(8000, 0.5, np.float32)
    source = tmp_path / "steady.wav"
    source.write_bytes(wav_bytes(steady))
    export(source, ((0.5, 0.75),), tmp_path / "copy.flac")
    (after,) = samples(tmp_path / "copy.flac")
    # 1/40 of .5 per frame, down to frame 4000 and up from frame 5999, rounded to 16 bit.
    np.testing.assert_allclose(after[3960:4001], np.linspace(0.5, 0.0, 41), atol=2 / 32768)
    np.testing.assert_allclose(after[5999:6040], np.linspace(0.0, 0.5, 41), atol=2 / 32768)


def test_silences_nearer_than_their_fades_are_one(noise: Path, tmp_path: Path) -> None:
    export(noise, ((1.0, 2.0), (2.008, 3.0)), tmp_path / "copy.flac")
    assert not samples(tmp_path / "copy.flac")[:, 8000:24000].any()


def test_nothing_to_silence_is_a_copy_without_the_tags(tmp_path: Path) -> None:
    source = tmp_path / "named.flac"
    with av.open(str(source), "w") as container:
        container.metadata["title"] = "call of Mr Wang"
        stream = container.add_stream("flac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (clip("agent_8k")[np.newaxis] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert b"Mr Wang" in source.read_bytes()
    copy = tmp_path / "copy.flac"
    export(source, (), copy)
    np.testing.assert_array_equal(samples(copy), samples(source))
    assert b"Wang" not in copy.read_bytes()


@pytest.mark.parametrize(("name", "rate"), [("call.mp3", 16000), ("call.m4a", 48000), ("call.ogg", 48000)])
def test_compressed_sources_are_rounded_to_16_bit(name: str, rate: int, tmp_path: Path) -> None:
    voice = line(4.0, [(0.2, clip("agent_8k", rate)), (2.5, clip("wide_16k", rate)[:rate])], rate=rate)
    source = write(tmp_path / name, voice, rate=rate)
    copy = tmp_path / "copy.flac"
    made = export(source, ((1.0, 1.5),), copy)
    before, after = samples(source), samples(copy)
    assert (made.sample_rate_hz, after.shape) == (rate, before.shape)
    first, behind, fade = rate, rate * 3 // 2, rate // 200
    assert not after[:, first:behind].any()
    np.testing.assert_array_equal(steps(after[:, : first - fade]), steps(before[:, : first - fade]))
    np.testing.assert_array_equal(steps(after[:, behind + fade :]), steps(before[:, behind + fade :]))


def test_four_channels_keep_their_order(tmp_path: Path) -> None:
    source = tmp_path / "four.wav"
    source.write_bytes(wav_bytes(np.stack([np.full(8000, level, np.float32) for level in (0.1, 0.2, 0.3, 0.4)])))
    export(source, ((0.5, 0.6),), tmp_path / "copy.flac")
    np.testing.assert_array_equal(samples(tmp_path / "copy.flac")[:, 0], samples(source)[:, 0])


def test_nine_channels_are_refused_with_a_reason(tmp_path: Path) -> None:
    source = tmp_path / "nine.wav"
    source.write_bytes(wav_bytes(np.zeros((9, 8000), np.float32)))
    with pytest.raises(AudioError) as caught:
        export(source, (), tmp_path / "copy.flac")
    assert caught.value.params == {"channels": 9, "most": 8}


def test_what_a_damaged_source_lost_is_silent_and_the_clock_stays(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", line(10.0, [], noise=0.2))
    content = bytearray(whole.read_bytes())
    place = len(content) // 2
    content[place : place + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(content)
    copy = tmp_path / "copy.flac"
    made = export(damaged, ((8.0, 9.0),), copy)
    assert made.status is AudioStatus.DAMAGED
    before, after = samples(damaged), samples(copy)
    np.testing.assert_array_equal(after[:, :63000], before[:, :63000])
    assert not after[:, 64000:72000].any()


def test_an_empty_source_is_told_as_everywhere(tmp_path: Path) -> None:
    source = tmp_path / "empty.wav"
    source.write_bytes(wav_bytes(np.zeros((1, 0), np.float32)))
    with pytest.raises(EmptyAudio):
        export(source, (), tmp_path / "copy.flac")


class _FullDisk(io.FileIO):
    """A real file that takes no more than 4,000 bytes."""

    def write(self, content: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(content) > 4000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_a_full_disk_is_told_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, _FullDisk(tmp_path / "copy.flac", "w") as file:
        write_silenced(SPEECH / "call_8k.flac", file, ())  # type: ignore[arg-type]
    assert caught.value.errno == errno.ENOSPC
