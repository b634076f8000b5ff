"""How many requests are answered: of one person, and of one address where nobody has signed in.

Each server process counts for itself, so with several the limits are as many times higher; what must hold over all of
them (wrong passwords of one account) lies in the database. Time is the monotonic clock: setting the clock back locks
nobody out.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from threading import Lock
from time import monotonic

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from api.language import language_of
from qa_pipeline.errors import N_, TooManyRequests
from qa_pipeline.i18n import translator

_KEYS_MAX = 20_000
_WINDOW_S = 60.0


class Rate:
    """So many in a minute for each key, at once or spread: the generic cell rate algorithm (ITU-T I.371).

    Parameters
    ----------
    per_minute : int, optional
        None: as many as come.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = monotonic) -> None:
        self._interval_s = _WINDOW_S / per_minute if per_minute else 0.0
        self._clock = clock
        self._free_at: dict[str, float] = {}  # when a key has nothing used any more
        self._lock = Lock()

    def take(self, key: str) -> float:
        """Count one for a key and return 0, or return the seconds to wait and count none."""
        if not self._interval_s:
            return 0.0
        with self._lock:
            now = self._clock()
            free_at = max(self._free_at.get(key, now), now) + self._interval_s
            # Divided rates do not add up to the minute exactly.
            wait_s = free_at - now - _WINDOW_S
            if wait_s > self._interval_s * 1e-6:
                return wait_s
            if key not in self._free_at and len(self._free_at) >= _KEYS_MAX:
                self._forget(now)
            self._free_at[key] = free_at
            return 0.0

    def _forget(self, now: float) -> None:
        self._free_at = {key: free_at for key, free_at in self._free_at.items() if free_at > now}
        while len(self._free_at) >= _KEYS_MAX:  # whoever comes from so many addresses is not stopped by counting
            self._free_at.pop(next(iter(self._free_at)))


class Rates:
    """The limits of one application. None: no limit."""

    def __init__(self, person: int | None = None, address: int | None = None, sign_in: int | None = None) -> None:
        self._person, self._address, self._sign_in = Rate(person), Rate(address), Rate(sign_in)
        self._known: OrderedDict[str, None] = OrderedDict()

    def check_person(self, user_id: str) -> None:
        """Count a request of somebody who is known; raises TooManyRequests."""
        _refuse_for(self._person.take(user_id))

    def check_sign_in(self, request: Request) -> None:
        """Count an attempt to sign in from an address; raises TooManyRequests."""
        _refuse_for(self._sign_in.take(address_of(request.scope)))

    def wait_s(self, address: str, credential: str) -> float:
        """Count a request, unless it carries a credential that was good before; return the seconds to wait, or 0."""
        return 0.0 if credential in self._known else self._address.take(address)

    def remember(self, credential: str, *, is_good: bool) -> None:
        """Keep whether a credential was good, so that a flood of made-up ones counts as nobody's."""
        if not is_good:
            self._known.pop(credential, None)
            return
        self._known[credential] = None
        self._known.move_to_end(credential)
        if len(self._known) > _KEYS_MAX:
            self._known.popitem(last=False)


def _refuse_for(wait_s: float) -> None:
    if wait_s > 0:
        raise TooManyRequests(
            N_("These are too many requests: wait {seconds} s."),
            hint=N_("The header Retry-After says how long. service.*_per_minute are the limits."),
            seconds=ceil(wait_s),
        )


def address_of(scope: Scope) -> str:
    """Return who counts as one address: of IPv6 the /64 network, since each host has as many addresses as it likes."""
    client = scope.get("client")
    host = str(client[0]) if client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class LimitOpenRequests:
    """Refuse requests of an address from which too many come that nobody has signed in for."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        # Each page brings a dozen of our own small files, which cost next to nothing and tell nobody anything.
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        credential = _credential(Headers(scope=scope))
        wait_s = self._rates.wait_s(address_of(scope), credential)
        if wait_s > 0:
            await _refusal(Request(scope), ceil(wait_s))(scope, receive, send)
            return

        async def note(message: Message) -> None:
            if credential and message["type"] == "http.response.start":
                self._rates.remember(credential, is_good="who" in scope.get("state", {}))
            await send(message)

        await self._app(scope, receive, note)


def _credential(headers: Headers) -> str:
    sent = headers.get("authorization", "") or headers.get("cookie", "")
    return sha256(sent.encode()).hexdigest() if sent else ""


def _refusal(request: Request, seconds: int) -> ASGIApp:
    error = TooManyRequests(
        N_("These are too many requests: wait {seconds} s."),
        hint=N_("Sign in, or send a personal token: then you are not counted with your neighbours."),
        seconds=seconds,
    )
    document = error.as_dict(translator(language_of(request)))
    refused = answer(request, HTTPStatus.TOO_MANY_REQUESTS, document)
    refused.headers["retry-after"] = str(seconds)
    return refused
