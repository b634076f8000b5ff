"""Contacts, and what was said in them."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import FileResponse

from api.documents import ContactDocument, ContactListDocument, SearchDocument, TranscriptDocument
from api.filters import ContactId, ContactQuery, SearchQuery
from api.judgements import check_seen, effective_document, filter_for, inspections_document
from api.recordings import send_recording
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.summaries import contact_document, contact_summary, found_contact, transcript_document
from api.v1.contact_documents import EffectiveDocument, InspectionListDocument
from qa_pipeline.access import Permission
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.contact_list import get_listed, list_contacts
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.review_queue.blindness import check_sighted
from qa_pipeline.services.search import search_contacts

_FROM_START = "bytes=0-"
router = Routes()
Number = Annotated[int, Path(ge=0, le=1000, description="Which of the contact's recordings, from 0")]


@router.read("/search", Permission.CONTACTS_READ)
def search(call: FromCaller, wanted: Annotated[SearchQuery, Query()]) -> SearchDocument:
    """Contacts in which words were said, with the sentences.

    The query: words that must all occur, "a phrase", a OR b, -without, begin*.
    """
    page = search_contacts(call.store, wanted.q, filter_for(call, wanted), role=wanted.speaker, part=wanted.part())
    call.record("contact.search", wanted.period or "all", count=len(page.contacts))
    return SearchDocument(
        total=page.total,
        total_is_exact=page.total_is_exact,
        next=page.next,
        offset=wanted.offset,
        limit=wanted.limit,
        unindexed_count=page.unindexed_count,
        contacts=tuple(found_contact(found) for found in page.contacts),
    )


@router.read("/contacts", Permission.CONTACTS_READ)
def contacts(call: FromCaller, wanted: Annotated[ContactQuery, Query()]) -> ContactListDocument:
    """Contacts that fit the filters, newest first or as `sort` says."""
    page = list_contacts(call.store, filter_for(call, wanted), wanted.part())
    call.record("contact.list", wanted.period or "all", count=len(page.contacts))
    return ContactListDocument(
        total=page.total,
        total_is_exact=page.total_is_exact,
        next=page.next,
        offset=wanted.offset,
        limit=wanted.limit,
        contacts=tuple(contact_summary(listed) for listed in page.contacts),
    )


@router.read("/contacts/{contact_id:path}/transcript", Permission.CONTACTS_READ)
def transcript(call: FromCaller, contact_id: ContactId) -> TranscriptDocument:
    """The masked transcript of a contact."""
    with call.store.reading() as tx:
        check_sighted(tx, call.user.actor, contact_id, call.now)
        detail = read_contact(call.store.within(tx), call.sources.artifacts, contact_id, call.reach)
    if detail.transcript is None:
        raise NotFound(
            N_("The contact {id} has no transcript."),
            hint=N_("It has not been scored yet, or its words are no longer kept."),
            id=contact_id,
        )
    call.record("contact.view", contact_id)
    return transcript_document(detail.transcript, detail.annotation)


@router.read("/contacts/{contact_id:path}/inspections", Permission.CONTACTS_READ)
def inspections(call: FromCaller, language: InLanguage, contact_id: ContactId) -> InspectionListDocument:
    """All inspections of a contact by every version of its scorecards, the newest first, with their evidence."""
    check_seen(call, contact_id)
    found = inspections_document(call, contact_id, language)
    call.record("contact.view", contact_id)
    return found


@router.read("/contacts/{contact_id:path}/effective", Permission.CONTACTS_READ)
def effective(call: FromCaller, language: InLanguage, contact_id: ContactId) -> EffectiveDocument:
    """What counts for a contact: the machine's judgement with what people have decided since."""
    found = effective_document(call, contact_id, language)
    call.record("contact.view", contact_id)
    return found


@router.read("/contacts/{contact_id:path}/audio/{number}", Permission.AUDIO_LISTEN, response_class=FileResponse)
def audio(call: FromCaller, contact_id: ContactId, number: Number) -> FileResponse:
    """A recording of a contact; a Range header asks for a part of it."""
    with call.store.reading() as tx:
        contact = get_listed(tx, contact_id, call.reach).contact
    answer = send_recording(contact, number)
    # A player fetches a recording in many parts: what is kept is that somebody began to listen.
    if call.request.headers.get("range", _FROM_START).startswith(_FROM_START):
        call.record("contact.listen", contact_id, recording=number)
    return answer


@router.read("/contacts/{contact_id:path}", Permission.CONTACTS_READ)
def contact(call: FromCaller, language: InLanguage, contact_id: ContactId) -> ContactDocument:
    """One contact with its masked transcript, its inspection and all evidence."""
    with call.store.reading() as tx:
        check_sighted(tx, call.user.actor, contact_id, call.now)
        detail = read_contact(call.store.within(tx), call.sources.artifacts, contact_id, call.reach)
    call.record("contact.view", contact_id)
    found = contact_document(detail, call.sources, language)
    call.give_etag(sha256(found.model_dump_json().encode()).hexdigest()[:32])
    return found
