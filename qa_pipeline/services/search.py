"""Searching what was said: contacts with the utterances that hold the words, and filling the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.scoring.full_text import parse_query, searchable
from qa_pipeline.services.contact_list import ContactFilter, list_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store
from qa_pipeline.store.utterances import INDEXED, SaidWords

HITS_SHOWN = 5


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

    contact: Contact
    inspection: Inspection | None
    hits: tuple[SearchHit, ...]
    hits_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of ``total`` contacts, newest first. ``unindexed_count``: inspected contacts that cannot be found yet."""

    contacts: Sequence[FoundContact]
    total: int
    unindexed_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """``contacts_count`` contacts can be searched now; of those in ``missing`` the stored transcript is gone."""

    contacts_count: int
    missing: tuple[str, ...]


def search_contacts(
    store: Store, query: str, wanted: ContactFilter, *, role: Role | None = None, offset: int = 0, limit: int = 50
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
    offset, limit : int
        Which part of the list.

    Raises
    ------
    InputError
        When the query cannot be read.
    """
    said = SaidWords(query=parse_query(query), role=role)
    page = list_contacts(store, replace(wanted, said=said), offset=offset, limit=limit)
    with store.reading() as tx:
        found = tx.utterances.find(said, [listed.contact.id for listed in page.contacts])
        unindexed = tx.utterances.contacts_without()
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
        FoundContact(
            contact=listed.contact,
            inspection=listed.inspection,
            hits=tuple(hits[listed.contact.id]),
            hits_count=counts[listed.contact.id],
        )
        for listed in page.contacts
    ]
    return SearchPage(contacts=contacts, total=page.total, unindexed_count=len(unindexed))


def reindex(store: Store, artifacts: ArtifactFolder) -> Reindexed:
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
