"""``callqa users``: accounts of the people who use the service, the first administrator's too."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from callqa.cli.audited import system_user
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import now
from callqa.site_wiring import sign_in_rules
from qa_pipeline.domain.account import User
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.i18n import LANGUAGES
from qa_pipeline.report.labels import STAFF_ROLES, joined, label, moment_text
from qa_pipeline.services.accounts.passwords import CHARACTERS_MAX
from qa_pipeline.services.accounts.sessions import is_open
from qa_pipeline.services.accounts.sign_in import is_locked
from qa_pipeline.services.accounts.users import (
    IssuedAccount,
    UserDetails,
    add_user,
    change_user,
    deactivate_user,
    details_of,
    get_login,
    reactivate_user,
    reset_password,
    select_users,
)
from qa_pipeline.store import Transaction

app = typer.Typer(name="users", no_args_is_help=True, help="Accounts of the people who use the service.")

LoginArgument = Annotated[str, typer.Argument(help="Login of the account; upper and lower case are the same.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Name of the person.")]
AgentIdOption = Annotated[
    str | None, typer.Option("--agent-id", help="Id under which the person is inspected and evaluated.")
]
TeamsOption = Annotated[
    list[str] | None, typer.Option("--team", help="Team of a supervisor or QA analyst; may be repeated.")
]
LanguageOption = Annotated[str | None, typer.Option("--language", help="Language of the pages: zh or en.")]
PromptOption = Annotated[bool, typer.Option("--password", help="Ask for a password; else a one-time one is made.")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Take the first line of stdin as the password.")]


@app.command()
def add(
    ctx: typer.Context,
    login: LoginArgument,
    role: Annotated[StaffRole, typer.Option("--role", help="What the person does.")],
    name: NameOption = None,
    agent_id: AgentIdOption = None,
    team: TeamsOption = None,
    language: LanguageOption = None,
    ask: PromptOption = False,
    from_stdin: StdinOption = False,
    sso_only: Annotated[bool, typer.Option("--sso-only", help="No password: by single sign-on only.")] = False,
) -> None:
    """Make an account; the first should be an administrator's."""
    here = context(ctx)
    details = UserDetails(
        login=login,
        name=name if name is not None else login,
        role=role,
        agent_id=agent_id,
        teams=tuple(team or ()),
        language=_language(language),
    )
    password = None if sso_only else _password(here, ask=ask, from_stdin=from_stdin)
    with here.store().transaction() as tx:
        made = add_user(tx, details, now(), password=password, has_password=not sso_only)
        _keep(tx, "user.add", made.user.id, login=made.user.login, role=made.user.role.value)
    _show_issued(here, made, N_("The account {login} is made: {role}."))


@app.command("list")
def list_(
    ctx: typer.Context,
    role: Annotated[StaffRole | None, typer.Option("--role", help="Only of this role.")] = None,
    text: Annotated[str, typer.Option("--text", help="In login, name, agent id or team.")] = "",
) -> None:
    """List accounts."""
    here = context(ctx)
    with here.store().reading() as tx:
        users = select_users(tx.users.list(), role=role, text=text)
    here.emit({"users": [user_document(user) for user in users]}, lambda: _print_list(here, users))


@app.command()
def show(ctx: typer.Context, login: LoginArgument) -> None:
    """Show one account and how it signs in."""
    here = context(ctx)
    rules, at = sign_in_rules(here.settings), now()
    with here.store().reading() as tx:
        user = get_login(tx, login)
        credential = tx.users.credential(user.id)
        sessions = [each for each in tx.sessions.list(user.id) if is_open(each, rules, at)]
        tokens = [each for each in tx.tokens.list(user.id) if each.revoked_at is None]
        has_single_sign_on = tx.users.subject(user.id) is not None
    locked_until = credential.locked_until if is_locked(credential, rules, at) else None
    document = user_document(user) | {
        "has_password": credential.password_hash is not None,
        "has_single_sign_on": has_single_sign_on,
        "locked_until": locked_until.isoformat() if locked_until else None,
        "open_sessions": len(sessions),
        "tokens": len(tokens),
    }

    def print_account() -> None:
        _print_list(here, [user])
        if locked_until is not None:
            until = moment_text(locked_until, here.settings.zone)
            here.say(N_("Locked until {until} after too many wrong passwords; reset-password lifts it."), until=until)
        here.say(N_("Open sessions: {sessions}; tokens: {tokens}."), sessions=len(sessions), tokens=len(tokens))

    here.emit(document, print_account)


