"""From domain values to the API's documents."""

from __future__ import annotations

from api.documents import (
    ContactDocument,
    ContactSummary,
    FoundContactDocument,
    MoveDocument,
    SearchHitDocument,
    TranscriptDocument,
    UtteranceDocument,
)
from api.sources import Sources
from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.i18n import translator
from qa_pipeline.report.contact_rows import contact_row, customer_turns
from qa_pipeline.services.contact_list import ListedContact
from qa_pipeline.services.contacts import ContactDetail
from qa_pipeline.services.search import FoundContact


def contact_summary(listed: ListedContact) -> ContactSummary:
    """Return one contact as lists show it."""
    contact, score = listed.contact, listed.score
    return ContactSummary(
        id=contact.id,
        kind=contact.kind,
        agent_id=contact.agent_id,
        agent_name=contact.agent_name,
        team=listed.team,
        queue=contact.queue,
        direction=contact.direction,
        started_at=contact.started_at,
        language=listed.language,
        inspected=score is not None,
        points=score.points if score else None,
        passed=score.passed if score else None,
        flags=score.flags if score else (),
        undetermined_count=score.undetermined_count if score else None,
        reviewed=listed.is_reviewed,
    )


def found_contact(found: FoundContact) -> FoundContactDocument:
    """Return one contact as searches show it."""
    return FoundContactDocument(
        contact=contact_summary(found.listed),
        hits_count=found.hits_count,
        hits=tuple(
            SearchHitDocument(
                utterance=hit.utterance,
                role=hit.role,
                start_s=hit.start_s,
                end_s=hit.end_s,
                text=hit.text,
                highlights=hit.highlights,
            )
            for hit in found.hits
        ),
    )


def contact_document(detail: ContactDetail, sources: Sources, language: str) -> ContactDocument:
    """Return everything that is known of one contact."""
    inspection, annotation = detail.inspection, detail.annotation
    judged = inspection and contact_row(detail.contact, inspection, sources.rulebook, language, translator(language))
    return ContactDocument(
        contact=contact_summary(detail.listed),
        inspection=judged,
        facts=inspection.facts if inspection else None,
        sounds=detail.listening.sounds if detail.listening else (),
        transcript=transcript_document(detail.transcript, annotation) if detail.transcript else None,
        sentiment=annotation.courses if annotation else (),
        turning_points=customer_turns(inspection) if inspection else (),
        satisfaction=inspection.satisfaction if inspection else None,
        reason=inspection.contact_reason if inspection else None,
        attitude=annotation.attitude if annotation else (),
    )


def transcript_document(transcript: Transcript, annotation: Annotation | None) -> TranscriptDocument:
    """Return a masked transcript with the sentiment, the moves and the hints of abuse of its utterances."""
    judged = {sentiment.utterance: sentiment for sentiment in (annotation.sentiments if annotation else ())}
    moves: dict[int, tuple[MoveDocument, ...]] = {}
    for made in annotation.moves if annotation else ():
        shown = MoveDocument(move=made.move, confidence=made.confidence, quote=made.quote)
        moves[made.utterance] = (*moves.get(made.utterance, ()), shown)
    abuse = {hint.utterance: hint.probability for hint in (annotation.abuse if annotation else ())}
    return TranscriptDocument(
        language=transcript.language,
        engine=transcript.engine,
        quality=transcript.quality,
        confidence=transcript.confidence,
        languages=transcript.languages,
        roles_by=transcript.roles_by,
        roles_swapped=transcript.roles_swapped,
        diarizer=transcript.diarizer,
        diarization_confidence=transcript.diarization_confidence,
        utterances=tuple(
            UtteranceDocument(
                index=said.index,
                role=said.role,
                text=said.text,
                start_s=said.start_s,
                end_s=said.end_s,
                confidence=said.confidence,
                usable=said.usable,
                sentiment=judged[said.index].label if said.index in judged else None,
                sentiment_score=judged[said.index].score if said.index in judged else None,
                moves=moves.get(said.index, ()),
                abuse_probability=abuse.get(said.index),
            )
            for said in transcript.utterances
        ),
    )
