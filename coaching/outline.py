"""The outline of a feedback talk, drafted from findings and the published result. No rank and no risk in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.talk import Outline, TalkBehaviour, TalkFact, TalkMoment
from qa_pipeline.errors import N_, fill
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.data import ExampleRow, FocusRow
from qa_pipeline.report.labels import Translate, percent_text

AIM = N_("Look together at {period}: what went well, one thing to work on, and what you need for it. You speak first.")
READERS = N_("You, your supervisor, and personnel, who sees no words of contacts. Nobody else.")
PRAISE = N_("{case} – say what exactly was good in it, and what it did for the customer.")
NO_PRAISE = N_("Find one contact of this period that went well, and say what exactly was good in it.")
GOAL = N_("What would you like to be different by the next talk?")
REALITY = N_("How is it now? What happens just before it goes wrong? What have you tried?")
OPTIONS = N_("What could you do? What else? What do colleagues do?")
WILL = N_("What will you do, when for the first time, and how sure are you from 1 to 10?")
SMART = N_("{criterion}: from {now} to at least {goal} of the contacts in which it applies, by the next talk.")
NO_SMART = N_("One thing that can be counted, by when, and from where to where.")
IF_THEN = N_("If … happens in a contact, then I …")
SUPPORT = N_("Time to practise, a colleague to listen to, changes to process or system that you ask for.")
OBJECTION = N_("You may write your own view below; it stays. Items of the result can be appealed until {date}.")
OBJECTION_OPEN = N_("You may write your own view below; it stays. Each item of a published result can be appealed.")
_STEP = 0.5  # a goal for a few weeks: this part of the way to the site's share


def draft_outline(
    period: str,
    focus: Sequence[FocusRow],
    praise: tuple[str, TalkMoment | None] | None,
    appeal_until: date | None,
    translate: Translate,
) -> Outline:
    """Return the first draft.

    Parameters
    ----------
    focus : sequence of FocusRow
        At most two behaviours, the largest gap first.
    praise : (str, TalkMoment), optional
        What was done well, in words, and a moment of it.
    appeal_until : date, optional
        The last day for an appeal on the result.
    """
    case = fill(translate(PRAISE), {"case": praise[0]}) if praise else translate(NO_PRAISE)
    ends = fill(translate(OBJECTION), {"date": appeal_until.isoformat()}) if appeal_until else translate(OBJECTION_OPEN)
    return Outline(
        aim=fill(translate(AIM), {"period": period}),
        readers=translate(READERS),
        praise=case,
        praise_moments=(praise[1],) if praise and praise[1] else (),
        behaviours=tuple(_behaviour(row) for row in focus),
        causes=(),
        causes_note="",
        goal=translate(GOAL),
        reality=translate(REALITY),
        options=translate(OPTIONS),
        will=translate(WILL),
        smart_goal=smart_goal(focus[0], translate) if focus else translate(NO_SMART),
        if_then=focus[0].if_then if focus else translate(IF_THEN),
        support=translate(SUPPORT),
        objection=ends,
        follow_ups=(),
    )


def facts_of(evaluation: Evaluation) -> tuple[TalkFact, ...]:
    """Return what an evaluation asked for and what was reached, by indicator; those without a value are left out."""
    catalogue = shipped()
    return tuple(
        TalkFact(
            indicator=item.indicator,
            unit=catalogue[item.indicator].unit if item.indicator in catalogue else "",
            target=item.target,
            target_low=catalogue[item.indicator].target_low if item.indicator in catalogue else None,
            value=item.value,
            n=item.n,
            points=item.attainment_points,
        )
        for dimension in evaluation.dimensions
        for item in dimension.items
        if item.value is not None
    )


def _behaviour(row: FocusRow) -> TalkBehaviour:
    interval = row.met.ci95
    assert interval is not None  # a gap is proven by it
    return TalkBehaviour(
        criterion_id=row.criterion_id,
        name=row.criterion,
        count=row.met.count,
        total=row.met.total,
        low=interval.low,
        high=interval.high,
        site_ratio=row.site_ratio,
        note=f"{row.action}\n{row.practice}",
        moments=(*_moments(row.good), *_moments(row.improve)),
    )


def _moments(example: ExampleRow | None) -> tuple[TalkMoment, ...]:
    return (TalkMoment(contact_id=example.contact_id, quote=example.quote),) if example else ()


def goal_of(row: FocusRow) -> tuple[float, float]:
    """Return from which share to which a goal of a few weeks leads: half of the way to the site's."""
    now = row.met.ratio or 0.0
    return round(now, 2), halfway(now, row.site_ratio)


def halfway(now: float, target: float, digits: int = 2) -> float:
    """Return what a goal of a few weeks aims at, between a value and its target."""
    return round(now + _STEP * (target - now), digits)


def smart_goal(row: FocusRow, translate: Translate) -> str:
    """Return that goal in words."""
    now, goal = goal_of(row)
    params = {"criterion": row.criterion, "now": percent_text(now), "goal": percent_text(goal)}
    return fill(translate(SMART), params)
