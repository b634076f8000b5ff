"""The reader's language: what the address asks for, else that of the account, else what the browser prefers."""

from __future__ import annotations

from starlette.requests import Request

from qa_pipeline.i18n import LANGUAGES


def language_of(request: Request) -> str:
    """Return ``zh`` or ``en``: by ``?lang=``, the account, Accept-Language (RFC 9110, 12.5.4), else ``en``."""
    who = getattr(request.state, "who", None)
    for chosen in (request.query_params.get("lang"), who.user.language if who else None):
        if chosen in LANGUAGES:
            return chosen
    return preferred_language(request.headers.get("accept-language", ""))


def preferred_language(header: str) -> str:
    """Return the language with the highest weight that we have; a weight that is no number counts as 0."""
    best, best_weight = "en", 0.0
    for part in header.split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        weight = _weight(parameter)
        if primary in LANGUAGES and weight > best_weight:
            best, best_weight = primary, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
