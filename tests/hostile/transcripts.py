"""Transcripts and chats that are broken, endless or no transcripts at all: one batch with a good one among them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.hostile.case import Case, Verdict, all_failed, run_command, write_all

KIND = "transcripts"


def cases() -> Iterator[Case]:
    """Yield every transcript."""
    yield from _no_text()
    yield from _json_shapes()
    yield from _json_entries()
    yield from _captions()
    yield from _plain()
    yield from _chats()


def drive(folder: Path) -> Iterator[Verdict]:
    """Score all of them by name beside a good transcript."""
    found = list(cases())
    paths = write_all(found, folder)
    good = folder / "good.txt"
    good.write_text("agent: Good morning.\ncustomer: My line is dead.\n", encoding="utf-8")
    yield from all_failed(found, run_command("score", *paths, good, "--language", "en", "--workers", "0"), "good")


def _no_text() -> Iterator[Case]:
    """Nothing to read, or nothing that is text, under every name."""
    words = "agent: good morning, my name is Li\n"
    contents = {
        "empty": b"",
        "blank": b" \r\n\t \n",
        "bom": b"\xef\xbb\xbf",
        "bom-16": b"\xff\xfe",
        "half-of-utf-16": b"\xff\xfe" + words.encode("utf-16-le")[:-1],
        "bom-of-utf-32": words.encode("utf-32"),
        "no-encoding": b"agent: \xff\xff\xfe\x81\n" * 20,
        "cut-character": "坐席：您好，很高兴为您服务\n".encode() * 3 + b"\xe5\x9d",
        "nuls": bytes(500),
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "zip": b"PK\x03\x04\x14\x00\x08\x00" + bytes(range(128, 256)),
        "packed": b"\x1f\x8b\x08\x00" + bytes(range(200, 256)),
        "sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)),
    }
    for name, content in contents.items():
        for suffix in (".json", ".txt", ".srt", ".vtt"):
            if (name, suffix) == ("bom-of-utf-32", ".txt"):
                continue  # UTF-32 is read: these are words
            yield Case(name=f"{name}-{suffix[1:]}{suffix}", content=content, error="TranscriptError")


def _json_shapes() -> Iterator[Case]:
    """Documents that are not JSON, or not of a transcript."""
    said = {"role": "agent", "text": "good morning", "start_s": 0, "end_s": 1}
    texts = {
        "cut": json.dumps({"utterances": [said] * 3})[:-20],
        "trailing": json.dumps({"utterances": [said]}) + "]",
        "twice": json.dumps({"utterances": [said]}) * 2,
        "quotes": str({"utterances": [said]}),
        "comma": '{"utterances": [{"text": "a"},]}',
        "comment": '{"utterances": [] /* none */}',
        "deep-list": "[" * 100_000,
        "deep-closed": "[" * 100_000 + "]" * 100_000,
        "deep-object": '{"utterances":' * 50_000,
        "digits": '{"utterances": ' + "9" * 5000 + "}",
        "null": "null",
        "number": "1e999",
        "string": '"agent: hello"',
        "true": "true",
        "nothing": "{}",
        "list-of-numbers": "[1, 2, 3]",
        "list-of-lists": "[[[]]]",
        "empty-list": "[]",
        "object-for-list": json.dumps({"utterances": said}),
        "text-for-list": json.dumps({"utterances": "hello"}),
        "no-entries": json.dumps({"utterances": []}),
        "silent": json.dumps({"utterances": [said | {"text": "  "}]}),
        "other": json.dumps({"orders": [1], "total": 3}),
        "lines": "\n".join([json.dumps(said)] * 3),
        "raw-newline": '{"utterances": [{"text": "a\nb"}]}',
        "escape": r'{"utterances": [{"text": "\x41"}]}',
    }
    for name, text in texts.items():
        yield Case(name=f"shape-{name}.json", content=text.encode(), error="TranscriptError")


def _json_entries() -> Iterator[Case]:
    """Entries with values of the wrong kind, each behind two good ones."""
    good = [
        {"role": "agent", "text": "good morning", "start_s": 0.0, "end_s": 1.0},
        {"role": "customer", "text": "my line is dead", "start_s": 1.0, "end_s": 2.0},
    ]
    third: dict[str, Any] = {"role": "agent", "text": "I will look", "start_s": 2.0, "end_s": 3.0}
    wrong: dict[str, tuple[Any, str | None]] = {
        "null-entry": (None, "text"),
        "text-entry": ("hello", "text"),
        "list-entry": (["hello"], "text"),
        "no-text": ({"role": "agent"}, "text"),
        "number-as-text": (third | {"text": 7}, "text"),
        "list-as-text": (third | {"text": ["a"]}, "text"),
        "object-as-text": (third | {"text": {"a": 1}}, "text"),
        "bool-as-text": (third | {"text": True}, "text"),
        "bool-as-start": (third | {"start_s": True}, "start_s"),
        "word-as-start": (third | {"start_s": "soon"}, "start_s"),
        "nan-start": (third | {"start_s": float("nan")}, "start_s"),
        "infinite-end": (third | {"end_s": float("inf")}, "end_s"),
        "huge-end": (third | {"end_s": 10**400}, "end_s"),
        "list-as-start": (third | {"start_s": [2]}, "start_s"),
        "nan-text-as-start": (third | {"start_s": "nan"}, "start_s"),
        "end-before-start": (third | {"start_s": 9.0, "end_s": 2.0}, None),
        "negative-start": (third | {"start_s": -5.0}, None),
        "negative-both": (third | {"start_s": -5.0, "end_s": -4.0}, None),
        "confidence-over-one": (third | {"confidence": 1.5}, "confidence"),
        "confidence-of-percent": (third | {"confidence": 93}, "confidence"),
        "negative-confidence": (third | {"confidence": -0.1}, "confidence"),
        "nan-confidence": (third | {"confidence": float("nan")}, "confidence"),
        "words-as-text": (third | {"words": "I will look"}, "words"),
        "words-as-number": (third | {"words": 3}, "words"),
        "word-as-text": (third | {"words": ["I"]}, "words"),
        "word-without-text": (third | {"words": [{"start": 2.0, "end": 2.5}]}, "words"),
        "word-with-nan": (third | {"words": [{"word": "I", "start": float("nan"), "end": 2.5}]}, "start_s"),
        "word-over-one": (third | {"words": [{"word": "I", "start": 2, "end": 3, "probability": 7}]}, "confidence"),
        "word-of-bool-end": (third | {"words": [{"word": "I", "start": 2, "end": True}]}, "end_s"),
        "nan-log-probability": (third | {"avg_logprob": float("nan")}, "avg_logprob"),
        "word-as-compression": (third | {"compression_ratio": "much"}, "compression_ratio"),
        "list-as-no-speech": (third | {"no_speech_prob": [1]}, "no_speech_prob"),
    }
    for name, (entry, field) in wrong.items():
        content = json.dumps({"language": "en", "utterances": [*good, entry]}).encode()
        yield Case(name=f"entry-{name}.json", content=content, error="TranscriptError", row=3, field=field)


def _captions() -> Iterator[Case]:
    """Captions with times that are none: the line is told."""
    timings = {
        "words": "soon --> later",
        "no-end": "00:00:01.000 -->",
        "no-start": "--> 00:00:01.000",
        "minus": "-00:00:01.000 --> 00:00:02.000",
        "four-parts": "00:00:00:01.000 --> 00:00:02.000",
        "one-part": "1 --> 2",
        "letters": "00:00:0l.000 --> 00:00:02.000",
        "five-decimals": "00:00:01.00000 --> 00:00:02.00000",
        "arrows": "00:00:01.000 --> 00:00:02.000 --> 00:00:03.000 -->",
        "arrow-alone": "-->",
        "empty-parts": ":: --> ::",
        "long": "9" * 50_000 + " --> " + "9" * 50_000,
        "hex": "0x00:00:01 --> 0x00:00:02",
        "infinite": "inf --> nan",
    }
    for name, timing in timings.items():
        srt = f"1\n00:00:00,000 --> 00:00:01,000\nagent: good morning\n\n2\n{timing}\nhello\n"
        yield Case(name=f"time-{name}.srt", content=srt.encode(), error="TranscriptError", row=6)
        vtt = f"WEBVTT\n\n00:00.000 --> 00:01.000\n<v agent>good morning\n\n{timing}\nhello\n"
        yield Case(name=f"time-{name}.vtt", content=vtt.encode(), error="TranscriptError", row=6)
    before = "1\n00:00:00,000 --> 00:00:01,000\nagent: hi\n\n2\n00:00:09,000 --> 00:00:02,000\ncustomer: hello\n"
    yield Case(name="backwards-srt.srt", content=before.encode(), error="TranscriptError", row=6)
    yield Case(name="backwards-vtt.vtt", content=("WEBVTT\n\n" + before).encode(), error="TranscriptError", row=8)
    for name, text in {
        "head-only": "WEBVTT\n",
        "notes-only": "WEBVTT\n\nNOTE nothing was said\n",
        "styles-only": "WEBVTT\n\nSTYLE\n::cue { color: red }\n",
        "prose": "WEBVTT is a format.\nThis is none.\n",
        "empty-cues": "WEBVTT\n\n" + "00:00.000 --> 00:01.000\n\n" * 500,
        "tags-only": "WEBVTT\n\n00:00.000 --> 00:01.000\n<v agent><b></b></v>\n",
    }.items():
        yield Case(name=f"{name}.vtt", content=text.encode(), error="TranscriptError")
        yield Case(name=f"{name}-as-srt.srt", content=text.replace("WEBVTT", "").encode(), error="TranscriptError")


def _plain() -> Iterator[Case]:
    """Plain text without a word."""
    for name, text in {
        "labels-only": "agent:\ncustomer:\nagent:\n",
        "byte-order-marks": "\ufeff" * 50,
        "spaces-of-all-kinds": "\u3000\u2003\u00a0\n" * 20,
    }.items():
        yield Case(name=f"{name}.txt", content=text.encode(), error="TranscriptError")


def _chats() -> Iterator[Case]:
    """Tables of chats that are none, or whose messages cannot be read."""
    csv = {
        "no-columns": b"a,b,c\n1,2,3\n",
        "no-sender": b"chat_id,text\n1,hello\n",
        "no-rows-no-header": b"\n\n\n",
        "empty": b"",
        "header-twice": b"chat_id,role,text,text\n1,agent,a,b\n",
        "nuls": bytes(100),
        "no-encoding": b"chat_id,role,text\n1,agent,\xff\xff\x81\n" * 3,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    }
    for name, content in csv.items():
        yield Case(name=f"chat-{name}.csv", content=content, error="TableError")
    yield Case(name="chat-no-object.jsonl", content=b"1\n2\n[]\n", error="TableError")
    yield Case(name="chat-broken.jsonl", content=b'{"chat_id": 1,\n', error="TableError")
    yield Case(name="chat-deep.jsonl", content=b"[" * 100_000 + b"\n", error="TableError")
    yield Case(name="chat-not-packed.csv.gz", content=b"chat_id,role,text\n", error="TableError")
    yield Case(name="chat-half-packed.csv.gz", content=b"\x1f\x8b\x08\x00" + bytes(30), error="TableError")
    yield Case(name="chat-no-workbook.xlsx", content=b"chat_id,role,text\n1,agent,a\n", error="TableError")
    rows = {
        "no-id": (b"chat_id,role,text\n,agent,hello\n", "chat_id"),
        "cells": (b"chat_id,role,text\nB2,agent,hello,there\n", None),
        "quotes": (b'chat_id,role,text\n"B3"x,agent,hello\n', None),
        "moment": (b"chat_id,role,text,time\nB4,agent,hello,2026-02-30 10:00\n", "time"),
        "language": (b"chat_id,role,text,language\nB5,agent,hello,klingonish\n", "language"),
    }
    for name, (content, field) in rows.items():
        yield Case(name=f"chat-row-{name}.csv", content=content, error="RowError", row=2, field=field)
    inner = {
        "no-json": "agent: hello",
        "object": '{"role": "agent"}',
        "numbers": "[1, 2]",
        "no-text": '[{"when": "now"}]',
        "deep": "[" * 20_000,
        "text-twice": '[{"text": "a", "TEXT": "b"}]',
    }
    for name, text in inner.items():
        line = json.dumps({"chat_id": f"I-{name}", "messages": text})
        yield Case(name=f"chat-inner-{name}.jsonl", content=line.encode(), error="RowError", row=1, field="messages")
