"""``scorecards flips``: how often a criterion changes its mind when the words change and the meaning does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from rapidfuzz.distance import Levenshtein

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.text import TextEngine, judging_models, text_models
from qa_pipeline.scoring.annotate import annotate
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.judged import Judged, judge_view
from qa_pipeline.services.rules.sample import LeftOut, Sample, SampledContact, fitting
from qa_pipeline.vocabulary.variations import Variation, vary

ALL_ROLES = "any"
_EXAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipExample:
    """A contact whose outcome changed, and the first utterance that was edited."""

    contact_id: str
    before: Outcome
    after: Outcome
    said: str
    edited: str


@dataclass(slots=True, kw_only=True)
class CriterionFlips:
    """Of ``n`` edited contacts the outcome changed in ``changed``, in ``opposed`` of them to another decided one.

    The rest of the changes are to or from undetermined.
    """

    criterion_id: str
    n: int = 0
    changed: int = 0
    opposed: int = 0
    examples: list[FlipExample] = field(default_factory=list)

    @property
    def rate(self) -> Share:
        """The share of edited contacts whose outcome changed."""
        return Share(self.changed, self.n)


@dataclass(slots=True, kw_only=True)
class VariationFlips:
    """All criteria under one kind of edit. ``verdict``: contacts that pass now and did not, or the other way round."""

    variation: Variation
    criteria: dict[str, CriterionFlips]
    n: int = 0
    verdict_changed: int = 0

    @property
    def verdict(self) -> Share:
        """The share of edited contacts that change between pass and fail."""
        return Share(self.verdict_changed, self.n)

    @property
    def overall(self) -> Share:
        """The share of all judgements that changed."""
        entries = self.criteria.values()
        return Share(sum(entry.changed for entry in entries), sum(entry.n for entry in entries))


@dataclass(slots=True, kw_only=True)
class Flips:
    """Result over the sample of ``n`` contacts."""

    card: Scorecard
    seed: int
    n: int = 0
    variations: dict[Variation, VariationFlips] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)


def measure_flips(
    sample: Sample,
    card: Scorecard,
    engines: Sequence[TextEngine],
    *,
    variations: Sequence[Variation] = tuple(Variation),
    role: str = "agent",
    seed: int = 0,
    limit: int | None = None,
) -> Flips:
    """Edit what `role` says in every contact and count the outcomes that change.

    Parameters
    ----------
    variations : sequence of Variation
        Kinds of edits, each applied by itself; a contact that offers no place for one is not counted for it.
    role : str
        Whose words are edited: agent, customer or any.
    seed : int
        The same seed, contact and kind give the same edits, whatever else is in the sample.
    """
    models = judging_models([card], engines)
    result = Flips(card=card, seed=seed)
    for variation in variations:
        entries = {criterion.id: CriterionFlips(criterion_id=criterion.id) for criterion in card.criteria}
        result.variations[variation] = VariationFlips(variation=variation, criteria=entries)
    for item in fitting(sample, card, result.left_out, limit):
        result.n += 1
        before = judge_view(item.view, card, models)
        for variation, entry in result.variations.items():
            random = Random(f"{seed}/{variation.value}/{item.contact.id}")  # noqa: S311 -- edits, no secrets
            edited = _edited(item, variation, role, random, engines)
            if edited is not None:
                _count(entry, item, edited, before, judge_view(edited.view, card, models))
    return result


def _edited(
    item: SampledContact, variation: Variation, role: str, random: Random, engines: Sequence[TextEngine]
) -> SampledContact | None:
    """Return the contact with other words, annotated anew; None when nothing could be edited."""
    transcript = item.annotated.transcript
    utterances = tuple(
        with_other_words(said, vary(said.text, variation, random)) if role in (ALL_ROLES, said.role.value) else said
        for said in transcript.utterances
    )
    if utterances == transcript.utterances:
        return None
    told = replace(transcript, utterances=utterances)
    facts = item.annotated.facts
    annotation = annotate(told, facts, text_models(engines), item.annotated.annotation.masked_count)
    return replace(item, annotated=replace(item.annotated, transcript=told, annotation=annotation))


def with_other_words(said: Utterance, text: str) -> Utterance:
    """Return an utterance with other words, each with the times and the confidence of the one whose place it takes."""
    spans = said.word_spans()
    if text == said.text or spans is None:
        return said if text == said.text else replace(said, text=text, words=())
    places = _places(said.text, text)
    told = (
        replace(word, text=text[places[start][1] : places[end][0]])
        for word, (start, end) in zip(said.words, spans, strict=True)
    )
    return replace(said, text=text, words=tuple(word for word in told if word.text.strip()))


def _places(old: str, new: str) -> list[tuple[int, int]]:
    """Return where each place between characters of `old` lies in `new`: before and behind what was put in there."""
    first, last = [0] * (len(old) + 1), [0] * (len(old) + 1)
    for op in Levenshtein.opcodes(old, new):
        for place in range(op.src_start, op.src_end + 1):
            kept = op.tag in ("equal", "replace")
            at = min(op.dest_start + place - op.src_start, op.dest_end) if kept else op.dest_start
            last[place] = op.dest_end if op.tag == "insert" else at
            if place > op.src_start or place == 0:
                first[place] = at
    return list(zip(first, last, strict=True))


def _count(entry: VariationFlips, item: SampledContact, edited: SampledContact, before: Judged, after: Judged) -> None:
    entry.n += 1
    entry.verdict_changed += before.score.passed is not after.score.passed
    for was, now in zip(before.findings, after.findings, strict=True):
        counts = entry.criteria[was.criterion_id]
        counts.n += 1
        if was.outcome is now.outcome:
            continue
        counts.changed += 1
        counts.opposed += Outcome.UNDETERMINED not in (was.outcome, now.outcome)
        if len(counts.examples) < _EXAMPLES:
            # The words that decided before or decide now show best what the edit did.
            places = [part.utterance for part in (*was.evidence, *now.evidence) if part.utterance is not None]
            said, told = _pair(item, edited, places)
            counts.examples.append(
                FlipExample(contact_id=item.contact.id, before=was.outcome, after=now.outcome, said=said, edited=told)
            )


def _pair(item: SampledContact, edited: SampledContact, places: Sequence[int]) -> tuple[str, str]:
    then, now = item.annotated.transcript.utterances, edited.annotated.transcript.utterances
    edits = [index for index, (one, other) in enumerate(zip(then, now, strict=True)) if one.text != other.text]
    place = next((place for place in places if place in edits), edits[0])
    return then[place].text, now[place].text
