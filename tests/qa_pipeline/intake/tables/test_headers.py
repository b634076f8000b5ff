"""Which column is which field."""

from __future__ import annotations

import pytest

from qa_pipeline.errors import MappingError
from qa_pipeline.intake.lexicon import intake_words
from qa_pipeline.intake.tables import match_headers, normalise_header

ALIASES = {"agent_id": ["工号", "坐席工号"], "handle_time": ["平均通话时长", "AHT"], "csat": ["满意度"]}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("工号", "agent_id"),
        ("Agent ID", "agent_id"),
        ("AGENT_ID", "agent_id"),
        ("ａｇｅｎｔ　ｉｄ", "agent_id"),
        ("agent-id", "agent_id"),
        ("aht", "handle_time"),
        ("平均通话时长(秒)", "handle_time"),
        ("平均通话时长（秒）", "handle_time"),
        ("满意度 [%]", "csat"),
    ],
)
def test_ways_to_write_a_header(header: str, field: str) -> None:
    assert match_headers(["其他", header], ALIASES) == {field: header}


def test_a_whole_match_comes_before_one_without_brackets() -> None:
    assert match_headers(["AHT", "AHT(旧)"], ALIASES) == {"handle_time": "AHT"}


@pytest.mark.parametrize("headers", [["工号", "坐席工号"], ["AHT(s)", "AHT(min)"]])
def test_two_columns_for_one_field_are_refused(headers: list[str]) -> None:
    with pytest.raises(MappingError) as caught:
        match_headers(headers, ALIASES, file="kpi.csv")
    assert caught.value.params["columns"] == ", ".join(headers)
    assert caught.value.file == "kpi.csv"


def test_ranked_aliases_prefer_the_earlier_one_but_not_between_equals() -> None:
    assert match_headers(["工号", "Agent ID", "坐席工号"], ALIASES, ranked=True) == {"agent_id": "Agent ID"}
    with pytest.raises(MappingError):
        match_headers(["agent id", "Agent_ID"], ALIASES, ranked=True)


@pytest.mark.parametrize("section", ["metadata_columns", "chat_columns"])
def test_no_shipped_alias_belongs_to_two_fields(section: str) -> None:
    owner: dict[str, str] = {}
    for field, aliases in intake_words()[section].items():
        for alias in (field, *aliases):
            assert owner.setdefault(normalise_header(alias), field) == field


def test_one_column_for_two_fields_is_refused() -> None:
    with pytest.raises(MappingError) as caught:
        match_headers(["姓名"], {"agent": ["姓名"], "customer": ["姓名"]})
    assert caught.value.render() == "The column 姓名 fits two fields: agent and customer."
