"""Contacts, and what was said in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.documents import ContactDocument, ContactListDocument, SearchDocument
from api.filters import ContactId, ContactQuery, SearchQuery
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.summaries import contact_document, contact_summary, found_contact
from qa_pipeline.access import Permission
from qa_pipeline.services.contact_list import list_contacts
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.search import search_contacts

router = Routes()


@router.read("/search", Permission.CONTACTS_READ)
def search(call: FromCaller, wanted: Annotated[SearchQuery, Query()]) -> SearchDocument:
    """Contacts in which words were said, newest first, with the sentences.

    The query: words that must all occur, "a phrase", a OR b, -without, begin*.
    """
    page = search_contacts(
        call.store,
        wanted.q,
        wanted.as_filter(call.reach),
        role=wanted.speaker,
        offset=wanted.offset,
        limit=wanted.limit,
    )
    return SearchDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        unindexed_count=page.unindexed_count,
        contacts=tuple(found_contact(found) for found in page.contacts),
    )


@router.read("/contacts", Permission.CONTACTS_READ)
def contacts(call: FromCaller, wanted: Annotated[ContactQuery, Query()]) -> ContactListDocument:
    """Contacts that fit the filters, newest first."""
    page = list_contacts(call.store, wanted.as_filter(call.reach), offset=wanted.offset, limit=wanted.limit)
    return ContactListDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        contacts=tuple(contact_summary(listed.contact, listed.inspection) for listed in page.contacts),
    )


@router.read("/contacts/{contact_id:path}", Permission.CONTACTS_READ)
def contact(call: FromCaller, language: InLanguage, contact_id: ContactId) -> ContactDocument:
    """One contact with its masked transcript, its inspection and all evidence."""
    detail = read_contact(call.store, call.sources.artifacts, contact_id)
    call.reach.check(detail.contact.agent_id, detail.contact.team, subject=contact_id)
    call.record("contact.view", contact_id)
    return contact_document(detail, call.sources, language)
