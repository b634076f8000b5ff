"""The overview as lines of name, value and style, as the workbook shows it."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_
from qa_pipeline.report.columns import Cell
from qa_pipeline.report.data import Count, Interval, ReportData
from qa_pipeline.report.labels import QUALITIES, Translate, label, moment_text, percent_text, points_text


def overview_lines(report: ReportData, translate: Translate) -> Iterator[tuple[str, Cell, str]]:
    """Yield name, value and style of each line; values that are unknown are left out."""
    overview = report.overview
    yield translate(N_("Period")), report.period, "text"
    made_at = f"{moment_text(report.generated_at, ZoneInfo(report.zone))} ({report.zone})"
    yield translate(N_("Made at")), made_at, "text"
    yield translate(N_("Inspected contacts")), overview.contacts_count, "count"
    yield translate(N_("Contacts with a score")), overview.scored_count, "count"
    yield translate(N_("Agents")), overview.agents_count, "count"
    if overview.mean_points is not None:
        yield translate(N_("Mean score")), overview.mean_points, "points"
    if overview.mean_ci95 is not None:
        yield translate(N_("Mean score, 95% interval")), interval_text(overview.mean_ci95), "text"
    if overview.passed.ratio is not None:
        yield translate(N_("Pass rate")), overview.passed.ratio, "ratio"
    if overview.passed.ci95 is not None:
        yield translate(N_("Pass rate, 95% interval")), share_interval_text(overview.passed.ci95), "text"
    yield translate(N_("Contacts with a red line")), overview.red_line_count, "count"
    yield translate(N_("Flagged contacts")), overview.flagged_count, "count"
    yield translate(N_("Pending")), overview.pending_count, "count"
    yield translate(N_("Failed")), overview.failed_count, "count"
    yield translate(N_("Scorecards")), counts_text(overview.scorecards), "text"
    yield translate(N_("Recognised by")), counts_text(overview.engines), "text"
    qualities = (Count(label=label(QUALITIES, each.label, translate), count=each.count) for each in overview.qualities)
    yield translate(N_("Transcripts")), counts_text(tuple(qualities)), "text"
    for note in report.notes:
        yield translate(N_("Note")), note, "text"


def interval_text(interval: Interval) -> str:
    """Return an interval of points."""
    return f"{points_text(interval.low)}–{points_text(interval.high)}"


def share_interval_text(interval: Interval) -> str:
    """Return an interval of a ratio as percent."""
    return f"{percent_text(interval.low)}–{percent_text(interval.high)}"


def counts_text(counts: tuple[Count, ...]) -> str:
    """Return labels with their counts, most frequent first."""
    return ", ".join(f"{each.label} ({each.count})" for each in counts)
