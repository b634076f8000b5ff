"""What becomes of recordings that are damaged, cut off, loud, faint or long; docs/facts.md states the same results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soxr

from qa_pipeline.audio.facts import facts_of_call
from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.domain.listening import AudioStatus, Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from tests.qa_pipeline.audio.sounds import clip, contact, flat, line, wav_bytes, write

OK, DAMAGED, TRUNCATED = AudioStatus.OK, AudioStatus.DAMAGED, AudioStatus.TRUNCATED
SPANS = [(1.0, 3.24), (26.0, 27.7)]
EDGE_S = 0.25


def call(rate: int = 8000) -> np.ndarray:
    samples = line(30.0, [(1.0, clip("agent_8k")), (26.0, clip("customer_8k"))], noise=0.001)
    return soxr.resample(samples, 8000, rate)


def spans_of(found: Listening) -> list[float]:
    return flat(found.channels[0].spans)


def damaged(path: Path, count: int = 300) -> Path:
    """Bytes in the middle of the file made random."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + count] = np.random.default_rng(1).bytes(count)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "codec", "rate", "status"),
    [
        ("call.flac", None, 8000, DAMAGED),
        ("call.ogg", "libopus", 48_000, DAMAGED),
        ("call.m4a", "aac", 8000, DAMAGED),
        ("call.wav", "adpcm_ima_wav", 8000, DAMAGED),
        # Nothing in it says which bytes are wrong: they sound as noise, the times hold.
        ("call.wav", "pcm_mulaw", 8000, OK),
    ],
)
def test_damage_in_the_middle_leaves_later_speech_at_its_time(
    tmp_path: Path, name: str, codec: str | None, rate: int, status: AudioStatus
) -> None:
    path = damaged(write(tmp_path / name, call(rate), rate=rate, codec=codec))
    found = listen(contact(path), ListenOptions())
    assert found.status is status
    assert (found.errors_count > 0) is (status is DAMAGED)
    spans = spans_of(found)
    assert [*spans[:2], *spans[-2:]] == pytest.approx(flat(SPANS), abs=EDGE_S)


def test_damage_in_an_mp3_moves_later_speech_by_what_was_lost(tmp_path: Path) -> None:
    # mp3 has no time stamps. 300 bytes at 24 kbit/s are 0.1 s; the frames that they touch are lost whole.
    path = damaged(write(tmp_path / "call.mp3", call(), bit_rate=24_000))
    found = listen(contact(path), ListenOptions())
    assert found.status is DAMAGED
    spans = spans_of(found)
    assert spans[:2] == pytest.approx(flat(SPANS)[:2], abs=EDGE_S)
    assert 25.4 <= spans[-2] <= 26.2


def test_damage_in_amr_is_not_silent(tmp_path: Path) -> None:
    path = write(tmp_path / "call.amr", call(), codec="libopencore_amrnb", bit_rate=12_200)
    whole = listen(contact(path), ListenOptions())
    assert spans_of(whole) == pytest.approx(flat(SPANS), abs=EDGE_S)
    # Random bytes hit a frame's header now and then: where frames begin is lost for a moment, a second at most.
    found = listen(contact(damaged(path)), ListenOptions())
    spans = spans_of(found)
    assert spans[:2] == pytest.approx(flat(SPANS)[:2], abs=EDGE_S)
    assert spans[-1] == pytest.approx(27.7, abs=1.0)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("call.ogg", "libopus", 48_000), ("call.amr", "libopencore_amrnb", 8000)],
)
def test_a_file_without_a_length_that_ends_within_a_page_or_frame_was_cut_off(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    path = write(tmp_path / name, call(rate), rate=rate, codec=codec, bit_rate=12_200)
    assert listen(contact(path), ListenOptions()).status is OK
    whole = path.read_bytes()
    for share in (0.3, 0.5, 0.8):
        path.write_bytes(whole[: round(len(whole) * share)])
        found = listen(contact(path), ListenOptions())
        assert found.status is TRUNCATED
        assert found.duration_s == pytest.approx(30 * share, abs=3.0)
        assert spans_of(found)[:2] == pytest.approx(flat(SPANS)[:2], abs=EDGE_S)


def test_a_truncated_call_tells_no_facts_of_what_is_missing(tmp_path: Path) -> None:
    stereo = np.stack([line(12.0, [(1.0, clip("agent_8k"))]), line(12.0, [(4.0, clip("customer_8k"))])])
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(stereo)[: 44 + 6 * 32_000])
    found = listen(contact(path), ListenOptions())
    transcript = Transcript(language="zh", engine="none", quality=TranscriptQuality.UNUSABLE, utterances=())
    facts = facts_of_call(found, transcript)
    assert (found.status, facts.duration_s, facts.thirds[-1].end_s) == (TRUNCATED, 6.0, 6.0)


