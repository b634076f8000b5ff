"""Listening to constructed calls whose layout and speech are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr
from pydantic import TypeAdapter

from qa_pipeline.audio.listening import LISTEN_VERSION, ListenOptions, listen, listen_spec
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import AudioStatus, ChannelLayout, Listening
from qa_pipeline.errors import AudioError, AudioTooLong, NoSpeech, NotAudio
from tests.qa_pipeline.audio.sounds import clip, contact, flat, line, wav_bytes, write

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
# One call: the agent speaks at 1.0-3.2 and 8.0-10.2, the customer at 4.0-5.7.
AGENT_AT, CUSTOMER_AT = (1.0, 8.0), (4.0,)
EDGE_S = 0.2  # the detector's frames and soft word edges


def agent_line(**options: float) -> np.ndarray:
    return line(12.0, [(at_s, clip("agent_8k")) for at_s in AGENT_AT], **options)


def customer_line(**options: float) -> np.ndarray:
    return line(12.0, [(at_s, clip("customer_8k")) for at_s in CUSTOMER_AT], **options)


def assert_agent_then_customer(found: Listening) -> None:
    assert [channel.role for channel in found.channels] == [AGENT, CUSTOMER]
    agent, customer = found.channels
    assert flat(agent.spans) == pytest.approx(flat([(1.0, 3.24), (8.0, 10.24)]), abs=EDGE_S)
    assert flat(customer.spans) == pytest.approx(flat([(4.0, 5.70)]), abs=EDGE_S)


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    return write(tmp_path / "call.wav", np.stack([agent_line(), customer_line()]))


def test_two_channels(stereo: Path) -> None:
    found = listen(contact(stereo), ListenOptions())
    assert_agent_then_customer(found)
    assert found.layout is ChannelLayout.STEREO
    assert (found.duration_s, found.stated_duration_s, found.sample_rate_hz, found.channel_count) == (
        12.0,
        12.0,
        8000,
        2,
    )
    assert (found.status, found.errors_count, found.narrow_band) == (AudioStatus.OK, 0, True)
    assert found.timing_reliable


def test_the_result_is_kept_as_json_without_loss(stereo: Path) -> None:
    found = listen(contact(stereo), ListenOptions())
    adapter = TypeAdapter(Listening)
    assert adapter.validate_json(adapter.dump_json(found)) == found


def test_the_channel_map_names_the_roles(stereo: Path) -> None:
    found = listen(contact(stereo, channel_map=(CUSTOMER, AGENT)), ListenOptions())
    assert [channel.role for channel in found.channels] == [CUSTOMER, AGENT]


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_higher_rates_of_telephone_speech_are_still_narrow(tmp_path: Path, rate: int) -> None:
    channels = np.stack([soxr.resample(agent_line(), 8000, rate), soxr.resample(customer_line(), 8000, rate)])
    found = listen(contact(write(tmp_path / "call.flac", channels, rate=rate)), ListenOptions())
    assert_agent_then_customer(found)
    assert (found.sample_rate_hz, found.narrow_band) == (rate, True)


def test_wide_band_speech(tmp_path: Path) -> None:
    sound = line(6.0, [(1.0, clip("wide_16k", 16_000)), (3.5, clip("wide_16k", 16_000))], rate=16_000)
    found = listen(contact(write(tmp_path / "call.flac", sound, rate=16_000)), ListenOptions())
    assert found.narrow_band is False


def test_mono_leaves_the_role_open(tmp_path: Path) -> None:
    path = write(tmp_path / "call.wav", agent_line() + customer_line())
    found = listen(contact(path), ListenOptions())
    assert found.layout is ChannelLayout.MONO
    assert [channel.role for channel in found.channels] == [Role.UNKNOWN]
    assert flat(found.channels[0].spans) == pytest.approx(flat([(1.0, 3.24), (4.0, 5.70), (8.0, 10.24)]), abs=EDGE_S)
    assert not found.timing_reliable


def test_two_mono_files_are_a_pair(tmp_path: Path) -> None:
    first = write(tmp_path / "customer.wav", customer_line()[: 11 * 8000])
    second = write(tmp_path / "agent.wav", agent_line())
    found = listen(contact(first, second, roles=(CUSTOMER, AGENT)), ListenOptions())
    assert found.layout is ChannelLayout.PAIR
    assert [channel.role for channel in found.channels] == [CUSTOMER, AGENT]
    assert flat(found.channels[1].spans) == pytest.approx(flat([(1.0, 3.24), (8.0, 10.24)]), abs=EDGE_S)
    assert (found.duration_s, found.channel_count) == (12.0, 2)  # the longer of 11 and 12 s
    assert found.timing_reliable


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((None, None), (AGENT, CUSTOMER)),
        ((CUSTOMER, None), (CUSTOMER, AGENT)),
        ((None, AGENT), (CUSTOMER, AGENT)),
    ],
)
def test_a_pair_completes_the_roles(tmp_path: Path, roles: tuple[Role | None, ...], expected: tuple[Role, ...]) -> None:
    paths = [write(tmp_path / f"{name}.wav", agent_line()) for name in "ab"]
    found = listen(contact(*paths, roles=roles), ListenOptions())
    assert tuple(channel.role for channel in found.channels) == expected


def test_the_same_on_both_channels_is_mono(tmp_path: Path) -> None:
    mono = agent_line(noise=0.001) + customer_line()
    late = np.roll(mono, 40) * 0.8  # 5 ms later and 2 dB weaker
    for other in (mono, late, -mono):
        found = listen(contact(write(tmp_path / "call.wav", np.stack([mono, other]))), ListenOptions())
        assert found.layout is ChannelLayout.DUAL_MONO
        assert [channel.role for channel in found.channels] == [Role.UNKNOWN]
        assert len(found.channels[0].spans) == 3
        assert not found.timing_reliable


def test_cross_talk_is_dropped(tmp_path: Path) -> None:
    agent, customer = agent_line(noise=0.0005), customer_line(noise=0.0005)
    # Each party is heard 15 dB weaker on the other channel.
    leak = 10 ** (-15 / 20)
    path = write(tmp_path / "call.wav", np.stack([agent + leak * customer, customer + leak * agent]))
    found = listen(contact(path), ListenOptions())
    assert found.layout is ChannelLayout.STEREO
    assert_agent_then_customer(found)
    kept = listen(contact(path), ListenOptions(bleed_db=60.0))
    assert len(kept.channels[1].spans) > 1  # without the rule the agent is heard on the customer's channel


def test_one_sided_cross_talk_is_no_dual_mono(tmp_path: Path) -> None:
    agent = agent_line(noise=0.0005)
    path = write(tmp_path / "call.wav", np.stack([agent, agent * 10 ** (-20 / 20)]))
    found = listen(contact(path), ListenOptions())
    assert found.layout is ChannelLayout.STEREO
    assert found.channels[1].spans == ()


def test_a_quiet_party_who_talks_at_the_same_time_is_kept(tmp_path: Path) -> None:
    quiet = line(12.0, [(1.2, clip("customer_8k")), (6.0, clip("customer_8k"))]) * np.float32(0.15)
    path = write(tmp_path / "call.wav", np.stack([agent_line(), quiet]))
    found = listen(contact(path), ListenOptions())
    assert flat(found.channels[1].spans) == pytest.approx(flat([(1.2, 2.9), (6.0, 7.7)]), abs=EDGE_S)


def test_one_silent_channel_is_fine(tmp_path: Path) -> None:
    path = write(tmp_path / "call.wav", np.stack([agent_line(), np.zeros(12 * 8000, np.float32)]))
    found = listen(contact(path), ListenOptions())
    assert found.layout is ChannelLayout.STEREO
    assert len(found.channels[0].spans) == 2
    assert (found.channels[1].role, found.channels[1].spans, found.channels[1].speech_db) == (CUSTOMER, (), None)


def test_four_channels_with_a_map_are_four_parties(tmp_path: Path) -> None:
    silence = np.zeros_like(agent_line())
    path = write(tmp_path / "call.wav", np.stack([silence, agent_line(), silence, customer_line()]))
    roles = (Role.SYSTEM, AGENT, Role.UNKNOWN, CUSTOMER)
    found = listen(contact(path, channel_map=roles), ListenOptions())
    assert tuple(channel.role for channel in found.channels) == roles
    assert [len(channel.spans) for channel in found.channels] == [0, 2, 0, 1]
    unmapped = listen(contact(path), ListenOptions())
    assert (unmapped.layout, len(unmapped.channels)) == (ChannelLayout.MONO, 1)


def test_speech_level(tmp_path: Path) -> None:
    tone_like = agent_line()
    loud = listen(contact(write(tmp_path / "a.wav", tone_like)), ListenOptions()).channels[0].speech_db
    soft = (
        listen(contact(write(tmp_path / "b.wav", tone_like * np.float32(0.5))), ListenOptions()).channels[0].speech_db
    )
    spoken = clip("agent_8k")
    assert loud == pytest.approx(10 * np.log10(np.square(spoken).mean()), abs=0.5)
    assert soft == pytest.approx(loud - 6.02, abs=0.3)  # half the amplitude is 20 log10(2) = 6.02 dB less


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_silence_only(tmp_path: Path, noise: float) -> None:
    path = write(tmp_path / "call.wav", line(5.0, [], noise=noise))
    with pytest.raises(NoSpeech) as caught:
        listen(contact(path), ListenOptions())
    level = {0.0: "-100 dBFS", 0.01: "-39 dBFS"}[noise]  # 20 log10(.01) = -40, its loudest 32 ms a little more
    assert "5.0 s" in caught.value.render()
    assert level in caught.value.render()
    assert caught.value.file == str(path)


def test_a_recording_of_one_sample(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(np.ones(1, np.float32)))
    with pytest.raises(NoSpeech, match="Nobody speaks"):
        listen(contact(path), ListenOptions())


def test_a_truncated_call(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_bytes(np.stack([agent_line(), customer_line()]))[: 44 + 6 * 32_000])
    found = listen(contact(path), ListenOptions())
    assert (found.status, found.duration_s, found.stated_duration_s) == (AudioStatus.TRUNCATED, 6.0, 12.0)
    assert [len(channel.spans) for channel in found.channels] == [1, 1]


def test_files_that_do_not_fit_together(stereo: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="has 3 recordings"):
        listen(contact(stereo, stereo, stereo), ListenOptions())
    broken = tmp_path / "notes.wav"
    broken.write_text("agent: hello\n" * 50)
    with pytest.raises(NotAudio) as caught:
        listen(contact(stereo, broken), ListenOptions())
    assert caught.value.file == str(broken)
    with pytest.raises(AudioTooLong):
        listen(contact(stereo), ListenOptions(max_duration_s=10.0))


def test_the_spec_names_everything_that_changes_the_result() -> None:
    spec = listen_spec(ListenOptions())
    assert (spec.kind, spec.name) == ("vad", "silero")
    assert dict(spec.params)["listen"] == str(LISTEN_VERSION)
    assert spec.key != listen_spec(ListenOptions(vad_threshold=0.6)).key
    assert spec == listen_spec(ListenOptions())
