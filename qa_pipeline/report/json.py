"""The report as one JSON document."""

from __future__ import annotations

from pydantic import TypeAdapter

from qa_pipeline.report.data import ReportData

_ADAPTER = TypeAdapter(ReportData)


def render_json(report: ReportData) -> bytes:
    """Return the whole report as UTF-8 JSON; keys are the fields of ReportData, absent values are null."""
    return _ADAPTER.dump_json(report, indent=2) + b"\n"
