"""``callqa samples``: drawing contacts for review, sheets for reviewers, and audits of the draws."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.options import AnyMonthOption, ByOption, MonthOption
from callqa.cli.reviews import SELECTIONS
from qa_pipeline.appraisal.sample_audit import Comparison
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.review import Sample, Selection
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.report.labels import joined, label, moment_text
from qa_pipeline.services.samples import (
    Audit,
    Drawn,
    audit_sample,
    draw_sample,
    make_plan,
    reviewed_contacts,
    write_sheet,
)

app = typer.Typer(name="samples", no_args_is_help=True, help="Samples of contacts for review: draw, list, show, audit.")

_SHOWN = 10
_FILTERS = {
    "not_inspected": N_("not inspected by the machine"),
    "no_agent": N_("without an agent"),
    "no_random_review": N_("without a review of a random sample"),
    "other_queue": N_("of other queues"),
    "other_team": N_("of other teams"),
    "other_kind": N_("of the other kind"),
    "too_short": N_("too short"),
}
_DIMENSIONS = {
    "agent": N_("agent"),
    "team": N_("team"),
    "queue": N_("queue"),
    "kind": N_("kind"),
    "hour": N_("hour of the day"),
    "length": N_("length"),
}


class SampleKind(StrEnum):
    """How contacts are drawn."""

    RANDOM = "random"
    RISK = "risk"
    DOUBLE = "double"
    CALIBRATION = "calibration"


@app.command()
def draw(
    ctx: typer.Context,
    period: MonthOption,
    kind: Annotated[SampleKind, typer.Option(help="How contacts are drawn.")],
    by: ByOption,
    per_agent: Annotated[
        int | None, typer.Option(help="Contacts of each agent, only with random; 3 unless said.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Contacts in all; 10 for calibration unless said.")] = None,
    share: Annotated[
        float | None, typer.Option(help="Share of what can be drawn, 0-1; .05 for risk and double.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Repeats a draw; a random one is taken and kept when left out.")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Only contacts of this queue.")] = None,
    team: Annotated[str | None, typer.Option(help="Only contacts of this team.")] = None,
    contact_kind: Annotated[ContactKind | None, typer.Option(help="Only calls or only chats.")] = None,
    min_duration: Annotated[float | None, typer.Option(help="Only contacts of at least so many seconds.")] = None,
) -> None:
    """Draw contacts of a month for review, each with a known chance."""
    here = context(ctx)
    plan = make_plan(
        Selection(kind.value),
        per_agent=per_agent,
        count=count,
        share=share,
        queue=queue,
        team=team,
        contact_kind=contact_kind,
        min_duration_s=min_duration,
    )
    drawn = draw_sample(here.store(), period, plan, by=by, seed=seed)
    document = {
        "sample": _document(drawn.sample),
        "new": drawn.is_new,
        "short_agents": list(drawn.short_agents),
        "missing_agents": list(drawn.missing_agents),
    }
    here.emit(document, lambda: _print_drawn(here, drawn))


@app.command("list")
def list_(ctx: typer.Context, period: AnyMonthOption = None) -> None:
    """List samples with how many of their contacts are reviewed."""
    here = context(ctx)
    zone = here.settings.zone
    with here.store().reading() as tx:
        samples = tx.samples.list(period)
        reviews = {month: tx.reviews.list(period=month) for month in {sample.period for sample in samples}}
    done = {sample.id: len(reviewed_contacts(sample, reviews[sample.period], zone)) for sample in samples}
    document = {"samples": [_summary(sample) | {"reviewed": done[sample.id]} for sample in samples]}
    here.emit(document, lambda: _print_samples(here, samples, done))


@app.command()
def show(
    ctx: typer.Context,
    sample_id: Annotated[str, typer.Argument(metavar="ID", help="Sample id.")],
    output: Annotated[
        Path | None, typer.Option(help="Write a sheet for reviewers to fill in (.csv or .xlsx): no agent, no verdict.")
    ] = None,
    reviewer: Annotated[
        str | None, typer.Option(help="With --output: whose sheet it is; leaves out what this person has reviewed.")
    ] = None,
) -> None:
    """Show the contacts of a sample, or write the sheet that reviewers fill in."""
    here = context(ctx)
    if reviewer is not None and output is None:
        raise ConfigurationError(
            N_("--reviewer is for sheets."), hint=N_("Name the file too: --output FILE.xlsx."), field="reviewer"
        )
    if output is not None:
        count = write_sheet(
            here.store(),
            sample_id,
            wiring.scorecards(here.settings),
            output,
            language=here.settings.lang,
            reviewer=reviewer,
        )
        here.emit(
            {"sample": sample_id, "output": str(output), "contacts": count},
            lambda: here.say(
                N_("{count} contacts in {path}. Filled in, read it back: callqa reviews import {path}"),
                count=count,
                path=output,
            ),
        )
        return
    with here.store().reading() as tx:
        sample = tx.samples.get(sample_id)
        reviews = tx.reviews.list(period=sample.period)
    done = reviewed_contacts(sample, reviews, here.settings.zone)
    document = _document(sample)
    for one in document["contacts"]:
        one["reviewed"] = one["contact"] in done
    here.emit({"sample": document}, lambda: _print_sample(here, sample, done))


@app.command()
def audit(ctx: typer.Context, sample_id: Annotated[str, typer.Argument(metavar="ID", help="Sample id.")]) -> None:
    """Check a sample: drawn again from its seed, what its filters leave out, what is not reviewed yet."""
    here = context(ctx)
    found = audit_sample(here.store(), sample_id)
    here.emit(_audit_document(found), lambda: _print_audit(here, found))


def _summary(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.id,
        "period": sample.period,
        "kind": sample.selection.value,
        "seed": sample.seed,
        "plan": dict(sample.plan),
        "filters": dict(sample.filters),
        "frame": sample.frame_count,
        "frame_digest": sample.frame_digest,
        "drawn": len(sample.contacts),
        "drawn_by": sample.drawn_by,
        "drawn_at": sample.drawn_at.isoformat(),
    }


def _document(sample: Sample) -> dict[str, Any]:
    return _summary(sample) | {
        "contacts": [
            {
                "contact": one.contact_id,
                "agent": one.agent_id or None,
                "inclusion_probability": one.inclusion_probability,
            }
            for one in sample.contacts
        ]
    }


def _audit_document(found: Audit) -> dict[str, Any]:
    return {
        "sample": _summary(found.sample),
        "frame_now": found.frame_count,
        "frame_changed": found.frame_changed,
        "repeated": found.is_repeated,
        "gone": list(found.gone),
        "changed_chances": list(found.changed_chances),
        "filters": [{"name": one.name, "then": one.then_count, "now": one.now_count} for one in found.filters],
        "left_out": [
            {"dimension": one.dimension, "group": one.group, "contacts": one.contact_count} for one in found.left_out
        ],
        "kept_out": [_comparison(one) for one in found.kept_out],
        "drawn": [_comparison(one) for one in found.drawn],
        "reviewed": [_comparison(one) for one in found.reviewed],
        "waiting": list(found.waiting),
        "same_kind": list(found.siblings),
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "dimension": found.dimension,
        "p_value": found.p_value,
        "stands_out": found.stands_out,
        "groups": [
            {
                "group": one.group,
                "available": one.available_count,
                "chosen": one.chosen_count,
                "expected": one.expected_count,
                "range95": [one.low, one.high],
            }
            for one in found.groups
        ],
    }


def _print_drawn(here: AppContext, drawn: Drawn) -> None:
    sample = drawn.sample
    if not drawn.is_new:
        here.say(N_("The same draw is there already, as {id}."), id=sample.id)
    here.say(
        N_("{id}: {count} of {frame} contacts drawn with seed {seed}."),
        id=sample.id,
        count=len(sample.contacts),
        frame=sample.frame_count,
        seed=sample.seed,
    )
    for name, count in sample.filters:
        if count:
            here.say(N_("  kept out, {reason}: {count}"), reason=label(_FILTERS, name, here.translate), count=count)
    if drawn.short_agents:
        here.say(
            N_("Fewer contacts than wanted, all of them drawn: {agents}"),
            agents=_some(here, drawn.short_agents),
        )
    if drawn.missing_agents:
        here.say(N_("Agents without any contact to draw: {agents}"), agents=_some(here, drawn.missing_agents))
    here.say(N_("The sheet for reviewers: callqa samples show {id} --output FILE.xlsx"), id=sample.id)


def _print_samples(here: AppContext, samples: Sequence[Sample], done: dict[str, int]) -> None:
    if not samples:
        here.say(N_("There are no samples. Draw one with `callqa samples draw`."))
        return
    table = here.table(("id", N_("Month"), N_("Kind"), N_("Drawn"), N_("Of"), N_("Reviewed"), N_("By"), N_("When")))
    for sample in samples:
        table.add_row(
            sample.id,
            sample.period,
            label(SELECTIONS, sample.selection.value, here.translate),
            str(len(sample.contacts)),
            str(sample.frame_count),
            str(done[sample.id]),
            sample.drawn_by,
            moment_text(sample.drawn_at, here.settings.zone),
        )
    out.print(table)


def _print_sample(here: AppContext, sample: Sample, done: frozenset[str]) -> None:
    here.say(
        N_("{id}, {kind}: {count} of {frame} contacts, drawn by {by} on {at}, seed {seed}."),
        id=sample.id,
        kind=label(SELECTIONS, sample.selection.value, here.translate),
        count=len(sample.contacts),
        frame=sample.frame_count,
        by=sample.drawn_by,
        at=moment_text(sample.drawn_at, here.settings.zone),
        seed=sample.seed,
    )
    table = here.table((N_("Contact"), N_("Agent"), N_("Chance"), N_("Reviewed")))
    for one in sample.contacts:
        is_done = here.translate(N_("yes")) if one.contact_id in done else "–"
        chance = f"{one.inclusion_probability:.3g}"
        table.add_row(one.contact_id, one.agent_id or "–", chance, is_done)
    out.print(table)


def _print_audit(here: AppContext, found: Audit) -> None:
    sample = found.sample
    here.say(N_("Sample {id}, drawn by {by}, seed {seed}."), id=sample.id, by=sample.drawn_by, seed=sample.seed)
    _print_repeated(here, found)
    for one in found.filters:
        here.say(
            N_("  kept out, {reason}: {then} when drawn, {now} now"),
            reason=label(_FILTERS, one.name, here.translate),
            then=one.then_count,
            now=one.now_count,
        )
    if found.left_out:
        groups = [
            here.translate(N_("{dimension} {group} ({count})")).format(
                dimension=label(_DIMENSIONS, one.dimension, here.translate), group=one.group, count=one.contact_count
            )
            for one in found.left_out
        ]
        here.say(N_("Nothing can be drawn of: {groups}"), groups=_some(here, groups))
    _print_comparisons(here, N_("Kept out, beside all contacts of the month"), found.kept_out)
    _print_comparisons(here, N_("Drawn, beside all that could be drawn"), found.drawn)
    _print_comparisons(here, N_("Reviewed, beside all that were drawn"), found.reviewed)
    here.say(
        N_("{done} of {count} drawn contacts are reviewed."),
        done=len(sample.contacts) - len(found.waiting),
        count=len(sample.contacts),
    )
    if found.waiting:
        here.say(N_("Not reviewed: {contacts}"), contacts=_some(here, found.waiting))
    if found.siblings:
        here.say(N_("Other samples of this kind and month: {ids}"), ids=_some(here, found.siblings))


def _print_repeated(here: AppContext, found: Audit) -> None:
    if found.is_repeated:
        here.say(N_("The seed draws exactly these contacts with these chances again."))
    elif found.is_repeated is False:
        here.say(N_("The seed does NOT draw these contacts: the stored sample was not made by this draw."))
    else:
        here.say(
            N_("What can be drawn has changed since: {then} contacts then, {now} now; the draw cannot be repeated."),
            then=found.sample.frame_count,
            now=found.frame_count,
        )
    if found.gone:
        here.say(N_("Drawn, but could not be drawn now: {contacts}"), contacts=_some(here, found.gone))
    if found.changed_chances:
        here.say(
            N_("{count} drawn contacts would have another chance now; the one of the draw counts."),
            count=len(found.changed_chances),
        )


def _print_comparisons(here: AppContext, heading: str, comparisons: Sequence[Comparison]) -> None:
    if not comparisons:
        return
    here.say(heading)
    for one in comparisons:
        odd = [group for group in one.groups if not group.low <= group.chosen_count <= group.high]
        told = N_("  by {dimension}: p = {p}") if not one.stands_out else N_("  by {dimension}: p = {p}, NOT by chance")
        here.say(told, dimension=label(_DIMENSIONS, one.dimension, here.translate), p=f"{one.p_value:.3f}")
        if one.stands_out:
            for group in odd[:_SHOWN]:
                here.say(
                    N_("    {group}: {chosen} of {available}, by chance {low} to {high}"),
                    group=group.group,
                    chosen=group.chosen_count,
                    available=group.available_count,
                    low=f"{group.low:g}",
                    high=f"{group.high:g}",
                )


def _some(here: AppContext, words: Sequence[str]) -> str:
    shown = joined(words[:_SHOWN], here.translate)
    if len(words) <= _SHOWN:
        return shown
    return here.translate(N_("{words} and {count} more")).format(words=shown, count=len(words) - _SHOWN)