@app.command()
def change(
    ctx: typer.Context,
    login: LoginArgument,
    new_login: Annotated[str | None, typer.Option("--login", help="New login.")] = None,
    name: NameOption = None,
    role: Annotated[StaffRole | None, typer.Option("--role", help="New role; ends all sessions.")] = None,
    agent_id: AgentIdOption = None,
    team: TeamsOption = None,
    no_team: Annotated[bool, typer.Option("--no-team", help="Of no team any more.")] = False,
    language: LanguageOption = None,
) -> None:
    """Change an account; what is left out stays."""
    here = context(ctx)
    given = {"login": new_login, "name": name, "role": role, "agent_id": agent_id, "language": _language(language)}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if team or no_team:
        changes["teams"] = tuple(team or ())
    if not changes:
        raise ConfigurationError(
            N_("Nothing is to be changed."), hint=N_("Name what is new: callqa users change --help")
        )
    with here.store().transaction() as tx:
        user = get_login(tx, login)
        changed = change_user(tx, user, replace(details_of(user), **changes), now())
        _keep(tx, "user.change", user.id, fields=" ".join(sorted(changes)), role=changed.role.value)
    here.emit(user_document(changed), lambda: _print_list(here, [changed]))


@app.command()
def deactivate(ctx: typer.Context, login: LoginArgument) -> None:
    """Close an account: sessions end, tokens are revoked. The audit keeps its name."""
    here = context(ctx)
    with here.store().transaction() as tx:
        closed = deactivate_user(tx, get_login(tx, login), now())
        _keep(tx, "user.deactivate", closed.id)
    here.emit(user_document(closed), lambda: here.say(N_("The account {login} is closed."), login=closed.login))


@app.command()
def reactivate(ctx: typer.Context, login: LoginArgument) -> None:
    """Open a closed account again; its tokens stay revoked."""
    here = context(ctx)
    with here.store().transaction() as tx:
        opened = reactivate_user(tx, get_login(tx, login))
        _keep(tx, "user.reactivate", opened.id)
    here.emit(user_document(opened), lambda: here.say(N_("The account {login} is open again."), login=opened.login))


@app.command("reset-password")
def reset(ctx: typer.Context, login: LoginArgument, ask: PromptOption = False, from_stdin: StdinOption = False) -> None:
    """Give an account another password, which the person must change; lifts a lock and ends all sessions."""
    here = context(ctx)
    password = _password(here, ask=ask, from_stdin=from_stdin)
    with here.store().transaction() as tx:
        made = reset_password(tx, get_login(tx, login), now(), password=password)
        _keep(tx, "password.reset", made.user.id)
    _show_issued(here, made, N_("The account {login} ({role}) has a new password."))


def user_document(user: User) -> dict[str, Any]:
    """Return an account as ``--json`` prints it."""
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "agent_id": user.agent_id,
        "teams": list(user.teams),
        "language": user.language,
        "is_active": user.is_active,
        "must_change_password": user.must_change_password,
        "version": user.version,
        "created_at": user.created_at.isoformat(),
    }


def _password(here: AppContext, *, ask: bool, from_stdin: bool) -> str | None:
    """Return the password that the person chose, None for a one-time one. Never an argument: others see these."""
    if from_stdin:
        line = sys.stdin.readline(CHARACTERS_MAX + 2).rstrip("\r\n")
        if not line:
            raise ConfigurationError(N_("There is no password on stdin."), field="password-stdin")
        return line
    if not ask:
        return None
    if not sys.stdin.isatty():
        raise ConfigurationError(
            N_("A password can be asked for in a terminal only."),
            hint=N_("Give it with --password-stdin, or have a one-time password made."),
            field="password",
        )
    first = typer.prompt(here.translate(N_("Password")), hide_input=True, err=True)
    again = typer.prompt(here.translate(N_("Once more")), hide_input=True, err=True)
    if first != again:
        raise ConfigurationError(N_("The two new passwords differ."), hint=N_("Type the same one twice."))
    return str(first)


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise ConfigurationError(
            N_("There is no language {language}."), hint=N_("Known: {known}."), field="language", language=value,
            known=", ".join(LANGUAGES),
        )  # fmt: skip
    return value


def _keep(tx: Transaction, action: str, subject: str, **details: str) -> None:
    tx.audit.append(
        Event(actor=system_user(), role="", action=action, subject=subject, details=details | {"via": "cli"}), now()
    )


def _show_issued(here: AppContext, made: IssuedAccount, told: str) -> None:
    def print_issued() -> None:
        role = label(STAFF_ROLES, made.user.role.value, here.translate)
        here.say(told, login=made.user.login, role=role)
        if made.one_time_password is not None:
            here.say(N_("One-time password, not shown again: {password}"), password=made.one_time_password)

    here.emit(user_document(made.user) | {"one_time_password": made.one_time_password}, print_issued)


def _print_list(here: AppContext, users: Sequence[User]) -> None:
    if not users:
        here.say(N_("There are no such accounts."))
        return
    headings = (N_("Login"), N_("Person"), N_("Role"), N_("Agent id"), N_("Teams"), N_("State"))
    table = here.table(headings, box=None, padding=(0, 2, 0, 0))
    for user in users:
        role = label(STAFF_ROLES, user.role.value, here.translate)
        teams = joined(user.teams, here.translate) or "–"
        table.add_row(user.login, user.name, role, user.agent_id or "–", teams, here.translate(_state(user)))
    out.print(table)


def _state(user: User) -> str:
    if not user.is_active:
        return N_("closed account")
    return N_("must change the password") if user.must_change_password else N_("in force")
