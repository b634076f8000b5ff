"""``callqa search`` over contacts that ``callqa score`` has seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.store import open_store
from tests.callqa.commands import run

LATE = (("customer", "我的快递超时了，我要退款"), ("agent", "您好，马上帮您退款"))
BROKEN = (("customer", "耳机坏了，电话13812345678"), ("agent", "可以退款"))
CHATS = (
    ("late", "A1", "2026-10-03T09:00:00+08:00", LATE),
    ("broken", "A2", "2026-10-31T23:30:00+08:00", BROKEN),
)


@pytest.fixture
def scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file = tmp_path / "chats.jsonl"
    lines = [
        {
            "id": name,
            "agent": agent,
            "started_at": at,
            "language": "zh",
            "messages": [{"role": role, "text": words} for role, words in said],
        }
        for name, agent, at, said in CHATS
    ]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    code, document = run(capsys, "score", str(file), "--workers", "0")
    assert (code, document["done"]) == (0, 2), document
    return file


def ids(document: Any) -> list[str]:
    return [contact["id"] for contact in document["contacts"]]


def test_what_was_scored_can_be_searched(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "search", "退款")
    assert (code, document["total"], ids(document), document["not_indexed"]) == (0, 2, ["broken", "late"], 0)
    _, document = run(capsys, "search", "退款 超時", "--role", "customer", "--agent", "A1")
    (contact,) = document["contacts"]
    (hit,) = contact["hits"]
    assert (contact["id"], hit["utterance"], hit["role"]) == ("late", 0, "customer")
    assert [hit["text"][start:end] for start, end in hit["highlights"]] == ["超时", "退款"]


def test_days_are_those_of_the_site_and_the_last_one_counts(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ids(run(capsys, "search", "退款", "--until", "2026-10-30")[1]) == ["late"]
    assert ids(run(capsys, "search", "退款", "--since", "2026-10-31", "--until", "2026-10-31")[1]) == ["broken"]
    code, document = run(capsys, "search", "退款", "--since", "yesterday")
    assert (code, document["error"]["field"]) == (2, "since")


def test_only_masked_words_are_kept(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "search", "13812345678")[1]["total"] == 0
    store = open_store(read_settings().store_url, read_settings().zone)
    with store.reading() as tx:
        kept = str(tx.connection.execute(text("SELECT text, words, tokens FROM utterance")).all())
    store.close()
    assert "耳机坏了" in kept
    assert "138" not in kept


def test_scoring_again_doubles_nothing(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "score", str(scored), "--workers", "0")[1]["skipped"] == 2
    assert [contact["hits_count"] for contact in run(capsys, "search", "退款")[1]["contacts"]] == [1, 2]


def test_contacts_scored_before_are_filled_in(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(read_settings().store_url, read_settings().zone)
    with store.transaction() as tx:
        tx.connection.execute(text("DELETE FROM utterance"))
        tx.connection.execute(text("DELETE FROM artifact WHERE stage = 'search'"))
        tx.connection.execute(text("UPDATE contact_listing SET is_searchable = FALSE"))
    store.close()
    assert main(["search", "退款"]) == 0
    assert "callqa search --reindex" in capsys.readouterr().out
    code, document = run(capsys, "search", "--reindex")
    assert (code, document) == (0, {"reindexed": {"contacts": 2, "missing": []}})
    assert run(capsys, "search", "退款")[1]["total"] == 2


def test_for_people_the_sentence_stands_under_its_contact(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "超时", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "Found in 1 contacts, shown 1." in shown
    assert "late  A1  2026-10-03 09:00" in shown
    assert "我的快递超时了" in shown


@pytest.mark.parametrize(("query", "code"), [('"退款', 1), ("", 1), (None, 2)])
def test_a_query_that_cannot_be_read(query: str | None, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    found, document = run(capsys, "search", *([] if query is None else [query]))
    assert (found, document["error"]["field"]) == (code, "query")
    assert document["error"]["hint"]


def test_a_contact_without_words_is_not_asked_for_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chat = tmp_path / "empty.txt"
    chat.write_text("坐席：……\n客户：[图片]\n", encoding="utf-8")
    assert run(capsys, "score", str(chat), "--language", "zh", "--workers", "0")[1]["done"] == 1
    found = run(capsys, "search", "图片")[1]
    assert found == {"query": "图片", "total": 0, "total_is_exact": True, "not_indexed": 0, "contacts": []}
