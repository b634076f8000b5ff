"""What is left out for whom, beyond the rows that :mod:`qa_pipeline.access` keeps from them: the one place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from qa_pipeline.access import Permission


class Fact(StrEnum):
    """Something that stands in a row and that not everybody who may see the row is shown."""

    REVIEWER_NAMES = "reviewer_names"  # who has reviewed a contact
    QUOTES = "quotes"  # what was said, in reports and results
    SERVER_PATHS = "server_paths"  # folders of the server; names of files often hold numbers and dates
    RATER_NAMES = "rater_names"  # which peer, or who of the own team, gave a rating
    CUSTOMER_REFERENCE = "customer_reference"  # how the site calls the customer


# What one needs to be shown a fact of rows that one may see; None: it is shown to nobody.
NEEDED: Mapping[Fact, Permission | None] = {
    Fact.REVIEWER_NAMES: Permission.REVIEWS_READ,
    Fact.QUOTES: Permission.CONTACTS_READ,
    Fact.SERVER_PATHS: Permission.BATCHES_RUN,
    Fact.RATER_NAMES: None,
    Fact.CUSTOMER_REFERENCE: None,
}
# Fields that name who did something to a row.
ACTING = frozenset(
    {"reviewer", "rater_id", "actor", "claimant", "member", "owner", "coach"}
    | {f"{verb}_by" for verb in ("decided", "published", "recorded", "proposed", "reported", "drawn", "held")}
    | {f"{verb}_by" for verb in ("released", "created", "filed", "deleted", "superseded", "cancel_requested")}
    | {f"{verb}_by" for verb in ("completed", "fitted", "scored", "drafted")}
)
ANOTHER = "(another person)"
QUOTING = frozenset({"quote", "quotes"})  # fields that hold what was said


def without_others(value: Any, own: Collection[str]) -> Any:
    """Return a JSON value in which the names of others who did something are left out, those in `own` kept."""
    match value:
        case dict():
            return {name: _told(name, part, own) for name, part in value.items()}
        case list():
            return [without_others(part, own) for part in value]
        case _:
            return value


def without_quotes(value: Any) -> Any:
    """Return a JSON value in which nothing stands that was said in a contact."""
    match value:
        case dict():
            return {name: without_quotes(part) for name, part in value.items() if name not in QUOTING}
        case list():
            return [without_quotes(part) for part in value]
        case _:
            return value


def _told(name: str, part: Any, own: Collection[str]) -> Any:
    if name in ACTING and isinstance(part, str) and part not in own:
        return ANOTHER
    return without_others(part, own)
