"""The literal table of detectors: name in a scorecard -> parameters and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.detectors.abuse import AbuseParams, judge_abuse
from qa_pipeline.detectors.attitude import AttitudeParams, judge_attitude
from qa_pipeline.detectors.combine import CombinedParams, NotParams, judge_agree, judge_all, judge_any, judge_not
from qa_pipeline.detectors.contact import ContactParams, judge_contact
from qa_pipeline.detectors.cue import Judge
from qa_pipeline.detectors.entity import EntityParams, judge_entity
from qa_pipeline.detectors.flow import FlowParams, judge_flow
from qa_pipeline.detectors.measure import MeasureParams, judge_measure
from qa_pipeline.detectors.move import MoveParams, judge_move
from qa_pipeline.detectors.near import NearParams, judge_near
from qa_pipeline.detectors.order import OrderParams, judge_order
from qa_pipeline.detectors.params import NestedCheck, Params
from qa_pipeline.detectors.pattern import PatternParams, judge_pattern
from qa_pipeline.detectors.phrase import PhraseParams, judge_phrase
from qa_pipeline.detectors.repeat import RepeatParams, judge_repeat
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.sentiment import SentimentParams, judge_sentiment
from qa_pipeline.detectors.similar import SimilarParams, judge_similar
from qa_pipeline.detectors.statement import StatementParams, judge_statement
from qa_pipeline.detectors.time_limit import TimeLimitParams, judge_time_limit
from qa_pipeline.detectors.verdict import Verdict
from qa_pipeline.domain.scorecard import Check, Scorecard


@dataclass(frozen=True, slots=True)
class Rule:
    """A detector that looks at the contact. ``asks``: the kind of engine of `JudgingModels` that it needs, if any."""

    params: type[Params]
    judge: Callable[[Scene, Any], Verdict]
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """A detector that looks at the verdicts of the checks inside it."""

    params: type[Params]
    judge: Callable[[Sequence[Verdict]], Verdict]


@dataclass(frozen=True, slots=True)
class Composite:
    """A detector that looks at the contact and asks the judges of the checks inside it where it wants to."""

    params: type[Params]
    judge: Callable[[Scene, Any, Sequence[Judge]], Verdict]


DETECTORS: Mapping[str, Rule | Combination | Composite] = {
    "phrase": Rule(PhraseParams, judge_phrase),
    "similar": Rule(SimilarParams, judge_similar, asks="embedding"),
    "pattern": Rule(PatternParams, judge_pattern),
    "move": Rule(MoveParams, judge_move),
    "order": Rule(OrderParams, judge_order),
    "flow": Composite(FlowParams, judge_flow),
    "near": Composite(NearParams, judge_near),
    "time_limit": Rule(TimeLimitParams, judge_time_limit),
    "repeat": Rule(RepeatParams, judge_repeat),
    "entity": Rule(EntityParams, judge_entity),
    "contact": Rule(ContactParams, judge_contact),
    "measure": Rule(MeasureParams, judge_measure),
    "sentiment": Rule(SentimentParams, judge_sentiment),
    "attitude": Rule(AttitudeParams, judge_attitude),
    "abuse": Rule(AbuseParams, judge_abuse),
    "statement": Rule(StatementParams, judge_statement, asks="judge"),
    "any": Combination(CombinedParams, judge_any),
    "all": Combination(CombinedParams, judge_all),
    "not": Combination(NotParams, judge_not),
    "agree": Combination(CombinedParams, judge_agree),
}


def compile_check(check: Check) -> Judge:
    """Return the rule of a check, parameters validated and phrases made ready once.

    Raises
    ------
    KeyError, pydantic.ValidationError
        For a check that no scorecard file would have passed with.
    """
    entry = DETECTORS[check.detector]
    params = entry.params.model_validate(dict(check.params))
    if isinstance(entry, Rule):
        judge = entry.judge
        return lambda scene: judge(scene, params)
    parts = tuple(compile_check(inner) for inner in nested_checks(params))
    if isinstance(entry, Composite):
        compose = entry.judge
        return lambda scene: compose(scene, params, parts)
    combine = entry.judge
    return lambda scene: combine([part(scene) for part in parts])


def nested_checks(params: Params) -> tuple[Check, ...]:
    """Return the checks inside the parameters of a check, none for most detectors."""
    return tuple(_check_of(item) for item in params.nested)


def _check_of(nested: NestedCheck) -> Check:
    return Check(detector=nested.detector, params=dict(nested.model_extra or {}))


def statements_of(card: Scorecard) -> frozenset[StatementParams]:
    """Return the statements that a card has judged, each once."""
    return frozenset().union(*(_statements_in(check) for check in _checks_of(card)))


def _statements_in(check: Check) -> frozenset[StatementParams]:
    params = DETECTORS[check.detector].params.model_validate(dict(check.params))
    own = frozenset({params} if isinstance(params, StatementParams) else ())
    return own.union(*(_statements_in(part) for part in nested_checks(params)))


def _checks_of(card: Scorecard) -> list[Check]:
    return [check for each in card.criteria for check in (each.check, each.applies_when) if check is not None]


def asked_kinds(card: Scorecard) -> frozenset[str]:
    """Return the kinds of engines that criteria of a card ask beside what is annotated."""
    checks = _checks_of(card)
    rules = [DETECTORS[name] for name in frozenset[str]().union(*(detector_names(check) for check in checks))]
    return frozenset(rule.asks for rule in rules if isinstance(rule, Rule) and rule.asks)


def detector_names(check: Check) -> frozenset[str]:
    """Return the detectors that a check uses, those inside it too; asked for every contact, so nothing is validated."""
    return frozenset({check.detector, *_named_in(check.params)})


def _named_in(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("detector"), str):
            yield value["detector"]
        elif isinstance(value.get("move"), str):
            yield "move"  # a cue asks for a move without naming its detector
        for inner in value.values():
            yield from _named_in(inner)
    elif isinstance(value, (list, tuple)) and value and not isinstance(value[0], str):
        for inner in value:
            yield from _named_in(inner)
