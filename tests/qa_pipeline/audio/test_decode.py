"""Decoding: every format, every kind of broken file."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
import soxr

from qa_pipeline.audio.decode import AudioReader, open_audio
from qa_pipeline.audio.probe import AudioProbe, probe
from qa_pipeline.domain.listening import AudioStatus
from qa_pipeline.errors import AudioError, AudioTooLong, ConfigurationError, EmptyAudio, NotAudio
from tests.qa_pipeline.audio.sounds import CLIPS, clip, line, wav_bytes, write


def decoded(path: Path, **options: object) -> tuple[np.ndarray, AudioReader]:
    with open_audio(path, **options) as reader:
        blocks = list(reader.blocks_16k())
    return np.concatenate(blocks, axis=1), reader


@pytest.fixture
def speech() -> np.ndarray:
    return line(3.0, [(0.4, clip("agent_8k"))])


@pytest.mark.parametrize(
    ("name", "codec", "rate", "lossless_db"),
    [
        ("call.wav", None, 8000, 60),
        ("call.wav", "pcm_mulaw", 8000, 25),
        ("call.wav", "pcm_alaw", 8000, 25),
        ("call.wav", "pcm_u8", 8000, 25),
        ("call.wav", "pcm_s24le", 8000, 60),
        ("call.wav", "pcm_f32le", 8000, 60),
        ("call.flac", None, 8000, 60),
        ("call.mp3", None, 8000, 8),
        ("call.m4a", None, 8000, 8),
        ("call.ogg", None, 48000, 8),
    ],
)
def test_every_format_gives_the_same_sound(
    tmp_path: Path, speech: np.ndarray, name: str, codec: str | None, rate: int, lossless_db: int
) -> None:
    at_rate = soxr.resample(speech, 8000, rate)
    path = write(tmp_path / name, np.stack([at_rate, at_rate[::-1]]), rate=rate, codec=codec)
    samples, reader = decoded(path)
    assert (reader.sample_rate_hz, reader.channel_count, reader.status) == (rate, 2, AudioStatus.OK)
    assert reader.decoded_s == pytest.approx(3.0, abs=0.25)  # encoders pad to whole frames
    expected = soxr.resample(speech, 8000, 16_000)
    # Encoders delay the sound by up to some tens of milliseconds; the best lag undoes that.
    lag = _lag(samples[0], expected)
    heard = samples[0][max(lag, 0) :][: len(expected) - 2000]
    noise = heard - expected[max(-lag, 0) :][: len(heard)]
    assert abs(lag) <= 2048  # two AAC frames at 8 kHz, which a container without an edit list does not take off
    assert 10 * np.log10(np.square(expected).sum() / np.square(noise).sum()) > lossless_db


def _lag(found: np.ndarray, expected: np.ndarray) -> int:
    size = 2 * max(len(found), len(expected))
    correlation = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(expected, size)))
    best = int(correlation.argmax())
    return best if best < size // 2 else best - size


def test_amr_decodes(tmp_path: Path) -> None:
    # 50 frames of 20 ms in mode 12.2 kbit/s: one header byte (0x3C) and 31 bytes of sound each.
    frames = b"".join(b"\x3c" + bytes(range(frame, frame + 31)) for frame in range(50))
    path = tmp_path / "call.amr"
    path.write_bytes(b"#!AMR\n" + frames)
    samples, reader = decoded(path)
    assert (reader.sample_rate_hz, reader.channel_count) == (8000, 1)
    assert samples.shape == (1, 16_000)


@pytest.mark.parametrize("rate", [7999, 8001, 11_025, 44_101])
def test_a_rate_that_is_a_little_off_keeps_the_clock(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(np.zeros(2 * rate, np.float32), rate))
    samples, reader = decoded(path)
    assert reader.sample_rate_hz == rate
    assert reader.decoded_s == 2.0
    assert samples.shape[1] == pytest.approx(32_000, abs=2)


def test_a_rate_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(np.zeros(800, np.float32), 7))
    with pytest.raises(NotAudio, match="states 7 Hz") as caught:
        decoded(path)
    assert caught.value.file == str(path)


def test_the_container_decides_and_not_the_extension(tmp_path: Path, speech: np.ndarray) -> None:
    path = write(tmp_path / "call.flac", speech)
    renamed = path.rename(tmp_path / "call: 1.mp3")
    samples, _ = decoded(renamed)
    assert samples.shape == (1, 48_000)


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_a_recorder_that_crashed_before_it_wrote_the_length(tmp_path: Path, speech: np.ndarray, stated: int) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(speech, stated_bytes=stated))
    samples, reader = decoded(path)
    assert samples.shape == (1, 48_000)
    assert (reader.status, reader.stated_duration_s) == (AudioStatus.OK, None)


@pytest.mark.parametrize("name", ["call.wav", "call.flac", "call.mp3"])
def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path: Path, speech: np.ndarray, name: str) -> None:
    path = write(tmp_path / name, np.tile(speech, 4))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    samples, reader = decoded(path)
    assert reader.status is AudioStatus.TRUNCATED
    assert reader.stated_duration_s == pytest.approx(12.0, abs=0.2)
    assert samples.shape[1] / 16_000 == pytest.approx(6.0, abs=1.0)


def test_damage_in_the_middle_is_counted_and_the_clock_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "call.flac", line(12.0, [(1.0, clip("agent_8k")), (9.0, clip("customer_8k"))]))
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 200] = bytes(200)
    path.write_bytes(whole)
    samples, reader = decoded(path)
    assert reader.status is AudioStatus.DAMAGED
    assert reader.errors_count >= 1
    assert reader.decoded_s == pytest.approx(12.0, abs=0.6)  # one block of 4,608 samples is 0.576 s
    late = np.abs(samples[0, int(8.5 * 16_000) :])
    assert 8.5 + np.flatnonzero(late > 0.02)[0] / 16_000 == pytest.approx(9.0, abs=0.6)


def test_samples_that_are_no_numbers_do_not_spread(tmp_path: Path) -> None:
    samples = np.zeros(16_000, "<f4")
    samples[8000:8010] = np.nan
    head = bytearray(wav_bytes(np.zeros(32_000, np.float32), 16_000))
    head[20:22] = (3).to_bytes(2, "little")  # format 3: float
    head[28:36] = (64_000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
    path = tmp_path / "call.wav"
    path.write_bytes(bytes(head[:44]) + samples.tobytes())
    found, reader = decoded(path)
    assert found.shape == (1, 16_000)
    assert np.isfinite(found).all()
    assert (reader.status, reader.errors_count) == (AudioStatus.DAMAGED, 1)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty.wav", b"", EmptyAudio),
        ("header-only.wav", wav_bytes(np.zeros((1, 0), np.float32)), EmptyAudio),
        ("half-header.wav", wav_bytes(np.zeros(9, np.float32))[:20], NotAudio),
        ("text.wav", b"agent: good morning\n" * 100, NotAudio),
        ("text.mp3", "坐席：您好\n".encode() * 100, NotAudio),
        ("random.mp3", np.random.default_rng(1).bytes(50_000), NotAudio),
        ("random.aac", np.random.default_rng(2).bytes(50_000), NotAudio),
        ("playlist.m4a", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n", NotAudio),
        ("list.wav", b"ffconcat version 1.0\nfile /etc/hostname\n", NotAudio),
        ("page.ogg", b"<html><body>404</body></html>", NotAudio),
    ],
)
def test_what_is_no_recording_gets_one_clear_error(
    tmp_path: Path, name: str, content: bytes, error: type[AudioError]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        decoded(path)
    assert type(caught.value) is error
    assert caught.value.file == str(path)
    assert caught.value.hint


def test_a_video_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), format="yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(NotAudio, match="no sound track"):
        decoded(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="No such file"):
        decoded(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="directory"):
        decoded(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path, speech: np.ndarray) -> None:
    path = write(tmp_path / "call.wav", speech)
    path.chmod(0)
    with pytest.raises(AudioError, match="Permission denied"):
        decoded(path)


def test_too_long_by_the_header_is_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "day.wav"
    # Ten hours at 8 kHz, 16 bits: 576 MB that the file system need not store.
    size = 10 * 3600 * 16_000
    path.write_bytes(wav_bytes(np.zeros((1, 0), np.float32), stated_bytes=size))
    os.truncate(path, 44 + size)
    with pytest.raises(AudioTooLong, match="4 hours") as caught, open_audio(path):
        pass
    assert "audio.max_duration_s" in caught.value.hint
    assert "CALLQA_AUDIO__MAX_DURATION_S" in caught.value.hint


def test_too_long_without_a_header_is_refused_while_decoding(tmp_path: Path, speech: np.ndarray) -> None:
    path = write(tmp_path / "call.ogg", soxr.resample(speech, 8000, 48_000), rate=48_000)
    with pytest.raises(AudioTooLong):
        decoded(path, max_duration_s=1.0)


def test_a_header_that_promises_hours_that_were_never_written(tmp_path: Path, speech: np.ndarray) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(speech, stated_bytes=10 * 3600 * 16_000))
    samples, reader = decoded(path)
    assert samples.shape == (1, 48_000)
    assert reader.status is AudioStatus.TRUNCATED


def test_raw_sound_needs_its_format(tmp_path: Path, speech: np.ndarray) -> None:
    wav = write(tmp_path / "call.wav", speech, codec="pcm_mulaw")
    data = wav.read_bytes()
    raw = tmp_path / "call.ul"
    raw.write_bytes(data[data.index(b"data") + 8 :])
    with pytest.raises(NotAudio, match="not a recording"):
        decoded(raw)
    samples, reader = decoded(raw, raw_format="mulaw:8000:1")
    assert (reader.sample_rate_hz, reader.decoded_s) == (8000, 3.0)
    np.testing.assert_array_equal(samples, decoded(wav, raw_format="alaw:16000:2")[0])  # a header is believed


@pytest.mark.parametrize("text", ["mulaw", "mulaw:fast:1", "mp3:8000:1", "mulaw:8000:9", "mulaw:1:1", ""])
def test_a_raw_format_that_is_not_understood(tmp_path: Path, speech: np.ndarray, text: str) -> None:
    path = write(tmp_path / "call.wav", speech)
    if not text:  # nothing asked for
        assert decoded(path, raw_format=text)[0].shape == (1, 48_000)
        return
    with pytest.raises(ConfigurationError, match="raw format"):
        decoded(path, raw_format=text)


def test_a_single_sample(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    path.write_bytes(wav_bytes(np.ones(1, np.float32)))
    with open_audio(path) as reader:
        assert sum(block.shape[1] for block in reader.blocks()) == 1


def test_a_long_recording_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(np.zeros((2, 300 * 8000), np.float32)))
    with open_audio(path) as reader:
        blocks = reader.blocks_16k()
        next(blocks)
        tracemalloc.start()
        for _ in blocks:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert reader.decoded_s == 300.0
    assert peak < 6_000_000  # the whole would be 38 MB, four seconds are 0.5 MB at 16 kHz


def test_probe_reads_the_header_only(tmp_path: Path, speech: np.ndarray) -> None:
    assert probe(CLIPS / "wide_16k.flac") == AudioProbe(
        duration_s=pytest.approx(1.734, abs=0.001), sample_rate_hz=16_000, channel_count=1
    )
    path = tmp_path / "cut.wav"
    path.write_bytes(wav_bytes(np.stack([speech, speech]))[: 44 + 32_000])
    # 32,000 bytes of 16-bit stereo at 8 kHz are one second, whatever the header promises.
    assert probe(path) == AudioProbe(duration_s=pytest.approx(1.0), sample_rate_hz=8000, channel_count=2)
    with pytest.raises(EmptyAudio):
        path.write_bytes(b"")
        probe(path)
