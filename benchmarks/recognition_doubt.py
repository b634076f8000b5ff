"""How often a verdict on recognised words is the verdict on the words that were said, by outcome and confidence.

OMP_NUM_THREADS=1 python -m benchmarks.recognition_doubt chat CHATS...

Contacts whose words are known are written as a recogniser might have heard them: words replaced by others of the same
sound, left out and put in, each with a confidence. Rates and confidences are those of pocketsphinx on the English calls
of the demo (1,243 words, 16.4 % of them wrong): a stand-in, for the rule at hand sees nothing else of an engine.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.transcript import TranscriptQuality, Utterance, Word
from qa_pipeline.ports import ContactView
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.scoring.match_text import has_chinese
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.sample import LeftOut, fitting, sample_of_files
from qa_pipeline.services.score import Batch
from qa_pipeline.vocabulary.variations import sound_alikes

REPLACED, LEFT_OUT, PUT_IN = 0.082, 0.030, 0.052
# Deciles of the confidence of words that were heard rightly and wrongly.
RIGHT_DECILES = (0.0, 0.2, 0.42, 0.59, 0.73, 0.87, 0.95, 0.99, 1.0, 1.0, 1.0)
WRONG_DECILES = (0.0, 0.02, 0.06, 0.13, 0.25, 0.4, 0.53, 0.78, 0.9, 0.99, 1.0)
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
Kind = tuple[str, str, str, int]  # quality, outcome, whether words show it, bin
# Rules that look at words alone; models would have to read the other words anew.
WORD_RULES = frozenset({"phrase", "pattern", "order"})


def confidence(deciles: Sequence[float], random: Random) -> float:
    """Draw a confidence from its deciles."""
    place = random.random() * (len(deciles) - 1)
    low = int(place)
    return deciles[low] + (place - low) * (deciles[low + 1] - deciles[low])


def heard(said: Utterance, vocabulary: Sequence[str], random: Random) -> Utterance:
    """Return an utterance as it might have been recognised, with confidences."""
    is_chinese = has_chinese(said.text)
    words = list(said.text) if is_chinese else said.text.split()
    made: list[tuple[str, bool]] = []
    for word in words:
        if random.random() < PUT_IN:
            made.append((random.choice(vocabulary), False))
        fate = random.random()
        if fate < REPLACED:
            made.append((random.choice(sound_alikes(word) or vocabulary), False))
        elif fate >= REPLACED + LEFT_OUT:
            made.append((word, True))
    told = tuple(
        Word(
            text=word, start_s=0.0, end_s=0.0, confidence=confidence(RIGHT_DECILES if right else WRONG_DECILES, random)
        )
        for word, right in made
    )
    text = ("" if is_chinese else " ").join(word for word, _ in made)
    return replace(said, text=text, words=told)


def views(card_id: str, paths: Sequence[Path], limit: int) -> Iterator[ContactView]:
    """Yield contacts whose words are known."""
    settings, card = read_settings(), get_scorecard(card_id)
    batch = Batch(
        cards=[card], intake=wiring.intake_options(settings), inspection=wiring.inspection_options(settings, "import")
    )
    for item in fitting(sample_of_files(paths, batch), card, LeftOut(), limit):
        yield item.view


def main() -> None:
    """Print the share of right verdicts by quality, outcome and the rule's own confidence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("card")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    card = get_scorecard(asked.card)
    rules = [criterion.check.detector in WORD_RULES for criterion in card.criteria]
    random = Random(asked.seed)
    right: dict[Kind, int] = defaultdict(int)
    count: dict[Kind, int] = defaultdict(int)
    for view in views(asked.card, asked.paths, asked.limit):
        truth = detect_all(view, card)
        text = " ".join(said.text for said in view.utterances)
        vocabulary = list(text) if has_chinese(text) else text.split()
        utterances = tuple(heard(said, vocabulary, random) for said in view.utterances)
        for quality in (TranscriptQuality.TRUSTED, TranscriptQuality.DRAFT):
            findings = detect_all(replace(view, utterances=utterances, quality=quality), card)
            for is_rule, was, now in zip(rules, truth, findings, strict=True):
                if is_rule and Outcome.UNDETERMINED not in (was.outcome, now.outcome):
                    by = "heard" if any(part.quote for part in now.evidence) else "not heard"
                    kind = quality.value, now.outcome.value, by, sum(now.confidence >= low for low in BINS[1:])
                    count[kind] += 1
                    right[kind] += was.outcome is now.outcome
    for kind in sorted(count):
        name, outcome, by, place = kind
        share = Share(right[kind], count[kind])
        low, high = share.ci95
        print(
            f"{name:8} {outcome:15} {by:10} {BINS[place]:.1f}-{min(BINS[place + 1], 1):.1f}  "
            f"{share.value:.3f} [{low:.3f}, {high:.3f}]  n = {share.n}"
        )


if __name__ == "__main__":
    main()
