"""``any``, ``all``, ``not`` and ``agree``: checks put together, where not knowing stays not knowing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from qa_pipeline.detectors.params import NestedCheck, Params
from qa_pipeline.detectors.search import DRAFT_CHARGE_CONFIDENCE_MIN
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, SURE, Verdict, undetermined
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import N_

# As for words that must not be said; a verdict carries the confidence of the words that it rests on.
CHARGE_CONFIDENCE_MIN = SURE * DRAFT_CHARGE_CONFIDENCE_MIN
_RANK = {Outcome.NOT_MET: 0, Outcome.PARTLY_MET: 1, Outcome.MET: 2}
_OPPOSITE = {Outcome.MET: Outcome.NOT_MET, Outcome.NOT_MET: Outcome.MET}


class CombinedParams(Params):
    """``checks``: the checks put together."""

    checks: tuple[NestedCheck, ...] = Field(min_length=1)

    @property
    def nested(self) -> tuple[NestedCheck, ...]:
        """The checks put together."""
        return self.checks


class NotParams(Params):
    """``check``: the check turned round."""

    check: NestedCheck

    @property
    def nested(self) -> tuple[NestedCheck, ...]:
        """The check turned round."""
        return (self.check,)


def judge_any(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the best verdict; an unknown one that could be better leaves it undetermined.

    What does not apply has no say, unless nothing does.
    """
    verdicts = _applying(verdicts)
    best = max((item for item in verdicts if item.outcome in _RANK), key=_rank_of, default=None)
    open_verdict = next((item for item in verdicts if item.outcome not in _RANK), None)
    if open_verdict is not None and (best is None or best.outcome is not Outcome.MET):
        return open_verdict
    return best or verdicts[0]


def judge_all(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst verdict; an unknown one that could be worse leaves it undetermined.

    What does not apply has no say, unless nothing does.
    """
    verdicts = _applying(verdicts)
    worst = min((item for item in verdicts if item.outcome in _RANK), key=_rank_of, default=None)
    open_verdict = next((item for item in verdicts if item.outcome not in _RANK), None)
    if open_verdict is not None and (worst is None or worst.outcome is not Outcome.NOT_MET):
        return open_verdict
    if worst is not None and worst.outcome is Outcome.MET:
        evidence = tuple(part for item in verdicts for part in item.evidence)
        return replace(worst, evidence=evidence, confidence=min(item.confidence for item in verdicts))
    return worst or verdicts[0]


def judge_not(verdicts: Sequence[Verdict]) -> Verdict:
    """Turn MET and NOT_MET round; what is partly or unknown stays so.

    Words that were good enough to credit may be too badly heard to charge anybody by.
    """
    verdict = verdicts[0]
    quoted = next((part.quote for part in verdict.evidence if part.quote), "")
    if verdict.outcome is Outcome.MET and quoted and verdict.confidence < CHARGE_CONFIDENCE_MIN:
        return undetermined(
            N_("“{quote}” was heard, but who said it or the words themselves are not sure."),
            verdict.evidence,
            quote=quoted,
        )
    return replace(verdict, outcome=_OPPOSITE.get(verdict.outcome, verdict.outcome))


def _applying(verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    return [item for item in verdicts if item.outcome is not Outcome.NOT_APPLICABLE] or verdicts


def judge_agree(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what several checks on one fact say together; UNDETERMINED when evidence stands against evidence.

    A check that has words or figures to show outweighs one that only missed something: who says that it was refunded,
    and nowhere that it was not, said it. Where two show opposite things a person has to look, with both quotes.
    """
    verdicts = _applying(verdicts)
    shown = [item for item in verdicts if item.outcome in _RANK and item.evidence]
    if len({item.outcome for item in shown}) > 1:
        evidence = tuple(item.evidence[0] for item in shown)
        return undetermined(N_("The evidence conflicts, so a person has to look."), evidence[:EVIDENCE_MAX])
    open_verdict = next((item for item in verdicts if item.outcome not in _RANK), None)
    if open_verdict is not None or not shown:
        return open_verdict or judge_all(verdicts)
    together = tuple(part for item in shown for part in item.evidence)
    return replace(shown[0], evidence=together, confidence=min(item.confidence for item in shown))


def _rank_of(verdict: Verdict) -> int:
    return _RANK[verdict.outcome]
