"""Bringing a database to the schema of this version, and what lists show to what is there."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from qa_pipeline.store import connect_store, open_store, schema

_CONTACTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """From which revision to which; ``before`` is None where the database was empty.

    ``refreshed_count``: contacts that an older callqa wrote meanwhile, and that lists show now.
    """

    before: str | None
    after: str
    refreshed_count: int


def upgrade_database(url: str, time_zone: ZoneInfo) -> Upgraded:
    """Migrate a database, then make the rows of lists anew that an older callqa has left behind.

    Raises
    ------
    ConfigurationError, StoreError
        As `open_store`.
    """
    with_any = connect_store(url, time_zone)
    try:
        with with_any.snapshot() as connection:
            before = schema.current_revision(connection)
    finally:
        with_any.close()
    store = open_store(url, time_zone, upgrade=True)
    refreshed = 0
    try:
        while True:
            with store.transaction() as tx:
                wanted = tx.listing.missing(_CONTACTS_AT_ONCE) or tx.listing.stale(_CONTACTS_AT_ONCE)
                for contact_id in wanted:
                    tx.listing.refresh(contact_id)
            if not wanted:
                break
            refreshed += len(wanted)
    finally:
        store.close()
    return Upgraded(before=before, after=schema.HEAD, refreshed_count=refreshed)
