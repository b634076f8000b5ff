"""Columns of the tables that people take into a spreadsheet: a title as msgid and how to get the value of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_
from qa_pipeline.report.data import (
    AgentRow,
    ContactRow,
    DimensionRow,
    Estimate,
    FindingRow,
    Interval,
    ItemRow,
    Overview,
    ProblemRow,
    ReportData,
    TeamRow,
)
from qa_pipeline.report.labels import (
    BASES,
    FLAGS,
    GROUPS,
    KINDS,
    METHODS,
    OUTCOMES,
    QUALITIES,
    RATERS,
    ROLES,
    STATUSES,
    Translate,
    clock_text,
    joined,
    label,
    moment_text,
    places_text,
    turn_text,
)
from qa_pipeline.report.roles import roles_text

Cell = str | int | float | None
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """One column. ``style``: "text", "points", "ratio", "count" or "number"; ``width`` in characters."""

    title: str
    value: Callable[[Row, ReportData, Translate], Cell]
    style: str = "text"
    width: int = 14


def _low(interval: Interval | None) -> float | None:
    return interval.low if interval else None


def _high(interval: Interval | None) -> float | None:
    return interval.high if interval else None


def _yes_no(value: bool | None, translate: Translate) -> str | None:
    if value is None:
        return None
    return translate(N_("yes")) if value else translate(N_("no"))


def _flags(row: ContactRow, translate: Translate) -> str:
    return joined((label(FLAGS, flag, translate) for flag in row.flags), translate)


def _red_lines(row: ContactRow, translate: Translate) -> str:
    return joined((found.criterion for found in row.findings if found.criterion_id in row.fatal), translate)


CONTACT_COLUMNS: tuple[Column[ContactRow], ...] = (
    Column(title=N_("Contact"), value=lambda row, _, __: row.contact_id, width=18),
    Column(
        title=N_("Start"), value=lambda row, report, _: moment_text(row.started_at, ZoneInfo(report.zone)), width=17
    ),
    Column(title=N_("Kind"), value=lambda row, _, translate: label(KINDS, row.kind, translate), width=8),
    Column(title=N_("Agent id"), value=lambda row, _, __: row.agent_id, width=12),
    Column(title=N_("Agent"), value=lambda row, _, __: row.agent_name),
    Column(title=N_("Team"), value=lambda row, _, __: row.team),
    Column(title=N_("Queue"), value=lambda row, _, __: row.queue),
    Column(title=N_("Language"), value=lambda row, _, __: row.language, width=9),
    Column(title=N_("Contact reason"), value=lambda row, _, __: row.contact_reason, width=20),
    Column(title=N_("Scorecard"), value=lambda row, _, __: row.scorecard, width=26),
    Column(title=N_("Score"), value=lambda row, _, __: row.points, style="points", width=8),
    Column(title=N_("Score at least"), value=lambda row, _, __: _low(row.range_points), style="points", width=12),
    Column(title=N_("Score at most"), value=lambda row, _, __: _high(row.range_points), style="points", width=12),
    Column(title=N_("Determined share"), value=lambda row, _, __: row.coverage_ratio, style="ratio", width=12),
    Column(title=N_("Passed"), value=lambda row, _, translate: _yes_no(row.passed, translate), width=8),
    Column(title=N_("Flags"), value=lambda row, _, translate: _flags(row, translate), width=26),
    Column(title=N_("Red lines"), value=lambda row, _, translate: _red_lines(row, translate), width=26),
    Column(title=N_("Undetermined"), value=lambda row, _, __: row.undetermined_count, style="count", width=10),
    Column(title=N_("Duration (s)"), value=lambda row, _, __: row.duration_s, style="number", width=11),
    Column(title=N_("Service attitude (1–5)"), value=lambda row, _, __: row.attitude_value, style="number", width=11),
    Column(
        title=N_("Customer's sentiment at the start"),
        value=lambda row, _, __: row.sentiment_start,
        style="number",
        width=11,
    ),
    Column(
        title=N_("Customer's sentiment at the end"),
        value=lambda row, _, __: row.sentiment_end,
        style="number",
        width=11,
    ),
    Column(
        title=N_("Turns of the customer's sentiment"),
        value=lambda row, _, translate: "\n".join(turn_text(turn, translate) for turn in row.turning_points),
        width=50,
    ),
    Column(
        title=N_("Predicted satisfaction (0–2)"), value=lambda row, _, __: row.satisfaction, style="number", width=11
    ),
    Column(
        title=N_("Satisfaction 95% from"),
        value=lambda row, _, __: _low(row.satisfaction_ci95),
        style="number",
        width=11,
    ),
    Column(
        title=N_("Satisfaction 95% to"),
        value=lambda row, _, __: _high(row.satisfaction_ci95),
        style="number",
        width=11,
    ),
    Column(title=N_("Transcript"), value=lambda row, _, translate: label(QUALITIES, row.quality, translate), width=16),
    Column(title=N_("Recognised by"), value=lambda row, _, __: row.engine, width=24),
    Column(title=N_("Roles"), value=lambda row, _, translate: roles_text(row, translate), width=26),
    Column(title=N_("Judged by"), value=lambda row, _, translate: label(RATERS, row.rater, translate), width=10),
)


def _of(estimate: Estimate | None, name: Literal["value", "n_reviews"]) -> float | None:
    found: float | None = getattr(estimate, name) if estimate else None
    return found


def _end(estimate: Estimate | None, end: Callable[[Interval | None], float | None]) -> float | None:
    return end(estimate.ci95) if estimate else None


def _team_name(row: TeamRow | Overview, translate: Translate) -> str:
    if isinstance(row, Overview):
        return translate(N_("All contacts"))
    return translate(N_("no team named")) if row.team is None else row.team


TEAM_COLUMNS: tuple[Column[TeamRow | Overview], ...] = (
    Column(title=N_("Team"), value=lambda row, _, translate: _team_name(row, translate), width=20),
    Column(title=N_("Agents"), value=lambda row, _, __: row.agents_count, style="count", width=9),
    Column(title=N_("Contacts"), value=lambda row, _, __: row.contacts_count, style="count", width=9),
    Column(title=N_("Reviews"), value=lambda row, _, __: _of(row.points_estimate, "n_reviews"), style="count", width=9),
    Column(
        title=N_("Estimated quality"),
        value=lambda row, _, __: _of(row.points_estimate, "value"),
        style="points",
        width=11,
    ),
    Column(title=N_("95% from"), value=lambda row, _, __: _end(row.points_estimate, _low), style="points", width=9),
    Column(title=N_("95% to"), value=lambda row, _, __: _end(row.points_estimate, _high), style="points", width=9),
    Column(
        title=N_("Estimated pass rate"),
        value=lambda row, _, __: _of(row.passed_estimate, "value"),
        style="ratio",
        width=11,
    ),
    Column(
        title=N_("How it was estimated"),
        value=lambda row, _, translate: (
            label(METHODS, row.points_estimate.method, translate) if row.points_estimate else None
        ),
        width=40,
    ),
    Column(title=N_("Mean score"), value=lambda row, _, __: row.mean_points, style="points", width=10),
    Column(title=N_("Score 95% from"), value=lambda row, _, __: _low(row.mean_ci95), style="points", width=10),
    Column(title=N_("Score 95% to"), value=lambda row, _, __: _high(row.mean_ci95), style="points", width=10),
    Column(title=N_("Pass rate"), value=lambda row, _, __: row.passed.ratio, style="ratio", width=9),
    Column(title=N_("Red lines"), value=lambda row, _, __: row.red_line_count, style="count", width=9),
)

AGENT_COLUMNS: tuple[Column[AgentRow], ...] = (
    Column(title=N_("Agent id"), value=lambda row, _, __: row.agent_id, width=12),
    Column(title=N_("Agent"), value=lambda row, _, __: row.name),
    Column(title=N_("Team"), value=lambda row, _, __: row.team),
    Column(title=N_("Evaluation total"), value=lambda row, _, __: row.total, style="points", width=11),
    Column(title=N_("95% from"), value=lambda row, _, __: _low(row.ci95), style="points", width=9),
    Column(title=N_("95% to"), value=lambda row, _, __: _high(row.ci95), style="points", width=9),
    Column(title=N_("Grade"), value=lambda row, _, __: row.grade, width=8),
    Column(title=N_("Group"), value=lambda row, _, translate: label(GROUPS, row.group, translate), width=24),
    Column(
        title=N_("Place, 95% range"),
        value=lambda row, _, translate: places_text(row.places, translate) if row.places else None,
        width=24,
    ),
    Column(title=N_("Probability above average"), value=lambda row, _, __: row.above_average, style="ratio", width=12),
    Column(
        title=N_("Basis"),
        value=lambda row, _, translate: label(BASES, row.basis, translate) if row.basis else None,
        width=24,
    ),
    Column(title=N_("Contacts"), value=lambda row, _, __: row.n_contacts, style="count", width=9),
    Column(title=N_("Reviews"), value=lambda row, _, __: row.n_reviews, style="count", width=9),
    Column(title=N_("Mean score"), value=lambda row, _, __: row.mean_points, style="points", width=10),
    Column(title=N_("Score 95% from"), value=lambda row, _, __: _low(row.mean_ci95), style="points", width=10),
    Column(title=N_("Score 95% to"), value=lambda row, _, __: _high(row.mean_ci95), style="points", width=10),
    Column(title=N_("Pass rate"), value=lambda row, _, __: row.passed.ratio, style="ratio", width=9),
    Column(title=N_("Red lines"), value=lambda row, _, __: row.red_line_count, style="count", width=9),
    Column(title=N_("Template"), value=lambda row, _, __: row.template, width=22),
    Column(title=N_("Notes"), value=lambda row, _, __: "\n".join(row.notes), width=60),
)

# Of the evaluation alone: what the contacts themselves say is left out.
_OF_CONTACTS = ("Mean score", "Score 95% from", "Score 95% to", "Pass rate", "Red lines")
RESULT_COLUMNS = tuple(column for column in AGENT_COLUMNS if column.title not in _OF_CONTACTS)

ItemOfAgent = tuple[AgentRow, DimensionRow, ItemRow]
ITEM_COLUMNS: tuple[Column[ItemOfAgent], ...] = (
    Column(title=N_("Agent id"), value=lambda row, _, __: row[0].agent_id, width=12),
    Column(title=N_("Agent"), value=lambda row, _, __: row[0].name),
    Column(title=N_("Dimension"), value=lambda row, _, __: row[1].name),
    Column(title=N_("Dimension points"), value=lambda row, _, __: row[1].points, style="points", width=11),
    Column(title=N_("Indicator"), value=lambda row, _, __: row[2].name, width=24),
    Column(title=N_("Value"), value=lambda row, _, __: row[2].value, style="number", width=10),
    Column(title=N_("Unit"), value=lambda row, _, __: row[2].unit, width=9),
    Column(title=N_("n"), value=lambda row, _, __: row[2].n, style="count", width=8),
    Column(title=N_("Target from"), value=lambda row, _, __: row[2].target_low, style="number", width=11),
    Column(title=N_("Target"), value=lambda row, _, __: row[2].target, style="number", width=10),
    Column(title=N_("Attainment"), value=lambda row, _, __: row[2].attainment_points, style="points", width=11),
    Column(title=N_("Standard error"), value=lambda row, _, __: row[2].se_points, style="points", width=11),
    Column(title=N_("Weight %"), value=lambda row, _, __: row[2].weight, style="number", width=9),
    Column(title=N_("Effective weight %"), value=lambda row, _, __: row[2].effective_weight, style="number", width=11),
    Column(title=N_("Source"), value=lambda row, _, __: row[2].source, width=24),
    Column(
        title=N_("To be seen together with"),
        value=lambda row, _, translate: joined(
            (row[0].items[each].name for each in row[2].opposing if each in row[0].items), translate
        ),
        width=30,
    ),
    Column(
        title=N_("Contacts behind it"), value=lambda row, _, translate: joined(row[2].contacts, translate), width=40
    ),
)


def _evidence(finding: FindingRow, translate: Translate) -> str:
    parts = []
    for piece in finding.evidence:
        if piece.quote:
            role = label(ROLES, piece.role, translate) if piece.role else ""
            parts.append(f"[{clock_text(piece.start_s)} {role}] {piece.quote}")
    return "\n".join(parts)


FindingOfContact = tuple[ContactRow, FindingRow]
FINDING_COLUMNS: tuple[Column[FindingOfContact], ...] = (
    Column(title=N_("Contact"), value=lambda row, _, __: row[0].contact_id, width=18),
    Column(title=N_("Agent"), value=lambda row, _, __: row[0].agent_label),
    Column(title=N_("Section"), value=lambda row, _, __: row[1].section),
    Column(title=N_("Criterion"), value=lambda row, _, __: row[1].criterion, width=28),
    Column(title=N_("Red line"), value=lambda row, _, translate: _yes_no(row[1].fatal, translate), width=8),
    Column(title=N_("Outcome"), value=lambda row, _, translate: label(OUTCOMES, row[1].outcome, translate), width=13),
    Column(title=N_("Confidence"), value=lambda row, _, __: row[1].confidence, style="ratio", width=10),
    Column(title=N_("Reason"), value=lambda row, _, __: row[1].reason, width=50),
    Column(title=N_("Quotes"), value=lambda row, _, translate: _evidence(row[1], translate), width=60),
)

FLAGGED_COLUMNS: tuple[Column[tuple[str, ContactRow, str]], ...] = (
    Column(title=N_("Flag"), value=lambda row, _, translate: label(FLAGS, row[0], translate), width=18),
    Column(title=N_("Contact"), value=lambda row, _, __: row[1].contact_id, width=18),
    Column(
        title=N_("Start"), value=lambda row, report, _: moment_text(row[1].started_at, ZoneInfo(report.zone)), width=17
    ),
    Column(title=N_("Agent"), value=lambda row, _, __: row[1].agent_label),
    Column(title=N_("Team"), value=lambda row, _, __: row[1].team),
    Column(title=N_("Score"), value=lambda row, _, __: row[1].points, style="points", width=8),
    Column(title=N_("Why"), value=lambda row, _, __: row[2], width=80),
)

PROBLEM_COLUMNS: tuple[Column[ProblemRow], ...] = (
    Column(title=N_("File or contact"), value=lambda row, _, __: row.path, width=40),
    Column(title=N_("Status"), value=lambda row, _, translate: label(STATUSES, row.status, translate), width=10),
    Column(title=N_("Why"), value=lambda row, _, __: row.message, width=60),
    Column(title=N_("What to do"), value=lambda row, _, __: row.hint, width=60),
)
