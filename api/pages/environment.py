"""Rendering a page in the reader's language."""

from __future__ import annotations

from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from jinja2 import Environment
from starlette.requests import Request

from api.language import language_of
from api.pages.navigation import places_of
from qa_pipeline.i18n import LANGUAGES
from qa_pipeline.report.environment import moment_filter, page_environment

LANGUAGE_NAMES = {code: Locale(code).get_language_name() or code for code in LANGUAGES}  # each in itself


@cache
def _environment(language: str) -> Environment:
    return page_environment(language, "api.pages")


def prepare_pages() -> None:
    """Compile the templates of all languages, which the first reader of each page would wait for."""
    for language in LANGUAGES:
        environment = _environment(language)
        for name in environment.list_templates(extensions=["html"]):
            environment.get_template(name)


def render(name: str, request: Request, **values: Any) -> str:
    """Return a page as text.

    Templates get ``link(path, **query)``, which keeps a language that the address asked for, and ``languages``: the
    address of this page in each language. ``who`` is signed in, None when nobody is, or nobody is known yet;
    ``places``: where the head of the page leads them. ``moment(at)`` writes a time in the site's zone.
    """
    language = language_of(request)
    who = getattr(request.state, "who", None)
    return (
        _environment(language)
        .get_template(name)
        .render(
            link=partial(link, request),
            languages=[
                (code, LANGUAGE_NAMES[code], _address(request.url.path, dict(request.query_params) | {"lang": code}))
                for code in LANGUAGES
            ],
            path=request.url.path,
            who=who,
            places=places_of(who) if who else (),
            moment=moment_filter(request.app.state.sources.store.time_zone.key),
            **values,
        )
    )


def link(request: Request, path: str, **query: Any) -> str:
    """Return an address on this site, in the language that this request asked for by ``?lang=``, if it did."""
    asked = request.query_params.get("lang")
    kept = {"lang": asked} if asked in LANGUAGES else {}
    return _address(path, {key: value for key, value in query.items() if value not in (None, "")} | kept)


def _address(path: str, query: dict[str, Any]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
