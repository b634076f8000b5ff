"""``order``: several things are said, one after the other."""

from __future__ import annotations

from functools import cached_property

from pydantic import Field

from qa_pipeline.detectors.params import Params, Phrases
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.search import Finder, Found, phrase_finder, search
from qa_pipeline.detectors.verdict import SURE, SURE_OF_ABSENCE, Verdict, quotes, undetermined
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, prepare_phrases


class Step(Params):
    """One thing to say, in any of its wordings."""

    role: Speaker = Speaker.AGENT
    any: Phrases

    @cached_property
    def finder(self) -> Finder:
        """Finder of the step's wordings."""
        return phrase_finder(prepare_phrases(self.any), tolerant=True)


class OrderParams(Params):
    """``steps`` in their order. ``partly_unordered``: all said, but in another order, gives PARTLY_MET."""

    steps: tuple[Step, ...] = Field(min_length=2)
    partly_unordered: bool = True


def judge_order(scene: Scene, params: OrderParams) -> Verdict:
    """Judge whether the steps were said in order; the earliest possible place is taken for each."""
    for step in params.steps:
        problem = scene.cannot_judge_words(step.role)
        if problem is not None:
            return problem
    found = [search(scene, step.role, step.finder) for step in params.steps]
    chain = _earliest_chain([part.sure for part in found])
    if len(chain) == len(found):
        return Verdict(
            outcome=Outcome.MET,
            confidence=SURE * min(part.confidence for part in found),
            reason=Reason(message=N_("All {count} steps were said in their order."), params={"count": len(found)}),
            evidence=quotes(tuple(chain)),
        )
    return _incomplete(scene, params, found)


def _incomplete(scene: Scene, params: OrderParams, found: list[Found]) -> Verdict:
    said = tuple(part.sure[0] for part in found if part.sure)
    if scene.is_draft:
        return undetermined(
            N_("Not heard, but the recognised text is only a draft, so it may have been said."), quotes(said)
        )
    with_doubt = [tuple(sorted(part.sure + part.doubtful, key=_time_of)) for part in found]
    if len(_earliest_chain(with_doubt)) == len(found):
        return undetermined(
            N_("The steps may all have been said in order, but who said them or the words themselves are not sure."),
            quotes(said),
        )
    missing = [scene.example_of(step.any) for step, part in zip(params.steps, found, strict=True) if not part.sure]
    if missing:
        message, params_ = N_("{count} of {wanted} steps were said; missing: “{example}”."), {"example": missing[0]}
    else:
        message, params_ = N_("All {wanted} steps were said, but not in their order."), {}
    is_partly = not missing and params.partly_unordered
    return Verdict(
        outcome=Outcome.PARTLY_MET if is_partly else Outcome.NOT_MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(message=message, params={"count": len(said), "wanted": len(found), **params_}),
        evidence=quotes(said),
    )


def _time_of(hit: Hit) -> tuple[int, int]:
    return hit.utterance.index, hit.start


def _earliest_chain(steps: list[tuple[Hit, ...]]) -> list[Hit]:
    """Return the earliest hit of each step that follows the one before, as far as that goes."""
    chain: list[Hit] = []
    for hits in steps:
        after = (chain[-1].utterance.index, chain[-1].end) if chain else (-1, 0)
        following = next((hit for hit in hits if _time_of(hit) >= after), None)
        if following is None:
            break
        chain.append(following)
    return chain
