"""``any``, ``all`` and ``not``: checks put together by three-valued logic, where not knowing stays not knowing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from qa_pipeline.detectors.params import Params
from qa_pipeline.detectors.verdict import Verdict
from qa_pipeline.domain.inspection import Outcome

_RANK = {Outcome.NOT_MET: 0, Outcome.PARTLY_MET: 1, Outcome.MET: 2}
_OPPOSITE = {Outcome.MET: Outcome.NOT_MET, Outcome.NOT_MET: Outcome.MET}


class NestedCheck(BaseModel):
    """A check inside a check; its own detector validates the rest."""

    model_config = ConfigDict(extra="allow", frozen=True)

    detector: str


class CombinedParams(Params):
    """``checks``: the checks put together."""

    checks: tuple[NestedCheck, ...] = Field(min_length=1)


class NotParams(Params):
    """``check``: the check turned round."""

    check: NestedCheck


def judge_any(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the best verdict; an unknown one that could be better leaves it undetermined."""
    best = max((item for item in verdicts if item.outcome in _RANK), key=_rank_of, default=None)
    open_verdict = next((item for item in verdicts if item.outcome not in _RANK), None)
    if open_verdict is not None and (best is None or best.outcome is not Outcome.MET):
        return open_verdict
    return best or verdicts[0]


def judge_all(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst verdict; an unknown one that could be worse leaves it undetermined."""
    worst = min((item for item in verdicts if item.outcome in _RANK), key=_rank_of, default=None)
    open_verdict = next((item for item in verdicts if item.outcome not in _RANK), None)
    if open_verdict is not None and (worst is None or worst.outcome is not Outcome.NOT_MET):
        return open_verdict
    if worst is not None and worst.outcome is Outcome.MET:
        evidence = tuple(part for item in verdicts for part in item.evidence)
        return replace(worst, evidence=evidence, confidence=min(item.confidence for item in verdicts))
    return worst or verdicts[0]


def judge_not(verdicts: Sequence[Verdict]) -> Verdict:
    """Turn MET and NOT_MET round; what is partly or unknown stays so."""
    verdict = verdicts[0]
    return replace(verdict, outcome=_OPPOSITE.get(verdict.outcome, verdict.outcome))


def _rank_of(verdict: Verdict) -> int:
    return _RANK[verdict.outcome]
