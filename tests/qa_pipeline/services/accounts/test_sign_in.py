"""Signing in, lockout and sessions, with an injected clock, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import InputError, NotFound, SignInNeeded
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import OpenedSession, end_session, find_session
from qa_pipeline.services.accounts.sign_in import confirm_password, sign_in
from qa_pipeline.services.accounts.users import deactivate_user, reset_password, set_password
from qa_pipeline.store import Store
from tests.accounts import an_account

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULES = SignInRules(session_hours=12, idle_minutes=60, wrong_passwords_max=3, lock_minutes=15)
PASSWORD = "correct horse"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def user(store: Store) -> User:
    found = an_account(StaffRole.QA, "li")
    with store.transaction() as tx:
        tx.users.add(found, Credential(password_hash=hash_password(PASSWORD)))
    return found


def enter(store: Store, password: str = PASSWORD, now: datetime = NOW, login: str = "li") -> OpenedSession:
    return sign_in(store, login, password, RULES, now)


def refuse(store: Store, password: str = "wrong password", now: datetime = NOW, login: str = "li") -> str:
    with pytest.raises(SignInNeeded) as caught:
        enter(store, password, now, login)
    return caught.value.render() + caught.value.render_hint(str)


def actions(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row["action"] for row in tx.audit.rows()]


def test_the_right_password_opens_a_session(store: Store, user: User) -> None:
    opened = enter(store, login=" LI ")
    assert opened.user == user
    assert find_session(store, opened.secret, RULES, NOW) == (user, opened.session)
    assert opened.session.expires_at == NOW + timedelta(hours=12)
    assert actions(store) == ["session.open"]


def test_a_one_time_password_has_an_end_and_who_knows_it_is_told_so(store: Store, user: User) -> None:
    with store.transaction() as tx:
        once = reset_password(tx, user, NOW).one_time_password
    assert once is not None
    in_time = NOW + timedelta(hours=72) - MINUTE
    enter(store, once, in_time)
    enter(store, once, in_time)  # it keeps its end, however often it is used
    assert "72" in refuse(store, once, NOW + timedelta(hours=72))
    assert "72" not in refuse(store, "wrong password", NOW + timedelta(hours=72))
    with store.transaction() as tx:
        set_password(tx, tx.users.get(user.id), "battery staple", in_time, session_id=None)
    enter(store, "battery staple", NOW + timedelta(days=30))


def test_each_signing_in_has_a_new_secret_and_the_database_none(store: Store, user: User) -> None:
    first, second = enter(store), enter(store)
    assert first.secret != second.secret
    with store.reading() as tx:
        kept = str(tx.connection.exec_driver_sql("SELECT * FROM user_session").all())
    assert first.secret not in kept
    assert second.secret not in kept


def test_every_failure_has_the_same_words(store: Store, user: User) -> None:
    closed = an_account(StaffRole.HR, "closed")
    sso = an_account(StaffRole.HR, "sso")
    with store.transaction() as tx:
        tx.users.add(closed, Credential(password_hash=hash_password(PASSWORD)))
        tx.users.add(sso, Credential())
        deactivate_user(tx, closed, NOW)
    told = {refuse(store), refuse(store, login="nobody"), refuse(store, PASSWORD, login="closed")}
    told |= {refuse(store, PASSWORD, login="sso"), refuse(store, ""), refuse(store)}
    told.add(refuse(store, PASSWORD))  # three wrong ones have locked it
    assert len(told) == 1
    assert "locked" in told.pop()


def test_what_was_typed_as_a_login_is_not_kept(store: Store, user: User) -> None:
    refuse(store, login="my secret password")
    with store.reading() as tx:
        (row,) = tx.audit.rows()
    assert row["action"] == "session.refuse"
    assert "secret" not in row["document"]


def test_many_wrong_ones_lock_for_a_while_and_the_right_one_too(store: Store, user: User) -> None:
    for _ in range(3):
        refuse(store)
    refuse(store, PASSWORD, NOW + 14 * MINUTE)
    assert enter(store, now=NOW + 16 * MINUTE).user == user
    assert actions(store) == [*["session.refuse"] * 3, "account.lock", "session.refuse", "session.open"]


def test_tries_while_locked_do_not_lengthen_the_lock(store: Store, user: User) -> None:
    for minute in (0, 0, 0, 5, 10, 14):
        refuse(store, now=NOW + minute * MINUTE)
    enter(store, now=NOW + 16 * MINUTE)


def test_after_a_lock_the_count_begins_anew(store: Store, user: User) -> None:
    for _ in range(3):
        refuse(store)
    later = NOW + 16 * MINUTE
    refuse(store, now=later)
    refuse(store, now=later)
    enter(store, now=later)


def test_the_right_one_forgets_the_wrong_ones(store: Store, user: User) -> None:
    for _ in range(4):
        refuse(store)
        refuse(store)
        enter(store)


def test_a_clock_set_back_does_not_lock_for_ever(store: Store, user: User) -> None:
    for _ in range(3):
        refuse(store, now=NOW + timedelta(days=365))
    enter(store, now=NOW)


def test_the_count_is_in_the_database(store: Store, user: User) -> None:
    other_process = Store(store.engine, store.time_zone)
    for each in (store, other_process, store):
        refuse(each)
    refuse(other_process, PASSWORD)


def test_an_old_hash_is_made_anew(store: Store, user: User) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with store.transaction() as tx:
        tx.users.set_credential(user.id, Credential(password_hash=old))
    enter(store)
    with store.reading() as tx:
        new = tx.users.credential(user.id).password_hash
    assert new is not None
    assert new != old
    assert "m=19456,t=2,p=1" in new
    enter(store)


def test_confirming_counts_like_signing_in(store: Store, user: User) -> None:
    confirm_password(store, user, PASSWORD, RULES, NOW)
    for _ in range(3):
        with pytest.raises(InputError, match="current password is wrong"):
            confirm_password(store, user, "wrong password", RULES, NOW)
    refuse(store, PASSWORD)
    assert actions(store)[:4] == [*["password.refuse"] * 3, "account.lock"]


@pytest.mark.parametrize(
    ("seen_after_minutes", "is_open"),
    [
        ([59], True),
        ([61], False),  # idle for an hour
        ([50, 100, 150], True),
        ([50, 111], False),
        ([*range(50, 720, 50), 719], True),
        ([*range(50, 720, 50), 720], False),  # twelve hours are over, idle or not
        ([-4], True),  # clocks of two servers
        ([-6], False),  # set back: it seems to begin in the future
        ([30, 28], True),
        ([10_000, 1], True),  # the clock jumped ahead and was mended; nothing was noted meanwhile
    ],
)
def test_how_long_a_session_lasts(store: Store, user: User, seen_after_minutes: list[int], is_open: bool) -> None:
    opened = enter(store)
    results = []
    for minutes in seen_after_minutes:
        try:
            found, _ = find_session(store, opened.secret, RULES, NOW + minutes * MINUTE)
            results.append(found == user)
        except SignInNeeded:
            results.append(False)
    assert results[-1] is is_open


def test_seen_is_noted_at_most_every_minute(store: Store, user: User) -> None:
    opened = enter(store)
    seen = []
    for seconds in (30, 59, 61, 90, 122):
        find_session(store, opened.secret, RULES, NOW + timedelta(seconds=seconds))
        with store.reading() as tx:
            seen.append((tx.sessions.list(user.id)[0].seen_at - NOW).total_seconds())
    assert seen == [0, 0, 61, 61, 122]


def test_stricter_rules_hold_for_open_sessions(store: Store, user: User) -> None:
    opened = enter(store)
    with pytest.raises(SignInNeeded):
        find_session(store, opened.secret, SignInRules(idle_minutes=5), NOW + 6 * MINUTE)
    with pytest.raises(SignInNeeded):
        find_session(store, opened.secret, SignInRules(session_hours=1), NOW + 61 * MINUTE)


@pytest.mark.parametrize("secret", ["", "cqs_forged", "cqs_" + "A" * 43, "锁"])
def test_forged_secrets_are_refused(store: Store, user: User, secret: str) -> None:
    enter(store)
    with pytest.raises(SignInNeeded):
        find_session(store, secret, RULES, NOW)


def test_a_session_is_ended_once_and_by_its_owner_only(store: Store, user: User) -> None:
    opened = enter(store)
    other = an_account(StaffRole.HR)
    with store.transaction() as tx:
        tx.users.add(other, Credential())
        with pytest.raises(NotFound):
            end_session(tx, other, opened.session.id, NOW)
        end_session(tx, user, opened.session.id, NOW)
    with pytest.raises(SignInNeeded):
        find_session(store, opened.secret, RULES, NOW)
    with store.transaction() as tx, pytest.raises(NotFound):
        end_session(tx, user, opened.session.id, NOW)
