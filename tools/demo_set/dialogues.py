"""Written dialogues of the demo set as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One party's words. ``gap_s``: silence before them; negative interrupts the turn before; None = a natural one."""

    role: str
    text: str
    gap_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Seconds with nobody speaking."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One telephone call as written.

    ``layout``: stereo (agent on the first channel), swapped, dual_mono, or pair (one file per party).
    ``kept_ratio``: below 1 the recorder died and the end of the file is missing.
    ``transcript``: what lies beside the recording: vtt, json, whisper, text or none.
    """

    id: str
    language: str
    agent: str
    queue: str
    start: str
    direction: str
    layout: str
    kept_ratio: float
    transcript: str
    voices: dict[str, str]
    shows: str
    turns: tuple[Turn | Hold, ...]

    @property
    def spoken(self) -> tuple[Turn, ...]:
        """The turns without the holds."""
        return tuple(turn for turn in self.turns if isinstance(turn, Turn))


ROLES = {"a": "agent", "c": "customer"}


def read_yaml(name: str) -> Any:
    """Return the document of one file of this folder."""
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


def read_calls(name: str, language: str) -> list[Call]:
    """Return the calls of one file."""
    return [
        Call(
            id=row["id"],
            language=language,
            agent=row["agent"],
            queue=row["queue"],
            start=str(row["start"]),
            direction=row.get("direction", "inbound"),
            layout=row.get("layout", "stereo"),
            kept_ratio=row.get("kept_ratio", 1.0),
            transcript=row.get("transcript", "none"),
            voices=row["voices"],
            shows=row["shows"],
            turns=tuple(_turn(turn) for turn in row["turns"]),
        )
        for row in read_yaml(name)
    ]


def _turn(row: dict[str, Any]) -> Turn | Hold:
    ((key, value),) = row.items()
    if key == "hold":
        return Hold(seconds=float(value))
    if isinstance(value, dict):
        return Turn(role=ROLES[key], text=value["text"], gap_s=float(value["gap_s"]))
    return Turn(role=ROLES[key], text=value)
