"""All criteria of a card over one contact, every quote verified."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qa_pipeline.detectors.cue import Judge
from qa_pipeline.detectors.registry import compile_check
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.verdict import UNSURE, Verdict, undetermined
from qa_pipeline.domain.inspection import Evidence, Finding, Outcome, Reason
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_
from qa_pipeline.ports import ContactView, JudgingModels
from qa_pipeline.scoring.confidence import Calibration, criterion_key

_COMPILED_MAX = 16


@dataclass(frozen=True, slots=True)
class _Rule:
    criterion_id: str
    key: str
    detector: str
    judge: Judge
    applies: Judge | None


# By digest, and compared: a card that was put together by hand may carry any digest.
_compiled: OrderedDict[str, tuple[Scorecard, tuple[_Rule, ...]]] = OrderedDict()


def detect_all(
    view: ContactView,
    card: Scorecard,
    models: JudgingModels | None = None,
    calibration: Calibration | None = None,
) -> tuple[Finding, ...]:
    """Judge every criterion of `card` over one contact, in the order of the card.

    A finding whose quote does not stand word for word in its utterance, by its role, becomes UNDETERMINED. With a
    `calibration` confidences are shares of right findings, and rules that people disagree with too often abstain.
    """
    return tuple(detect_each(view, card, models, calibration))


def detect_each(
    view: ContactView,
    card: Scorecard,
    models: JudgingModels | None = None,
    calibration: Calibration | None = None,
) -> Iterator[Finding]:
    """Yield the findings of `detect_all` one by one, for whoever measures what each costs."""
    scene = Scene(view, models)
    for rule in _rules_of(card):
        finding = _verified(_judge(scene, rule), rule.criterion_id, view)
        yield calibration.read(finding, rule.key, rule.detector) if calibration else finding


def _rules_of(card: Scorecard) -> tuple[_Rule, ...]:
    kept = _compiled.get(card.digest)
    if kept is not None and (kept[0] is card or kept[0] == card):
        return kept[1]
    rules = tuple(
        _Rule(
            criterion.id,
            criterion_key(criterion),
            criterion.check.detector,
            compile_check(criterion.check),
            compile_check(criterion.applies_when) if criterion.applies_when else None,
        )
        for criterion in card.criteria
    )
    _compiled[card.digest] = (card, rules)
    if len(_compiled) > _COMPILED_MAX:
        _compiled.popitem(last=False)
    return rules


def _judge(scene: Scene, rule: _Rule) -> Verdict:
    """Judge one criterion within its condition.

    When the condition is undetermined, so is the criterion, except that a behaviour shown by a quote is credited:
    who thanks for waiting had let somebody wait. Nobody is charged under a condition that may not hold.
    """
    if rule.applies is None:
        return rule.judge(scene)
    condition = rule.applies(scene)
    if condition.outcome in (Outcome.NOT_MET, Outcome.NOT_APPLICABLE):
        return Verdict(
            outcome=Outcome.NOT_APPLICABLE,
            confidence=condition.confidence,
            reason=Reason(message=N_("The occasion for this did not arise.")),
        )
    verdict = rule.judge(scene)
    if condition.outcome is not Outcome.UNDETERMINED:
        return verdict
    if verdict.outcome is Outcome.MET and any(part.quote for part in verdict.evidence):
        return verdict
    return undetermined(N_("It is not sure whether there was an occasion for this."), condition.evidence)


def _verified(verdict: Verdict, criterion_id: str, view: ContactView) -> Finding:
    finding = Finding(
        criterion_id=criterion_id,
        outcome=verdict.outcome,
        confidence=min(max(verdict.confidence, 0.0), 1.0),
        reason=verdict.reason,
        evidence=tuple(part for part in verdict.evidence if _stands(part, view)),
    )
    if verdict.outcome is Outcome.UNDETERMINED or len(finding.evidence) == len(verdict.evidence):
        return finding
    return replace(
        finding,
        outcome=Outcome.UNDETERMINED,
        confidence=UNSURE,
        reason=Reason(message=N_("A quote behind this could not be verified in the transcript.")),
    )


def _stands(evidence: Evidence, view: ContactView) -> bool:
    """Whether a quote is there word for word, by the role it is given to, in a span that can be evidence."""
    if not evidence.quote:
        return True
    if evidence.utterance is None or not 0 <= evidence.utterance < len(view.utterances):
        return False
    utterance = view.utterances[evidence.utterance]
    return utterance.usable and utterance.role == evidence.role and evidence.quote in utterance.text
