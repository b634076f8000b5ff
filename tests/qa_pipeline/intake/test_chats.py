"""Chats in tables."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from qa_pipeline.domain.contact import Contact, ContactKind, Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.errors import CallqaError, RowError, TranscriptError
from qa_pipeline.intake.chats import find_chat_columns, get_chat_columns, list_chats
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.tables import read_table
from qa_pipeline.intake.transcripts import read_transcript

OPTIONS = IntakeOptions(now=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
CHINESE = (
    "会话编号,发送时间,发送者,内容,坐席工号,坐席姓名,技能组\n"
    "S1,2026-10-03 09:05:00,系统,张三为您服务,8001,张三,售后\n"
    "S1,2026-10-03 09:05:10,李女士,我要退货,8001,张三,售后\n"
    "S2,2026-10-03 09:05:12,客服,您好,8002,,售前\n"
    "S1,2026-10-03 09:05:40,张三,好的,8001,张三,售后\n"
    "S2,2026-10-03 09:06:12,买家,有货吗,8002,,售前\n"
)


def listed(path: Path) -> tuple[list[Contact], list[CallqaError]]:
    table = read_table(path)
    found = list(list_chats(table, get_chat_columns(table), OPTIONS))
    return [one for one in found if isinstance(one, Contact)], [one for one in found if isinstance(one, CallqaError)]


def read(contact: Contact) -> Transcript:
    return read_transcript(contact.sources[0], contact, None, OPTIONS)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_interleaved_chats_of_a_chinese_export(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "chats.csv"
    path.write_bytes(CHINESE.encode(encoding))
    contacts, problems = listed(path)
    assert not problems
    first, second = contacts
    assert (first.id, first.kind, first.agent_id, first.agent_name, first.queue) == (
        "S1",
        ContactKind.CHAT,
        "8001",
        "张三",
        "售后",
    )
    assert first.started_at == dt.datetime(2026, 10, 3, 1, 5, tzinfo=dt.UTC)
    assert first.sources[0].selector == "S1"
    transcript = read(first)
    # 张三 is the agent by the metadata, so that 李女士, the only other party, is the customer.
    assert [(one.role, one.text, one.start_s) for one in transcript.utterances] == [
        (Role.SYSTEM, "张三为您服务", 0.0),
        (Role.CUSTOMER, "我要退货", 10.0),
        (Role.AGENT, "好的", 40.0),
    ]
    assert (transcript.language, transcript.engine, transcript.quality, transcript.roles_by) == (
        "zh",
        "import:chat",
        TranscriptQuality.TRUSTED,
        "labels",
    )
    assert [one.text for one in read(second).utterances] == ["您好", "有货吗"]


@pytest.mark.parametrize(
    "messages",
    [
        [
            {"role": "agent", "text": "hello", "time": "2026-10-03T01:00:00Z"},
            {"role": "user", "text": "hi", "time": "2026-10-03T01:00:05Z"},
        ],
        [{"sender": "Agent", "content": "hello"}, {"sender": "Visitor", "content": "hi"}],
        [{"agent": "hello", "customer": "hi", "agent_acts": "greet"}],
    ],
)
def test_one_chat_per_json_line(tmp_path: Path, messages: list[dict[str, str]]) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps({"chat_id": "7", "agent_id": "8001", "messages": messages}) + "\n", encoding="utf-8")
    (contact,), _ = listed(path)
    transcript = read(contact)
    assert [(one.role, one.text) for one in transcript.utterances] == [(Role.AGENT, "hello"), (Role.CUSTOMER, "hi")]
    assert transcript.language == "en"


def test_problems_are_told_per_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text(
        "chat id,time,sender,text,language\n"
        "A,2026-10-03 09:00,agent,hello,en\n"
        ",2026-10-03 09:00,agent,lost,en\n"
        "B,2026-02-30 09:00,agent,hello,en\n"
        "C,2026-10-03 09:00,agent,hello,xq\n",
        encoding="utf-8",
    )
    contacts, problems = listed(path)
    assert [one.id for one in contacts] == ["A"]
    assert [(one.row, one.field) for one in problems] == [(3, "chat id"), (4, "time"), (5, "language")]


def test_a_broken_time_inside_a_chat_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("chat id,time,sender,text\nA,2026-10-03 09:00,agent,hi\nA,soon,customer,hi\n", encoding="utf-8")
    (contact,), _ = listed(path)
    with pytest.raises(RowError) as caught:
        read(contact)
    assert caught.value.row == 3


def test_a_chat_that_is_gone_is_told(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("chat id,sender,text\nA,agent,hi\nB,agent,hi\n", encoding="utf-8")
    (first, _), _ = listed(path)
    path.write_text("chat id,sender,text\nB,agent,hi\n", encoding="utf-8")
    with pytest.raises(TranscriptError, match="no chat"):
        read(first)
    path.unlink()
    with pytest.raises(TranscriptError, match="cannot be read"):
        read(first)


def test_the_hash_is_of_the_chat_and_not_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("chat id,sender,text\nA,agent,hi\n", encoding="utf-8")
    before = listed(path)[0][0].sources[0].sha256
    path.write_text("chat id,sender,text\nA,agent,hi\nB,agent,hi\n", encoding="utf-8")
    first, second = listed(path)[0]
    assert first.sources[0].sha256 == before
    assert second.sources[0].sha256 != before


def test_a_wide_export_has_ids_of_messages_and_of_chats(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text(
        "id,conversation_id,created_at,date,sender,message,content,agent,agent_id\n"
        "1,S1,2026-10-03 09:00,x,agent,hi,y,Ann,8001\n",
        encoding="utf-8",
    )
    (contact,), problems = listed(path)
    assert not problems
    assert (contact.id, contact.agent_id, contact.agent_name) == ("S1", "8001", "Ann")
    assert [one.text for one in read(contact).utterances] == ["hi"]


@pytest.mark.parametrize("header", ["file,agent,start", "工号,满意度", "id,text"])
def test_other_tables_are_no_chats(tmp_path: Path, header: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n{','.join('1' * len(header.split(',')))}\n", encoding="utf-8")
    assert find_chat_columns(read_table(path)) is None