@pytest.mark.parametrize(
    ("gain", "loudest_db"),
    [(30.0, -1.5), (10.0, -3.2), (0.1, -40.2), (0.01, -60.5)],
    ids=["clipped all the time", "clipped often", "20 dB down", "40 dB down"],
)
def test_loud_and_faint_calls(tmp_path: Path, gain: float, loudest_db: float) -> None:
    agent = line(12.0, [(1.0, clip("agent_8k")), (8.0, clip("agent_8k"))]) * np.float32(gain)
    customer = line(12.0, [(4.0, clip("customer_8k"))]) * np.float32(gain)
    found = listen(contact(write(tmp_path / "call.wav", np.stack([agent, customer]))), ListenOptions())
    assert flat(found.channels[0].spans) == pytest.approx(flat([(1.0, 3.24), (8.0, 10.24)]), abs=0.3)
    assert flat(found.channels[1].spans) == pytest.approx(flat([(4.0, 5.70)]), abs=0.3)
    # The level tells: clipping cannot pass 0 dBFS, 20 dB less gain are 20 dB less level.
    assert found.channels[0].speech_db == pytest.approx(loudest_db, abs=0.3)
    assert found.sounds == ()


def test_too_faint_to_hear_is_no_speech_of_that_channel(tmp_path: Path) -> None:
    agent = line(12.0, [(1.0, clip("agent_8k"))])
    customer = line(12.0, [(4.0, clip("customer_8k"))]) * np.float32(0.001)  # some -80 dBFS, a step or two of 16 bits
    found = listen(contact(write(tmp_path / "call.wav", np.stack([agent, customer]))), ListenOptions())
    assert (found.channels[1].spans, found.channels[1].speech_db) == ((), None)


@pytest.mark.parametrize(
    ("name", "codec", "rate", "bit_rate"),
    [
        ("call.ogg", "libopus", 48_000, 16_000),
        ("call.ogg", "libopus", 48_000, 24_000),
        ("call.m4a", "aac", 16_000, 24_000),
        ("call.mp3", "libmp3lame", 16_000, 16_000),
        ("call.mp3", "libmp3lame", 44_100, 48_000),
    ],
)
@pytest.mark.parametrize("spoken", ["agent_8k", "wide_16k"])
def test_codecs_of_few_bits_do_not_hide_the_band(
    tmp_path: Path, name: str, codec: str, rate: int, bit_rate: int, spoken: str
) -> None:
    sound = line(6.0, [(0.5, clip(spoken, rate)), (3.5, clip(spoken, rate))], rate=rate)
    path = write(tmp_path / name, sound, rate=rate, codec=codec, bit_rate=bit_rate)
    assert listen(contact(path), ListenOptions()).narrow_band is (spoken == "agent_8k")


HOUR = """
import resource, sys
from pathlib import Path
from qa_pipeline.audio.listening import ListenOptions, listen
from tests.qa_pipeline.audio.sounds import contact
short, long = map(Path, sys.argv[1:])
listen(contact(short), ListenOptions())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = listen(contact(long), ListenOptions())
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found.duration_s, len(found.channels[0].spans), (after - before) // 1024)
"""


@pytest.mark.slow
def test_an_hour_takes_little_memory(tmp_path: Path) -> None:
    minute = np.concatenate([line(20.0, [(1.0, clip("agent_8k")), (11.0, clip("customer_8k"))], noise=0.001)] * 3)
    short, hour = tmp_path / "minute.wav", tmp_path / "hour.wav"
    short.write_bytes(wav_bytes(minute))
    hour.write_bytes(wav_bytes(np.tile(minute, 60)))
    command = [sys.executable, "-c", HOUR, str(short), str(hour)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    duration_s, spans, grown_mb = printed.split()
    assert float(duration_s) == 3600.0
    assert int(spans) == pytest.approx(360, abs=36)  # six words of each minute, one or another may be joined
    assert int(grown_mb) < 60  # the samples of the hour are 230 MB at 16 kHz
