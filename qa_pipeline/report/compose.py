"""Pure composition: results of a period in, one ReportData out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from qa_pipeline.appraisal.teams import MACHINE, TeamResult
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.performance import Agent, Evaluation
from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.report.agent_rows import agent_rows
from qa_pipeline.report.contact_rows import contact_row, flag_groups, without_words
from qa_pipeline.report.data import AgentRow, ContactRow, FocusRow, Overview, ProblemRow, ReportData, TeamRow
from qa_pipeline.report.labels import Translate
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.report.tables import (
    counted,
    criterion_rows,
    distribution,
    estimate_of,
    passed_share,
    points_of,
    red_line_count,
    team_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """All that a report is made from.

    ``inspected``: the newest inspection of each contact of the period. ``focus``: coaching focus by agent id, made by
    whoever calls; the pipeline itself knows nothing of coaching. ``problems`` are in the reader's language already.
    ``teams``: quality of the site and its teams from machine and reviews together. ``quotes`` False: without what was
    said in contacts.
    """

    period: str
    language: str
    zone: str
    generated_at: datetime
    rulebook: Rulebook
    inspected: Sequence[tuple[Contact, Inspection]]
    evaluations: Sequence[Evaluation] = ()
    agents: Sequence[Agent] = ()
    problems: Sequence[ProblemRow] = ()
    focus: Mapping[str, tuple[FocusRow, ...]] = field(default_factory=dict)
    teams: Sequence[TeamResult] = ()
    quotes: bool = True


def compose(inputs: ReportInputs) -> ReportData:
    """Return the report of a period. The same inputs give the same report."""
    translate = translator(inputs.language)
    rows = tuple(
        contact_row(contact, inspection, inputs.rulebook, inputs.language, translate)
        for contact, inspection in sorted(inputs.inspected, key=lambda pair: _by_time(pair[0]))
    )
    if not inputs.quotes:
        rows = tuple(map(without_words, rows))
        inputs = replace(inputs, focus={agent: _without_examples(rows) for agent, rows in inputs.focus.items()})
    agents = agent_rows(inputs.evaluations, rows, inputs.agents, inputs.focus, inputs.rulebook, inputs.language)
    teams = team_rows(rows, agents, {found.team: found for found in inputs.teams})
    return ReportData(
        period=inputs.period,
        language=inputs.language,
        zone=inputs.zone,
        generated_at=inputs.generated_at,
        overview=_overview(rows, agents, inputs),
        teams=teams,
        agents=agents,
        distribution=distribution(rows),
        flagged=flag_groups(rows),
        criteria=criterion_rows(rows),
        contacts=rows,
        problems=tuple(inputs.problems),
        notes=tuple(_notes(rows, agents, teams, translate)),
    )


def _without_examples(rows: Sequence[FocusRow]) -> tuple[FocusRow, ...]:
    return tuple(replace(row, good=None, improve=None) for row in rows)


def _by_time(contact: Contact) -> tuple[bool, float, str]:
    started_at = contact.started_at
    return started_at is None, started_at.timestamp() if started_at else 0.0, contact.id


def _overview(rows: Sequence[ContactRow], agents: Sequence[AgentRow], inputs: ReportInputs) -> Overview:
    mean, interval = points_of(rows)
    site = next((found for found in inputs.teams if found.team is None), None)
    return Overview(
        contacts_count=len(rows),
        scored_count=sum(row.points is not None for row in rows),
        agents_count=len(agents),
        evaluated_count=sum(agent.group != "none" for agent in agents),
        audio_s=sum(inspection.audio_s or 0.0 for _, inspection in inputs.inspected),
        mean_points=mean,
        mean_ci95=interval,
        passed=passed_share(rows),
        red_line_count=red_line_count(rows),
        flagged_count=sum(bool(row.flags) for row in rows),
        pending_count=sum(problem.status == "pending" for problem in inputs.problems),
        failed_count=sum(problem.status == "failed" for problem in inputs.problems),
        engines=counted(row.engine for row in rows),
        scorecards=counted(row.scorecard for row in rows),
        qualities=counted(row.quality for row in rows),
        points_estimate=estimate_of(site.points if site else None),
        passed_estimate=estimate_of(site.passed if site else None),
    )


def _notes(
    rows: Sequence[ContactRow], agents: Sequence[AgentRow], teams: Sequence[TeamRow], translate: Translate
) -> Iterable[str]:
    """Say what the figures rest on, and where they are thin."""
    yield translate(
        N_(
            "Scores are made by machine from the words and the timing of each contact. They are a proposal: "
            "a person decides, and every finding opens into its quote."
        )
    )
    yield translate(
        N_(
            "Mean scores carry a plain 95 % t interval over contacts, shares a Wilson interval; both take contacts as "
            "independent. With fewer than three contacts there is no interval."
        )
    )
    yield translate(
        N_(
            "There are no ranks. Agents are grouped by whether their interval lies above, around or below the average; "
            "inside a group the order is by name."
        )
    )
    if any(team.points_estimate and team.points_estimate.method != MACHINE for team in teams):
        yield translate(
            N_(
                "Estimated quality is what people would find on average had they reviewed every contact: the "
                "machine's mean, corrected by random reviews where there are enough. Without reviews the machine "
                "stands alone, and nobody knows how far it is off."
            )
        )
    yield translate(
        N_(
            "Criteria that do not apply or could not be determined leave the denominator and are counted. "
            "An unknown is never a number."
        )
    )
    drafts = sum(row.quality != "trusted" for row in rows)
    if drafts:
        yield translate(
            N_(
                "Contacts that rest on a draft or unusable transcript: {count}. A phrase that was recognised may be "
                "believed, a phrase that was not proves nothing, so such criteria abstain."
            )
        ).format(count=drafts)
    nobody = sum(row.agent_id is None for row in rows)
    if nobody:
        yield translate(
            N_("Contacts that name no agent: {count}. They count for the site and in nobody's row.")
        ).format(count=nobody)
    thin = sum(agent.group == "insufficient" for agent in agents)
    if thin:
        yield translate(N_("Agents with too little evidence for a grade or a group: {count}.")).format(count=thin)
