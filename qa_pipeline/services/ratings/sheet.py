"""The form that a rater fills in: every rated indicator with what each step of the scale means."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.performance import KpiDefinition, RaterClass, Template
from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.cells import csv_text
from qa_pipeline.services.assignments import find_templates
from qa_pipeline.services.rating_words import STEPS, class_words, title
from qa_pipeline.stages.artifacts import store_problem
from qa_pipeline.store import Store

_HEAD = ("agent", "period", "rater", "class", "indicator", "indicator_name")
_TAIL = ("value", "comment")


def write_sheet(
    store: Store,
    agent_ids: Sequence[str],
    period: str,
    rater_class: RaterClass,
    path: Path,
    *,
    language: str,
    rater: str | None = None,
    templates: Path | None = None,
) -> int:
    """Write the form of one rater for some agents, and return the number of its rows.

    The indicators are those that the template of each agent rates; the filled-in form is imported as it is.

    Parameters
    ----------
    path : Path
        .csv, UTF-8 with a byte order mark.
    language : {"zh", "en"}
        Of headers and anchors.
    rater : str, optional
        Fills in the rater; self ratings know theirs.
    templates : Path, optional
        Folder of the user's own templates.

    Raises
    ------
    ConfigurationError
        `period` is no month, `path` no .csv file, or the class rates nobody of these.
    NotFound
        An agent is not known.
    StoreReadOnly, StoreFull, StoreError
        The file cannot be written.
    """
    check_month(period)
    if path.suffix.lower() != ".csv":
        raise ConfigurationError(
            N_("A form is no {suffix} file."), hint=N_("Name it .csv."), field="output", suffix=path.suffix or "–"
        )
    every = list_templates(shipped(), templates)
    with store.reading() as tx:
        for agent_id in agent_ids:
            tx.agents.get(agent_id)
        assigned = find_templates(tx, period, agent_ids, every)
    rows = [
        row
        for agent_id in agent_ids
        for definition in _rated_by(assigned[agent_id].template, rater_class)
        for row in [_row(agent_id, period, rater_class, definition, language, rater)]
    ]
    if not rows:
        raise ConfigurationError(
            N_("Nothing is rated by the class {class_name} in the templates of these agents."),
            hint=N_("`callqa templates show ID` tells who rates what."),
            field="class",
            class_name=rater_class.value,
        )
    steps = [title("anchor", language).format(step=step) for step in STEPS]
    header = [*(title(name, language) for name in _HEAD), *steps, *(title(name, language) for name in _TAIL)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([csv_text(cell) for cell in row] for row in rows)
    try:
        path.write_bytes(buffer.getvalue().encode("utf-8-sig"))
    except OSError as problem:
        raise store_problem(problem, path) from problem
    return len(rows)


def _rated_by(template: Template, rater_class: RaterClass) -> Sequence[KpiDefinition]:
    if rater_class not in dict(template.raters):
        return []
    definitions = [shipped()[item.indicator] for item in template.items]
    return [definition for definition in definitions if definition.source == RATING]


def _row(
    agent_id: str, period: str, rater_class: RaterClass, definition: KpiDefinition, language: str, rater: str | None
) -> list[str]:
    by = agent_id if rater_class is RaterClass.SELF else rater or ""
    word = class_words().first(rater_class, language)
    anchors = [anchor.in_language(language) for anchor in definition.anchors]
    return [agent_id, period, by, word, definition.id, definition.name.in_language(language), *anchors, "", ""]
