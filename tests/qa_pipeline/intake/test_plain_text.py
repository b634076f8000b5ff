"""Plain text of speakers."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.intake.plain_text import looks_like_speech, parse_plain_text

HERE = Path("call.txt")


def parsed(text: str) -> list[tuple[str | None, float | None, str]]:
    return [(one.label, one.start_s, one.text) for one in parse_plain_text(text, HERE).segments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agent: hello\ncustomer: hi\n", [("agent", None, "hello"), ("customer", None, "hi")]),
        ("坐席：您好\n客户：你好\n", [("坐席", None, "您好"), ("客户", None, "你好")]),
        ("[00:12] 客服：您好\n[01:05] 客户：退货\n", [("客服", 12.0, "您好"), ("客户", 65.0, "退货")]),
        ("坐席 00:12：您好\n客户(00:15)：好\n", [("坐席", 12.0, "您好"), ("客户", 15.0, "好")]),
        ("【坐席】您好\n【客户】你好\n", [("坐席", None, "您好"), ("客户", None, "你好")]),
        ("坐席：\n您好\n第二行\n客户：好\n", [("坐席", None, "您好\n第二行"), ("客户", None, "好")]),
        ("坐席：注意：请先断电\n客户：好\n", [("坐席", None, "注意：请先断电"), ("客户", None, "好")]),
        ("坐席：请看\n注意：先断电\n客户：好\n", [("坐席", None, "请看\n注意：先断电"), ("客户", None, "好")]),
        (
            "张三：您好\n李四：你好\n张三：好\n李四：嗯\n",
            [("张三", None, "您好"), ("李四", None, "你好"), ("张三", None, "好"), ("李四", None, "嗯")],
        ),
        ("just words\nwithout speakers\n", [(None, None, "just words"), (None, None, "without speakers")]),
    ],
)
def test_lines_of_speech(text: str, expected: list[tuple[str | None, float | None, str]]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("坐席：您好\n客户：你好\n", True),
        ("[00:01] Agent: hello\nhow are you\n[00:05] Caller: fine\n", True),
        ("Read me: first\nThis folder holds recordings.\n", False),
        ("Permission is hereby granted, free of charge\n", False),
        ("", False),
    ],
)
def test_a_text_alone_is_a_transcript_only_when_it_looks_like_one(text: str, expected: bool) -> None:
    assert looks_like_speech(text) is expected
