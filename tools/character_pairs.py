"""Write which pairs of Chinese characters stand side by side in ordinary talk.

python -m tools.character_pairs TABLE.csv.gz ... --out qa_pipeline/resources/lexicons/ordinary_zh.txt

The tables need a column ``text``. The shipped file was made from CPED (test), CrossWOZ (val and test) and COLD (train),
all Apache-2.0, 2026-11.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

HEAD = """\
# Pairs of characters that stand side by side in ordinary Chinese talk: the first, then all that follow it.
# Counted in CPED, CrossWOZ and COLD (Apache-2.0) by tools/character_pairs.py; at least {least} times each.
"""
HAN = re.compile("[\u4e00-\u9fff]+")


def pairs(paths: Iterable[Path]) -> Counter[str]:
    """Count the pairs of neighbouring characters in the column ``text`` of the tables."""
    counts: Counter[str] = Counter()
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for run in HAN.findall(row["text"]):
                    counts.update(run[place : place + 2] for place in range(len(run) - 1))
    return counts


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--least", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    following: dict[str, list[str]] = defaultdict(list)
    for pair, count in sorted(pairs(asked.tables).items()):
        if count >= asked.least:
            following[pair[0]].append(pair[1])
    lines = [f"{first}{''.join(others)}\n" for first, others in sorted(following.items())]
    asked.out.write_text(HEAD.format(least=asked.least) + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
