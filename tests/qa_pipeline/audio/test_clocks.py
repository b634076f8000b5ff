"""Two files of one call whose recorders did not run together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from qa_pipeline.audio.clocks import clocks_agree
from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Listening
from tests.qa_pipeline.audio.sounds import clip, contact, line, wav_bytes, write

LEAK = np.float32(10 ** (-20 / 20))  # each party is heard 20 dB weaker on the other's file


def parties(duration_s: float, leak: float) -> tuple[np.ndarray, np.ndarray]:
    # Not all turns alike, or one would fit upon the next.
    random = np.random.default_rng(5)
    agent, customer, at_s = [], [], 1.0
    while at_s < duration_s - 6:
        agent.append((at_s, clip("agent_8k")[: round(8000 * random.uniform(0.8, 2.2))]))
        answer = clip("customer_8k")[: round(8000 * random.uniform(0.6, 1.7))]
        customer.append((at_s + random.uniform(2.3, 3.3), answer))
        at_s += 5.0 + random.uniform(0, 1.5)
    noise = np.random.default_rng(6).normal(0, 0.0003, (2, round(duration_s * 8000))).astype(np.float32)
    one, two = line(duration_s, agent), line(duration_s, customer)
    return one + leak * two + noise[0], two + leak * one + noise[1]


def heard(tmp_path: Path, agent: np.ndarray, customer: np.ndarray) -> Listening:
    paths = write(tmp_path / "agent.wav", agent), write(tmp_path / "customer.wav", customer)
    return listen(contact(*paths, roles=(Role.AGENT, Role.CUSTOMER)), ListenOptions())


def later(samples: np.ndarray, seconds: float) -> np.ndarray:
    return np.concatenate([np.zeros(round(seconds * 8000), np.float32), samples])


def test_files_that_run_together(tmp_path: Path) -> None:
    found = heard(tmp_path, *parties(60.0, LEAK))
    assert found.lag_s == (0.0, 0.0)
    assert found.timing_reliable


@pytest.mark.parametrize("lag_s", [1.28, -0.64])
def test_a_recorder_that_began_later(tmp_path: Path, lag_s: float) -> None:
    # Whole frames of 32 ms: 40 and 20.
    agent, customer = parties(60.0, LEAK)
    if lag_s > 0:
        found = heard(tmp_path, agent, later(customer, lag_s))
    else:
        found = heard(tmp_path, later(agent, -lag_s), customer)
    assert found.lag_s == pytest.approx((lag_s, lag_s), abs=0.04)
    assert not found.clocks_agree
    assert not found.timing_reliable


def test_a_clock_that_runs_slower(tmp_path: Path) -> None:
    # 80 s of one file are 80.4 s of the other: .5 % of drift, 0 at the start and .4 s at the end.
    agent, customer = parties(80.0, LEAK)
    found = heard(tmp_path, agent, soxr.resample(customer, 8000, 8040))
    assert found.lag_s == pytest.approx((0.0, 0.4), abs=0.1)
    assert not found.clocks_agree


def test_without_cross_talk_the_lengths_tell(tmp_path: Path) -> None:
    agent, customer = parties(40.0, 0.0)
    same = heard(tmp_path, agent, customer[: round(38.5 * 8000)])
    assert (same.lag_s, same.clocks_agree) == (None, True)
    short = heard(tmp_path, agent, customer[: round(37.5 * 8000)])
    assert (short.lag_s, short.clocks_agree) == (None, False)


def test_a_file_that_was_cut_off_is_as_long_as_its_header_says(tmp_path: Path) -> None:
    agent, customer = parties(40.0, 0.0)
    first = write(tmp_path / "agent.wav", agent)
    second = tmp_path / "customer.wav"
    second.write_bytes(wav_bytes(customer)[: 44 + 20 * 16_000])
    found = listen(contact(first, second), ListenOptions())
    assert found.clocks_agree


def test_a_lag_that_is_known_says_more_than_the_lengths() -> None:
    assert clocks_agree((0.0, 0.1), (60.0, 50.0))  # one side hung up ten seconds earlier
    assert not clocks_agree((0.0, 0.5), (60.0, 60.0))
    assert clocks_agree(None, (60.0, 58.0))
    assert not clocks_agree(None, (60.0, 57.9))
