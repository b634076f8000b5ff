"""Searching what was said: contacts with the utterances that hold the words, and filling the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from qa_pipeline.domain.contact import Role
from qa_pipeline.scoring.full_text import Clause, parse_query, searchable
from qa_pipeline.services.contact_list import (
    COUNTED_MAX,
    ContactFilter,
    ContactPage,
    ListedContact,
    Part,
    conditions,
    count_up_to,
)
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.listing import INDEXED, count_unsearchable
from qa_pipeline.store.listing_tables import contact_listing as listing
from qa_pipeline.store.utterances import SaidWords

HITS_SHOWN = 5
WALKED_MAX = 5000  # contacts; their utterances are read in some hundredths of a second
COMMON_MIN = 20_000  # utterances


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A masked utterance with the half-open spans of its text that were looked for."""

    utterance: int
    role: Role
    start_s: float | None
    end_s: float | None
    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContact:
    """A contact in which the words were said; ``hits``: the first of ``hits_count`` utterances that hold them."""

    listed: ListedContact
    hits: tuple[SearchHit, ...]
    hits_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of ``total`` contacts; there are more than that where ``total_is_exact`` is False.

    ``next``: the cursor behind this page, None at the end. ``unindexed_count``: inspected contacts that cannot be found
    yet, at most 10,000.
    """

    contacts: Sequence[FoundContact]
    total: int
    total_is_exact: bool
    next: str | None
    unindexed_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """``contacts_count`` contacts can be searched now; of those in ``missing`` the stored transcript is gone."""

    contacts_count: int
    missing: tuple[str, ...]


def search_contacts(
    store: Store, query: str, wanted: ContactFilter, *, role: Role | None = None, part: Part | None = None
) -> SearchPage:
    """Return the contacts in which the query holds, with their first utterances that hold its words.

    Parameters
    ----------
    store : Store
    query : str
        As `parse_query` reads it.
    wanted : ContactFilter
        What else must hold of the contact.
    role : Role, optional
        Whose words; by default anybody's.
    part : Part, optional
        Which part of the list, and in which order; by default the newest 50.

    Raises
    ------
    InputError
        When the query or the cursor cannot be read.
    """
    said = SaidWords(query=parse_query(query), role=role)
    part = part or Part()
    with store.reading() as tx:
        page = _page(tx, said, wanted, part)
        found = tx.utterances.find(said, [listed.contact.id for listed in page.contacts])
        unindexed_count = count_unsearchable(tx.connection, COUNTED_MAX)
    hits: dict[str, list[SearchHit]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for each in found:
        counts[each.contact_id] += 1
        if counts[each.contact_id] <= HITS_SHOWN:
            hits[each.contact_id].append(
                SearchHit(
                    utterance=each.utterance,
                    role=each.role,
                    start_s=each.start_s,
                    end_s=each.end_s,
                    text=each.text,
                    highlights=said.query.spans_in(each.text),
                )
            )
    contacts = [
        FoundContact(listed=listed, hits=tuple(hits[listed.contact.id]), hits_count=counts[listed.contact.id])
        for listed in page.contacts
    ]
    return SearchPage(
        contacts=contacts,
        total=page.total,
        total_is_exact=page.total_is_exact,
        next=page.next,
        unindexed_count=unindexed_count,
    )


def _page(tx: Transaction, said: SaidWords, wanted: ContactFilter, part: Part) -> ContactPage:
    """Return a page of the contacts in which the words were said.

    A word that many say is soon met on a walk through the first contacts of the list, while the index would give all
    who say it only to have most of them thrown away; one that few say is found by the index. So for common words the
    walk is tried first, as far as it takes little time.
    """
    where = conditions(wanted, part.sort)
    counted = [
        (tx.utterances.estimate(clause, said.role), place, clause)
        for place, clause in enumerate(said.query.clauses)
        if not clause.is_excluded
    ]
    count, _, rarest = min(counted)
    met = _walk(tx, said, where, part) if count >= COMMON_MIN else None
    return met or _by_index(tx, said, where, part, rarest)


def _walk(tx: Transaction, said: SaidWords, where: Sequence[ColumnElement[bool]], part: Part) -> ContactPage | None:
    """Return the page if the first contacts of the list fill it or are all that there are."""
    behind = part.behind()
    ahead = where if behind is None else [*where, behind]
    walked = select(listing).where(*ahead).order_by(*part.order()).limit(WALKED_MAX).subquery("walked")
    holds = [tx.utterances.holds(clause, said.role, walked.c.contact_id) for clause in said.query.clauses]
    needed = part.offset + part.limit + 1
    met = tx.connection.execute(select(walked).where(*holds).order_by(*part.order(walked)).limit(needed)).all()
    if len(met) < needed and count_up_to(tx, ahead, WALKED_MAX + 1) > WALKED_MAX:
        return None
    return part.page(tx, met[part.offset :], len(met), is_exact=len(met) < needed and behind is None)


def _by_index(
    tx: Transaction, said: SaidWords, where: Sequence[ColumnElement[bool]], part: Part, looked_up: Clause
) -> ContactPage:
    found = tx.utterances.found(looked_up, said.role)
    rest = [
        tx.utterances.holds(clause, said.role, found.c.contact_id)
        for clause in said.query.clauses
        if clause is not looked_up
    ]
    fits = (
        select(listing, func.count().over().label("fitting_count"))
        .join(found, found.c.contact_id == listing.c.contact_id)
        .where(*where, *rest)
        .subquery("fits")
    )
    behind = part.behind(fits)
    query = select(fits).where(*([] if behind is None else [behind])).order_by(*part.order(fits))
    rows = tx.connection.execute(query.offset(part.offset).limit(part.limit + 1)).all()
    if rows:
        total = int(rows[0].fitting_count)
    elif behind is None and not part.offset:
        total = 0
    else:  # behind the end
        total = int(tx.connection.execute(select(func.count()).select_from(fits)).scalar_one())
    return part.page(tx, rows, total, is_exact=True)


def reindex(store: Store, artifacts: Artifacts) -> Reindexed:
    """Fill the index from the stored transcripts of all inspected contacts, each in a transaction of its own."""
    with store.reading() as tx:
        prints = {contact.id: tx.artifacts.of(contact.id).get("annotate") for contact in tx.contacts.list()}
    done = 0
    missing = []
    for contact_id, identity in prints.items():
        if identity is None:
            continue
        annotated = artifacts.find(Annotated, "annotate", identity)
        if annotated is None:
            missing.append(contact_id)
            continue
        said = searchable(annotated.transcript)
        with store.transaction() as tx:
            tx.utterances.put(contact_id, said)
            tx.artifacts.put(contact_id, {INDEXED: identity})
        done += 1
    return Reindexed(contacts_count=done, missing=tuple(missing))
