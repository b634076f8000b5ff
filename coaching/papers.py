"""Talks and coaching plans on paper, from what their pages show. No rank and no risk in them.

A talk has the two outlines of a 面谈: the communication plan (when, where, who, aim), and the interview outline, which
answers what should have been done, what was done, why this result, and where to improve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from coaching.library import kinds_of_gap
from coaching.words import CAUSES, GAP_KINDS
from qa_pipeline.domain.coaching_plan import CoachingPlan, PlanFocus
from qa_pipeline.domain.talk import Talk, TalkBehaviour, TalkFact, TalkMoment
from qa_pipeline.errors import N_, fill
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import NONE, moment_text, number_text, percent_text, points_text, value_text
from qa_pipeline.report.papers.paper import Blanks, Block, Bullets, Pairs, Paper, Section, Table, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReader:
    """For whom a paper is written: language, time zone, and whether it may quote what was said in contacts."""

    language: str
    zone: ZoneInfo
    with_quotes: bool


def talk_paper(talk: Talk, agent: str, reader: PaperReader) -> Paper:
    """Return a talk as two people take it to the table; ``agent``: id and name as people say them."""
    say = _say(reader.language)
    outline = talk.outline
    plan = Pairs(
        rows=[
            (say(N_("When")), moment_text(talk.meets_at, reader.zone) if talk.meets_at else say(N_("not set"))),
            (say(N_("Where")), talk.place or say(N_("not set"))),
            (say(N_("With whom")), say(N_("{agent} and {coach}"), agent=agent, coach=talk.drafted_by)),
            (say(N_("Aim")), outline.aim),
            (say(N_("Who sees this")), outline.readers),
        ]
    )
    sections = [
        Section(heading=say(N_("Communication plan")), blocks=[plan]),
        Section(heading=say(N_("What the agent says")), blocks=_agent_says(talk, say)),
        Section(heading=say(N_("1. What should have been done?")), blocks=[_targets(talk.facts, reader, say)]),
        Section(
            heading=say(N_("2. What was done?")),
            blocks=[
                *_reached(talk.facts, reader, say),
                *_titled(say(N_("What went well")), outline.praise),
                *_quotes(outline.praise_moments, reader),
            ],
        ),
        Section(heading=say(N_("3. Why this result?")), blocks=_why(talk, reader, say)),
        Section(heading=say(N_("4. Where to improve?")), blocks=_improve(talk, say)),
        Section(heading=say(N_("Objection and appeal")), blocks=[Words(text=outline.objection)]),
        _signatures(say),
    ]
    title = say(N_("Feedback talk: outline"))
    return Paper(language=reader.language, title=title, subtitle=f"{agent} · {talk.period}", sections=sections)


def plan_paper(plan: CoachingPlan, agent: str, state: str, reader: PaperReader) -> Paper:
    """Return a coaching plan on paper; ``state`` in the reader's language."""
    say = _say(reader.language)
    step = kinds_of_gap()[plan.gap_kind].step.text.in_language(reader.language)
    basis = Pairs(
        rows=[
            (say(N_("Works on")), plan.focus.name),
            (say(N_("Found")), _found(plan.focus, say)),
            (say(N_("What stands behind it")), f"{say(GAP_KINDS[plan.gap_kind])}\n{step}"),
            (say(N_("From")), plan.selected_period),
            (say(N_("Coach")), plan.coach),
            (say(N_("State")), state),
        ]
    )
    moments: list[Block] = []
    for title, moment in ((N_("A good moment"), plan.good), (N_("A moment to improve"), plan.improve)):
        if moment and reader.with_quotes:
            moments.append(Words(title=say(title), text=_moment(moment), is_quote=True))
    what: list[Block] = [
        *_titled(say(N_("One behaviour")), plan.behaviour),
        *_titled(say(N_("Practice")), plan.practice),
        *_titled(say(N_("One goal that can be counted")), plan.goal.words),
        *_titled(say(N_("By when")), plan.goal.due_on.isoformat() if plan.goal.due_on else ""),
        *_titled(say(N_("If … then …")), plan.if_then),
    ]
    ends = plan.follow_up_on.isoformat() if plan.follow_up_on else ""
    sections = [
        Section(heading=say(N_("Basis")), blocks=[basis, *moments]),
        Section(heading=say(N_("Plan")), blocks=what),
        Section(heading=say(N_("Short sessions")), blocks=[_sessions(plan, say)]),
        Section(heading=say(N_("What the agent says")), blocks=[_or_blank(plan.agent_notes)]),
        Section(
            heading=say(N_("What was reached")),
            blocks=[_or_blank(plan.reached), *_titled(say(N_("Look at it again on")), ends)],
        ),
        _signatures(say),
    ]
    title, about = say(N_("Coaching plan")), f"{agent} · {plan.focus.name}"
    return Paper(language=reader.language, title=title, subtitle=about, sections=sections)


Say = Callable[..., str]


def _say(language: str) -> Say:
    translate = translator(language)
    return lambda msgid, **params: fill(translate(msgid), params)


