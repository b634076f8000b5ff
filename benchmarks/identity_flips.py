"""How far sentiment and abuse change with words of identity and dialect that were written apart from the models' lists.

OMP_NUM_THREADS=1 python -m benchmarks.identity_flips [FOLDER OF MODELS]
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from models.text.abuse import load as load_abuse
from models.text.identity import blind
from models.text.ngrams import normalise
from models.text.sentiment import load as load_sentiment

PAIRS = Path(__file__).parents[1] / "tests" / "models" / "identity_pairs.csv"


class Pair(NamedTuple):
    """Two texts that differ in one word; ``covered``: the lists make them the same."""

    language: str
    group: str
    covered: bool
    sentiment_flips: bool
    sentiment_shift: float
    abuse_shift: float
    hint_flips: bool


def pairs(models: Path | None) -> Iterator[Pair]:
    """Yield each pair of words of each sentence of the table, as the models judge it."""
    sentiment, abuse = load_sentiment(models), load_abuse(models)
    with PAIRS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            language = row["language"]
            texts = [row["text"].format(word) for word in row["words"].split("|")]
            read = [blind(normalise(text), language) for text in texts]
            moods = sentiment.predict(texts, language)
            scores, labels = (moods[:, 2] - moods[:, 0]) / 2, moods.argmax(axis=1)
            reading = abuse.predict(texts, language)
            chances, hints = reading.probabilities, reading.hints
            for one, other in combinations(range(len(texts)), 2):
                yield Pair(
                    language,
                    row["group"],
                    read[one] == read[other],
                    labels[one] != labels[other],
                    abs(scores[one] - scores[other]),
                    abs(chances[one] - chances[other]),
                    hints[one] != hints[other],
                )


def main() -> None:
    """Print the shares and mean changes over all pairs, by coverage and by group of words."""
    parts: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        covered = "covered" if pair.covered else "not covered"
        for name in ("all", f"{pair.language} {covered}", f"{pair.language} {pair.group}"):
            parts[name].append(pair)
    for name, of_part in sorted(parts.items()):
        count = len(of_part)
        print(
            f"{name}: {count} pairs, {sum(each.covered for each in of_part) / count:.0%} covered,"
            f" sentiment flips {sum(each.sentiment_flips for each in of_part) / count:.3f}"
            f" shift {sum(each.sentiment_shift for each in of_part) / count:.3f},"
            f" abuse shift {sum(each.abuse_shift for each in of_part) / count:.3f}"
            f" hint flips {sum(each.hint_flips for each in of_part) / count:.3f}"
        )


if __name__ == "__main__":
    main()
