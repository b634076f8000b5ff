"""Contacts a second by rules alone, one process: detect and score, five-minute calls with word times.

OMP_NUM_THREADS=1 python -m benchmarks.rules_speed
"""

from __future__ import annotations

from dataclasses import replace
from time import process_time

from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.transcript import Utterance, Word
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
CONTACTS = 200


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


def main() -> None:
    """Print contacts a second for each language and quality."""
    for language, lines in TALK.items():
        card = get_scorecard(f"phone-{language}")
        for quality in ("trusted", "draft"):
            views = [view(lines * (TURNS // 2), language=language, quality=quality) for _ in range(CONTACTS)]
            views = [replace(one, utterances=tuple(with_words(item) for item in one.utterances)) for one in views]
            detect_all(views[0], card)
            start = process_time()
            for one in views:
                score_findings(detect_all(one, card), card)
            characters = sum(len(item.text) for item in views[0].utterances)
            rate = CONTACTS / (process_time() - start)
            print(f"{card.key} {quality}: {TURNS} utterances, {characters} characters, {rate:.0f} contacts/s")


if __name__ == "__main__":
    main()
