"""``callqa coaching effect|power|draw|waiting-lists``: did coaching help, and who begins first to find out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.options import ByOption
from qa_pipeline.errors import N_, ConfigurationError

if TYPE_CHECKING:  # numpy and scipy take half a second to load, which every other command would wait for
    from coaching.effect.cohorts import EffectReport, ListReport, PowerReport
    from coaching.effect.verdict import Effect
    from qa_pipeline.domain.waiting_list import WaitingList

OutcomeOption = Annotated[
    str, typer.Option("--outcome", help="total, or the id of an indicator of which more is better.")
]
RelevantOption = Annotated[
    float | None,
    typer.Option("--relevant", help="The smallest effect that matters; by itself what is usual of the outcome."),
]
_SEED_MAX = (1 << 53) - 1  # JSON of any reader holds it
_VERDICTS = {
    "helped": N_("Coaching helped."),
    "did_not": N_("Coaching did not help by as much as matters."),
    "cannot_tell": N_("It cannot be told yet."),
}


def effect(ctx: typer.Context, outcome: OutcomeOption = "inspection_score", relevant: RelevantOption = None) -> None:
    """Compare coached people with others in the same months, the month of selection left out."""
    from coaching.effect.cohorts import read_effect, read_lists

    here = context(ctx)
    with here.store().reading() as tx:
        found = read_effect(tx, outcome, relevant)
        lists = read_lists(tx, tx.waiting_lists.list(), outcome, relevant)
    document = {
        "outcome": outcome,
        "relevant": found.relevant_points,
        "verdict": found.verdict.value,
        "effect": _effect(found.effect),
        "cohorts": [
            {"selected_period": one.selected_period, "coached_from": one.coached_from, "n": one.count}
            for one in found.cohorts
        ],
        "waiting_lists": [
            {
                "id": one.waiting_list.id,
                "name": one.waiting_list.name,
                "verdict": one.verdict.value,
                "effect": _effect(one.effect),
            }
            for one in lists
        ],
    }
    here.emit(document, lambda: _print_report(here, found, lists))


def _effect(found: Effect | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "points": found.points,
        "ci95": [found.low, found.high],
        "coached": found.coached_count,
        "others": found.others_count,
        "left_out": found.left_out_count,
    }


def _print_report(here: AppContext, found: EffectReport, lists: Sequence[ListReport]) -> None:
    _print_effect(here, found)
    if not lists:
        return
    rows = here.table([N_("Waiting list"), N_("Did coaching help?"), N_("Points"), N_("95% interval")])
    for one in lists:
        figures = ("", "")
        if one.effect is not None:
            figures = (f"{one.effect.points:+.1f}", f"{one.effect.low:+.1f} – {one.effect.high:+.1f}")
        rows.add_row(one.waiting_list.name, here.translate(_VERDICTS[one.verdict.value]), *figures)
    out.print(rows)


def _print_effect(here: AppContext, found: EffectReport) -> None:
    here.say(_VERDICTS[found.verdict.value])
    if found.effect is None:
        here.say(
            N_(
                "No comparison is possible yet: it takes three coached people and three others with two months or more"
                " on both sides."
            )
        )
    else:
        one = found.effect
        here.say(
            N_(
                "Coached people became better than the others in the same months by {points} points (95% interval {low}"
                " to {high})."
            ),
            points=f"{one.points:+.1f}",
            low=f"{one.low:+.1f}",
            high=f"{one.high:+.1f}",
        )
        here.say(
            N_("{coached} coached, {others} others; {left_out} coached people have too few months."),
            coached=one.coached_count,
            others=one.others_count,
            left_out=one.left_out_count,
        )
    rows = here.table([N_("Selected by the results of"), N_("Coached from"), N_("People")])
    for each in found.cohorts:
        rows.add_row(each.selected_period, each.coached_from, str(each.count))
    if found.cohorts:
        out.print(rows)


def power(
    ctx: typer.Context,
    coached: Annotated[int, typer.Option(help="People who will be coached.")],
    others: Annotated[int, typer.Option(help="People who will not, in the same months.")],
    expected: Annotated[
        float | None,
        typer.Option("--effect", help="The effect that is expected; by itself what is usual of the outcome."),
    ] = None,
    outcome: OutcomeOption = "inspection_score",
) -> None:
    """Say before anybody is coached what the comparison will be able to tell."""
    from coaching.effect.cohorts import read_power

    here = context(ctx)
    with here.store().reading() as tx:
        found = read_power(tx, coached, others, outcome=outcome, effect_points=expected)
    document = {
        "outcome": outcome,
        "coached": coached,
        "others": others,
        "effect": found.power.effect_points,
        "sd": found.spread.sd_points,
        "changes": found.spread.change_count,
        "power": found.power.power,
        "half_width": found.power.half_width_points,
        "needed": found.power.needed_count,
    }
    here.emit(document, lambda: _print_power(here, found))


def _print_power(here: AppContext, found: PowerReport) -> None:
    one = found.power
    here.say(
        N_(
            "An effect of {effect} points will be seen with a chance of {power}; the interval will reach {half} points"
            " to either side."
        ),
        effect=f"{one.effect_points:g}",
        power=f"{one.power:.0%}",
        half=f"{one.half_width_points:.1f}",
    )
    if one.needed_count is not None:
        here.say(
            N_("For a chance of 80% it takes {needed} coached people and as many others."), needed=one.needed_count
        )
    here.say(
        N_("By themselves people change by {sd} points (standard deviation of {count} changes here)."),
        sd=f"{found.spread.sd_points:.1f}",
        count=found.spread.change_count,
    )


def draw(
    ctx: typer.Context,
    agents: Annotated[Path, typer.Argument(help="Text file with an agent id a line.")],
    name: Annotated[str, typer.Option(help="What the list is called.")],
    period: Annotated[str, typer.Option(help="Month whose results led to it, such as 2026-10.")],
    first: Annotated[str, typer.Option(help="Month in which the first wave begins.")],
    second: Annotated[str, typer.Option(help="Month in which the second wave begins; two later or more.")],
    by: ByOption,
    seed: Annotated[
        int | None, typer.Option(min=0, max=_SEED_MAX, help="Any where it is left out; it is kept.")
    ] = None,
) -> None:
    """Draw who of those selected begins first; those who wait show what coaching did."""
    from coaching.effect.cohorts import Draw, draw_list

    here = context(ctx)
    wanted = Draw(
        name=name, selected_period=period, first_from=first, second_from=second, agent_ids=_lines(agents), seed=seed
    )
    with here.store().transaction() as tx:
        drawn = draw_list(tx, wanted, by, now())
    here.emit(_list(drawn), lambda: _print_lists(here, [drawn]))


def waiting_lists(ctx: typer.Context) -> None:
    """List the waiting lists with their waves and seeds."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = tx.waiting_lists.list()
    here.emit({"waiting_lists": [_list(one) for one in found]}, lambda: _print_lists(here, found))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(
            N_("The file cannot be read: {problem}."),
            hint=N_("Check the name and the rights."),
            file=str(path),
            problem=str(problem),
        ) from problem


def _list(one: WaitingList) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "selected_period": one.selected_period,
        "first_from": one.first_from,
        "second_from": one.second_from,
        "seed": one.seed,
        "drawn_by": one.drawn_by,
        "drawn_at": one.drawn_at.isoformat(),
        "first": list(one.first),
        "second": list(one.second),
    }


def _print_lists(here: AppContext, found: Any) -> None:
    rows = here.table([N_("Name"), N_("Selected by the results of"), N_("First wave"), N_("Second wave"), N_("Seed")])
    for one in found:
        first, second = (
            f"{month}: {' '.join(agents)}"
            for month, agents in ((one.first_from, one.first), (one.second_from, one.second))
        )
        rows.add_row(one.name, one.selected_period, first, second, str(one.seed))
    out.print(rows)
