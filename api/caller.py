"""Who calls, and what they may do with the route they called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fastapi import Request, Response

from api.sources import Sources, sources_of
from qa_pipeline.access import Permission, Reach, find_reach, get_reach
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.account import User
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, NotAllowed, Outdated, SignInNeeded, VersionNeeded
from qa_pipeline.services.accounts.tokens import find_bearer
from qa_pipeline.store import Store, Transaction

Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The signed-in person behind a request, and how far the permission of the route reaches.

    ``scopes``: of the token, None with a session. ``store``: inside a writing route the one transaction of the request,
    so that what it does, its audit entries and its answer are kept together or not at all.
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

    def within(self, tx: Transaction) -> Caller:
        """Return the same caller whose store is this transaction."""
        return replace(self, store=self.store.within(tx))

    def may(self, permission: Permission) -> bool:
        """Whether the person has another permission on any rows, for showing or leaving out what needs it."""
        return find_reach(self.user, permission, self.scopes) is not None

    def reach_of(self, permission: Permission) -> Reach:
        """Return how far another permission reaches; raises NotAllowed when nowhere."""
        return get_reach(self.user, permission, self.scopes)

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

    def record(self, action: str, subject: str, **details: Detail) -> None:
        """Have something kept in the audit, once the request has succeeded."""
        request_id = str(getattr(self.request.state, "request_id", ""))
        self.events.append(
            Event(
                actor=self.user.actor,
                role=self.user.role.value,
                action=action,
                subject=subject,
                details=details,
                request_id=request_id,
            )
        )

    def give_etag(self, version: object) -> None:
        """Send the version of what is answered; a reader that has it already is told so without the body."""
        self.response.headers["etag"] = f'"{version}"'

    def check_etag(self, version: object) -> None:
        """Check that an edit changes what the person saw.

        Raises
        ------
        VersionNeeded
            The request has no If-Match header.
        Outdated
            It names another version.
        """
        wanted = self.request.headers.get("if-match")
        if wanted is None:
            raise VersionNeeded(
                N_("The request must say which version it changes."),
                hint=N_("Send the ETag of the answer that you read as If-Match."),
                field="if-match",
            )
        if wanted.strip() not in ("*", f'"{version}"'):
            raise Outdated(
                N_("Somebody else has changed this since you looked at it."),
                hint=N_("Read it again, then decide whether your change is still wanted."),
                field="if-match",
            )


def caller_with(permission: Permission) -> Callable[[Request, Response], None]:
    """Return the dependency of a route that lets only those pass who have a permission."""

    def check(request: Request, response: Response) -> None:
        sources = sources_of(request)
        now = datetime.now(UTC)
        user, scopes, session_id = _who(request, sources, now)
        request.state.caller = Caller(
            user=user,
            reach=get_reach(user, permission, scopes),
            scopes=scopes,
            session_id=session_id,
            sources=sources,
            store=sources.store,
            now=now,
            request=request,
            response=response,
        )

    return check


def caller_of(request: Request) -> Caller:
    """Return the caller whom the route's rule has let pass."""
    found = request.state.caller
    assert isinstance(found, Caller)  # every route is made by Routes, whose rule comes first
    return found


def _who(request: Request, sources: Sources, now: datetime) -> tuple[User, tuple[str, ...] | None, str | None]:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret.strip():
        user, token = find_bearer(sources.store, secret.strip(), now)
        return user, token.scopes, None
    raise SignInNeeded(N_("Please sign in."), hint=N_("Programs send a personal token: Authorization: Bearer …"))
