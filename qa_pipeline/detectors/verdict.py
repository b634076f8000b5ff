"""What a detector says before it is a finding, and the words for what could not be judged."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit

# How often a verdict on recognised words was the verdict on the words that were said, as benchmarks.recognition_doubt
# measured it (docs/scorecards-tools.md); what people make of the words, only labels can tell.
SURE = 0.99
SURE_OF_ABSENCE = 0.88
SURE_ELSEWHERE = 0.5  # said, but not in its place: recognition may have lost the one that was
UNSURE = 0.0

EVIDENCE_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Outcome with reason, evidence and confidence 0-1, not yet tied to a criterion."""

    outcome: Outcome
    reason: Reason
    confidence: float = UNSURE
    evidence: tuple[Evidence, ...] = ()


def undetermined(message: str, evidence: tuple[Evidence, ...] = (), **params: str | float) -> Verdict:
    """Return a verdict that abstains, with what was seen as evidence."""
    return Verdict(outcome=Outcome.UNDETERMINED, reason=Reason(message=message, params=params), evidence=evidence)


def no_words(message: str = N_("There are no words to judge.")) -> Verdict:
    """Return the verdict over a contact without words."""
    return undetermined(message)


def quotes(hits: tuple[Hit, ...]) -> tuple[Evidence, ...]:
    """Return hits as evidence, the first few."""
    return tuple(quote_of(hit) for hit in hits[:EVIDENCE_MAX])


def quote_of(hit: Hit) -> Evidence:
    """Return a hit as evidence, with the times of its words when they are known, else of its utterance."""
    start_s, end_s = hit.utterance.start_s, hit.utterance.end_s
    spans = hit.utterance.word_spans()
    if spans:
        said = [
            word
            for word, (start, end) in zip(hit.utterance.words, spans, strict=True)
            if start < hit.end and end > hit.start
        ]
        if said:
            start_s, end_s = said[0].start_s, said[-1].end_s
    return Evidence(
        quote=hit.quote, utterance=hit.utterance.index, role=hit.utterance.role, start_s=start_s, end_s=end_s
    )


def measured(measure: str, value: float, start_s: float | None = None) -> Evidence:
    """Return a measured value as evidence."""
    return Evidence(measure=measure, value=value, start_s=start_s)
