"""The audit: who did or saw what, as a chain in which nothing can be changed unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth keeping: ``action`` such as "contact.view", on a ``subject`` such as an id.

    ``details`` hold ids, names of fields and counts, never what somebody said.
    """

    actor: str
    role: str
    action: str
    subject: str
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An event in the chain. ``number`` from 1 without gaps; ``digest`` covers the event, and ``previous_digest``."""

    number: int
    at: datetime
    event: Event
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries somebody asks for; None: any.

    ``since`` belongs to the time asked for, ``until`` does not. An ``action`` that ends with a full stop means its
    group: "contact." is "contact.view" and all others that begin so.
    """

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None
