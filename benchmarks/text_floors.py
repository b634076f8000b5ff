"""What the embedded kind of text model reaches on open sets when it is trained on them; none of these is shipped.

OMP_NUM_THREADS=1 python -m benchmarks.text_floors FOLDER [SET ...]

FOLDER holds the tables. N-grams weigh by inverse document frequency times the square root of their log-count ratio, one
logistic regression for each label. Only training rows choose anything: the penalty by three folds of them, or by the
development rows where the set has some, which choose the thresholds of several labels too. A set without a split of its
own is split by a hash of its texts, one in five for testing. Intervals are by bootstrap over test rows.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from models.text.labelled import EMOTION_GROUPS
from models.text.ngrams import NGRAMS
from models.text.training import fold_of, weighted

PENALTIES = (1.0, 3.0, 10.0)
TEST_ONE_IN = 5
THRESHOLDS = np.arange(0.1, 0.8, 0.05)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]  # (rows, labels), 0 or 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts with the labels that each has; ``part``: 0 train, 1 development, 2 test."""

    name: str
    ngrams: str
    texts: list[str]
    labels: Labels
    part: npt.NDArray[np.intp]
    floor: str


class OneForEach:
    """One logistic regression for each label."""

    def __init__(self, counts: sparse.csr_matrix, labels: Labels, inverse_penalty: float) -> None:
        present = (counts > 0).astype(np.float64)
        idf = np.log((1 + counts.shape[0]) / (1 + np.asarray(present.sum(axis=0)).ravel())) + 1
        self._fits = []
        for column in labels.T:
            sums = [np.asarray((column == kind) @ present).ravel() + 1 for kind in (0, 1)]
            ratio = np.log(sums[1] / sums[1].sum()) - np.log(sums[0] / sums[0].sum())
            weights = idf * np.sqrt(np.abs(ratio))
            model = LogisticRegression(C=inverse_penalty, solver="liblinear", tol=1e-3, class_weight="balanced")
            self._fits.append((weights, model.fit(weighted(counts, weights), column)))

    def chances(self, counts: sparse.csr_matrix) -> Floats:
        """Return the probability of each label, by itself; shape (rows, labels)."""
        return np.column_stack([model.predict_proba(weighted(counts, w))[:, 1] for w, model in self._fits])


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one_label(
    name: str, ngrams: str, rows: Sequence[dict[str, str]], of: str, floor: str, test: Sequence[dict[str, str]] = ()
) -> Rows:
    """Return rows of which each has one label, the column `of`."""
    names = sorted({row[of] for row in rows})
    labels = np.array([[int(row[of] == each) for each in names] for row in (*rows, *test)])
    texts = [row["text"] for row in (*rows, *test)]
    if test:
        part = np.repeat([0, 2], [len(rows), len(test)])
    else:
        part = np.array([2 if fold_of(0, text, TEST_ONE_IN) == 0 else 0 for text in texts])
    return Rows(name, ngrams, texts, labels, part, floor)


def reviews(folder: Path) -> Iterator[Rows]:
    """Yield the three domains of the Chinese reviews."""
    rows = read(folder / "sentiment_zh_reviews.csv.gz")
    for domain, floor in (("shopping", ".943"), ("takeaway", ".888"), ("hotel", ".872")):
        of_domain = [row for row in rows if row["source"].split("-")[0] == domain]
        yield one_label(f"reviews, {domain}", "zh", of_domain, "label", floor)


def airline(folder: Path) -> Iterator[Rows]:
    """Yield the tweets to airlines, three classes."""
    yield one_label("airline tweets", "en", read(folder / "sentiment_en_airline.csv.gz"), "sentiment", ".746")


def meld(folder: Path) -> Iterator[Rows]:
    """Yield MELD, three classes, its own split."""
    train, test = (read(folder / f"sentiment_en_meld_{part}.csv.gz") for part in ("train", "test"))
    yield one_label("MELD", "en", train, "sentiment", ".605", test)


def davidson(folder: Path) -> Iterator[Rows]:
    """Yield the abusive tweets, three classes."""
    yield one_label("Davidson, three classes", "en", read(folder / "abuse_en_davidson.csv.gz"), "class", ".717")


def toxicn(folder: Path) -> Iterator[Rows]:
    """Yield ToxiCN, toxic or not."""
    yield one_label("ToxiCN", "zh", read(folder / "abuse_zh_toxicn.csv.gz"), "toxic", ".742 (F1)")


