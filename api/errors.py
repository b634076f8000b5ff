"""The one table from our errors to HTTP, and the one envelope that every failing answer has."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.language import language_of
from api.metrics import metrics_of
from api.pages.environment import link, render
from qa_pipeline import errors
from qa_pipeline.errors import N_, CallqaError, fill
from qa_pipeline.i18n import translator
from qa_pipeline.resources.schema import problem_of

_RETRY_S = 5  # a database that restarts is back by then
_log = logging.getLogger(__name__)

# Every error of the tree stands here by itself; a test fails when one is missing.
STATUS: Mapping[type[CallqaError], HTTPStatus] = {
    errors.CallqaError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ConfigurationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ScorecardError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.LexiconError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TemplateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.MappingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AudioError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EmptyAudio: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotAudio: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.NoSpeech: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AudioTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.TranscriptError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RowError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.WrongContent: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.PendingError: HTTPStatus.CONFLICT,
    errors.NeedsModel: HTTPStatus.CONFLICT,
    errors.EngineError: HTTPStatus.BAD_GATEWAY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Outdated: HTTPStatus.PRECONDITION_FAILED,
    errors.VersionNeeded: HTTPStatus.PRECONDITION_REQUIRED,
    errors.SignInNeeded: HTTPStatus.UNAUTHORIZED,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.PasswordChangeNeeded: HTTPStatus.FORBIDDEN,
    errors.StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreLocked: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StoreReadOnly: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WorkerDied: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def install(app: FastAPI) -> None:
    """Answer every error in the envelope ``{"error": {...}}``, or as a page outside /api."""
    app.add_exception_handler(CallqaError, _on_callqa_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


def answer(request: Request, status: int, document: Mapping[str, Any]) -> Response:
    """Return the error in the form that the caller reads."""
    if is_for_programs(request):
        return JSONResponse({"error": dict(document)}, status_code=status)
    page = render("error.html", request, status=status, error=document)
    return HTMLResponse(page, status_code=status)


def is_for_programs(request: Request) -> bool:
    """Whether the address answers programs, with JSON, and not people, with pages."""
    path = request.url.path
    return path in ("/api", "/metrics") or path.startswith("/api/")


async def _on_callqa_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallqaError)  # registered for nothing else
    if not is_for_programs(request):
        if isinstance(error, errors.SignInNeeded):
            return RedirectResponse(link(request, "/sign-in", next=_wanted(request)), HTTPStatus.SEE_OTHER)
        if isinstance(error, errors.PasswordChangeNeeded):
            return RedirectResponse(link(request, "/account/password"), HTTPStatus.SEE_OTHER)
    response = answer(request, STATUS[type(error)], _told(error, request))
    if isinstance(error, errors.SignInNeeded):
        response.headers["www-authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 names a way to sign in
    if isinstance(error, errors.TooManyRequests) and "seconds" in error.params:
        response.headers["retry-after"] = str(error.params["seconds"])
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = str(_RETRY_S)
    if isinstance(error, errors.StoreError):
        metrics_of(request).count_store_error(type(error).__name__)
    return response


def _wanted(request: Request) -> str | None:
    """Return where to go after signing in: the page that was asked for, with its query."""
    if request.method != "GET" or request.url.path == "/":
        return None
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _told(error: CallqaError, request: Request) -> dict[str, Any]:
    translate = translator(language_of(request))
    if "database" not in error.params:
        document = error.as_dict(translate)
        # Where a file lies on the server is not for callers.
        return document | ({"file": PurePath(document["file"]).name} if "file" in document else {})
    # Its address, and what the driver says of it, are for the log: they tell strangers hosts, folders and users.
    _log.error("%s", error)
    told = type(error)(
        N_("The database does not take this request now."),
        hint=N_("Try again in a moment. The log of the server says what is wrong."),
    )
    return told.as_dict(translate)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for nothing else
    translate = translator(language_of(request))
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    # Without a field the content as a whole is meant: none at all, or a list in place of an object.
    message = N_("{field} is not valid: {problem}.") if field else N_("The content is not valid: {problem}.")
    params = {"field": field, "problem": problem_of(first)}
    document = {
        "type": "InvalidRequest",
        "message": fill(translate(message), params, translate),
        "hint": translate(N_("The allowed values stand in /api/v1/openapi.json.")),
        "field": field,
    }
    return answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, document)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for nothing else
    translate = translator(language_of(request))
    messages = {
        HTTPStatus.NOT_FOUND: N_("There is nothing at this address."),
        HTTPStatus.METHOD_NOT_ALLOWED: N_("This address does not take such a request."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("The request is larger than what is taken without a file."),
        HTTPStatus.BAD_REQUEST: N_("The request cannot be read: its parts are not as its type says."),
    }
    message = translate(messages[HTTPStatus(error.status_code)]) if error.status_code in messages else error.detail
    document = {"type": "HttpError", "message": message, "hint": ""}
    response = answer(request, error.status_code, document)
    response.headers.update(error.headers or {})
    return response


async def defect_answer(request: Request, error: Exception) -> Response:
    """Return what is answered when callqa itself has failed.

    The log gets where it happened, not what the error says: messages of libraries quote what they were given.
    """
    places = "".join(traceback.format_tb(error.__traceback__))
    _log.error("request failed: %s\n%s", type(error).__name__, places)
    translate = translator(language_of(request))
    document = {
        "type": "Defect",
        "message": translate(N_("callqa failed: this is a defect of the program, not of your data.")),
        "hint": translate(N_("Please report it with the lines that the server logged.")),
    }
    return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, document)
