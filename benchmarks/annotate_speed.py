"""Contacts a second that the embedded text models annotate, one process: the demo's chats at the length of calls.

OMP_NUM_THREADS=1 python -m benchmarks.annotate_speed
"""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Sequence
from dataclasses import fields
from itertools import cycle
from pathlib import Path
from time import process_time

import callqa.demo
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.scoring.annotate import TextModels, annotate
from qa_pipeline.scoring.moves import tag_moves

CHATS = Path(callqa.demo.__file__).parent / "data" / "chats"
# What two people say in five minutes: 240 characters, or 150 words of five letters and a space, a minute.
CHARACTERS = {"zh": 5 * 240, "en": 5 * 150 * 6}
REPETITIONS = 20


def lines_of(language: str) -> list[tuple[str, str]]:
    """Return role and text of every message of the demo's chats."""
    if language == "zh":
        chats = [json.loads(line) for line in (CHATS / "shop-zh.jsonl").read_text(encoding="utf-8").splitlines()]
        return [(said["role"], said["text"]) for chat in chats for said in chat["messages"]]
    with (CHATS / "shop-en.csv").open(encoding="utf-8", newline="") as file:
        return [(row["sender"], row["message"]) for row in csv.DictReader(file)]


def call_of(lines: Sequence[tuple[str, str]], language: str) -> Transcript:
    """Return a transcript of five minutes' length."""
    said: list[Utterance] = []
    length = 0
    for role, text in cycle(lines):
        if length >= CHARACTERS[language]:
            break
        said.append(Utterance(index=len(said), role=Role(role), text=text))
        length += len(text)
    return Transcript(language=language, engine="import", quality=TranscriptQuality.TRUSTED, utterances=tuple(said))


def main() -> None:
    """Print contacts a second of all models together, and the milliseconds of the moves among them."""
    models = TextModels(**{field.name: load_engine(field.name, "embedded") for field in fields(TextModels)})
    for language in CHARACTERS:
        call = call_of(lines_of(language), language)
        annotate(call, Facts(), models, 0)
        started_s = process_time()
        for _ in range(REPETITIONS):
            annotate(call, Facts(), models, 0)
        annotated_s = (process_time() - started_s) / REPETITIONS
        started_s = process_time()
        for _ in range(REPETITIONS):
            tag_moves(call.utterances, language, models.moves)
        moves_s = (process_time() - started_s) / REPETITIONS
        print(
            f"{language}: {len(call.utterances)} utterances, {1 / annotated_s:.0f} contacts a second, "
            f"moves {1000 * moves_s:.1f} of {1000 * annotated_s:.1f} ms"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
