"""Quarters and years of everybody from the evaluations of months that the store holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qa_pipeline.appraisal.notes import listed
from qa_pipeline.appraisal.rollup import roll_up_months
from qa_pipeline.appraisal.uncollected import uncollected
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_, ConfigurationError, NotFound
from qa_pipeline.services.evaluate import EvaluationRules, PeriodEvaluation, read_rules
from qa_pipeline.store import Store, Transaction


def roll_up(
    store: Store, period: str, template_id: str | None = None, *, templates: Path | None = None
) -> PeriodEvaluation:
    """Make the evaluations of a quarter or year from those of its months that are in force, and keep them.

    Parameters
    ----------
    period : str
        ``2026-Q3`` or ``2026``.
    template_id : str, optional
        Only months evaluated by this template, whichever version; None takes each agent's newest evaluation of a month.
    templates : Path, optional
        Folder of the user's own templates.

    Raises
    ------
    ConfigurationError
        `period` is no quarter or year.
    NotFound
        No month of it has been evaluated, or there is no such template.
    TemplateError
        A template file is wrong.
    """
    rules = read_rules(template_id, templates)
    with store.transaction() as tx:
        found = compute_rollup(tx, period, rules)
        stored = tx.evaluations.put_all(found.evaluations)
    return replace(found, stored_count=stored)


def compute_rollup(tx: Transaction, period: str, rules: EvaluationRules) -> PeriodEvaluation:
    """Return the evaluations of a quarter or year as they would be now; stores nothing.

    Teams and reviewers are those of months and are not rolled up.

    Raises
    ------
    ConfigurationError
        `period` is no quarter or year.
    NotFound
        No month of it has been evaluated.
    """
    months = months_of(period)
    if len(months) == 1:
        raise ConfigurationError(
            N_("{period} is a month and is not made of others."),
            hint=N_("Write a quarter or a year, for example 2026-Q4 or 2026."),
            field="period",
            period=period,
        )
    wanted = rules.template.id if rules.template else None
    evaluations = [one for month in months for one in tx.evaluations.list(month, wanted)]
    templates = {(each.id, each.version): each for each in rules.templates}
    with uncollected():
        found = roll_up_months(period, evaluations, templates, rules.catalogue)
    without_value = sorted({one.agent_id for one in evaluations} - {one.agent_id for one in found})
    if not found and without_value:
        raise NotFound(
            N_("Nobody has a value in a month of {period} by a known template."),
            hint=N_("Import values or score contacts, and evaluate the months again."),
            period=period,
        )
    if not found:
        raise NotFound(
            N_("No month of {period} has been evaluated."),
            hint=N_("Evaluate its months first, for example: callqa evaluate --period {month}."),
            period=period,
            month=months[0],
        )
    used = Counter((one.template_id, one.template_version) for one in found)
    return PeriodEvaluation(
        period=period,
        templates=[templates[key] for key, _ in used.most_common()],
        evaluations=found,
        stored_count=0,
        unassigned_contact_count=0,
        notes=[_left_out(without_value)] if without_value else [],
    )


def _left_out(agents: Sequence[str]) -> Reason:
    message = N_("Left out, for no month of theirs has a value by a known template: {agents}.")
    return Reason(message=message, params={"agents": listed(agents)})
