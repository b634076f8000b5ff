"""What file names say."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Direction, Role
from qa_pipeline.errors import ConfigurationError, RowError
from qa_pipeline.intake.file_names import find_party_ending, read_file_name
from qa_pipeline.intake.options import IntakeOptions

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
OPTIONS = IntakeOptions(now=NOW)
NINE = dt.datetime(2026, 10, 3, 1, 5, 12, tzinfo=dt.UTC)  # 09:05:12 in Shanghai


def with_pattern(pattern: str) -> IntakeOptions:
    return IntakeOptions(now=NOW, file_pattern=pattern)


@pytest.mark.parametrize(
    ("name", "agent", "call_id", "direction", "started_at"),
    [
        ("20261003-090512_8001_C77.wav", "8001", "C77", None, NINE),
        ("20261003-090512_8001_in_C77.wav", "8001", "C77", Direction.INBOUND, NINE),
        ("20261003090512_8001_呼出_13-7.wav", "8001", "13-7", Direction.OUTBOUND, NINE),
        ("Auto0_GUID_000_AGENT_ChrisL_DT_2026-10-03T09-05-12_Mono.wav", "ChrisL", None, None, NINE),
        ("out-13800138000-8001-20261003-090512-1790989512.7.wav", "8001", "1790989512.7", Direction.OUTBOUND, NINE),
        ("external-8001-13800138000-20261003-090512-1790989512.7.wav", "8001", "1790989512.7", None, NINE),
        ("q-600-13800138000-20261003-090512-1790989512.7.wav", None, "1790989512.7", None, NINE),
        (
            "12345678-1234-1234-1234-123456789abc_20261003T01:05_UTC.wav",
            None,
            "12345678-1234-1234-1234-123456789abc",
            None,
            NINE.replace(second=0),
        ),
        ("recording of 2026-10-03 09.05.12 (1).wav", None, None, None, NINE),
        ("call0001.wav", None, None, None, None),
        ("20269999-999999_8001_C1.wav", None, None, None, None),
    ],
)
def test_shipped_patterns(
    name: str, agent: str | None, call_id: str | None, direction: Direction | None, started_at: dt.datetime | None
) -> None:
    facts = read_file_name(Path(name), OPTIONS)
    assert (facts.agent_id, facts.call_id, facts.direction, facts.started_at) == (agent, call_id, direction, started_at)


def test_a_pattern_of_the_site_may_use_folders() -> None:
    facts = read_file_name(
        Path("/data/一组/8001/C77_20261003-090512_agent.wav"),
        with_pattern("{team}/{agent}/{call_id}_{started_at}_{role}"),
    )
    assert (facts.team, facts.agent_id, facts.call_id, facts.started_at) == ("一组", "8001", "C77", NINE)
    assert facts.role is Role.AGENT


def test_a_pattern_is_literal_outside_its_braces() -> None:
    facts = read_file_name(Path("坐席(8001)+C7.x.wav"), with_pattern("坐席({agent})+{call_id}.*"))
    assert (facts.agent_id, facts.call_id) == ("8001", "C7")
    assert read_file_name(Path("坐席80011C7.x.wav"), with_pattern("坐席({agent})+{call_id}.*")).agent_id is None


def test_a_pattern_that_does_not_fit_says_nothing() -> None:
    assert read_file_name(Path("20261003-090512_8001_C77.wav"), with_pattern("{agent}--{call_id}")).agent_id is None


def test_a_pattern_that_finds_no_date_is_an_error() -> None:
    with pytest.raises(RowError):
        read_file_name(Path("8001_20269999-0905.wav"), with_pattern("{agent}_{started_at}"))


@pytest.mark.parametrize("pattern", ["{agent}_{agent}", "{password}", "plain", "{}", "{agent"])
def test_broken_patterns(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_file_name(Path("a.wav"), with_pattern(pattern))


@pytest.mark.parametrize(
    ("stem", "base", "role"),
    [
        ("Auto_Repairs_40_UTC_agent", "Auto_Repairs_40_UTC", Role.AGENT),
        ("Auto_Repairs_40_UTC_caller", "Auto_Repairs_40_UTC", Role.CUSTOMER),
        ("通话1-坐席", "通话1", Role.AGENT),
        ("通话1-客户", "通话1", Role.CUSTOMER),
        ("x (Customer)", "x", Role.CUSTOMER),
        ("1790989512.7-in", "1790989512.7", Role.CUSTOMER),
        ("1790989512.7-out", "1790989512.7", Role.AGENT),
        ("x_tx", "x", Role.AGENT),
        ("x.0", "x", Role.UNKNOWN),
        ("x_ch1", "x", Role.UNKNOWN),
        ("agent", "", Role.AGENT),
    ],
)
def test_party_endings(stem: str, base: str, role: Role) -> None:
    found = find_party_ending(stem)
    assert found is not None
    assert (found.base, found.role) == (base, role)


@pytest.mark.parametrize("stem", ["call_0", "call-1", "call", "x_bot", "8001", "weekday"])
def test_numbers_of_calls_are_no_party_endings(stem: str) -> None:
    assert find_party_ending(stem) is None


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_no_name_brings_the_reader_down(name: str) -> None:
    read_file_name(Path("/data") / name, OPTIONS)
    read_file_name(Path("/data") / name, with_pattern("{agent}*{call_id}"))
    ending = find_party_ending(name)
    assert ending is None or (name.startswith(ending.base) and ending.base != name)
