"""Chats and cards for the tools of rule writers, small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.scorecards import read_scorecard
from qa_pipeline.services.rules.sample import Sample, sample_of_files
from qa_pipeline.services.score import Batch
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import InspectionOptions
from tests.tables import write_json_lines

HEAD = """\
id: {id}
version: 1
name: {{zh: 测试, en: Test}}
kind: chat
language: zh
pass_points: 60
min_coverage_ratio: 0
sections:
  - id: all
    name: {{zh: 全部, en: All}}
    criteria:
"""


def write_card(path: Path, *criteria: str, id: str = "small") -> Path:
    """Write a card; each criterion is the YAML of one, without indentation."""
    blocks = ["\n".join(f"        {line}" for line in one.strip().splitlines()) for one in criteria]
    items = ["      -" + block[7:] for block in blocks]
    path.write_text(HEAD.format(id=id) + "\n".join(items) + "\n", encoding="utf-8")
    return path


def criterion(id: str, check: str, *more: str, weight: float = 1) -> str:
    """Return one criterion with its check in one line."""
    lines = [f"id: {id}", f"name: {{zh: {id}, en: {id}}}", f"weight: {weight}", f"check: {check}", *more]
    return "\n".join(lines)


GREETING = criterion("greeting", "{detector: phrase, any: [您好]}")
CLOSING = criterion("closing", "{detector: phrase, any: [祝您生活愉快]}")


def write_chats(path: Path, chats: Sequence[Sequence[str]], language: str = "zh", start: int = 0) -> Path:
    """Write chats as JSONL; a message is ``a: text`` of the agent or ``c: text`` of the customer."""
    roles = {"a": "agent", "c": "customer"}
    rows = []
    for number, messages in enumerate(chats, start=start):
        said = [{"role": roles[line[0]], "text": line[3:]} for line in messages]
        rows.append({"chat_id": f"chat{number}", "language": language, "messages": said})
    return write_json_lines(path, *rows)


def sample(path: Path, card: Scorecard, tmp_path: Path) -> Sample:
    """Return the contacts of a file as the tools read them; nothing may be kept in `tmp_path`."""
    inspection = InspectionOptions(artifacts=ArtifactFolder(tmp_path / "artifacts"), speech=SpeechOptions())
    return sample_of_files([path], Batch(cards=[card], intake=IntakeOptions(), inspection=inspection))


def small_card(tmp_path: Path, *criteria: str) -> Scorecard:
    """Return a card that is written and read."""
    return read_scorecard(write_card(tmp_path / "card.yaml", *(criteria or (GREETING, CLOSING))))
