"""Requests that another site makes a browser send: refused where they change something (docs/decisions/0016)."""

from __future__ import annotations

from starlette.requests import Request

from qa_pipeline.errors import N_, NotAllowed

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})  # "none": the person's own doing, such as a bookmark


def check_own_origin(request: Request) -> None:
    """Check that a request that changes something comes from a page of this site, by what the browser says of it.

    Raises
    ------
    NotAllowed
        Sec-Fetch-Site names another site; or, from browsers without it, Origin is not this site's or is missing.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    came_from_here = (
        site in _OWN if site is not None else request.headers.get("origin", "").lower() == own_origin(request)
    )
    if not came_from_here:
        raise NotAllowed(
            N_("This request did not come from a page of this site."),
            hint=N_("Open the page here and try again. Programs send a personal token instead of a cookie."),
        )


def own_origin(request: Request) -> str:
    """Return scheme, host and port under which the browser asked, as it writes them in Origin."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}".lower()
