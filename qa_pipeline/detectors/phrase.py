"""``phrase``: something is said, all of several things are said, or none of them is."""

from __future__ import annotations

from functools import cached_property

from pydantic import Field, model_validator

from qa_pipeline.detectors.params import Count, Phrases
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.search import Finder, Found, phrase_finder, reported_apart, search, search_across
from qa_pipeline.detectors.verdict import SURE, SURE_OF_ABSENCE, Verdict, quotes, undetermined
from qa_pipeline.detectors.wanted import Wanted, judge_unwanted, judge_wanted
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, prepare_phrases


class PhraseParams(Wanted):
    """One of ``any`` (one of these), ``all`` (one of each group) and ``none`` (none of these).

    ``unless``: longer wordings inside which a phrase does not count. ``min_hits``: how often for MET (``any``).
    ``min_groups``: how many groups for MET (``all``); every one when left out.
    ``partly_hits``: how many hits (``any``) or groups (``all``) give PARTLY_MET. ``partly_outside``: said outside
    the window gives PARTLY_MET instead of NOT_MET. ``tolerant``: match by sound and likeness too; ``none`` never does
    by likeness.
    """

    any: Phrases | None = None
    all: tuple[Phrases, ...] | None = Field(default=None, min_length=2)
    none: Phrases | None = None
    unless: Phrases | None = None
    min_groups: Count | None = None
    tolerant: bool = True

    @model_validator(mode="after")
    def _is_one_question(self) -> PhraseParams:
        if sum(part is not None for part in (self.any, self.all, self.none)) != 1:
            raise ValueError(N_("give exactly one of any, all and none"))
        if self.min_groups is not None and self.min_groups > len(self.all or ()):
            raise ValueError(N_("min_groups stands beside all and is at most the number of its groups"))
        return self

    @property
    def met_from(self) -> int:
        """How many hits (``any``) or groups (``all``) MET asks for."""
        return self.min_hits if self.any else self.wanted_groups

    @property
    def wanted_groups(self) -> int:
        """How many groups have to be said."""
        return self.min_groups or len(self.all or ())

    @cached_property
    def finders(self) -> tuple[Finder, ...]:
        """One finder per group of phrases."""
        groups = self.all or (self.any or self.none or (),)
        unless = prepare_phrases(self.unless or ())
        tolerant = self.tolerant and self.none is None
        return tuple(phrase_finder(prepare_phrases(group), unless, tolerant=tolerant) for group in groups)


def judge_phrase(scene: Scene, params: PhraseParams) -> Verdict:
    """Judge what was said by phrases."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    if params.none is not None:
        found = _search(scene, params, params.finders[0], charges=True)
        return judge_unwanted(scene, reported_apart(scene, params.role, found))
    if params.all is not None:
        return _judge_groups(scene, params)
    return judge_wanted(
        scene,
        _search(scene, params, params.finders[0]),
        params,
        example=scene.example_of(params.any or ()),
    )


def _search(scene: Scene, params: PhraseParams, find: Finder, *, charges: bool = False) -> Found:
    found = search(scene, params.role, find, window=params, charges=charges)
    return search_across(scene, params.role, find, found, window=params)


def _judge_groups(scene: Scene, params: PhraseParams) -> Verdict:
    groups = params.all or ()
    found = [_search(scene, params, find) for find in params.finders]
    said: tuple[Hit, ...] = tuple(part.sure[0] for part in found if part.sure)
    confidence = SURE * min((part.confidence for part in found), default=1.0)
    missing = [scene.example_of(group) for group, part in zip(groups, found, strict=True) if not part.sure]
    if len(said) >= params.wanted_groups:
        message = N_("{count} of {wanted} parts were said.") if missing else N_("All {count} parts were said.")
        return Verdict(
            outcome=Outcome.MET,
            confidence=confidence,
            reason=Reason(message=message, params={"count": len(said), "wanted": len(groups)}),
            evidence=quotes(said),
        )
    if scene.is_draft:
        return undetermined(
            N_("Not heard, but the recognised text is only a draft, so it may have been said."), quotes(said)
        )
    doubtful = tuple(part.doubtful[0] for part in found if not part.sure and part.doubtful)
    if len(said) + len(doubtful) >= params.wanted_groups:
        return undetermined(
            N_("Something like it was heard (“{quote}”), but who said it, when, or the words themselves are not sure."),
            quotes(said + doubtful),
            quote=doubtful[0].quote,
        )
    is_partly = params.partly_hits is not None and len(said) >= params.partly_hits
    return Verdict(
        outcome=Outcome.PARTLY_MET if is_partly else Outcome.NOT_MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(
            message=N_("{count} of {wanted} parts were said; missing: “{example}”."),
            params={"count": len(said), "wanted": len(groups), "example": missing[0]},
        ),
        evidence=quotes(said),
    )
