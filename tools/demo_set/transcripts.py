"""Transcripts beside Chinese recordings, in the shapes that telephone systems export."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.demo_set.mixing import Placed

LABELS = {"agent": "坐席", "customer": "客户"}


def write_transcript(shape: str, turns: Sequence[Placed], stem: Path) -> None:
    """Write the transcript of one call in `shape` (vtt, json, whisper, text) beside `stem`."""
    suffix, render = SHAPES[shape]
    stem.with_suffix(suffix).write_text(render(turns), encoding="utf-8")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60):02d}:{int(minutes % 60):02d}:{rest:06.3f}"


def _vtt(turns: Sequence[Placed]) -> str:
    cues = [
        f"{_clock(turn.start_s)} --> {_clock(turn.end_s)}\n<v {LABELS[turn.role]}>{turn.text}</v>\n" for turn in turns
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _own(turns: Sequence[Placed]) -> str:
    rows = [{"role": turn.role, "start_s": turn.start_s, "end_s": turn.end_s, "text": turn.text} for turn in turns]
    return json.dumps({"language": "zh", "utterances": rows}, ensure_ascii=False, indent=1) + "\n"


def _whisper(turns: Sequence[Placed]) -> str:
    rows = [
        {"id": number, "start": turn.start_s, "end": turn.end_s, "text": turn.text, "avg_logprob": -0.21}
        for number, turn in enumerate(turns)
    ]
    document = {"text": "".join(turn.text for turn in turns), "segments": rows, "language": "zh"}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _text(turns: Sequence[Placed]) -> str:
    return "".join(f"{LABELS[turn.role]}：{turn.text}\n" for turn in turns)


SHAPES: dict[str, tuple[str, Callable[[Sequence[Placed]], str]]] = {
    "vtt": (".vtt", _vtt),
    "json": (".json", _own),
    "whisper": (".json", _whisper),
    "text": (".txt", _text),
}
