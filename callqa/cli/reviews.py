"""``callqa reviews``: importing people's reviews, and what they say beside the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.calibration_holds import hold_documents, refresh_holds, tell_holds
from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.options import AnyMonthOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from callqa.cli.review_queue import queue
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.review import Review
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import label, moment_text, points_text, reason_text
from qa_pipeline.services.reviews import (
    EffectiveContact,
    LeftOut,
    ReviewedContact,
    ReviewedValues,
    ReviewImport,
    effective_contacts,
    import_reviews,
    reviewed_values,
)

app = typer.Typer(name="reviews", no_args_is_help=True, help="People's reviews of contacts: import them, list them.")
app.command()(queue)

SELECTIONS = {
    "random": N_("random"),
    "double": N_("double"),
    "calibration": N_("calibration"),
    "risk": N_("risk"),
    "complaint": N_("complaint"),
    "appeal": N_("appeal"),
    "panel": N_("agreed"),
    "unknown": N_("unknown"),
}


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
    mapping: Annotated[Path | None, typer.Option(help="YAML: what the columns mean, where headers do not say.")] = None,
) -> None:
    """Import a table of reviews: a row per criterion, or a row per contact with its total.

    docs/reviews.md has the columns.
    """
    here = context(ctx)
    result = import_reviews(here.store(), file, wiring.scorecards(here.settings), mapping=mapping)
    holds = refresh_holds(here)
    document = {
        "imported": result.imported_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
        "replaced": result.replaced_count,
        "waiting": result.waiting_count,
        "held_back": result.held_back_count,
        "holds": hold_documents(here, holds),
    }
    here.emit(document, lambda: _print_import(here, result, holds))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyMonthOption = None,
    contact: Annotated[str | None, typer.Option(help="Contact id.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also reviews that a later one of the same reviewer has replaced.")
    ] = False,
) -> None:
    """List reviews beside the machine's points, and the points that count."""
    here = context(ctx)
    cards = wiring.scorecards(here.settings)
    with here.store().reading() as tx:
        if contact is not None:
            tx.contacts.get(contact)
        reviews = tx.reviews.list(period=period, contact_id=contact, history=history)
        values = reviewed_values(tx, period, cards, contact_id=contact)
        counting = effective_contacts(tx, period, cards, contact_id=contact)
    compared = {one.review.fingerprint: one for one in values.compared}
    left_out = {one.review.fingerprint: one for one in values.left_out}
    replaced = {review.replaces for review in reviews}
    document = {
        "period": period,
        "reviews": [
            _document(here, review, compared.get(review.fingerprint), left_out.get(review.fingerprint))
            | {"in_force": review.fingerprint not in replaced}
            for review in reviews
        ],
        "effective": [
            {"contact": id, "agent": one.contact.agent_id, "reviewers": list(one.effective.reviewers)}
            | {"values": dict(one.effective.values)}
            for id, one in counting.items()
        ],
    }
    here.emit(document, lambda: _print_list(here, reviews, values, counting))


def _document(
    here: AppContext, review: Review, compared: ReviewedContact | None, left_out: LeftOut | None
) -> dict[str, Any]:
    return {
        "contact": review.contact_id,
        "reviewer": review.reviewer,
        "scorecard": f"{review.scorecard_id}@{review.scorecard_version}",
        "selection": review.selection.value,
        "targeted": review.selection.is_targeted,
        "inclusion_probability": review.inclusion_probability,
        "sample": review.sample_id,
        "blind": review.blind,
        "reviewed_at": review.reviewed_at.isoformat(),
        "source": review.source,
        "points": review.points,
        "attitude": review.attitude_value,
        "comment": review.comment,
        "verdicts": [
            {"criterion": verdict.criterion_id, "outcome": verdict.outcome.value, "comment": verdict.comment}
            for verdict in review.verdicts
        ],
        "machine": dict(compared.machine) if compared else None,
        "values": dict(compared.reviewed) if compared else None,
        "not_comparable": reason_text(left_out.reason, here.translate) if left_out else None,
    }


def _print_import(here: AppContext, result: ReviewImport, holds: Sequence[CriterionHold]) -> None:
    here.say(
        N_(
            "{imported} reviews imported ({replaced} replace an earlier one by the same person), {unchanged} unchanged."
        ),
        imported=result.imported_count,
        replaced=result.replaced_count,
        unchanged=result.unchanged_count,
    )
    if result.waiting_count:
        here.say(N_("Contacts that are not reviewed yet: {count}."), count=result.waiting_count)
    print_leftovers(here, result)
    if result.held_back_count:
        here.say(
            N_("{count} reviews do not count until their rows are right: half a review is not what was meant."),
            count=result.held_back_count,
        )
    tell_holds(here, holds)


def _print_list(
    here: AppContext,
    reviews: Sequence[Review],
    values: ReviewedValues,
    counting: Mapping[str, EffectiveContact],
) -> None:
    if not reviews:
        here.say(N_("There are no reviews. Import some with `callqa reviews import FILE`."))
        return
    compared = {one.review.fingerprint: one for one in values.compared}
    headings = (
        N_("Contact"),
        N_("Agent"),
        N_("Reviewer"),
        N_("Selection"),
        N_("Chance"),
        N_("Reviewed"),
        N_("Machine"),
        N_("Review"),
        N_("Counts"),
    )
    table = here.table(headings)
    for review in reviews:
        found = compared.get(review.fingerprint)
        counts = counting.get(review.contact_id)
        chance = review.inclusion_probability
        table.add_row(
            review.contact_id,
            (counts.contact.agent_id if counts else None) or "–",
            review.reviewer,
            label(SELECTIONS, review.selection.value, here.translate),
            "–" if chance is None else f"{chance:.3g}",
            moment_text(review.reviewed_at, here.settings.zone),
            points_text(found.machine.get("points") if found else None),
            points_text(found.reviewed.get("points") if found else review.points),
            points_text(counts.effective.points if counts else None),
        )
    out.print(table)
    for one in values.left_out:
        here.say(
            N_("{contact}, {reviewer}: {reason}"),
            contact=one.review.contact_id,
            reviewer=one.review.reviewer,
            reason=reason_text(one.reason, here.translate),
        )
