"""Making and changing accounts, on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from qa_pipeline.access import Permission
from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import CallqaError, Conflict, InputError, NotAllowed, NotFound, Outdated, SignInNeeded
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD, find_session, open_session
from qa_pipeline.services.accounts.sign_in import sign_in
from qa_pipeline.services.accounts.tokens import find_bearer, issue_token
from qa_pipeline.services.accounts.users import (
    UserDetails,
    add_user,
    change_user,
    deactivate_user,
    details_of,
    get_login,
    reactivate_user,
    reset_password,
    select_users,
    set_language,
    set_password,
)
from qa_pipeline.store import Store
from tests.accounts import an_account

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULES = SignInRules(wrong_passwords_max=1)
LI = UserDetails(login=" Li.Na ", name=" Li Na ", role=StaffRole.SUPERVISOR, teams=("一组", " 二组 ", "一组", ""))


@pytest.fixture
def boss(store: Store) -> User:
    found = an_account(StaffRole.ADMINISTRATOR, "boss")
    with store.transaction() as tx:
        tx.users.add(found, Credential(password_hash=hash_password("the boss's own")))
    return found


def test_an_account_is_kept_as_it_was_meant_with_a_one_time_password(store: Store) -> None:
    with store.transaction() as tx:
        made = add_user(tx, LI, NOW)
    assert (made.user.login, made.user.name, made.user.teams) == ("li.na", "Li Na", ("一组", "二组"))
    assert made.user.must_change_password
    assert made.one_time_password is not None
    assert sign_in(store, "Li.Na", made.one_time_password, RULES, NOW).user == made.user


def test_a_chosen_password_need_not_be_changed_and_must_fit_the_rules(store: Store) -> None:
    with store.transaction() as tx:
        made = add_user(tx, LI, NOW, password="correct horse")
        assert (made.one_time_password, made.user.must_change_password) == (None, False)
        with pytest.raises(InputError):
            add_user(tx, replace(LI, login="wei"), NOW, password="short")


def test_an_account_for_single_sign_on_has_no_password(store: Store) -> None:
    with store.transaction() as tx:
        made = add_user(tx, LI, NOW, has_password=False, subject="https://id.example 1")
        assert tx.users.credential(made.user.id).password_hash is None
        assert tx.users.find_subject("https://id.example 1") == made.user
    assert (made.one_time_password, made.user.must_change_password) == (None, False)


@pytest.mark.parametrize(
    ("changes", "kind", "field"),
    [
        ({"login": ""}, InputError, "login"),
        ({"login": "li na"}, InputError, "login"),
        ({"login": "li/na"}, InputError, "login"),
        ({"login": "li\x00"}, InputError, "login"),
        ({"login": "x" * 101}, InputError, "login"),
        ({"name": " "}, InputError, "name"),
        ({"name": "x" * 201}, InputError, "name"),
        ({"teams": ("a\nb",)}, InputError, "teams"),
        ({"role": StaffRole.AGENT}, InputError, "agent_id"),
        ({"role": StaffRole.AGENT, "agent_id": " "}, InputError, "agent_id"),
        ({"login": "BOSS"}, Conflict, "login"),
        ({"login": "a07"}, Conflict, "login"),  # would act under the name of the agent A07
        ({"role": StaffRole.AGENT, "agent_id": "Boss"}, Conflict, "login"),  # and this as the administrator
    ],
)
def test_what_is_not_taken_is_named(
    store: Store, boss: User, changes: dict[str, Any], kind: type[CallqaError], field: str
) -> None:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A07", name=None, team=None))
    with store.transaction() as tx, pytest.raises(kind) as caught:
        add_user(tx, replace(LI, **changes), NOW)
    assert caught.value.field == field


def test_an_agent_may_sign_in_under_the_own_id_and_nobody_else_has_it(store: Store) -> None:
    agent = UserDetails(login="a07", name="Ann", role=StaffRole.AGENT, agent_id="A07")
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A07", name=None, team=None))
        assert add_user(tx, agent, NOW).user.actor == "A07"
    with store.transaction() as tx, pytest.raises(Conflict):
        add_user(tx, replace(agent, login="ann"), NOW)


def test_a_change_is_of_the_version_that_was_seen(store: Store, boss: User) -> None:
    with store.transaction() as tx:
        first = add_user(tx, LI, NOW).user
        second = change_user(tx, first, replace(details_of(first), name="Li"), NOW, by=boss)
    assert (second.name, second.version) == ("Li", 2)
    with store.transaction() as tx, pytest.raises(Outdated):
        change_user(tx, first, replace(details_of(first), name="Na"), NOW, by=boss)


@pytest.mark.parametrize(
    ("change", "is_ended"),
    [
        ({"role": StaffRole.QA}, True),
        ({"name": "Li"}, False),
        ({"teams": ("一组",)}, False),
        ({"language": "en"}, False),
    ],
)
def test_a_new_role_ends_the_sessions(store: Store, change: dict[str, Any], is_ended: bool) -> None:
    with store.transaction() as tx:
        user = add_user(tx, LI, NOW).user
        secret = open_session(tx, user, PASSWORD, RULES, NOW).secret
        changed = change_user(tx, user, replace(details_of(user), **change), NOW)
    if is_ended:
        with pytest.raises(SignInNeeded):
            find_session(store, secret, RULES, NOW)
    else:
        assert find_session(store, secret, RULES, NOW)[0] == changed


@pytest.mark.parametrize("change", [{"role": StaffRole.HR}, {"agent_id": "A07"}, {"teams": ("一组",)}])
def test_nobody_changes_their_own_rights(store: Store, boss: User, change: dict[str, Any]) -> None:
    with store.transaction() as tx:
        tx.users.add(an_account(StaffRole.ADMINISTRATOR, "second"), Credential())
        with pytest.raises(NotAllowed):
            change_user(tx, boss, replace(details_of(boss), **change), NOW, by=boss)
        assert change_user(tx, boss, replace(details_of(boss), name="The Boss"), NOW, by=boss).name == "The Boss"


def test_the_last_active_administrator_stays(store: Store, boss: User) -> None:
    second = an_account(StaffRole.ADMINISTRATOR, "second")
    with store.transaction() as tx:
        tx.users.add(second, Credential())
        second = deactivate_user(tx, second, NOW)
        with pytest.raises(Conflict, match="last active"):
            deactivate_user(tx, boss, NOW)
        with pytest.raises(Conflict, match="last active"):
            change_user(tx, boss, replace(details_of(boss), role=StaffRole.HR), NOW)
        reactivate_user(tx, second)
        assert change_user(tx, boss, replace(details_of(boss), role=StaffRole.HR), NOW).role is StaffRole.HR


def test_two_administrators_who_remove_each_other_at_once_leave_one(store: Store, boss: User) -> None:
    second = an_account(StaffRole.ADMINISTRATOR, "second")
    with store.transaction() as tx:
        tx.users.add(second, Credential())
    refused: list[str] = []
    start = threading.Barrier(2)

    def remove(user: User) -> None:
        start.wait()
        try:
            with store.transaction() as tx:
                deactivate_user(tx, user, NOW)
        except Conflict:
            refused.append(user.login)

    threads = [threading.Thread(target=remove, args=[user]) for user in (boss, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert [user.login for user in tx.users.list() if user.is_active] == refused
    assert len(refused) == 1


def test_many_tries_at_once_are_not_more_tries(store: Store, boss: User) -> None:
    rules = SignInRules(wrong_passwords_max=3)

    def attempt() -> None:
        with pytest.raises(SignInNeeded):
            sign_in(store, "boss", "wrong password", rules, NOW)

    threads = [threading.Thread(target=attempt) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert tx.users.credential(boss.id).failed_count == 3


def test_closing_ends_sessions_and_revokes_tokens_for_good(store: Store, boss: User) -> None:
    with store.transaction() as tx:
        user = add_user(tx, LI, NOW).user
        session = open_session(tx, user, PASSWORD, RULES, NOW).secret
        token = issue_token(tx, user, "t", [Permission.ACCOUNT_OWN.value], NOW).secret
        closed = deactivate_user(tx, user, NOW)
    with store.transaction() as tx:
        with pytest.raises(Conflict):
            deactivate_user(tx, closed, NOW)
        opened = reactivate_user(tx, closed)
        with pytest.raises(Conflict):
            reactivate_user(tx, opened)
    for find in (lambda: find_session(store, session, RULES, NOW), lambda: find_bearer(store, token, NOW)):
        with pytest.raises(SignInNeeded):
            find()


def test_a_reset_lifts_a_lock_and_ends_sessions(store: Store, boss: User) -> None:
    with store.transaction() as tx:
        user = add_user(tx, LI, NOW, password="correct horse").user
        session = open_session(tx, user, PASSWORD, RULES, NOW).secret
    with pytest.raises(SignInNeeded):
        sign_in(store, "li.na", "wrong password", RULES, NOW)  # locks at the first
    with store.transaction() as tx:
        reset = reset_password(tx, user, NOW)
    assert reset.one_time_password is not None
    assert sign_in(store, "li.na", reset.one_time_password, RULES, NOW).user.must_change_password
    with pytest.raises(SignInNeeded):
        find_session(store, session, RULES, NOW)
    with pytest.raises(SignInNeeded):
        sign_in(store, "li.na", "correct horse", RULES, NOW)


def test_a_new_password_ends_the_other_sessions(store: Store) -> None:
    with store.transaction() as tx:
        made = add_user(tx, LI, NOW)
        here, there = (open_session(tx, made.user, PASSWORD, RULES, NOW) for _ in range(2))
        assert made.one_time_password is not None
        with pytest.raises(InputError, match="have already"):
            set_password(tx, made.user, made.one_time_password, NOW, session_id=here.session.id)
        with pytest.raises(InputError, match="10 to 200"):
            set_password(tx, made.user, "short", NOW, session_id=here.session.id)
        changed = set_password(tx, made.user, "correct horse", NOW, session_id=here.session.id)
    assert not changed.must_change_password
    assert find_session(store, here.secret, RULES, NOW)[0] == changed
    with pytest.raises(SignInNeeded):
        find_session(store, there.secret, RULES, NOW)
    assert sign_in(store, "li.na", "correct horse", RULES, NOW).user == changed


def test_accounts_are_found(store: Store, boss: User) -> None:
    with store.transaction() as tx:
        li = set_language(tx, add_user(tx, LI, NOW).user, "zh")
        assert li.language == "zh"
        assert get_login(tx, "LI.NA") == li
        with pytest.raises(NotFound):
            get_login(tx, "nobody")
        everybody = tx.users.list()
    cases: list[tuple[Callable[[], Any], list[str]]] = [
        (lambda: select_users(everybody), ["boss", "li.na"]),
        (lambda: select_users(everybody, role=StaffRole.SUPERVISOR), ["li.na"]),
        (lambda: select_users(everybody, is_active=False), []),
        (lambda: select_users(everybody, text="二组"), ["li.na"]),
        (lambda: select_users(everybody, text=" BOSS"), ["boss"]),
    ]
    for find, logins in cases:
        assert [user.login for user in find()] == logins
