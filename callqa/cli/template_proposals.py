"""``callqa templates propose``: what the months in the store suggest as targets, for a person to accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from qa_pipeline.appraisal.attainment import Levels
from qa_pipeline.appraisal.proposals import Proposal
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.domain.performance import Template, TemplateItem
from qa_pipeline.errors import N_, fill
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import joined, value_text
from qa_pipeline.services.template_history import TemplateHistory, judge_months, propose_targets, read_months

_LEVELS = ("floor_low", "floor", "target_low", "target", "stretch")


def propose(
    ctx: typer.Context,
    template: Annotated[str, typer.Argument(help="Id, or id@version.")],
    periods: Annotated[int, typer.Option(min=1, help="How many of the last months with data are looked at.")] = 6,
) -> None:
    """Propose floor, target and stretch of each item from past months; nothing is changed."""
    here = context(ctx)
    found = get_template(template, shipped(), here.settings.templates)
    history = judge_months(found, read_months(here.store(), periods))
    proposals = propose_targets(found, history)
    document = {
        "template": found.id,
        "template_version": found.version,
        "periods": list(history.periods),
        "items": [_item(here, proposal) for proposal in proposals],
    }
    here.emit(document, lambda: _print(here, found, history, proposals))


def levels_text(here: AppContext, levels: Levels, unit: str) -> tuple[str, str, str]:
    """Return floor, target and stretch as people write them, ranges with both ends."""

    def text(low: float | None, high: float | None) -> str:
        ends = [value_text(end, unit, here.translate) for end in (low, high) if end is not None]
        return " – ".join(ends) or "–"

    return text(levels.floor_low, levels.floor), text(levels.target_low, levels.target), text(None, levels.stretch)


def _item(here: AppContext, found: Proposal) -> dict[str, Any]:
    return {
        "indicator": found.indicator,
        "agents": found.agent_count,
        "periods": found.period_count,
        "values": found.value_count,
        "current": _levels(found.current) | {"reached": found.reached_now},
        "proposed": _levels(found.proposed) if found.proposed else None,
        "reached": dict(found.reached),
        "stated": [
            {"target": one.levels.target, "target_low": one.levels.target_low, "reached": one.reached_count}
            for one in found.stated
        ],
        "refusal": _refusal(here, found),
    }


def _levels(levels: Levels) -> dict[str, Any]:
    return {name: getattr(levels, name) for name in _LEVELS}


def _refusal(here: AppContext, found: Proposal) -> str | None:
    return fill(here.translate(found.refusal.message), found.refusal.params) if found.refusal else None


def _print(here: AppContext, template: Template, history: TemplateHistory, proposals: Sequence[Proposal]) -> None:
    name = template.name.in_language(here.settings.lang)
    if not history.periods:
        here.say(N_("{name}: the store holds no month yet."), name=name)
        return
    here.say(
        N_(
            "{name}, version {version}: months {periods}. n: values / agents; field: what its sources state; "
            "in brackets: how many agents reach it."
        ),
        name=name,
        version=template.version,
        periods=joined(history.periods, here.translate),
    )
    headings = (N_("Indicator"), "n", N_("Now"), N_("Field"), N_("Floor"), N_("Target"), N_("Stretch"))
    table = here.table(headings)
    for found in proposals:
        table.add_row(*_row(here, found))
    out.print(table)
    for refusal, names in _refusals(here, proposals).items():
        here.say(N_("{indicators}: {reason}"), indicators=joined(names, here.translate), reason=refusal)
    lines = [
        _yaml_line(item, found.proposed)
        for item, found in zip(template.items, proposals, strict=True)
        if found.proposed is not None
    ]
    if lines:
        here.say(N_("Nothing was changed. To accept, put these into a new version of the template:"))
        for line in lines:
            out.print(f"  {line}")


def _row(here: AppContext, found: Proposal) -> tuple[str, ...]:
    definition = shipped()[found.indicator]

    def with_count(text: str, count: int | None) -> str:
        return text if count is None or text == "–" else f"{text} ({count})"

    _, now, _ = levels_text(here, found.current, definition.unit)
    stated = [with_count(levels_text(here, one.levels, definition.unit)[1], one.reached_count) for one in found.stated]
    rest = ("–", "–", "–")
    if found.proposed:
        floor, target, stretch = levels_text(here, found.proposed, definition.unit)
        rest = (
            with_count(floor, found.reached.get("floor")),
            with_count(target, found.reached.get("target")),
            with_count(stretch, found.reached.get("stretch")),
        )
    return (
        definition.name.in_language(here.settings.lang),
        f"{found.value_count} / {found.agent_count}",
        with_count(now, found.reached_now),
        joined(stated, here.translate) or "–",
        *rest,
    )


def _refusals(here: AppContext, proposals: Sequence[Proposal]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for proposal in proposals:
        refusal = _refusal(here, proposal)
        if refusal is not None:
            name = shipped()[proposal.indicator].name.in_language(here.settings.lang)
            found.setdefault(refusal, []).append(name)
    return found


def _yaml_line(item: TemplateItem, levels: Levels) -> str:
    proposed = [f"{name}: {value:.12g}" for name, value in _levels(levels).items() if value is not None]
    goal = [f"goal: {item.goal}"] if item.goal else []
    return f"- {{{', '.join([f'indicator: {item.indicator}', f'weight: {item.weight:g}', *proposed, *goal])}}}"
