"""Routes with a rule: each names the permission it needs, or says that anybody may call it.

A writing route runs in one transaction together with its audit entries and, where the caller sent an idempotency key,
its answer: a repeated request gets that answer again and does nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy.exc import IntegrityError

from api.bodies import CheckedRoute
from api.caller import Caller, caller_of, caller_with
from api.operations import operation_id, summary_of
from qa_pipeline.access import Permission
from qa_pipeline.errors import N_, Conflict, InputError
from qa_pipeline.store import Transaction
from qa_pipeline.store.answers import Answer

_log = logging.getLogger(__name__)
PERMISSION = "x-callqa-permission"  # in the OpenAPI document, and what the matrix of the tests is made from
ANYBODY = "anybody"
KEY_CHARACTERS_MAX = 200
FromCaller = Annotated[Caller, Depends(caller_of)]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

# Their one document stands in api.description: as a model here it would be built anew for each code of each route,
# which is most of the time that a server takes until its first answer.
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {} for code in (400, 401, 403, 404, 405, 409, 412, 413, 415, 421, 422, 428, 429, 500, 503)
}


class Routes(APIRouter):
    """A router whose routes are made by :meth:`read`, :meth:`ask`, :meth:`write` and :meth:`open` alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"route_class": CheckedRoute} | options)

    def read(self, path: str, permission: Permission, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Register a GET route for callers with a permission.

        What the endpoint records by ``call.record`` goes into the audit before the answer leaves.
        """

        def register(endpoint: Endpoint) -> Endpoint:
            self._register(path, _reading(endpoint), "GET", permission, options)
            return endpoint

        return register

    def ask(self, path: str, permission: Permission, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Register a POST route that changes nothing: what is asked is too long for an address.

        As :meth:`read`, and it holds no writing transaction however long the answer takes.
        """

        def register(endpoint: Endpoint) -> Endpoint:
            self._register(path, _reading(endpoint), "POST", permission, options)
            return endpoint

        return register

    def write(
        self, method: str, path: str, permission: Permission, *, keyless: bool = False, **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a route that changes something, for callers with a permission.

        The endpoint has a parameter ``call: FromCaller`` and works through ``call.store``; it must record at least one
        event. ``keyless``: it takes no idempotency key, because request or answer hold a secret that must not be kept.
        """

        def register(endpoint: Endpoint) -> Endpoint:
            self._register(path, _writing(endpoint, keyless=keyless), method, permission, options)
            return endpoint

        return register

    def open(self, method: str, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Register a route for anybody, signed in or not."""

        def register(endpoint: Endpoint) -> Endpoint:
            extra = {PERMISSION: ANYBODY, "security": []}
            self.add_api_route(
                path, endpoint, methods=[method], openapi_extra=extra, **_told(method, path, endpoint) | options
            )
            return endpoint

        return register

    def _register(
        self, path: str, endpoint: Callable[..., Any], method: str, permission: Permission, options: dict[str, Any]
    ) -> None:
        more = options.pop("dependencies", ())  # they come after the rule: nobody without it gets so far
        self.add_api_route(
            path,
            endpoint,
            methods=[method],
            dependencies=[Depends(caller_with(permission)), *more],
            openapi_extra={PERMISSION: permission.value} | options.pop("openapi_extra", {}),
            **_told(method, path, endpoint) | options,
        )


def _told(method: str, path: str, endpoint: Callable[..., Any]) -> dict[str, Any]:
    name = getattr(endpoint, "__name__", method)
    return {"operation_id": operation_id(method, path, name), "summary": summary_of(endpoint)}


def _reading(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    def run(*args: Any, **given: Any) -> Any:
        call = given.get("call")
        answer = endpoint(*args, **given)
        if call is None:
            return answer
        if call.events:
            with call.store.transaction() as tx:
                _keep_events(tx, call)
        etag = call.response.headers.get("etag")
        if etag is not None and call.request.headers.get("if-none-match") == etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"etag": etag})
        return answer

    return run


def _writing(endpoint: Callable[..., Any], *, keyless: bool) -> Callable[..., Any]:
    @wraps(endpoint)
    def run(*args: Any, **given: Any) -> Any:
        call: Caller = given["call"]
        key = _key_of(call)
        if keyless and key is not None:
            raise InputError(
                N_("This request takes no idempotency key, because what it says or answers is secret."),
                hint=N_("Send it without. Where an answer was lost, ask for a new secret."),
                field="idempotency-key",
            )
        try:
            return _once(endpoint, args, given, call, key)
        except IntegrityError as problem:
            earlier = None
            if key is not None:
                with call.store.reading() as tx:
                    earlier = tx.answers.find(call.user.id, key)
            if earlier is not None:  # the same request at the same moment has won; it is answered now
                return _again(earlier, _digest(call, given))
            _log.warning("two writes at the same moment: %s", type(problem.orig).__name__)
            raise Conflict(
                N_("Somebody else has changed the same thing at the same moment."),
                hint=N_("Look at it again, then decide whether your change is still wanted."),
            ) from problem

    return run


def _once(endpoint: Callable[..., Any], args: Any, given: dict[str, Any], call: Caller, key: str | None) -> Any:
    with call.store.transaction() as tx:
        earlier = tx.answers.find(call.user.id, key) if key else None
        if earlier is not None:
            return _again(earlier, _digest(call, given))
        answer = endpoint(*args, **given | {"call": call.within(tx)})
        if key is not None:
            tx.answers.add(
                Answer(
                    user_id=call.user.id,
                    key=key,
                    request_digest=_digest(call, given),
                    status=call.response.status_code or call.request.scope["route"].status_code or HTTPStatus.OK,
                    document=None if answer is None else to_json(answer).decode(),
                    answered_at=call.now,
                )
            )
        assert call.events, "what changes something is kept in the audit"
        _keep_events(tx, call)
    for step in call.afterwards:
        step()
    return answer


def _keep_events(tx: Transaction, call: Caller) -> None:
    # The time of the entry, not of the request: entries stand in the order of the lock, and their times should too.
    tx.audit.lock()
    for event in call.events:
        tx.audit.append(event, datetime.now(UTC))


def _key_of(call: Caller) -> str | None:
    key = call.request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        raise InputError(
            N_("The idempotency key must have 1 to {max} characters."), field="idempotency-key", max=KEY_CHARACTERS_MAX
        )
    return key


def _digest(call: Caller, given: dict[str, Any]) -> str:
    said = {name: value for name, value in given.items() if isinstance(value, str | int | BaseModel)}
    text = f"{call.request.method} {call.request.url.path}\n"
    return sha256(text.encode() + to_json(dict(sorted(said.items())))).hexdigest()


def _again(earlier: Answer, request_digest: str) -> Response:
    if earlier.request_digest != request_digest:
        raise Conflict(
            N_("This idempotency key belongs to another request."),
            hint=N_("Use a new key for each request; the same one only to repeat it."),
            field="idempotency-key",
        )
    headers = {"idempotency-replayed": "true"}
    if earlier.document is None:
        return Response(status_code=earlier.status, headers=headers)
    return Response(earlier.document, status_code=earlier.status, headers=headers, media_type="application/json")
