"""The overview as lines of name, value and style, as the workbook shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_
from qa_pipeline.report.columns import Cell
from qa_pipeline.report.data import Count, Interval, ReportData
from qa_pipeline.report.labels import (
    QUALITIES,
    Translate,
    joined,
    label,
    moment_text,
    percent_text,
    points_text,
    with_note,
)


def overview_lines(report: ReportData, translate: Translate) -> Iterator[tuple[str, Cell, str]]:
    """Yield name, value and style of each line; values that are unknown are left out."""
    overview = report.overview
    yield translate(N_("Period")), report.period, "text"
    made_at = with_note(moment_text(report.generated_at, ZoneInfo(report.zone)), report.zone, translate)
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
    yield translate(N_("Scorecards")), counts_text(overview.scorecards, translate), "text"
    yield translate(N_("Recognised by")), counts_text(overview.engines, translate), "text"
    qualities = counts_text(overview.qualities, translate, lambda code: label(QUALITIES, code, translate))
    yield translate(N_("Transcripts")), qualities, "text"
    for note in report.notes:
        yield translate(N_("Note")), note, "text"


def interval_text(interval: Interval) -> str:
    """Return an interval of points."""
    return f"{points_text(interval.low)}–{points_text(interval.high)}"


def share_interval_text(interval: Interval) -> str:
    """Return an interval of a ratio as percent."""
    return f"{percent_text(interval.low)}–{percent_text(interval.high)}"


def counts_text(counts: tuple[Count, ...], translate: Translate, word: Callable[[str], str] = str) -> str:
    """Return labels with their counts, most frequent first; `word` gives the text for a label that is a code."""
    return joined((with_note(word(each.label), each.count, translate) for each in counts), translate)
