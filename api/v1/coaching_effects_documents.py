"""What is asked and answered about whether coaching helped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.listing import Document, ListDocument, Name
from coaching.effect.cohorts import EffectReport, ListReport, PowerReport
from coaching.effect.verdict import Design, Effect, Verdict

Month = Annotated[str, Field(min_length=7, max_length=7)]


class ComparedDocument(Document):
    """How much better coached people became than the others in the same months, with its 95 % interval.

    ``coached`` and ``others``: people with enough months on both sides; ``left_out``: coached people without them.
    """

    design: Design
    points: float
    ci95: tuple[float, float]
    coached: int
    others: int
    left_out: int

    @classmethod
    def of(cls, found: Effect) -> ComparedDocument:
        """Return the document of an effect."""
        return cls(
            design=found.design,
            points=found.points,
            ci95=(found.low, found.high),
            coached=found.coached_count,
            others=found.others_count,
            left_out=found.left_out_count,
        )


class CohortDocument(Document):
    """People who were selected for the results of one month and coached from another on."""

    selected_period: str
    coached_from: str
    people: int


class CoursePointDocument(Document):
    """A group's mean beside its level from before. ``month``: from that of selection; ``is_compared``: it counts."""

    month: int
    is_coached: bool
    points: float
    ci95: tuple[float, float]
    people: int
    is_compared: bool


class CoachingEffectDocument(Document):
    """Whether coaching helped: ``verdict`` with the comparison that it rests on, null while too few people have one.

    ``relevant_points``: the smallest effect that matters; wider intervals say nothing.
    """

    outcome: str
    relevant_points: float
    verdict: Verdict
    effect: ComparedDocument | None
    cohorts: tuple[CohortDocument, ...]
    course: tuple[CoursePointDocument, ...]

    @classmethod
    def of(cls, found: EffectReport) -> CoachingEffectDocument:
        """Return the document of a report."""
        return cls(
            outcome=found.outcomes.name,
            relevant_points=found.relevant_points,
            verdict=found.verdict,
            effect=ComparedDocument.of(found.effect) if found.effect else None,
            cohorts=tuple(
                CohortDocument(selected_period=one.selected_period, coached_from=one.coached_from, people=one.count)
                for one in found.cohorts
            ),
            course=tuple(
                CoursePointDocument(
                    month=one.month,
                    is_coached=one.is_coached,
                    points=one.points,
                    ci95=(one.low, one.high),
                    people=one.count,
                    is_compared=one.is_compared,
                )
                for one in found.course
            ),
        )


class PowerDocument(Document):
    """What a comparison will tell, before anybody is coached.

    ``sd_points``: of people's changes by themselves, from ``changes`` of them. ``power``: chance to see an effect of
    ``effect_points``. ``half_width_points``: what the interval will reach to either side. ``needed``: coached people
    for a power of .8 with as many others, null where 5,000 are not enough.
    """

    outcome: str
    coached: int
    others: int
    effect_points: float
    sd_points: float
    changes: int
    power: float
    half_width_points: float
    needed: int | None

    @classmethod
    def of(cls, outcome: str, found: PowerReport) -> PowerDocument:
        """Return the document of a report."""
        power = found.power
        return cls(
            outcome=outcome,
            coached=power.coached_count,
            others=power.others_count,
            effect_points=power.effect_points,
            sd_points=power.sd_points,
            changes=found.spread.change_count,
            power=power.power,
            half_width_points=power.half_width_points,
            needed=power.needed_count,
        )


class NewWaitingList(Document):
    """Who is on the list, the month whose results led to it, and the months in which the waves begin.

    ``seed``: any where it is left out; it is kept, so that the draw can be repeated.
    """

    name: Name
    selected_period: Month
    first_from: Month
    second_from: Month
    agent_ids: Annotated[tuple[Name, ...], Field(min_length=1, max_length=5000)]
    seed: Annotated[int | None, Field(ge=0, lt=1 << 53)] = None


class WaitingListSummaryDocument(Document):
    """A list that was drawn, and what the first wave shows beside the second while that waits."""

    id: str
    name: str
    selected_period: str
    first_from: str
    second_from: str
    seed: int
    drawn_by: str
    drawn_at: datetime
    first_count: int
    second_count: int
    relevant_points: float
    verdict: Verdict
    effect: ComparedDocument | None

    @classmethod
    def of(cls, found: ListReport) -> WaitingListSummaryDocument:
        """Return the document of a list."""
        return cls(**summary_fields(found))


class WaitingListListDocument(ListDocument):
    """Some of ``total`` lists, the one that was drawn last first."""

    waiting_lists: tuple[WaitingListSummaryDocument, ...]


class WaitingListDocument(WaitingListSummaryDocument):
    """A list with its waves."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    outcome: str

    @classmethod
    def whole(cls, found: ListReport, outcome: str) -> WaitingListDocument:
        """Return the document of a list with everybody on it."""
        one = found.waiting_list
        return cls(**summary_fields(found), first=one.first, second=one.second, outcome=outcome)


def summary_fields(found: ListReport) -> dict[str, object]:
    """Return what lists and single lists tell."""
    one = found.waiting_list
    named = ("id", "name", "selected_period", "first_from", "second_from", "seed", "drawn_by", "drawn_at")
    return {name: getattr(one, name) for name in named} | {
        "first_count": len(one.first),
        "second_count": len(one.second),
        "relevant_points": found.relevant_points,
        "verdict": found.verdict,
        "effect": ComparedDocument.of(found.effect) if found.effect else None,
    }
