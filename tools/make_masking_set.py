"""Write conversations with made-up personal data and where it stands, for ``callqa validate masking``.

python -m tools.make_masking_set --seed 1 --n 500 --language zh --to FILE.jsonl

``--half dev`` takes the templates that the finders were tuned on, ``--half test`` (the default) the others; the two
share neither sentence nor name. Half of the conversations are roughened as recognisers do: no punctuation, lower case,
hums, traditional characters, full-width digits.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from opencc import OpenCC

from tools.masking_set.values import Values

TEMPLATES = Path(__file__).parent / "masking_set"
ROLES = {"a": "agent", "c": "customer"}
_SLOT = re.compile(r"\{(?P<slot>[a-z]+\d?)(?::(?P<form>[a-z0-9]+))?\}")
_MARKS = re.compile(r"[，。？！、,.?!](?=\s|$|[\u4e00-\u9fff])")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_TRADITIONAL = OpenCC("s2t")


def conversations(seed: int, count: int, language: str, half: str) -> Iterator[dict[str, Any]]:
    """Yield `count` conversations: every template in turn, with other values each time."""
    source = random.Random(seed)  # noqa: S311 -- no secret, a sample that can be drawn again
    written = yaml.safe_load((TEMPLATES / f"{language}.yaml").read_text(encoding="utf-8"))
    for number in range(count):
        template = written[half][number % len(written[half])]
        values = Values(source, language, half, written["names"][half])
        yield _conversation(source, template, values, language)


def _conversation(source: random.Random, template: Sequence[str], values: Values, language: str) -> dict[str, Any]:
    noise = _Noise(source, language)
    utterances: list[dict[str, str]] = []
    spans: list[dict[str, Any]] = []
    for index, line in enumerate(template):
        role, _, sentence = line.partition(": ")
        text = ""
        place = 0
        for slot in _SLOT.finditer(sentence):
            text += noise.words(sentence[place : slot.start()], is_first=not place)
            value, kind = values.get(slot["slot"], slot["form"] or "")
            value = noise.value(value)
            if kind:
                spans.append({"utterance": index, "start": len(text), "end": len(text) + len(value), "kind": kind})
            text += value
            place = slot.end()
        utterances.append({"role": ROLES[role], "text": text + noise.words(sentence[place:])})
    return {"utterances": utterances, "language": language, "spans": spans}


class _Noise:
    """How one conversation is roughened; the same in all its parts."""

    def __init__(self, source: random.Random, language: str) -> None:
        rough = source.random() < 0.5
        self._bare = rough and source.random() < 0.6
        self._lower = rough and language == "en" and source.random() < 0.7
        self._traditional = rough and language == "zh" and source.random() < 0.3
        self._wide = rough and language == "zh" and source.random() < 0.3
        self._hum = rough and source.random() < 0.3
        self._hums = ("嗯，", "呃，") if language == "zh" else ("um, ", "uh, ")
        self._source = source

    def words(self, text: str, *, is_first: bool = False) -> str:
        """Return the words around values as a recogniser may write them."""
        if self._bare:
            text = _MARKS.sub(" " if self._lower else "", text)
        if self._hum and text and is_first and self._source.random() < 0.3:
            text = self._source.choice(self._hums) + text
        return self._written(text)

    def value(self, text: str) -> str:
        """Return a value as a recogniser may write it."""
        return self._written(text)

    def _written(self, text: str) -> str:
        if self._lower:
            text = text.lower()
        if self._wide:
            text = text.translate(_WIDE)
        return _TRADITIONAL.convert(text) if self._traditional else text


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    parser.add_argument("--half", choices=("dev", "test"), default="test")
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    lines = [
        json.dumps(row, ensure_ascii=False) for row in conversations(asked.seed, asked.n, asked.language, asked.half)
    ]
    asked.to.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
