"""What the OpenAPI document says of the API as a whole."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.v1 import AREAS, name_of

_ABOUT = """Quality inspection, evaluation and coaching over HTTP; docs/api.md shows how to call it.

Names and reasons are in the reader's language (`lang`, else `Accept-Language`: zh or en). Times are aware UTC. Every
failing answer is an ErrorDocument. Each operation names the permission that it needs as `x-callqa-permission`.
"""


_ERROR = {"$ref": "#/components/schemas/ErrorDocument"}
_REFUSALS = {
    "400": "The request cannot be read",
    "401": "Nobody is signed in",
    "403": "The account may not do this, or this person may not take the step",
    "404": "There is nothing of this kind that the caller may see",
    "405": "The address does not take such a request",
    "409": "The state does not allow the step, or the same exists with other content",
    "412": "Somebody has changed it since: read it again",
    "413": "More than is taken at once",
    "415": "Not of a kind that is taken here",
    "421": "The server does not answer to this name",
    "422": "A value is not allowed; the field is named",
    "428": "The edit must say by If-Match which version it changes",
    "429": "Too many requests; Retry-After says when to come back",
    "500": "A defect of the program",
    "503": "The database cannot be used now",
}


def describe(app: FastAPI) -> None:
    """Have an application tell of itself: its areas as tags, and how one signs in."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
            found["tags"] = [
                {"name": name_of(area), "description": (area.__doc__ or "").split("\n\n")[0].strip()} for area in AREAS
            ]
            found.setdefault("components", {})["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "A personal token"}
            }
            found["security"] = [{"token": []}]
            for methods in found["paths"].values():
                for operation in methods.values():
                    _tell_refusals(operation["responses"])
                    _tell_files(operation["responses"])
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _tell_refusals(responses: dict[str, Any]) -> None:
    """Say that whatever fails is the one document, also where what succeeds is a file."""
    for code, meaning in _REFUSALS.items():
        if code in responses:
            responses[code] = {"description": meaning, "content": {"application/json": {"schema": _ERROR}}}


def _tell_files(responses: dict[str, Any]) -> None:
    """Say that what has no model is a file."""
    for code, answer in responses.items():
        if code == str(HTTPStatus.OK.value):
            for media in answer.setdefault("content", {"*/*": {}}).values():
                media.setdefault("schema", {"type": "string", "format": "binary"})
