"""Files that pages load: the stylesheet, our modules, and Plotly from its wheel."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath

from fastapi import Request
from fastapi.responses import Response

from api.router import Routes
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.report.environment import stylesheet

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3.5" fill="#0f3d4c"/>'
    '<path d="M3.5 8.5l3 3 6-7" fill="none" stroke="#fff" stroke-width="2.2"/></svg>'
)
_TYPES = {".css": "text/css", ".js": "text/javascript"}
# Plotly brings a style element for maps, which no page has; its text would be refused by the content security policy.
_MAP_STYLE = re.compile(rb"'\.maplibregl-map\{[^']*'")
_PACKED_FROM_BYTES = 20_000
router = Routes(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file as it is sent; ``packed``: the same by gzip, None where that is not worth it."""

    content: bytes
    packed: bytes | None
    etag: str
    media_type: str


def _content(name: str) -> bytes | None:
    if name == "style.css":
        own = files("api").joinpath("static", "pages.css").read_bytes()
        return stylesheet().encode() + own
    if name == "plotly.js":
        return _MAP_STYLE.sub(b"''", files("plotly").joinpath("package_data", "plotly.min.js").read_bytes())
    path = files("api").joinpath("static", name)
    return path.read_bytes() if path.is_file() and PurePath(name).suffix == ".js" else None


@cache
def asset(name: str) -> Asset:
    """Return a file of the pages by its name; raises NotFound for a name that is none."""
    content = _content(name) if PurePath(name).name == name else None
    if content is None:
        raise NotFound(N_("There is nothing at this address."))
    return Asset(
        content=content,
        packed=gzip.compress(content, mtime=0) if len(content) >= _PACKED_FROM_BYTES else None,
        etag=f'"{sha256(content).hexdigest()[:20]}"',
        media_type=_TYPES[PurePath(name).suffix],
    )


@router.open("GET", "/static/{name}")
def read_asset(request: Request, name: str) -> Response:
    """A file of the pages; a browser that has it asks whether it is still the same."""
    found = asset(name)
    # A newer version of callqa may bring other files under the same names: always ask, mostly to hear "the same".
    headers = {"etag": found.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers=headers | {"content-encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.open("GET", "/favicon.ico")
def icon() -> Response:
    """A mark for the browser's tab."""
    return Response(_ICON, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})
