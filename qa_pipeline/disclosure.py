"""What is left out for whom, beyond the rows that :mod:`qa_pipeline.access` keeps from them: the one place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from qa_pipeline.domain.cycle import StaffRole


class Fact(StrEnum):
    """Something that stands in a row and that not everybody who may see the row is shown."""

    CUSTOMER_REFERENCE = "customer_reference"  # how the site calls the customer
    SERVER_PATHS = "server_paths"  # where files lie on the server; their names often hold numbers and dates
    REVIEWER_NAMES = "reviewer_names"  # who reviewed, decided or drew
    RATER_NAMES = "rater_names"  # who gave a rating in a 360-degree appraisal
    HIDDEN_AGENTS = "hidden_agents"  # whose contact it is, in a blind review before it is given


_AGENT, _SUPERVISOR, _QA = StaffRole.AGENT, StaffRole.SUPERVISOR, StaffRole.QA
_HR, _ADMINISTRATOR = StaffRole.HR, StaffRole.ADMINISTRATOR
SHOWN: Mapping[Fact, frozenset[StaffRole]] = {
    Fact.CUSTOMER_REFERENCE: frozenset({_SUPERVISOR, _QA}),
    Fact.SERVER_PATHS: frozenset({_QA}),
    Fact.REVIEWER_NAMES: frozenset({_SUPERVISOR, _QA, _HR}),
    Fact.RATER_NAMES: frozenset({_HR}),
    Fact.HIDDEN_AGENTS: frozenset(),
}
# Fields that name who did something to a row.
ACTING = frozenset(
    {"reviewer", "rater_id", "actor", "claimant", "member", "owner"}
    | {f"{verb}_by" for verb in ("decided", "published", "recorded", "proposed", "reported", "drawn", "held")}
    | {f"{verb}_by" for verb in ("released", "created", "filed", "deleted", "superseded", "cancel_requested")}
)
ANOTHER = "(another person)"


def shows(role: StaffRole, fact: Fact) -> bool:
    """Whether people in a role are shown a fact of the rows that they may see."""
    return role in SHOWN[fact]


def without_others(value: Any, own: Collection[str]) -> Any:
    """Return a JSON value in which the names of others who did something are left out, those in `own` kept."""
    match value:
        case dict():
            return {name: _told(name, part, own) for name, part in value.items()}
        case list():
            return [without_others(part, own) for part in value]
        case _:
            return value


def _told(name: str, part: Any, own: Collection[str]) -> Any:
    if name in ACTING and isinstance(part, str) and part not in own:
        return ANOTHER
    return without_others(part, own)
