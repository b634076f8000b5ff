"""Judging hits: words that should be said, and words that must not be."""

from __future__ import annotations

from pydantic import model_validator

from qa_pipeline.detectors.params import Count, Window
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.search import Found
from qa_pipeline.detectors.verdict import SURE, SURE_ELSEWHERE, SURE_OF_ABSENCE, Verdict, quotes, undetermined
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.errors import N_


class Wanted(Window):
    """What `role` should say ``min_hits`` times for MET, ``partly_hits`` times for PARTLY_MET.

    ``partly_outside``: said outside the window gives PARTLY_MET instead of NOT_MET.
    """

    role: Speaker = Speaker.AGENT
    min_hits: Count = 1
    partly_hits: Count | None = None
    partly_outside: bool = False

    @property
    def met_from(self) -> int:
        """How many hits MET asks for."""
        return self.min_hits

    @model_validator(mode="after")
    def _asks_less_for_partly(self) -> Wanted:
        if self.partly_hits is not None and self.partly_hits >= self.met_from:
            raise ValueError(N_("partly_hits must be less than what MET asks for"))
        return self


def judge_wanted(scene: Scene, found: Found, wanted: Wanted, *, example: str) -> Verdict:
    """Judge hits of something that should be said, such as `example`."""
    count, min_hits, partly_hits = len(found.sure), wanted.min_hits, wanted.partly_hits
    if count >= min_hits:
        return Verdict(
            outcome=Outcome.MET,
            confidence=SURE * found.confidence,
            reason=Reason(message=N_("Said: “{quote}”."), params={"quote": found.sure[0].quote}),
            evidence=quotes(found.sure),
        )
    if count + len(found.doubtful) >= min_hits:
        return undetermined(
            N_("Something like it was heard (“{quote}”), but who said it, when, or the words themselves are not sure."),
            quotes(found.doubtful),
            quote=found.doubtful[0].quote,
        )
    if scene.is_draft:
        return undetermined(
            N_("Not heard, but the recognised text is only a draft, so it may have been said."), quotes(found.sure)
        )
    if partly_hits is not None and count >= partly_hits:
        return Verdict(
            outcome=Outcome.PARTLY_MET,
            confidence=SURE * found.confidence,
            reason=Reason(message=N_("Said {count} of {wanted} times."), params={"count": count, "wanted": min_hits}),
            evidence=quotes(found.sure),
        )
    if found.outside:
        return Verdict(
            outcome=Outcome.PARTLY_MET if wanted.partly_outside else Outcome.NOT_MET,
            confidence=SURE_ELSEWHERE,
            reason=Reason(
                message=N_("Said (“{quote}”), but not where it belongs in the contact."),
                params={"quote": found.outside[0].quote},
            ),
            evidence=quotes(found.outside),
        )
    return Verdict(
        outcome=Outcome.NOT_MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(
            message=N_("None of the expected wordings was said, such as “{example}”."), params={"example": example}
        ),
        evidence=quotes(found.sure),
    )


def judge_unwanted(scene: Scene, found: Found) -> Verdict:
    """Judge words that must not be said."""
    if found.sure:
        return Verdict(
            outcome=Outcome.NOT_MET,
            confidence=SURE * found.confidence,
            reason=Reason(
                message=N_("Said, although it must not be: “{quote}”."), params={"quote": found.sure[0].quote}
            ),
            evidence=quotes(found.sure),
        )
    if found.doubtful:
        return undetermined(
            N_("“{quote}” was heard, but who said it or the words themselves are not sure."),
            quotes(found.doubtful),
            quote=found.doubtful[0].quote,
        )
    if found.reported:
        return undetermined(
            N_("“{quote}” was said, but as somebody else's words or to deny it; a person has to look."),
            quotes(found.reported),
            quote=found.reported[0].quote,
        )
    if scene.is_draft:
        return undetermined(N_("Not heard, but the recognised text is only a draft, so nothing can be ruled out."))
    return Verdict(
        outcome=Outcome.MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(message=N_("None of the forbidden wordings was said.")),
    )
