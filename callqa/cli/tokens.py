"""``callqa tokens``: personal tokens, with which programs use the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa.cli.audited import system_user
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.users import LoginArgument
from qa_pipeline.domain.account import Token
from qa_pipeline.domain.audit import Event
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.report.labels import joined, moment_text
from qa_pipeline.services.accounts.tokens import issue_token, revoke_token
from qa_pipeline.services.accounts.users import get_login
from qa_pipeline.store import Transaction

app = typer.Typer(name="tokens", no_args_is_help=True, help="Personal tokens, with which programs use the API.")


def _line(value: str) -> str:
    if not value.strip() or len(value) > 200:  # the width of the column
        raise ConfigurationError(N_("A token needs a name of 1 to 200 characters."), field="name")
    return value.strip()


@app.command()
def issue(
    ctx: typer.Context,
    login: LoginArgument,
    name: Annotated[str, typer.Option("--name", callback=_line, help="What the token is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do, such as contacts.read; repeat it.")],
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Until it ends.")] = 90,
    for_ever: Annotated[bool, typer.Option("--for-ever", help="It lasts until it is revoked.")] = False,
) -> None:
    """Make a token; its secret is shown this once."""
    here = context(ctx)
    with here.store().transaction() as tx:
        user = get_login(tx, login)
        issued = issue_token(tx, user, name, scope, now(), days=None if for_ever else days)
        _keep(tx, "token.issue", issued.token.id, login=user.login, scopes=" ".join(issued.token.scopes))

    def print_issued() -> None:
        _print(here, [issued.token])
        here.say(N_("The token, not shown again: {secret}"), secret=issued.secret)

    here.emit(_document(issued.token) | {"secret": issued.secret}, print_issued)


@app.command("list")
def list_(ctx: typer.Context, login: LoginArgument) -> None:
    """List the tokens of an account, revoked ones too."""
    here = context(ctx)
    with here.store().reading() as tx:
        tokens = tx.tokens.list(get_login(tx, login).id)
    here.emit({"tokens": [_document(token) for token in tokens]}, lambda: _print(here, tokens))


@app.command()
def revoke(
    ctx: typer.Context,
    login: LoginArgument,
    token_id: Annotated[str, typer.Argument(help="Id of the token, as tokens list shows it.")],
) -> None:
    """Revoke a token at once."""
    here = context(ctx)
    with here.store().transaction() as tx:
        revoke_token(tx, get_login(tx, login), token_id, now())
        _keep(tx, "token.revoke", token_id)
    here.emit({"revoked": token_id}, lambda: here.say(N_("The token {id} is revoked."), id=token_id))


def _keep(tx: Transaction, action: str, subject: str, **details: str) -> None:
    tx.audit.append(
        Event(actor=system_user(), role="", action=action, subject=subject, details=details | {"via": "cli"}), now()
    )


def _document(token: Token) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    return {"id": token.id, "name": token.name, "scopes": list(token.scopes)} | {
        name: value.isoformat() if (value := getattr(token, name)) else None for name in moments
    }


def _print(here: AppContext, tokens: Sequence[Token]) -> None:
    if not tokens:
        here.say(N_("There are none."))
        return
    headings = ("id", N_("Name"), N_("May do"), N_("Until"), N_("Last used"), N_("Revoked"))
    table = here.table(headings, box=None, padding=(0, 2, 0, 0))
    zone = here.settings.zone
    for token in tokens:
        moments = (token.expires_at, token.last_used_at, token.revoked_at)
        shown = (moment_text(each, zone) if each else "–" for each in moments)
        table.add_row(token.id, token.name, joined(token.scopes, here.translate), *shown)
    out.print(table)
