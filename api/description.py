"""What the OpenAPI document says of the API as a whole."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.v1 import AREAS, name_of

_ABOUT = """Quality inspection, evaluation and coaching over HTTP; docs/api.md shows how to call it.

Names and reasons are in the reader's language (`lang`, else `Accept-Language`: zh or en). Times are aware UTC. Every
failing answer is an ErrorDocument. Each operation names the permission that it needs as `x-callqa-permission`.
"""


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
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
