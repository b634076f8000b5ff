"""``callqa calibration holds|hold|release``: criteria that do not score by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from callqa import site_wiring, wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.options import ByOption
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, ConfigurationError, Message
from qa_pipeline.report.labels import percent_text
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.scoring.holds import ErrorRate, HoldRule
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.calibration.holds import (
    error_rates,
    hold_criterion,
    release_criterion,
    update_holds,
)

CardId = Annotated[str, typer.Argument(metavar="SCORECARD", help="Id of the scorecard.")]
CriterionId = Annotated[str, typer.Argument(metavar="CRITERION", help="Id of the criterion.")]
Why = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


def holds(
    ctx: typer.Context,
    update: Annotated[
        bool, typer.Option("--update", help="First put on hold what is past the limit by the reviews and appeals.")
    ] = False,
) -> None:
    """Error rates by criterion, what is on hold and why, and what was released by whom."""
    here = context(ctx)
    rule, cards, now = site_wiring.hold_rule(here.settings), wiring.scorecards(here.settings), datetime.now(UTC)
    new = refresh_holds(here) if update else ()
    with here.store().reading() as tx:
        rates, listed = error_rates(tx, cards, rule, now), tx.holds.list()
    document = {
        "error_limit": rule.error_limit,
        "new": hold_documents(here, new),
        "holds": hold_documents(here, listed),
        "error_rates": [_rate_document(each, rule) for each in rates],
    }
    here.emit(document, lambda: _print(here, rates, rule, listed, new))


def hold(ctx: typer.Context, scorecard: CardId, criterion: CriterionId, reason: Why, by: ByOption) -> None:
    """Put a criterion on hold: its findings do not count until a person has judged them."""
    here = context(ctx)
    _check(here, scorecard, criterion, reason, by)
    with here.store().transaction() as tx:
        made = hold_criterion(tx, scorecard, criterion, by=by.strip(), reason=reason.strip(), at=datetime.now(UTC))
    here.emit(_document(here, made), lambda: tell_holds(here, [made]))


def release(ctx: typer.Context, scorecard: CardId, criterion: CriterionId, reason: Why, by: ByOption) -> None:
    """Let a criterion score by itself again; what is known today does not put it on hold again."""
    here = context(ctx)
    _check(here, scorecard, criterion, reason, by)
    with here.store().transaction() as tx:
        released = release_criterion(
            tx, scorecard, criterion, by=by.strip(), reason=reason.strip(), at=datetime.now(UTC)
        )
    here.emit(_document(here, released), lambda: _tell_released(here, released))


def refresh_holds(here: AppContext) -> Sequence[CriterionHold]:
    """Put on hold what is past the limit by the reviews and appeals as they are now, and return the new holds."""
    rule, cards = site_wiring.hold_rule(here.settings), wiring.scorecards(here.settings)
    with here.store().transaction() as tx:
        return update_holds(tx, cards, rule, datetime.now(UTC))


def tell_holds(here: AppContext, found: Iterable[CriterionHold]) -> None:
    """Print new holds and what follows from them."""
    told = list(found)
    for each in told:
        here.say(
            N_("{scorecard}, {criterion}: on hold. {why}"),
            scorecard=each.scorecard_id,
            criterion=each.criterion_id,
            why=_why(here, each),
        )
    if told:
        here.say(N_("Run `callqa score` on the same folders again: nothing is recognised anew, only judged."))


def _check(here: AppContext, scorecard: str, criterion: str, reason: str, by: str) -> None:
    card: Scorecard = get_scorecard(scorecard, extra=here.settings.scorecards)
    known = [each.id for each in card.criteria]
    if criterion not in known:
        raise ConfigurationError(
            N_("The scorecard {scorecard} has no criterion {criterion}."),
            hint=N_("Choose one of: {known}."),
            field="criterion",
            scorecard=scorecard,
            criterion=criterion,
            known=", ".join(known),
        )
    for name, value in (("reason", reason), ("by", by)):
        if not value.strip():
            raise ConfigurationError(
                N_("--{name} is empty."), hint=N_("Holds are logged with a name and a reason."), field=name, name=name
            )


def _why(here: AppContext, found: CriterionHold) -> str:
    return Message(found.reason.message, found.reason.params).render(here.translate)


def hold_documents(here: AppContext, found: Iterable[CriterionHold]) -> list[dict[str, Any]]:
    """Return holds as JSON documents."""
    return [_document(here, each) for each in found]


def _document(here: AppContext, found: CriterionHold) -> dict[str, Any]:
    return {
        "scorecard": found.scorecard_id,
        "criterion": found.criterion_id,
        "reason": _why(here, found),
        "held_by": found.held_by,
        "held_at": found.held_at.isoformat(),
        "released_by": found.released_by,
        "release_reason": found.release_reason,
        "released_at": found.released_at.isoformat() if found.released_at else None,
    }


def _rate_document(rate: ErrorRate, rule: HoldRule) -> dict[str, Any]:
    return {
        "scorecard": rate.scorecard_id,
        "criterion": rate.criterion_id,
        "reviewed": _share_document(rate.reviewed),
        "appealed": _share_document(rate.appealed),
        "people": _share_document(rate.people),
        "allowed": rate.allowed_ratio(rule),
    }


def _share_document(share: Share) -> dict[str, Any]:
    return {"wrong": share.count, "n": share.n, "ratio": share.value, "ci95": list(share.ci95)}


def _print(
    here: AppContext,
    rates: Sequence[ErrorRate],
    rule: HoldRule,
    listed: Sequence[CriterionHold],
    new: Sequence[CriterionHold],
) -> None:
    tell_holds(here, new)
    if rates:
        headings = [N_("Scorecard"), N_("Criterion"), N_("Against blind reviews"), N_("Upheld appeals")]
        table = here.table([*headings, N_("People differ"), N_("Allowed")])
        for each in rates:
            shares = (_share_text(share) for share in (each.reviewed, each.appealed, each.people))
            table.add_row(each.scorecard_id, each.criterion_id, *shares, percent_text(each.allowed_ratio(rule)))
        out.print(table)
    else:
        here.say(N_("Neither blind reviews of random contacts nor upheld appeals tell of errors yet."))
    for found in listed:
        if found.is_open:
            here.say(
                N_("{scorecard}, {criterion}: on hold since {since} by {by}. {why}"),
                scorecard=found.scorecard_id,
                criterion=found.criterion_id,
                since=f"{found.held_at:%Y-%m-%d}",
                by=found.held_by,
                why=_why(here, found),
            )
        else:
            _tell_released(here, found)


def _tell_released(here: AppContext, found: CriterionHold) -> None:
    assert found.released_at is not None, "only released holds are told so"
    here.say(
        N_("{scorecard}, {criterion}: released on {day} by {by}: {why}"),
        scorecard=found.scorecard_id,
        criterion=found.criterion_id,
        day=f"{found.released_at:%Y-%m-%d}",
        by=found.released_by,
        why=found.release_reason,
    )


def _share_text(share: Share) -> str:
    if not share.n:
        return "–"
    low, high = share.ci95
    return f"{share.count} / {share.n} ({percent_text(low)} – {percent_text(high)})"
