"""Saved views: the filters of a list under a name, for the person who saved them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A list as it was filtered: the ``path`` of its page and the ``query`` of its address, without "?"."""

    id: str
    user_id: str
    name: str
    path: str
    query: str
    created_at: datetime
