"""``callqa users`` and ``callqa tokens`` as people and scripts call them."""

import io
import stat
from pathlib import Path

import pytest

from callqa.cli.accounts_hint import tell_accounts
from callqa.cli.console import AppContext
from callqa.cli.cycle import now
from callqa.cli.main import main
from callqa.demo.accounts import AGENT_ID, FILE, install_accounts
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import SignInNeeded
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sign_in import sign_in
from qa_pipeline.services.accounts.tokens import find_bearer
from qa_pipeline.services.accounts.users import get_login
from qa_pipeline.store import Store, open_store
from tests.callqa.commands import run


def opened() -> Store:
    settings = read_settings()
    return open_store(settings.store_url, settings.zone)


def actions() -> list[str]:
    store = opened()
    with store.reading() as tx:
        found = [row["action"] for row in tx.audit.rows()]
    store.close()
    return found


def can_sign_in(login: str, password: str) -> bool:
    store = opened()
    try:
        sign_in(store, login, password, SignInRules(), now())
    except SignInNeeded:
        return False
    finally:
        store.close()
    return True


def test_the_first_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    code, made = run(capsys, "users", "add", "Boss", "--role", "administrator", "--name", "The Boss")
    assert (code, made["login"], made["must_change_password"]) == (0, "boss", True)
    assert can_sign_in("boss", made["one_time_password"])
    assert actions()[0] == "user.add"


def test_a_password_comes_by_stdin_and_never_as_an_argument(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\nnoise\n"))
    code, made = run(capsys, "users", "add", "li", "--role", "qa", "--password-stdin")
    assert (code, made["one_time_password"], made["must_change_password"]) == (0, None, False)
    assert can_sign_in("li", "correct horse")
    for text, error in (("", "ConfigurationError"), ("short\n", "InputError")):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        code, answer = run(capsys, "users", "add", "wei", "--role", "qa", "--password-stdin")
        assert (code, answer["error"]["type"]) == (2 if error == "ConfigurationError" else 1, error)
    assert run(capsys, "users", "add", "wei", "--role", "qa", "--password", "secret")[0] == 2
    assert run(capsys, "users", "add", "wei", "--role", "qa", "--password")[0] == 2  # no terminal to ask in


def test_accounts_are_changed_closed_opened_and_reset(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "users", "add", "boss", "--role", "administrator")
    run(capsys, "users", "add", "li", "--role", "supervisor", "--team", "一组", "--team", "二组")
    code, changed = run(capsys, "users", "change", "LI", "--role", "qa", "--no-team", "--language", "zh")
    assert (code, changed["role"], changed["teams"], changed["language"]) == (0, "qa", [], "zh")
    assert run(capsys, "users", "deactivate", "li")[1]["is_active"] is False
    assert run(capsys, "users", "reactivate", "li")[1]["is_active"] is True
    code, reset = run(capsys, "users", "reset-password", "li")
    assert can_sign_in("li", reset["one_time_password"])
    shown = run(capsys, "users", "show", "li")[1]
    assert (shown["open_sessions"], shown["has_password"], shown["locked_until"]) == (1, True, None)
    assert [user["login"] for user in run(capsys, "users", "list", "--role", "qa")[1]["users"]] == ["li"]
    assert actions()[2:6] == ["user.change", "user.deactivate", "user.reactivate", "password.reset"]


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["users", "show", "nobody"], 1, "NotFound"),
        (["users", "change", "boss"], 2, "ConfigurationError"),
        (["users", "change", "boss", "--role", "hr"], 1, "Conflict"),
        (["users", "change", "boss", "--language", "fr"], 2, "ConfigurationError"),
        (["users", "deactivate", "boss"], 1, "Conflict"),
        (["users", "reactivate", "boss"], 1, "Conflict"),
        (["users", "add", "BOSS", "--role", "hr"], 1, "Conflict"),
        (["users", "add", "x", "--role", "agent"], 1, "InputError"),
        (["tokens", "issue", "boss", "--name", "x", "--scope", "contacts.read"], 1, "InputError"),
        (["tokens", "issue", "boss", "--name", " ", "--scope", "users.manage"], 2, "ConfigurationError"),
        (["tokens", "revoke", "boss", "t-1"], 1, "NotFound"),
    ],
)
def test_mistakes_are_one_clear_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, error: str
) -> None:
    run(capsys, "users", "add", "boss", "--role", "administrator")
    found, document = run(capsys, *arguments)
    assert (found, document["error"]["type"]) == (code, error)


def test_tokens_are_made_shown_once_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "users", "add", "boss", "--role", "administrator")
    code, made = run(capsys, "tokens", "issue", "boss", "--name", "bi", "--scope", "users.manage", "--for-ever")
    assert (code, made["expires_at"]) == (0, None)
    store = opened()
    assert find_bearer(store, made["secret"], now())[0].login == "boss"
    listed = run(capsys, "tokens", "list", "boss")[1]["tokens"]
    assert made["secret"] not in str(listed)
    assert run(capsys, "tokens", "revoke", "boss", made["id"])[0] == 0
    with pytest.raises(SignInNeeded):
        find_bearer(store, made["secret"], now())
    store.close()


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "list"]) == 0
    assert main(["users", "add", "boss", "--role", "administrator"]) == 0
    assert main(["users", "show", "boss"]) == 0
    text = capsys.readouterr().out
    assert "One-time password, not shown again: " in text
    assert "must change" in text


def test_a_demo_has_an_account_for_each_role_and_keeps_them_for_its_owner(tmp_path: Path) -> None:
    store = opened()
    with store.transaction() as tx:
        tx.agents.put(Agent(id=AGENT_ID, name="Ann", team="一组"))
    made = install_accounts(store, tmp_path, now(), str)
    assert [account.role for account in made] == list(StaffRole)
    for account in made:
        assert sign_in(store, account.login, account.password, SignInRules(), now()).user.role is account.role
    with store.reading() as tx:
        assert get_login(tx, "demo-agent").agent_id == AGENT_ID
        assert get_login(tx, "demo-supervisor").teams == ("一组",)
    file = tmp_path / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(account.password in file.read_text(encoding="utf-8") for account in made)
    assert install_accounts(store, tmp_path, now(), str) == ()  # a second time, or beside real accounts
    store.close()


def test_whoever_serves_is_told_of_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    here = AppContext(settings=read_settings(), json=False)
    tell_accounts(here)
    assert "callqa users add LOGIN --role administrator" in capsys.readouterr().out
    with here.store().transaction() as tx:
        tx.agents.put(Agent(id=AGENT_ID, name="Ann", team="一组"))
    install_accounts(here.store(), here.settings.home, now(), str)
    tell_accounts(here)
    assert str(here.settings.home / FILE) in capsys.readouterr().out
    here.close()
