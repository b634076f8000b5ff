"""What requests may carry: bodies of the right type and size, and text that both databases can keep."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from functools import cached_property
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from api.sources import sources_of
from qa_pipeline.characters import is_text
from qa_pipeline.errors import N_, InputError, WrongContent

_DEPTH_MAX = 50  # no document of ours has ten levels
_WHOLE_MAX = 2**63 - 1  # what both databases take
_JSON, _FORMS = "application/json", ("application/x-www-form-urlencoded", "multipart/form-data")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CheckedRoute(APIRoute):
    """A route that looks at what a request carries before anything else does.

    Where the endpoint declares a body, that must be JSON (or a form, for a form) and no larger than the options allow;
    it is never read further than that. Files come to routes that declare none and measure them while they arrive.
    A route of the API refuses parameters that it does not have: a filter with a slip in its name would find everything.
    """

    @cached_property
    def _parameters(self) -> frozenset[str]:
        """Names of what may stand behind the question mark."""
        operations = get_openapi(title="", version="", routes=[self])["paths"].get(self.path_format, {}).values()
        named = (each for operation in operations for each in operation.get("parameters", ()))
        return frozenset(each["name"] for each in named if each["in"] == "query") | {"lang"}

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def check_and_handle(request: Request) -> Response:
            _check_texts(request)
            if self.include_in_schema:
                _check_names(request, self._parameters)
            if self.body_field is None:
                return await handle(request)
            limit = sources_of(request).options.body_kb * 1024
            capped = Request(request.scope, _capped(request, limit))
            if isinstance(self.body_field.field_info, Form):
                await _check_form(capped)
            else:
                await _check_json(capped)
            return await handle(capped)

        return check_and_handle


def _capped(request: Request, limit: int) -> Receive:
    # What the caller announces is believed only where it is too much.
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive


async def _check_json(request: Request) -> None:
    if not await request.body():
        return
    kind = _content_type(request)
    if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _wrong_content(_JSON)
    try:
        document = await request.json()  # kept by the request, so that nobody reads it again
    except json.JSONDecodeError as problem:
        raise InputError(
            N_("The request is no JSON: line {line}, column {column}."),
            hint=N_("Send a JSON document in UTF-8."),
            line=problem.lineno,
            column=problem.colno,
        ) from problem
    except (ValueError, RecursionError) as problem:  # no UTF-8; a number of thousands of digits; endless brackets
        raise InputError(
            N_("The request is no JSON that can be read."), hint=N_("Send a JSON document in UTF-8.")
        ) from problem
    _check_document(document)


async def _check_form(request: Request) -> None:
    if not await request.body():
        return
    if _content_type(request) not in _FORMS:
        raise _wrong_content(", ".join(_FORMS))
    form = await request.form()  # a broken one is answered with 400
    for name, value in form.multi_items():
        if isinstance(value, str):
            _check_text(value, name)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _wrong_content(wanted: str) -> WrongContent:
    return WrongContent(
        N_("This address does not take content of such a type."),
        hint=N_("Send the header Content-Type: {wanted}, and content of that type."),
        field="content-type",
        wanted=wanted,
    )


def _check_names(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise InputError(
                N_("This address has no parameter of this name."),
                hint=N_("It has: {names}."),
                field=name if name.isprintable() else "",
                names=", ".join(sorted(known)),
            )


def _check_texts(request: Request) -> None:
    """Check addresses: a NUL there would reach the database."""
    for name, value in (*request.path_params.items(), *request.query_params.multi_items()):
        if isinstance(value, str):
            _check_text(value, name)


def _check_document(document: object) -> None:
    """Check every text and number of a JSON document, wherever it stands."""
    waiting: list[tuple[str, int, object]] = [("", 0, document)]
    while waiting:
        name, depth, value = waiting.pop()
        if depth > _DEPTH_MAX:
            raise InputError(N_("The document is nested more than {max} levels deep."), field=name, max=_DEPTH_MAX)
        if isinstance(value, str):
            _check_text(value, name)
        elif isinstance(value, int | float):
            _check_number(value, name)
        elif isinstance(value, list):
            waiting += [(f"{name}.{index}".lstrip("."), depth + 1, each) for index, each in enumerate(value)]
        elif isinstance(value, dict):
            for key, each in value.items():
                _check_text(key, name)
                waiting.append((f"{name}.{key}".lstrip("."), depth + 1, each))


def _check_text(value: str, name: str) -> None:
    if not is_text(value):
        raise InputError(
            N_("A text holds a character that is none: NUL, or half of a surrogate pair."),
            hint=N_("Leave it out."),
            field="" if "\x00" in name or not name.isprintable() else name,
        )


def _check_number(value: float, name: str) -> None:
    is_too_large = abs(value) > _WHOLE_MAX if isinstance(value, int) else not math.isfinite(value)
    if is_too_large:
        raise InputError(N_("The number is larger than any that is taken."), field=name)
