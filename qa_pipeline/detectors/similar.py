"""``similar``: something is said that means what examples mean, as a measure of likeness sees it.

Likeness may credit, and by itself never charges: there is no list of what must not be said, and where nothing like it
is found the criterion stays undetermined unless the card says otherwise. It does not know opposites, so a piece that
negates otherwise than the example is never taken for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from qa_pipeline.detectors.params import Phrases
from qa_pipeline.detectors.scene import Pieces, Scene
from qa_pipeline.detectors.search import Finder, search
from qa_pipeline.detectors.verdict import Verdict, quotes, undetermined
from qa_pipeline.detectors.wanted import Wanted, judge_wanted
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, Passage, same_negation
from qa_pipeline.scoring.match_text import fold

Likeness = Annotated[float, Field(gt=0, le=1)]
AT_LEAST = 0.85
UNSURE_FROM = 0.5


class SimilarParams(Wanted):
    """``examples``: sentences that mean the wanted thing; the nearest one counts.

    ``at_least``: likeness from which a piece counts. ``unsure_from``: from here on to ``at_least`` the criterion stays
    undetermined, with the nearest words. The defaults fit the embedded measure; another one has other likenesses.
    ``charges``: nothing like it is NOT_MET. Without it that is undetermined: the same can be said in words that no
    measure of this size knows to be alike. ``min_hits``, ``partly_hits`` and ``partly_outside`` as for ``phrase``.
    """

    examples: Phrases
    at_least: Likeness = AT_LEAST
    unsure_from: Likeness = UNSURE_FROM
    charges: bool = False

    @model_validator(mode="after")
    def _is_possible(self) -> SimilarParams:
        if self.unsure_from > self.at_least:
            raise ValueError(N_("unsure_from is greater than at_least"))
        return self


def judge_similar(scene: Scene, params: SimilarParams) -> Verdict:
    """Judge whether something like the examples is said."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    pieces = scene.pieces
    embedder: Any = scene.models.embedder
    if pieces is None:
        return undetermined(N_("There is no measure of likeness to judge this by."))
    wanted = _vectors(embedder, params.examples, scene.view.language)
    if not wanted.any() or not pieces.vectors.any():
        return undetermined(N_("The measure of likeness does not know these words or their language."))
    likeness = pieces.vectors @ wanted.T
    near = search(scene, params.role, _finder(pieces, likeness, params, at_least=params.at_least), window=params)
    verdict = judge_wanted(
        scene,
        near,
        params,
        example=scene.example_of(params.examples),
    )
    if verdict.outcome is not Outcome.NOT_MET or (near.outside and params.charges):
        return verdict
    far = search(
        scene,
        params.role,
        _finder(pieces, likeness, params, at_least=params.unsure_from, opposites=True),
        window=params,
    )
    doubtful = sorted(far.sure + far.doubtful + near.outside, key=lambda hit: -hit.likeness)
    if not doubtful and params.charges:
        return verdict
    if not doubtful:
        return undetermined(
            N_("Nothing was heard that is like “{example}”, which does not prove that it was not said."),
            example=scene.example_of(params.examples),
        )
    return undetermined(
        N_("“{quote}” is near what was wanted, but not near enough to be sure."),
        quotes(tuple(doubtful)),
        quote=doubtful[0].quote,
    )


def _finder(
    pieces: Pieces,
    likeness: npt.NDArray[np.float32],
    params: SimilarParams,
    *,
    at_least: float,
    opposites: bool = False,
) -> Finder:
    """Return a finder of the piece of each utterance that is most like an example, from `at_least` on.

    Without `opposites` only pieces count that negate as often as the example.
    """
    folded = [fold(example).text for example in params.examples]

    def find(passage: Passage) -> tuple[Hit, ...]:
        hits = []
        for place, said in enumerate(passage.utterances):
            best: Hit | None = None
            for row, (start, end) in pieces.of(said.index):
                for column in np.flatnonzero(likeness[row] >= at_least):
                    value = min(float(likeness[row, column]), 1.0)
                    if best is not None and value <= best.likeness:
                        continue
                    if opposites or same_negation(folded[column], fold(said.text[start:end]).text):
                        best = Hit(params.examples[column], said, place, start, end, "likeness", value)
            hits += [best] if best else []
        return tuple(hits)

    return find


@lru_cache(maxsize=256)
def _vectors(embedder: Any, examples: tuple[str, ...], language: str) -> npt.NDArray[np.float32]:
    """Return the vectors of examples; once per process, for cards ask the same of every contact."""
    vectors: npt.NDArray[np.float32] = embedder.embed(examples, language)
    return vectors
