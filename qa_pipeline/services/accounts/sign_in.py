"""Signing in with a password, and what happens after many wrong ones.

Whoever fails is told one sentence whatever the reason: an unknown login, a wrong password, a closed or a locked
account. While an account is locked its password is not looked at, so that guessing goes nowhere meanwhile; the right
one gets the same sentence, whose hint tells owners of the lock. Unknown logins take the same work as known ones.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.audit import Event
from qa_pipeline.errors import N_, InputError, SignInNeeded
from qa_pipeline.services.accounts.passwords import hash_password, is_outdated, is_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD, OpenedSession, open_session
from qa_pipeline.store import Store, Transaction

NOBODY = "–"  # the actor of what somebody did who is not signed in; what was typed as a login may be a password


def sign_in(
    store: Store, login: str, password: str, rules: SignInRules, now: datetime, *, request_id: str = ""
) -> OpenedSession:
    """Open a session for whoever knows the password of a login.

    Raises
    ------
    SignInNeeded
        Login and password do not fit, or the account is closed or locked: always the same words. Or the password is
        right, but a one-time password whose time is over: who knows it is told so.
    """
    with store.reading() as tx:
        user = tx.users.find_login(login)
    kept = _begin_try(store, user, rules, now)
    fits = is_password(password, kept)
    with store.transaction() as tx:
        is_over = fits and user is not None and has_ended(tx.users.credential(user.id), rules, now)
        if fits and not is_over and user is not None and kept is not None and _end_try(tx, user, password, kept):
            opened = open_session(tx, user, PASSWORD, rules, now)
            tx.audit.append(_event(user, "session.open", opened.session.id, request_id, method=PASSWORD), now)
            return opened
        _keep_refusal(tx, user, "session.refuse", rules, now, request_id)
    if is_over:
        raise SignInNeeded(
            N_("This one-time password has ended: it counted for {hours} hours."),
            hint=N_("An administrator can make a new one."),
            hours=rules.one_time_hours,
        )
    raise SignInNeeded(
        N_("Login and password do not fit, or the account is locked."),
        hint=N_("After {count} wrong passwords an account is locked for {minutes} minutes; an administrator can help."),
        count=rules.wrong_passwords_max,
        minutes=rules.lock_minutes,
    )


def confirm_password(
    store: Store, user: User, password: str, rules: SignInRules, now: datetime, *, request_id: str = ""
) -> None:
    """Check that whoever is signed in knows the account's password; wrong ones count as in :func:`sign_in`.

    Raises
    ------
    InputError
        It is wrong, or the account is locked meanwhile.
    """
    kept = _begin_try(store, user, rules, now)
    fits = is_password(password, kept)
    with store.transaction() as tx:
        if fits and kept is not None and _end_try(tx, user, password, kept):
            return
        _keep_refusal(tx, user, "password.refuse", rules, now, request_id)
    raise InputError(
        N_("The current password is wrong, or the account is locked."),
        hint=N_("After {count} wrong passwords an account is locked for {minutes} minutes; an administrator can help."),
        field="current",
        count=rules.wrong_passwords_max,
        minutes=rules.lock_minutes,
    )


def has_ended(credential: Credential, rules: SignInRules, now: datetime) -> bool:
    """Whether a password that somebody else made opens no sessions any more."""
    made_at = credential.one_time_made_at
    return made_at is not None and now >= made_at + rules.one_time


def is_locked(credential: Credential, rules: SignInRules, now: datetime) -> bool:
    """Whether an account is locked now. A lock that seems longer than the rules allow is of a clock since set back."""
    if credential.locked_until is None:
        return False
    return timedelta() < credential.locked_until - now <= rules.lock


def _begin_try(store: Store, user: User | None, rules: SignInRules, now: datetime) -> str | None:
    """Count a try as wrong before it is judged, so that many at once get no more tries; return the hash to try.

    None where nothing may be tried: nobody has the login, or the account is closed or locked.
    """
    with store.transaction() as tx:
        if user is None or not user.is_active:
            return None
        credential = tx.users.credential(user.id)
        if is_locked(credential, rules, now):
            return None
        count = 1 if credential.locked_until is not None else credential.failed_count + 1
        until = now + rules.lock if count >= rules.wrong_passwords_max else None
        tx.users.set_credential(user.id, replace(credential, failed_count=count, locked_until=until))
        return credential.password_hash


def _end_try(tx: Transaction, user: User, password: str, kept: str) -> bool:
    """Forget the wrong ones; False when the password or the account has changed meanwhile."""
    credential = tx.users.credential(user.id)
    if credential.password_hash != kept or not tx.users.get(user.id).is_active:
        return False
    password_hash = hash_password(password) if is_outdated(kept) else kept
    tx.users.set_credential(
        user.id, replace(credential, password_hash=password_hash, failed_count=0, locked_until=None)
    )
    return True


def _keep_refusal(
    tx: Transaction, user: User | None, action: str, rules: SignInRules, now: datetime, request_id: str
) -> None:
    if user is None:
        tx.audit.append(Event(actor=NOBODY, role="", action=action, subject=NOBODY, request_id=request_id), now)
        return
    credential = tx.users.credential(user.id)
    locked = is_locked(credential, rules, now)
    tx.audit.append(_event(user, action, user.id, request_id, locked=locked, active=user.is_active), now)
    if locked and credential.locked_until == now + rules.lock:
        tx.audit.append(_event(user, "account.lock", user.id, request_id, minutes=rules.lock_minutes), now)


def _event(user: User, action: str, subject: str, request_id: str, **details: str | int | bool) -> Event:
    return Event(
        actor=user.actor, role=user.role.value, action=action, subject=subject, details=details, request_id=request_id
    )
