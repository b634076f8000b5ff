"""One page of the contacts that fit a filter, with the newest score of each."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    FromClause,
    Row,
    Select,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.contact import Contact, ContactKind
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.errors import N_, InputError
from qa_pipeline.store import Store, Transaction, tables
from qa_pipeline.store.documents import load
from qa_pipeline.store.listing import begins_with, within_reach
from qa_pipeline.store.listing_tables import NO_TIME, has_flag
from qa_pipeline.store.listing_tables import contact_listing as listing
from qa_pipeline.store.tables import UtcMoment

OFFSET_MAX = 10_000
COUNTED_MAX = 10_000


class Sort(StrEnum):
    """Orders of a list. What is unknown of a contact keeps it out of a list that is sorted by it, but for the time."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LOWEST_POINTS = "points"
    HIGHEST_POINTS = "-points"
    SHORTEST = "duration"
    LONGEST = "-duration"
    AGENT = "agent"

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """What it compares, one after the other; there is an index of each."""
        table = listing.c
        first = {
            Sort.LOWEST_POINTS: (table.points,),
            Sort.HIGHEST_POINTS: (table.points,),
            Sort.SHORTEST: (table.duration_s,),
            Sort.LONGEST: (table.duration_s,),
            Sort.AGENT: (table.agent_id, table.sort_at),
        }
        return (*first.get(self, (table.sort_at,)), table.contact_id)

    @property
    def is_falling(self) -> bool:
        """Whether the greatest comes first."""
        return self in (Sort.NEWEST, Sort.HIGHEST_POINTS, Sort.LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter:
    """What must hold; None asks for nothing. ``text``: the id or the agent's id begins so, case aside.

    ``team``: the contact's or else its agent's. ``reach``: whose contacts. ``scored`` True: has points; False:
    inspected without points or not inspected at all. ``reviewed``: by a person. ``points_min`` and ``points_max``: both
    included. ``hidden``: ids of contacts to leave out, few.
    """

    period: str | None = None
    agent_id: str | None = None
    team: str | None = None
    kind: ContactKind | None = None
    language: str | None = None
    red_line: bool | None = None
    passed: bool | None = None
    scored: bool | None = None
    reviewed: bool | None = None
    points_min: float | None = None
    points_max: float | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    flag: Flag | None = None
    reach: Reach = EVERYTHING
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedScore:
    """What a list shows of the newest inspection of a contact."""

    points: float | None
    passed: bool | None
    flags: tuple[Flag, ...]
    undetermined_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedContact:
    """A contact with its newest score, None before its first inspection; ``team``: its own or else its agent's."""

    contact: Contact
    team: str | None
    language: str | None
    score: ListedScore | None
    is_reviewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """Some of ``total`` contacts; there are more than that where ``total_is_exact`` is False.

    ``next``: the cursor behind this page, None at the end.
    """

    contacts: Sequence[ListedContact]
    total: int
    total_is_exact: bool = True
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a list: behind the contact that the cursor ``after`` names, then ``offset`` further."""

    sort: Sort = Sort.NEWEST
    after: str | None = None
    offset: int = 0
    limit: int = 50

    def __post_init__(self) -> None:
        """Refuse to count far: the next page is found by its cursor however far it is."""
        if self.offset > OFFSET_MAX:
            raise InputError(
                N_("A list cannot be asked for from its place {offset}; {max} is the last one."),
                hint=N_("Ask for what comes after a page with its cursor: after=NEXT."),
                field="offset",
                offset=self.offset,
                max=OFFSET_MAX,
            )

    def behind(self, rows: FromClause = listing) -> ColumnElement[bool] | None:
        """Return the condition that a row of ``contact_listing`` stands behind the cursor, None without one."""
        if self.after is None:
            return None
        place = _read_cursor(self.sort, self.after)
        columns = self.sort.columns
        values = tuple_(*(literal(value, column.type) for value, column in zip(place, columns, strict=True)))
        compared = tuple_(*(rows.c[column.name] for column in columns))
        return compared < values if self.sort.is_falling else compared > values

    def order(self, rows: FromClause = listing) -> list[ColumnElement[Any]]:
        """Return what to sort rows of ``contact_listing`` by."""
        columns = [rows.c[column.name] for column in self.sort.columns]
        return [column.desc() if self.sort.is_falling else column.asc() for column in columns]

    def rows(self, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
        """Return the query for this part and one contact more, which tells whether there is a next one."""
        behind = self.behind()
        query = select(listing).where(*where, *([] if behind is None else [behind]))
        return query.order_by(*self.order()).offset(self.offset).limit(self.limit + 1)

    def page(self, tx: Transaction, rows: Sequence[Row[Any]], total: int, *, is_exact: bool) -> ContactPage:
        """Return the page of the rows that :meth:`rows` has given."""
        shown = rows[: self.limit]
        return ContactPage(
            contacts=_listed(tx, shown),
            total=total,
            total_is_exact=is_exact,
            next=_cursor(self.sort, shown[-1]) if len(rows) > self.limit else None,
        )


def list_contacts(store: Store, wanted: ContactFilter, part: Part | None = None) -> ContactPage:
    """Return the contacts that fit, the newest first unless `part` says otherwise, those without a time as the oldest.

    Raises
    ------
    InputError
        The cursor is none, or the part begins too far.
    """
    part = part or Part()
    where = conditions(wanted, part.sort)
    with store.reading() as tx:
        rows = tx.connection.execute(part.rows(where)).all()
        total = count_up_to(tx, where)
        return part.page(tx, rows, min(total, COUNTED_MAX), is_exact=total <= COUNTED_MAX)


def get_listed(tx: Transaction, contact_id: str, reach: Reach) -> ListedContact:
    """Return one contact as lists have it.

    Raises
    ------
    NotFound
        There is no contact with that id, or it is out of reach.
    """
    contact = tables.contact
    query = select(listing, contact.c.document).join(contact, contact.c.id == listing.c.contact_id)
    row = tx.connection.execute(query.where(contact.c.id == contact_id)).first()
    if row is None:
        raise tx.contacts.absence(contact_id)
    reach.check(row.agent_id, row.team, subject=contact_id)
    return _one_listed(row, row.document)


def count_up_to(tx: Transaction, where: Sequence[ColumnElement[bool]], limit: int = COUNTED_MAX + 1) -> int:
    """Return how many contacts fit, counting no further than `limit`."""
    some = select(listing.c.contact_id).where(*where).limit(limit).subquery()
    return int(tx.connection.execute(select(func.count()).select_from(some)).scalar_one())


def conditions(wanted: ContactFilter, sort: Sort = Sort.NEWEST) -> list[ColumnElement[bool]]:
    """Return the filter, all but what was said, as conditions on ``contact_listing``."""
    table = listing.c
    exact = (
        (table.period, wanted.period),
        (table.agent_id, wanted.agent_id),
        (table.team, wanted.team),
        (table.kind, wanted.kind.value if wanted.kind else None),
        (table.language, wanted.language),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in exact if value is not None]
    asked = ((table.red_line, wanted.red_line), (table.passed, wanted.passed), (table.is_reviewed, wanted.reviewed))
    # Not "column = false": the small indexes of what is rare are made over the bare condition.
    found += [column if value else ~column for column, value in asked if value is not None]
    within = within_reach(wanted.reach)
    if within is not None:
        found.append(within)
    if wanted.scored is not None:
        found.append(table.points.is_not(None) if wanted.scored else table.points.is_(None))
    if wanted.hidden:
        found.append(table.contact_id.not_in(sorted(wanted.hidden)))
    if wanted.text:
        found.append(begins_with(wanted.text))
    if wanted.flag is not None:
        found.append(literal_column(has_flag(wanted.flag), Boolean))
    found += _ranges(wanted)
    first = sort.columns[0]
    return [*found, first.is_not(None)] if first.nullable else found


def _ranges(wanted: ContactFilter) -> list[ColumnElement[bool]]:
    table = listing.c
    found = []
    if wanted.points_min is not None:
        found.append(table.points >= wanted.points_min)
    if wanted.points_max is not None:
        found.append(table.points <= wanted.points_max)
    if wanted.since is not None:
        found.append(table.sort_at >= wanted.since)
    if wanted.until is not None:
        found += [table.sort_at < wanted.until, table.sort_at != NO_TIME]
    return found


def _listed(tx: Transaction, rows: Sequence[Row[Any]]) -> list[ListedContact]:
    contact = tables.contact.c
    ids = [row.contact_id for row in rows]
    found = tx.connection.execute(select(contact.id, contact.document).where(contact.id.in_(ids)))
    documents = {row.id: row.document for row in found}
    return [_one_listed(row, documents[row.contact_id]) for row in rows]


def _one_listed(row: Row[Any], document: str) -> ListedContact:
    return ListedContact(
        contact=load(Contact, document),
        team=row.team,
        language=row.language,
        score=None if row.inspection_id is None else _score(row),
        is_reviewed=row.is_reviewed,
    )


def _score(row: Row[Any]) -> ListedScore:
    return ListedScore(
        points=row.points,
        passed=row.passed,
        flags=tuple(Flag(flag) for flag in row.flags.split()),
        undetermined_count=row.undetermined_count,
    )


def _cursor(sort: Sort, row: Row[Any]) -> str:
    values = [getattr(row, column.name) for column in sort.columns]
    place = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([sort.value, *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(sort: Sort, cursor: str) -> list[Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        named, *place = json.loads(text)
        values = [_typed(value, column) for value, column in zip(place, sort.columns, strict=True)]
        if named != sort.value:
            raise ValueError(named)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as problem:
        raise InputError(
            N_("This is not the cursor of a page of this list."),
            hint=N_("Take it from the answer to the same list in the same order, where it stands as next."),
            field="after",
        ) from problem
    return values


def _typed(value: Any, column: Column[Any]) -> Any:
    if isinstance(column.type, Float):
        return float(value)
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("no text")
    if not isinstance(column.type, UtcMoment):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("naive time")
    return moment.astimezone(UTC)
