"""What a coaching plan is drafted from: the largest proven gap of an agent, and what the library says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coaching.focus import focus_of
from coaching.indicator_gaps import IndicatorGap, find_indicator_gaps
from coaching.kinds import find_overloaded, suggest_kind
from coaching.library import topic_for_indicator
from coaching.outline import goal_of, halfway, smart_goal
from coaching.talks import Drafting
from qa_pipeline.domain.coaching_plan import FocusKind, GapKind, PlanFocus, SmartGoal
from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.talk import TalkMoment
from qa_pipeline.errors import N_, fill
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.data import ExampleRow, FocusRow
from qa_pipeline.report.labels import Translate, value_text
from qa_pipeline.store import Transaction

VOLUME = "calls_handled"
INDICATOR_GOAL = N_("{indicator}: from {now} to {goal}, by the next look at it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The first draft of a plan in one language; everything but the evidence is the coach's to change."""

    focus: PlanFocus
    gap_kind: GapKind
    behaviour: str
    practice: str
    if_then: str
    goal: SmartGoal
    good: TalkMoment | None
    improve: TalkMoment | None


def find_bases(
    tx: Transaction, period: str, drafting: Drafting, within: Collection[str] | None = None
) -> Mapping[str, Basis]:
    """Return what to work on by agent, of these agents where they are given, the largest gap first.

    A criterion that an agent meets provably less often than the site comes before an indicator of the published
    result that provably misses its target: of the criterion it is known what to do.
    """
    overloaded = find_overloaded(_volumes(tx, period))
    translate = translator(drafting.language)
    criteria = {
        agent_id: rows[0]
        for agent_id, rows in find_focus(tx, period, drafting).items()
        if within is None or agent_id in within
    }
    found = {
        agent_id: _of_criterion(row, translate, is_overloaded=agent_id in overloaded)
        for agent_id, row in sorted(criteria.items(), key=lambda one: (-_shortfall(one[1]), one[0]))
    }
    for published in tx.publications.latest(period, within):
        gaps = find_indicator_gaps(published.evaluation, shipped())
        if gaps and published.agent_id not in found:
            found[published.agent_id] = _of_indicator(
                gaps[0], drafting.language, translate, is_overloaded=published.agent_id in overloaded
            )
    return found


def find_focus(tx: Transaction, period: str, drafting: Drafting) -> Mapping[str, tuple[FocusRow, ...]]:
    """Return the criteria with a proven gap in a period by agent, the largest first."""
    inspected = (
        pair
        for month in months_of(period)
        for pair in tx.inspections.list(period=month)
        if pair[0].id not in drafting.hidden
    )
    return focus_of(inspected, drafting.rulebook, drafting.language)


def _volumes(tx: Transaction, period: str) -> Mapping[str, float]:
    counted: Counter[str] = Counter()
    for month in months_of(period):
        for record in tx.kpis.list(month, indicator=VOLUME):
            counted[record.agent_id] += int(record.value)
    return counted


def _of_criterion(row: FocusRow, translate: Translate, *, is_overloaded: bool) -> Basis:
    now, goal = goal_of(row)
    interval = row.met.ci95
    assert interval is not None  # a gap is proven by it
    return Basis(
        focus=PlanFocus(
            kind=FocusKind.CRITERION,
            id=row.criterion_id,
            name=row.criterion,
            count=row.met.count,
            total=row.met.total,
            low=interval.low,
            high=interval.high,
            site_ratio=row.site_ratio,
        ),
        gap_kind=suggest_kind(row.met.count, row.site_ratio, is_overloaded=is_overloaded),
        behaviour=row.action,
        practice=row.practice,
        if_then=row.if_then,
        goal=SmartGoal(words=smart_goal(row, translate), from_value=now, to_value=goal, due_on=None),
        good=_moment(row.good),
        improve=_moment(row.improve),
    )


def _of_indicator(gap: IndicatorGap, language: str, translate: Translate, *, is_overloaded: bool) -> Basis:
    topic, known = topic_for_indicator(gap.indicator.id), gap.indicator
    name, goal = known.name.in_language(language), halfway(gap.value, gap.target, digits=3)
    shown = {"now": value_text(gap.value, known.unit, translate), "goal": value_text(goal, known.unit, translate)}
    return Basis(
        focus=PlanFocus(
            kind=FocusKind.INDICATOR,
            id=known.id,
            name=name,
            low=gap.low,
            high=gap.high,
            value=gap.value,
            target=gap.target,
        ),
        gap_kind=GapKind.WORKLOAD if is_overloaded else GapKind.SKILL,
        behaviour=topic.action.text.in_language(language),
        practice=topic.practice.text.in_language(language),
        if_then=topic.if_then.text.in_language(language),
        goal=SmartGoal(
            words=fill(translate(INDICATOR_GOAL), {"indicator": name, **shown}),
            from_value=gap.value,
            to_value=goal,
            due_on=None,
        ),
        good=None,
        improve=None,
    )


def _moment(example: ExampleRow | None) -> TalkMoment | None:
    return TalkMoment(contact_id=example.contact_id, quote=example.quote) if example else None


def _shortfall(row: FocusRow) -> float:
    return row.site_ratio - (row.met.ci95.high if row.met.ci95 else row.site_ratio)
