"""What differs between two versions of a result, as a document and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callqa.cli.console import AppContext, out
from qa_pipeline.appraisal.differences import Change, Plain
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import FIGURES, NONE, label, number_text, value_text

_IN_UNIT = ("value", "target")


def change_documents(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the changes as JSON has them."""
    return [
        {"indicator": one.indicator, "field": one.field, "before": one.before, "after": one.after} for one in changes
    ]


def print_changes(here: AppContext, changes: Sequence[Change]) -> None:
    """Print what changed from what to what; nothing where no figure did."""
    if not changes:
        return
    table = here.table([N_("Indicator"), N_("Figure"), N_("Before"), N_("After")])
    catalogue = shipped()
    for one in changes:
        definition = catalogue.get(one.indicator or "")
        name = definition.name.in_language(here.settings.lang) if definition else one.indicator or ""
        unit = definition.unit if definition and one.field in _IN_UNIT else None
        before, after = (_text(here, value, unit) for value in (one.before, one.after))
        table.add_row(name, label(FIGURES, one.field, here.translate), before, after)
    out.print(table)


def _text(here: AppContext, value: Plain, unit: str | None) -> str:
    if value is None or isinstance(value, str):
        return value or NONE
    return number_text(value) if unit is None else value_text(value, unit, here.translate)
