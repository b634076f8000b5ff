"""Signed-in browsers: the secret is in the cookie, its digest in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qa_pipeline.domain.account import Session, User
from qa_pipeline.errors import N_, NotFound, SignInNeeded
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.secrets import digest, new_id, new_secret
from qa_pipeline.store import Store, Transaction

PREFIX = "cqs"
PASSWORD, SINGLE_SIGN_ON = "password", "oidc"
# How exact "last seen" is kept: writing at every request would make each reading one a writing one.
SEEN_NOTED_S = 60
# By how much the clocks of several servers, or one that is set, may differ before a session counts as from the future.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A new session with its secret, which goes into the cookie."""

    user: User
    session: Session
    secret: str


def open_session(tx: Transaction, user: User, method: str, rules: SignInRules, now: datetime) -> OpenedSession:
    """Open a session with a new secret: one that was set before signing in is never taken over."""
    session = Session(
        id=new_id("s"), user_id=user.id, method=method, created_at=now, seen_at=now, expires_at=now + rules.lasts
    )
    secret = new_secret(PREFIX)
    tx.sessions.add(session, digest(secret))
    return OpenedSession(user=user, session=session, secret=secret)


def find_session(store: Store, secret: str, rules: SignInRules, now: datetime) -> tuple[User, Session]:
    """Return who is signed in with this secret.

    Raises
    ------
    SignInNeeded
        The session is unknown or has ended, or the account is closed.
    """
    with store.reading() as tx:
        session, user = tx.sessions.find(digest(secret)) or (None, None)
    if session is None or user is None or not user.is_active or not is_open(session, rules, now):
        raise SignInNeeded(N_("You are no longer signed in."), hint=N_("Please sign in again."))
    if abs((now - session.seen_at).total_seconds()) >= SEEN_NOTED_S:
        with store.transaction() as tx:
            tx.sessions.see(session.id, now)
    return user, session


def is_open(session: Session, rules: SignInRules, now: datetime) -> bool:
    """Whether a session is in force, by the clock of now; rules that were made stricter hold at once.

    A clock that was set back does not lengthen it: what seems to begin in the future is over.
    """
    age, silence = now - session.created_at, now - session.seen_at
    return (
        session.ended_at is None
        and now < session.expires_at
        and -CLOCK_TOLERANCE <= age < rules.lasts
        and silence < rules.idle
    )


def end_session(tx: Transaction, user: User, session_id: str, now: datetime) -> None:
    """End a session of a user at once; raises NotFound."""
    if not tx.sessions.end(user.id, now, session_id):
        raise NotFound(N_("There is no open session {id}."), id=session_id)
