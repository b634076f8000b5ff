"""``abuse``: nobody on one side is abusive, as a learned model sees it; what it finds is for a person to look at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.detectors.params import Params
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.sentiment import MODEL_CONFIDENCE
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, Verdict, undetermined
from qa_pipeline.domain.annotation import AbuseHint
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.errors import N_

Probability = Annotated[float, Field(gt=0.5, le=1)]


class AbuseParams(Params):
    """``role``: whose words. ``at_least``: heed hints of this probability only; without it every hint of the model.

    ``charges_from``: a hint of this probability is NOT_MET by itself. Without it the model never charges anybody:
    a hint leaves the criterion undetermined, with the words as evidence for a person.
    """

    role: Literal["agent", "customer"] = "agent"
    at_least: Probability | None = None
    charges_from: Probability | None = None


def judge_abuse(scene: Scene, params: AbuseParams) -> Verdict:
    """Judge the hints of abuse in the words of one side; a draft transcript is not judged."""
    problem = scene.cannot_judge_words(Speaker(params.role))
    if problem is not None:
        return problem
    annotation = scene.view.annotation
    if not annotation.abuse_engine:
        return undetermined(N_("Abuse was not looked for in this contact."))
    if scene.is_draft:
        return undetermined(N_("The recognised text is only a draft, so abuse in it is not judged."))
    hints = sorted(
        (hint for hint in annotation.abuse if hint.probability >= (params.at_least or 0.0)),
        key=lambda hint: -hint.probability,
    )
    theirs = [hint for hint in hints if _role_of(scene, hint) == params.role]
    charged = [hint for hint in theirs if params.charges_from is not None and hint.probability >= params.charges_from]
    if charged:
        return Verdict(
            outcome=Outcome.NOT_MET,
            confidence=charged[0].probability,
            reason=Reason(message=N_("Abusive: “{quote}”."), params={"quote": _text_of(scene, charged[0])}),
            evidence=_quotes(scene, charged),
        )
    doubtful = theirs or [hint for hint in hints if _role_of(scene, hint) is Role.UNKNOWN]
    if doubtful:
        return undetermined(
            N_("“{quote}” may be abusive; a person has to look."),
            _quotes(scene, doubtful),
            quote=_text_of(scene, doubtful[0]),
        )
    return Verdict(
        outcome=Outcome.MET,
        confidence=MODEL_CONFIDENCE,
        reason=Reason(message=N_("Nothing abusive was found.")),
    )


def _role_of(scene: Scene, hint: AbuseHint) -> Role:
    return scene.view.utterances[hint.utterance].role


def _text_of(scene: Scene, hint: AbuseHint) -> str:
    return scene.view.utterances[hint.utterance].text


def _quotes(scene: Scene, hints: list[AbuseHint]) -> tuple[Evidence, ...]:
    said = [scene.view.utterances[hint.utterance] for hint in hints[:EVIDENCE_MAX]]
    return tuple(
        Evidence(quote=item.text, utterance=item.index, role=item.role, start_s=item.start_s, end_s=item.end_s)
        for item in said
    )
