"""``repeat``: nobody says the same thing again and again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import Field
from rapidfuzz import fuzz, process

from qa_pipeline.detectors.params import Count, Params, Phrases
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, SURE, SURE_OF_ABSENCE, Verdict, undetermined
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Passage, Phrase, prepare_phrases
from qa_pipeline.scoring.match_text import fold, sound

# Longer utterances are compared by their beginning, so that a monologue costs no more than a sentence.
_COMPARED_CHARACTERS = 200


class RepeatParams(Params):
    """``at_most``: how often ``role`` may say the same thing. Said a second time is twice.

    ``alike``: 0-100, how alike by sound two utterances must be. ``min_characters``: shorter ones, without punctuation
    and fillers, are not looked at. ``within_utterances``: only so many utterances of the speaker back.
    ``unless``: an utterance that holds one of these may be said as often as one likes.
    """

    role: Speaker = Speaker.AGENT
    at_most: Count = 2
    alike: Annotated[float, Field(ge=50, le=100)] = 85
    min_characters: Count = 6
    within_utterances: Count | None = None
    unless: Phrases | None = None

    @cached_property
    def excused(self) -> tuple[Phrase, ...]:
        """What may be repeated."""
        return prepare_phrases(self.unless or ())


def judge_repeat(scene: Scene, params: RepeatParams) -> Verdict:
    """Judge whether the same thing is said too often; the utterances that repeat are the evidence."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    said = _largest_group(scene.said_by(params.role), params)
    if len(said) > params.at_most:
        return Verdict(
            outcome=Outcome.NOT_MET,
            confidence=SURE,
            reason=Reason(
                message=N_("Said {count} times: “{quote}” (allowed: {limits})."),
                params={"count": len(said), "quote": said[0].text, "limits": f"≤ {params.at_most}"},
            ),
            evidence=_quotes(said),
        )
    if scene.is_draft:
        return undetermined(N_("Not heard, but the recognised text is only a draft, so nothing can be ruled out."))
    perhaps = scene.doubtful_by(params.role)
    whole = Passage.of(
        sorted((*scene.said_by(params.role).utterances, *perhaps.utterances), key=lambda item: item.index)
    )
    if perhaps.utterances and len(_largest_group(whole, params)) > params.at_most:
        return undetermined(N_("Something may have been said too often, but who said it is not sure."))
    return Verdict(
        outcome=Outcome.MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(message=N_("Nothing was said too often.")),
    )


def _largest_group(passage: Passage, params: RepeatParams) -> list[Utterance]:
    """Return the utterances that say the same thing most often, in order; empty without any to look at."""
    excused = {hit.place for hit in passage.find_all(params.excused, tolerant=False)}
    places = [
        (place, folded)
        for place, item in enumerate(passage.utterances)
        if place not in excused and len(folded := fold(item.text).text) >= params.min_characters
    ]
    if not places:
        return []
    texts = [sound(folded[:_COMPARED_CHARACTERS]) for _, folded in places]
    kinds = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    alike = process.cdist(list(kinds), list(kinds), scorer=fuzz.ratio, score_cutoff=params.alike, dtype=np.uint8) > 0
    best: list[int] = []
    for at, text in enumerate(texts):
        near = alike[kinds[text]]
        first = _window_start(at, places, params)
        group = [other for other in range(first, at + 1) if near[kinds[texts[other]]]]
        if len(group) > len(best):
            best = group
    return [passage.utterances[places[at][0]] for at in best]


def _window_start(at: int, places: Sequence[tuple[int, str]], params: RepeatParams) -> int:
    if params.within_utterances is None:
        return 0
    first = at
    while first > 0 and places[first - 1][0] >= places[at][0] - params.within_utterances:
        first -= 1
    return first


def _quotes(said: Sequence[Utterance]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(quote=item.text, utterance=item.index, role=item.role, start_s=item.start_s, end_s=item.end_s)
        for item in said[:EVIDENCE_MAX]
    )
