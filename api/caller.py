"""Who calls, and what they may do with the route they called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import Request, Response

from api.cookies import find_session_secret
from api.origin import check_own_origin
from api.sources import Sources, sources_of
from qa_pipeline.access import Permission, Reach, find_reach, get_reach
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.disclosure import NEEDED, Fact
from qa_pipeline.domain.account import Session, User
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, NotAllowed, Outdated, PasswordChangeNeeded, SignInNeeded, StoreError, VersionNeeded
from qa_pipeline.services.accounts.sessions import SINGLE_SIGN_ON, find_session
from qa_pipeline.services.accounts.tokens import find_bearer
from qa_pipeline.store import Store, Transaction

_LOOK = "+"  # in an ETag, between the version and the digest of what changes without a new one
Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The signed-in person behind a request, and how far the permission of the route reaches.

    ``scopes``: of the token, None with a session. ``store``: inside a writing route the one transaction of the request,
    so that what it does, its audit entries and its answer are kept together or not at all. ``afterwards``: what is done
    when that has been kept.
    """

    user: User
    reach: Reach
    scopes: tuple[str, ...] | None
    session_id: str | None
    sources: Sources
    store: Store
    now: datetime
    request: Request
    response: Response
    events: list[Event] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def within(self, tx: Transaction) -> Caller:
        """Return the same caller whose store is this transaction."""
        return replace(self, store=self.store.within(tx))

    def may(self, permission: Permission) -> bool:
        """Whether the person has another permission on any rows, for showing or leaving out what needs it."""
        return find_reach(self.user, permission, self.scopes) is not None

    def shows(self, fact: Fact) -> bool:
        """Whether the person is shown a fact of the rows that they may see."""
        needed = NEEDED[fact]
        return needed is not None and self.may(needed)

    def reach_of(self, permission: Permission) -> Reach:
        """Return how far another permission reaches; raises NotAllowed when nowhere."""
        return get_reach(self.user, permission, self.scopes)

    def using(self, permission: Permission) -> Caller:
        """Return the same caller with the reach of another permission: a page shows what several routes give."""
        return replace(self, reach=self.reach_of(permission))

    def attempt(self, reason: str = "") -> Attempt:
        """Return the person as one who takes a step in the role of the account."""
        return Attempt(actor=self.user.actor, role=self.user.role, reason=reason)

    def attempt_as_agent(self, reason: str = "") -> Attempt:
        """Return the person as the agent whom it is about; raises NotAllowed for people who are not inspected."""
        if self.user.agent_id is None:
            raise NotAllowed(
                N_("Your account names no agent id, so this cannot be about you."),
                hint=N_("An administrator can enter the agent id in your account."),
            )
        return Attempt(actor=self.user.agent_id, role=StaffRole.AGENT, reason=reason)

    @property
    def request_id(self) -> str:
        """The id under which logs and audit keep this request."""
        return request_id_of(self.request)

    def record(self, action: str, subject: str, **details: Detail) -> None:
        """Have something kept in the audit, once the request has succeeded."""
        self.events.append(
            Event(
                actor=self.user.actor,
                role=self.user.role.value,
                action=action,
                subject=subject,
                details=details,
                request_id=self.request_id,
            )
        )

    def give_etag(self, version: object, *, look: str = "") -> None:
        """Send the version of what is answered; a reader that has it already is told so without the body.

        ``look``: what an answer says beside the version that edits are checked by, and that changes without it.
        """
        seen = f"{_LOOK}{sha256(look.encode()).hexdigest()[:16]}" if look else ""
        self.response.headers["etag"] = f'"{version}{seen}"'

    def seen_version(self) -> str:
        """Return the version that the person saw, "*" for any; raises VersionNeeded without an If-Match header."""
        wanted = self.request.headers.get("if-match")
        if wanted is None:
            raise VersionNeeded(
                N_("The request must say which version it changes."),
                hint=N_("Send the ETag of the answer that you read as If-Match."),
                field="if-match",
            )
        return wanted.strip().strip('"').partition(_LOOK)[0]

    def check_etag(self, version: object) -> None:
        """Check that an edit changes what the person saw.

        Raises
        ------
        VersionNeeded
            The request has no If-Match header.
        Outdated
            It names another version.
        """
        if self.seen_version() not in ("*", str(version)):
            raise Outdated(
                N_("Somebody else has changed this since you looked at it."),
                hint=N_("Read it again, then decide whether your change is still wanted."),
                field="if-match",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who has signed in, by which session or by a token with which scopes."""

    user: User
    scopes: tuple[str, ...] | None = None
    session: Session | None = None

    def may(self, permission: Permission | str) -> bool:
        """Whether the person has a permission on any rows."""
        return find_reach(self.user, Permission(permission), self.scopes) is not None


def caller_with(permission: Permission) -> Callable[[Request, Response], None]:
    """Return the dependency of a route that lets only those pass who have a permission."""

    def check(request: Request, response: Response) -> None:
        sources = sources_of(request)
        now = datetime.now(UTC)
        who = _who(request, sources, now)
        # Kept before the rule is asked: a refusal too is told in the person's language, on a page that shows who it is.
        request.state.who = who
        sources.rates.check_person(who.user.id)
        if permission is not Permission.ACCOUNT_OWN:
            check_own_password(who)
        request.state.caller = Caller(
            user=who.user,
            reach=get_reach(who.user, permission, who.scopes),
            scopes=who.scopes,
            session_id=who.session.id if who.session else None,
            sources=sources,
            store=sources.store,
            now=now,
            request=request,
            response=response,
        )

    return check


def may_still(call: Caller, permission: Permission) -> bool:
    """Whether whoever began to read something long may go on: the session or token holds, and the account may it."""
    try:
        who = _who(call.request, call.sources, datetime.now(UTC))
        check_own_password(who)
    except (SignInNeeded, PasswordChangeNeeded):
        return False
    except StoreError:
        return True  # it is asked again
    return who.may(permission)


def caller_of(request: Request) -> Caller:
    """Return the caller whom the route's rule has let pass."""
    found = request.state.caller
    assert isinstance(found, Caller)  # every route is made by Routes, whose rule comes first
    return found


def who_of(request: Request) -> Who | None:
    """Return who has signed in, as far as the request has come; None when nobody has."""
    found = getattr(request.state, "who", None)
    assert found is None or isinstance(found, Who)
    return found


def request_id_of(request: Request) -> str:
    """Return the id under which logs and audit keep this request."""
    return str(getattr(request.state, "request_id", ""))


def _who(request: Request, sources: Sources, now: datetime) -> Who:
    """Return whose token it is, else whose cookie: a token was sent on purpose, a cookie by the browser on its own."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret.strip():
        user, token = find_bearer(sources.store, secret.strip(), now)
        return Who(user=user, scopes=token.scopes)
    cookie = find_session_secret(request)
    if cookie is None:
        raise SignInNeeded(N_("Please sign in."), hint=N_("Programs send a personal token: Authorization: Bearer …"))
    user, session = find_session(sources.store, cookie, sources.options.sign_in, now)
    check_own_origin(request)
    return Who(user=user, session=session)


def check_own_password(who: Who) -> None:
    """Raise PasswordChangeNeeded while somebody else knows the password of whoever has signed in with it."""
    by_single_sign_on = who.session is not None and who.session.method == SINGLE_SIGN_ON
    if who.user.must_change_password and not by_single_sign_on:
        raise PasswordChangeNeeded(
            N_("Your password was made by somebody else: please change it first."),
            hint=N_("Choose one in your account, or with POST /api/v1/me/password."),
        )
