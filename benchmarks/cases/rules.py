"""All rules of a scorecard on five-minute transcripts, beside a loop that looks for the same phrases with ``re``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.benchmark import Benchmark, Done, Way, Work
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Utterance, Word
from qa_pipeline.ports import ContactView
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.scoring.score import score_findings
from tests.qa_pipeline.detectors.scenes import view

# Talk that meets none of the wordings, so that every list is searched to its end: the slow case.
TALK = {
    "zh": (
        "customer: 嗯那个我上次在你们店里面买的那个东西到现在都没有到",
        "agent: 包裹目前在中转站，由于天气原因有一点延误",
    ),
    "en": (
        "customer: well the package was still not anywhere near my house so i wondered what was going on",
        "agent: it looks like the parcel left the depot yesterday and the driver had some trouble",
    ),
}
TURNS = 48
TRUSTED, DRAFT, ALTERNATIVE = "trusted transcript", "draft of a recogniser", "re, one phrase after the other"
ABOUT = (
    "detecting and scoring by phone-{language}, 48 utterances with word times in which nothing is found, the slow "
    "case. The alternative looks for every phrase of the card in every utterance with `re` and does much less: no "
    "folding, no likeness by sound, no times, no negation, no evidence, no score."
)


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return one benchmark for each language."""
    return tuple(
        Benchmark(
            name=f"rules-{language}",
            about=ABOUT.format(language=language),
            unit="contact",
            ways=(
                Way(title=TRUSTED, start=_starter(language, "trusted")),
                Way(title=DRAFT, start=_starter(language, "draft")),
                Way(title=ALTERNATIVE, start=_looping(language)),
            ),
            alternative=ALTERNATIVE,
            size=1 if quick else 20,
            repetitions=1 if quick else 9,
        )
        for language in TALK
    )


def _starter(language: str, quality: str) -> Callable[[Path, int], Work]:
    def start(_folder: Path, size: int) -> Work:
        card = get_scorecard(f"phone-{language}")
        contacts = [contact_of(language, quality) for _ in range(size)]

        def work() -> Done:
            for one in contacts:
                score_findings(detect_all(one, card), card)
            return Done()

        return work

    return start


def _looping(language: str) -> Callable[[Path, int], Work]:
    def start(_folder: Path, size: int) -> Work:
        patterns = [re.compile(re.escape(phrase)) for phrase in sorted(phrases_of(get_scorecard(f"phone-{language}")))]
        contacts = [contact_of(language, "trusted") for _ in range(size)]

        def work() -> Done:
            for one in contacts:
                for pattern in patterns:
                    for said in one.utterances:
                        pattern.search(said.text)
            return Done()

        return work

    return start


def contact_of(language: str, quality: str) -> ContactView:
    """Return a call of five minutes with word times."""
    found = view(TALK[language] * (TURNS // 2), language=language, quality=quality)
    return replace(found, utterances=tuple(with_words(said) for said in found.utterances))


def with_words(utterance: Utterance) -> Utterance:
    """Return the utterance with evenly spaced words."""
    texts = utterance.text.split() if utterance.text.isascii() else list(utterance.text)
    start_s = utterance.start_s or 0.0
    step_s = 5.0 / len(texts)
    words = tuple(
        Word(text=text, start_s=start_s + step_s * place, end_s=start_s + step_s * (place + 1), confidence=0.9)
        for place, text in enumerate(texts)
    )
    return replace(utterance, words=words)


def phrases_of(card: Scorecard) -> set[str]:
    """Return all phrases that the checks of a card name."""
    checks = [check for each in card.criteria for check in (each.check, each.applies_when) if check is not None]
    return {phrase for check in checks for phrase in _phrases_in(check.params)}


def _phrases_in(params: object) -> Iterator[str]:
    if isinstance(params, Mapping):
        for key, value in params.items():
            if key in ("any", "all", "none", "unless") and isinstance(value, list | tuple):
                yield from (item for item in value if isinstance(item, str))
            yield from _phrases_in(value)
    elif isinstance(params, list | tuple):
        for item in params:
            yield from (_phrases_in(item) if not isinstance(item, list | tuple) else filter(_is_text, item))


def _is_text(item: object) -> bool:
    return isinstance(item, str)