def _agent_says(talk: Talk, say: Say) -> list[Block]:
    own: Block = Blanks(names=["", "", ""])
    if talk.self_assessment:
        own = Words(title=say(N_("Self-assessment")), text=talk.self_assessment)
    return [own, *_titled(say(N_("Notes, objections, proposals")), talk.agent_notes)]


def _targets(facts: Sequence[TalkFact], reader: PaperReader, say: Say) -> Block:
    if not facts:
        return Words(text=say(N_("No result was published when this was drafted.")))

    def wanted(fact: TalkFact) -> str:
        target = value_text(fact.target, fact.unit, say)
        return target if fact.target_low is None else f"{value_text(fact.target_low, fact.unit, say)}–{target}"

    rows = [(_name(one.indicator, reader), wanted(one)) for one in facts]
    return Table(headings=(say(N_("Indicator")), say(N_("Target"))), rows=rows, numbers=frozenset({1}))


def _reached(facts: Sequence[TalkFact], reader: PaperReader, say: Say) -> list[Block]:
    headings = (say(N_("Indicator")), say(N_("Reached")), say(N_("Observations")), say(N_("Attainment")))
    rows = [
        (
            _name(one.indicator, reader),
            value_text(one.value, one.unit, say),
            number_text(one.n),
            points_text(one.points),
        )
        for one in facts
    ]
    return [Table(headings=headings, rows=rows, numbers=frozenset({1, 2, 3}))] if rows else []


def _why(talk: Talk, reader: PaperReader, say: Say) -> list[Block]:
    blocks: list[Block] = []
    for one in talk.outline.behaviours:
        blocks += [Words(title=one.name, text=_met(one, say)), *_quotes(one.moments, reader)]
    if talk.outline.causes:
        blocks.append(Bullets(items=[say(CAUSES[one]) for one in talk.outline.causes]))
    blocks += _titled(say(N_("Causes in words")), talk.outline.causes_note)
    return blocks or [Blanks(names=["", ""])]


def _improve(talk: Talk, say: Say) -> list[Block]:
    outline = talk.outline
    blocks: list[Block] = [Words(title=one.name, text=one.note) for one in outline.behaviours if one.note]
    parts = (
        (N_("Goal"), outline.goal),
        (N_("Reality"), outline.reality),
        (N_("Options"), outline.options),
        (N_("What will be done"), outline.will),
        (N_("One goal that can be counted"), outline.smart_goal),
        (N_("If … then …"), outline.if_then),
        (N_("What the company does for it"), outline.support),
        (N_("Days to look at it again"), "  ".join(day.isoformat() for day in outline.follow_ups)),
    )
    for title, text in parts:
        blocks += _titled(say(title), text)
    return blocks


def _sessions(plan: CoachingPlan, say: Say) -> Table:
    headings = (say(N_("Days after the start")), say(N_("Planned")), say(N_("Held")), say(N_("Note")))
    rows = [
        (
            str(one.day),
            one.planned_on.isoformat() if one.planned_on else NONE,
            one.held_on.isoformat() if one.held_on else NONE,
            one.note,
        )
        for one in plan.sessions
    ]
    return Table(headings=headings, rows=rows)


def _found(focus: PlanFocus, say: Say) -> str:
    if focus.count is not None and focus.low is not None and focus.high is not None:
        share = f"({percent_text(focus.low)}–{percent_text(focus.high)})"
        met = say(N_("met in {count} of {total}"), count=focus.count, total=focus.total)
        return f"{met} {share} · {say(N_('site: {share}'), share=percent_text(focus.site_ratio))}"
    unit = shipped()[focus.id].unit if focus.id in shipped() else ""
    interval = f"({value_text(focus.low, unit, say)}–{value_text(focus.high, unit, say)})"
    target = say(N_("target: {value}"), value=value_text(focus.target, unit, say))
    return f"{value_text(focus.value, unit, say)} {interval} · {target}"


def _met(one: TalkBehaviour, say: Say) -> str:
    met = say(N_("met in {count} of {total}"), count=one.count, total=one.total)
    share = f"({percent_text(one.low)}–{percent_text(one.high)})"
    return f"{met} {share} · {say(N_('site: {share}'), share=percent_text(one.site_ratio))}"


def _quotes(moments: Iterable[TalkMoment], reader: PaperReader) -> list[Block]:
    return [Words(text=_moment(one), is_quote=True) for one in moments] if reader.with_quotes else []


def _moment(moment: TalkMoment) -> str:
    return f"{moment.contact_id}  “{moment.quote}”" if moment.quote else moment.contact_id


def _titled(title: str, text: str) -> list[Block]:
    return [Words(title=title, text=text)] if text else []


def _or_blank(text: str) -> Block:
    return Words(text=text) if text else Blanks(names=["", "", ""])


def _signatures(say: Say) -> Section:
    names = [say(N_("Agent, date")), say(N_("Coach, date"))]
    note = Words(text=say(N_("A signature says that it was talked about. It is no agreement with every word.")))
    return Section(heading=say(N_("Signatures")), blocks=[note, Blanks(names=names)])


def _name(indicator: str, reader: PaperReader) -> str:
    return shipped()[indicator].name.in_language(reader.language) if indicator in shipped() else indicator
