"""The report as one self-contained page: no script, no network, charts as inline SVG beside their tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, Template
from markupsafe import Markup

from qa_pipeline.appraisal.teams import MACHINE
from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.report.charts import Axis, axis_over, histogram, outcome_bar
from qa_pipeline.report.contact_rows import findings_behind
from qa_pipeline.report.data import ContactRow, Estimate, FindingRow, ReportData
from qa_pipeline.report.environment import moment_filter, page_environment, stylesheet

FLAGGED_SHOWN = 40  # per flag: more would bury the reader; the workbook and the JSON document have them all
ITEM_CONTACTS_SHOWN = 8  # worst first


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedCall:
    """One contact under one flag. It is shown whole under ``shown_under`` and only named under its other flags."""

    row: ContactRow
    findings: tuple[FindingRow, ...]
    anchor: str
    shown_under: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedSection:
    """What the page shows of one flag."""

    flag: Flag
    calls: tuple[FlaggedCall, ...]
    total_count: int


@cache
def _environment(language: str) -> Environment:
    return page_environment(language)


def _template(language: str) -> Template:
    return _environment(language).get_template("report.html")


def render_html(report: ReportData, contact_link: str | None = None) -> bytes:
    """Return the page in the report's language as UTF-8.

    Parameters
    ----------
    contact_link : str, optional
        Address pattern of a contact's own page, with ``{contact_id}`` (percent-encoded by the page); without it the
        page links inside itself only.
    """
    sections, anchors = _flagged_sections(report)
    agents = report.agents
    # The stylesheet is ours and holds no markup; everything else on the page is escaped.
    css = Markup(stylesheet())  # noqa: S704
    page = _template(report.language).render(
        report=report,
        css=css,
        moment=moment_filter(report.zone),
        sections=sections,
        anchors=anchors,
        rows={row.contact_id: row for row in report.contacts},
        contact_link=contact_link,
        item_contacts_shown=ITEM_CONTACTS_SHOWN,
        agent_axis=axis_over((agent.ci95 for agent in agents), (agent.total for agent in agents), limit=120),
        team_axis=_team_axis(report),
        has_estimates=bool(_estimates(report)),
        agents_mean=_mean([agent.total for agent in agents if agent.total is not None]),
        histogram=histogram(report.distribution),
        outcome_bar=outcome_bar,
        scorecards=list(dict.fromkeys(row.scorecard for row in report.criteria)),
    )
    return page.encode()


def _estimates(report: ReportData) -> list[Estimate]:
    """Return the estimates of site and teams; none where the machine stands alone everywhere."""
    found = [report.overview.points_estimate, *(team.points_estimate for team in report.teams)]
    estimates = [each for each in found if each is not None]
    return estimates if any(each.method != MACHINE for each in estimates) else []


def _team_axis(report: ReportData) -> Axis:
    estimates = _estimates(report)
    plain = [team for team in report.teams if team.points_estimate is None or not estimates]
    return axis_over(
        [*(found.ci95 for found in estimates), *(team.mean_ci95 for team in plain)],
        [*(found.value for found in estimates), *(team.mean_points for team in plain)],
        limit=100,
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _behind_all_flags(row: ContactRow) -> tuple[FindingRow, ...]:
    behind = {finding.criterion_id for flag in row.flags for finding in findings_behind(flag, row)}
    found = [finding for finding in row.findings if finding.criterion_id in behind]
    # Red lines first, what could not be determined last.
    return tuple(
        sorted(
            found, key=lambda finding: (finding.criterion_id not in row.fatal, finding.outcome is Outcome.UNDETERMINED)
        )
    )


def _flagged_sections(report: ReportData) -> tuple[tuple[FlaggedSection, ...], dict[str, str]]:
    rows = {row.contact_id: row for row in report.contacts}
    anchors: dict[str, str] = {}
    shown_under: dict[str, Flag] = {}
    sections = []
    for group in report.flagged:
        calls = []
        for contact_id in group.contacts[:FLAGGED_SHOWN]:
            is_first = shown_under.setdefault(contact_id, group.flag) is group.flag
            anchor = anchors.setdefault(contact_id, f"contact-{len(anchors) + 1}")
            calls.append(
                FlaggedCall(
                    row=rows[contact_id],
                    findings=_behind_all_flags(rows[contact_id]) if is_first else (),
                    anchor=anchor,
                    shown_under=shown_under[contact_id],
                )
            )
        sections.append(FlaggedSection(flag=group.flag, calls=tuple(calls), total_count=len(group.contacts)))
    return tuple(sections), anchors
