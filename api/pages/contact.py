"""The page of one contact: listening and reading, what was found, and what people say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.documents import ContactDocument, TranscriptDocument
from api.filters import ContactId
from api.judgements import check_seen
from api.language import language_of
from api.listing import IdInPath
from api.pages.contact_view import HEIGHT, WIDTH, lines_of, sentiment_course, turns_by_utterance
from api.pages.environment import render
from api.pages.timeline import player_document, timeline_of
from api.router import FromCaller, Routes
from api.summaries import contact_document
from api.v1.queue import sheet
from api.v1.reviews import contact_reviews
from api.v1.reviews_documents import ContactReviewsDocument, ReviewDocument
from qa_pipeline.access import Permission
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review_queue import Claim
from qa_pipeline.errors import NotFound
from qa_pipeline.report.data import FindingRow
from qa_pipeline.services.contacts import ContactDetail, read_contact
from qa_pipeline.services.cycle.appeals import list_items

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)

# The verdicts that a person may give, in the order of the keys 1 to 4.
VERDICTS = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET, Outcome.NOT_APPLICABLE)
_ORDER = (Outcome.NOT_MET, Outcome.PARTLY_MET, Outcome.UNDETERMINED, Outcome.MET, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPart:
    """What a reviewer sees and writes beside the findings. ``own``: the reviewer's review in force, by criterion."""

    said: ContactReviewsDocument
    version: str
    claim: Claim | None
    own: ReviewDocument | None
    own_verdicts: Mapping[str, str]
    own_comments: Mapping[str, str]


@router.read("/contacts/{contact_id:path}", Permission.CONTACTS_READ)
def contact(request: Request, call: FromCaller, contact_id: ContactId) -> str:
    """One contact: recording, transcript and time line, with findings beside; a form for who may review it."""
    check_seen(call, contact_id)
    detail = read_contact(call.store, call.sources.artifacts, contact_id, call.reach)
    call.record("contact.view", contact_id)
    document = contact_document(detail, call.sources, language_of(request))
    transcript = document.transcript
    timeline = timeline_of(document, detail.listening)
    may_listen = call.may(Permission.AUDIO_LISTEN) and bool(detail.contact.audio)
    is_there = all(Path(source.uri).is_file() for source in detail.contact.audio)
    return render(
        "contact.html",
        request,
        document=document,
        lines=lines_of(transcript, document.inspection) if transcript else (),
        findings=ordered(document.inspection.findings) if document.inspection else (),
        course=sentiment_course(transcript.utterances) if transcript else (),
        customer_course=next((each for each in document.sentiment if each.role is Role.CUSTOMER), None),
        turns=turns_by_utterance(document),
        course_width=WIDTH,
        course_height=HEIGHT,
        timeline=timeline,
        player=_player(document, detail) if may_listen and is_there else None,
        lacks_recording=may_listen and not is_there,
        review=_review_part(call, contact_id) if document.inspection and _may_review(call, detail) else None,
        verdicts=VERDICTS,
        own_items=_own_items(call, detail),
    )


@router.read("/sheets/{claim_id}", Permission.CONTACTS_REVIEW)
def blind_sheet(request: Request, call: FromCaller, claim_id: IdInPath) -> str:
    """A contact that is reviewed blind: its words and the criteria, and nothing that was found."""
    found = sheet(call, language_of(request), claim_id)
    return render(
        "sheet.html",
        request,
        sheet=found,
        lines=lines_of(found.transcript, None) if found.transcript else (),
        version=call.response.headers["etag"].strip('"'),
        player=_blind_player(call, found.contact_id, found.transcript),
        verdicts=VERDICTS,
    )


def ordered(findings: Sequence[FindingRow]) -> list[FindingRow]:
    """Return findings in the order in which a person should look: red lines and what is not met first."""
    return sorted(findings, key=lambda finding: (_ORDER.index(finding.outcome), not finding.fatal))


def _player(document: ContactDocument, detail: ContactDetail) -> dict[str, object]:
    utterances = document.transcript.utterances if document.transcript else ()
    timeline = timeline_of(document, detail.listening)
    duration_s = timeline.duration_s if timeline else None
    return player_document(len(detail.contact.audio), detail.listening, utterances, duration_s)


def _blind_player(call: Caller, contact_id: str, transcript: TranscriptDocument | None) -> dict[str, object] | None:
    with call.store.reading() as tx:
        recordings = tx.contacts.get(contact_id).audio
    is_there = recordings and all(Path(source.uri).is_file() for source in recordings)
    if not is_there or not call.may(Permission.AUDIO_LISTEN):
        return None
    return player_document(len(recordings), None, transcript.utterances if transcript else (), None)


def _may_review(call: Caller, detail: ContactDetail) -> bool:
    found = call.may(Permission.CONTACTS_REVIEW) and call.may(Permission.REVIEWS_READ)
    reach = call.reach_of(Permission.CONTACTS_REVIEW) if found else None
    agent_id = detail.contact.agent_id
    is_own = agent_id is not None and agent_id == call.user.agent_id
    return reach is not None and not is_own and reach.covers(agent_id, detail.listed.team)


def _review_part(call: Caller, contact_id: str) -> ReviewPart:
    said = contact_reviews(call, contact_id)
    version = call.response.headers["etag"].strip('"')
    # The page changes with more than its reviews: its answer must not carry their version.
    del call.response.headers["etag"]
    with call.store.reading() as tx:
        claims = tx.claims.list_open(call.now, claimant=call.user.actor, contact_id=contact_id)
    own = next((each for each in said.reviews if each.reviewer == call.user.actor and each.in_force), None)
    return ReviewPart(
        said=said,
        version=version,
        claim=claims[0] if claims else None,
        own=own,
        own_verdicts={each.criterion_id: each.outcome.value for each in own.verdicts} if own else {},
        own_comments={each.criterion_id: each.comment for each in own.verdicts} if own else {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnItems:
    """What the inspected person may appeal of this contact: criterion -> id of the appeal that there is, or None."""

    period: str
    appeals: Mapping[str, str | None]


def _own_items(call: Caller, detail: ContactDetail) -> OwnItems | None:
    started, agent_id = detail.contact.started_at, detail.contact.agent_id
    if agent_id is None or agent_id != call.user.agent_id or started is None or not call.may(Permission.APPEALS_FILE):
        return None
    period = started.astimezone(call.store.time_zone).strftime("%Y-%m")
    try:
        with call.store.reading() as tx:
            items = list_items(tx, agent_id, period, call.sources.site.cards())
    except NotFound:  # nothing is published yet
        return None
    appeals = {
        each.item.criterion_id: each.appeal.appeal.id if each.appeal else None
        for each in items
        if each.item.contact_id == detail.contact.id and each.item.criterion_id is not None
    }
    return OwnItems(period=period, appeals=appeals)