def goemotions(folder: Path) -> Iterator[Rows]:
    """Yield the four groups and the 28 labels, of which a text may have several."""
    parts = [read(folder / f"emotion_en_goemotions_{part}.csv.gz") for part in ("train", "dev", "test")]
    rows = [row for part in parts for row in part]
    part = np.repeat([0, 1, 2], [len(each) for each in parts])
    emotions = [set(row["emotions"].split("|")) for row in rows]
    texts = [row["text"] for row in rows]
    grouped = np.array([[int(bool(found & group)) for group in EMOTION_GROUPS] for found in emotions])
    yield Rows("GoEmotions, four groups", "en", texts, grouped, part, ".69")
    names = sorted(set().union(*emotions))
    single = np.array([[int(name in found) for name in names] for found in emotions])
    yield Rows("GoEmotions, 28 labels", "en", texts, single, part, ".46")


def measure(rows: Rows) -> str:
    """Return a line with the macro-F1 on the test rows."""
    train, develop, test = (rows.part == kind for kind in range(3))
    vectorizer = CountVectorizer(analyzer=NGRAMS[rows.ngrams], min_df=2, dtype=np.float32)
    vectorizer.fit([text for text, kept in zip(rows.texts, train, strict=True) if kept])
    counts = vectorizer.transform(rows.texts).tocsr()
    several = bool(develop.any())
    folds = np.array([fold_of(1, text, 3) for text in rows.texts])
    best, best_score, cuts = 0.0, -1.0, np.zeros(rows.labels.shape[1])
    for penalty in PENALTIES:
        if several:
            chances = OneForEach(counts[train], rows.labels[train], penalty).chances(counts[develop])
            chosen = thresholds(rows.labels[develop], chances)
            score = macro_f1(rows.labels[develop], chances >= chosen)
        else:
            chosen, score = cuts, cross_validated(counts[train], rows.labels[train], folds[train], penalty)
        if score > best_score:
            best, best_score, cuts = penalty, score, chosen
    chances = OneForEach(counts[train], rows.labels[train], best).chances(counts[test])
    found = chances >= cuts if several else only_best(chances)
    labels = rows.labels[test]
    draws = np.random.default_rng(0)
    drawn = [draws.integers(len(labels), size=len(labels)) for _ in range(300)]
    low, high = np.percentile([macro_f1(labels[each], found[each]) for each in drawn], [2.5, 97.5])
    value = f"{macro_f1(labels, found):.3f} [{low:.3f}, {high:.3f}]"
    positive = f", F1 of the second label {f1_score(labels[:, 1], found[:, 1]):.3f}" if labels.shape[1] == 2 else ""
    return f"{rows.name}: n {len(labels)}, macro-F1 {value}{positive}, C {best:g}, reference {rows.floor}"


def cross_validated(
    counts: sparse.csr_matrix, labels: Labels, folds: npt.NDArray[np.int64], inverse_penalty: float
) -> float:
    """Return the macro-F1 over three folds."""
    found = np.zeros(labels.shape, dtype=bool)
    for fold in range(3):
        model = OneForEach(counts[folds != fold], labels[folds != fold], inverse_penalty)
        found[folds == fold] = only_best(model.chances(counts[folds == fold]))
    return macro_f1(labels, found)


def thresholds(labels: Labels, chances: Floats) -> Floats:
    """Return for each label the threshold with the best F1."""
    scores = [
        [f1_score(y, p >= cut, zero_division=0) for cut in THRESHOLDS] for y, p in zip(labels.T, chances.T, strict=True)
    ]
    return THRESHOLDS[np.argmax(scores, axis=1)]


def only_best(chances: Floats) -> npt.NDArray[np.bool_]:
    """Return the likeliest label of each row."""
    return np.eye(chances.shape[1], dtype=bool)[chances.argmax(axis=1)]


def macro_f1(labels: Labels, found: npt.NDArray[np.bool_]) -> float:
    """Return the mean F1 over the labels."""
    return float(f1_score(labels, found, average="macro", zero_division=0))


SETS: dict[str, Callable[[Path], Iterator[Rows]]] = {
    "airline": airline,
    "meld": meld,
    "davidson": davidson,
    "toxicn": toxicn,
    "reviews": reviews,
    "goemotions": goemotions,
}


if __name__ == "__main__":
    for chosen in sys.argv[2:] or SETS:
        for each in SETS[chosen](Path(sys.argv[1])):
            print(measure(each), flush=True)
