"""The embedded text models on five minutes of talk, beside scikit-learn with the same n-grams and weights."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import cycle
from pathlib import Path
from typing import Any

import callqa.demo
from benchmarks.benchmark import Benchmark, Done, Way, Work, about_equal
from models.text.classifier import NgramClassifier
from models.text.ngrams import NGRAMS
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.scoring.annotate import TextModels, annotate
from qa_pipeline.scoring.moves import tag_moves

CHATS = Path(callqa.demo.__file__).parent / "data" / "chats"
# What two people say in five minutes: 240 characters, or 150 words of five letters and a space, a minute.
CHARACTERS = {"zh": 5 * 240, "en": 5 * 150 * 6}
OURS, MOVES, ALTERNATIVE = "callqa", "callqa, moves alone", "scikit-learn"
ABOUT = (
    "one call of five minutes in {language}, made of the demo's chats, read by the embedded models (sentiment, moves, "
    "abuse) with attitude and turning points. The alternative is the same with each classifier as a "
    "pipeline of scikit-learn, with its own n-grams and weights; the sentiments must agree to 1e-6."
)


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return one benchmark for each language."""
    return tuple(
        Benchmark(
            name=f"text-{language}",
            about=ABOUT.format(language={"zh": "Chinese", "en": "English"}[language]),
            unit="contact",
            ways=(
                Way(title=OURS, start=_starter(language)),
                Way(title=MOVES, start=_moves(language)),
                Way(title=ALTERNATIVE, start=_starter(language, with_scikit_learn)),
            ),
            alternative=ALTERNATIVE,
            size=1 if quick else 5,
            repetitions=1 if quick else 9,
            agree=about_equal,
        )
        for language in CHARACTERS
    )


def _starter(language: str, change: Callable[[], None] = lambda: None) -> Callable[[Path, int], Work]:
    def start(_folder: Path, size: int) -> Work:
        change()
        models = TextModels(**{field.name: load_engine(field.name, "embedded") for field in fields(TextModels)})
        call = call_of(lines_of(language), language)

        def work() -> Done:
            for _ in range(size):
                found = annotate(call, Facts(), models, 0)
            return Done(answer=[one.score for one in found.sentiments])

        return work

    return start


def _moves(language: str) -> Callable[[Path, int], Work]:
    def start(_folder: Path, size: int) -> Work:
        model = load_engine("moves", "embedded")
        call = call_of(lines_of(language), language)

        def work() -> Done:
            for _ in range(size):
                tag_moves(call.utterances, language, model)
            return Done()

        return work

    return start


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


def with_scikit_learn() -> None:
    """Let all classifiers of this process predict by scikit-learn."""
    pipelines: dict[int, Any] = {}

    def predict(model: NgramClassifier, texts: Sequence[str]) -> Any:
        if id(model) not in pipelines:
            pipelines[id(model)] = pipeline_of(model)
        return pipelines[id(model)].transform(texts)

    NgramClassifier.predict = predict  # type: ignore[method-assign]


def pipeline_of(model: NgramClassifier) -> Any:
    """Return a classifier as scikit-learn has it: counts, weights, and a softmax over the linear scores."""
    import numpy as np
    from scipy.sparse import diags
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, normalize
    from sklearn.utils.extmath import softmax

    power = model.length_power
    idf = diags(model.idf.astype(float))
    coefficients = model.coefficients.astype(float)

    def weighed(counts: Any) -> Any:
        if power is None:
            return normalize(counts.astype(float).log1p() @ idf)
        return diags(np.diff(counts.indptr).clip(1).astype(float) ** -power) @ counts

    return make_pipeline(
        CountVectorizer(analyzer=NGRAMS[model.language], vocabulary=model.vocabulary, binary=power is not None),
        FunctionTransformer(weighed),
        FunctionTransformer(lambda features: softmax(features @ coefficients + model.intercepts)),
    )
