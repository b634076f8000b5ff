"""``near``: a check over the few utterances before, after or around the places where a cue is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from pydantic import Field, model_validator

from qa_pipeline.detectors.combine import judge_all, judge_any
from qa_pipeline.detectors.cue import Cue, Judge, Sighting, see
from qa_pipeline.detectors.params import NestedCheck, Params
from qa_pipeline.detectors.scene import Pieces, Scene, Speaker
from qa_pipeline.detectors.verdict import SURE_OF_ABSENCE, Verdict, undetermined
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import N_, Message
from qa_pipeline.scoring.match import Passage
from qa_pipeline.scoring.match_text import Folded

# These look at words alone, so that a part of the contact is a contact to them.
WORD_DETECTORS = ("phrase", "similar", "pattern", "move", "entity", "repeat", "order", "any", "all", "not", "agree")


class NearParams(Params):
    """``check`` over ``after`` and ``before`` so many utterances, whoever speaks, of each place of ``cue``.

    ``same``: the utterance of the cue itself counts too. ``each``: the check must be met at every place, else at one;
    places whose utterances overlap are one.
    """

    cue: Cue
    check: NestedCheck
    after: int = Field(default=0, ge=0, le=1000)
    before: int = Field(default=0, ge=0, le=1000)
    same: bool = False
    each: bool = True

    @model_validator(mode="after")
    def _looks_somewhere(self) -> NearParams:
        if not (self.after or self.before or self.same):
            raise ValueError(N_("give after, before or same: true, so that there is something to look at"))
        for check in _all_checks(self.check.model_dump()):
            if check not in WORD_DETECTORS:
                known = ", ".join(WORD_DETECTORS)
                raise ValueError(
                    Message(
                        N_("near cannot look at '{name}' there; use one of: {known}"), {"name": check, "known": known}
                    )
                )
        return self

    @property
    def nested(self) -> tuple[NestedCheck, ...]:
        """The check, then that of the cue, if it is one."""
        return (self.check,) if self.cue.check is None else (self.check, self.cue.check)


def _all_checks(raw: object) -> Iterator[str]:
    if isinstance(raw, Mapping):
        if isinstance(raw.get("detector"), str):
            yield raw["detector"]
        for value in raw.values():
            yield from _all_checks(value)
    elif isinstance(raw, (list, tuple)):
        for value in raw:
            yield from _all_checks(value)


class Excerpt(Scene):
    """Some utterances of a scene as rules see them; all else is the scene's."""

    def __init__(self, whole: Scene, kept: frozenset[int]) -> None:
        super().__init__(whole.view, whole.models)
        self._whole = whole
        self._kept = kept

    @cached_property
    def _folded(self) -> dict[int, Folded]:
        return self._whole._folded

    @cached_property
    def pieces(self) -> Pieces | None:
        """The pieces of the whole contact, embedded once for all excerpts."""
        return self._whole.pieces

    def cannot_judge_words(self, speaker: Speaker) -> Verdict | None:
        """Return why no rule about the words of `speaker` can be judged in the whole contact."""
        return self._whole.cannot_judge_words(speaker)

    def _passage(self, name: str, speaker: Speaker, wanted: Callable[[Utterance], bool]) -> Passage:
        return super()._passage(name, speaker, lambda item: item.index in self._kept and wanted(item))


def judge_near(scene: Scene, params: NearParams, judges: Sequence[Judge]) -> Verdict:
    """Judge the check near the places of the cue; without a place it does not apply."""
    seen = see(scene, params.cue, judges[1] if len(judges) > 1 else None)
    if seen.problem is not None:
        return seen.problem
    if not seen.sure:
        quotes = tuple(item.evidence for item in seen.doubtful)
        if seen.doubtful or scene.is_draft:
            return undetermined(N_("It is not sure whether there was an occasion for this."), quotes)
        return Verdict(
            outcome=Outcome.NOT_APPLICABLE,
            confidence=SURE_OF_ABSENCE,
            reason=Reason(message=N_("The occasion for this did not arise.")),
        )
    verdicts = [judges[0](Excerpt(scene, kept)) for kept in _ranges(seen.sure, params)]
    return judge_all(verdicts) if params.each else judge_any(verdicts)


def _ranges(seen: Sequence[Sighting], params: NearParams) -> list[frozenset[int]]:
    """Return the utterances near each place; those of places that overlap are one."""
    ranges: list[set[int]] = []
    for at in sorted({item.utterance for item in seen}):
        kept = set(range(at - params.before, at)) | set(range(at + 1, at + params.after + 1))
        if params.same:
            kept.add(at)
        if ranges and not ranges[-1].isdisjoint(kept):
            ranges[-1] |= kept
        else:
            ranges.append(kept)
    return [frozenset(kept) for kept in ranges]
