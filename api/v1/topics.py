"""Topics: what customers contact the company for, found without labels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from api.judgements import blind_to
from api.listing import Document
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.domain.period import check_month
from qa_pipeline.engines.text import load_once
from qa_pipeline.errors import N_, PendingError, TooLarge
from qa_pipeline.services.contact_list import ContactFilter, Part, list_contacts
from qa_pipeline.services.topics import Topics, find_topics, read_openings

router = Routes()
CONTACTS_MAX = 5000
_CONTACTS_SHOWN = 20


class TopicDocument(Document):
    """One topic. ``share`` of all openings of the language; ``contact_ids``: the most typical ones first, not all."""

    name: str
    contacts: int
    share: float
    contact_ids: tuple[str, ...]


class LanguageTopicsDocument(Document):
    """Topics of one language, the largest first; none where there are ``too_few``. ``other``: like no topic."""

    language: str
    contacts: int
    too_few: bool
    topics: tuple[TopicDocument, ...]
    other: int


class TopicsDocument(Document):
    """What customers of a month said first, by language."""

    period: str
    languages: tuple[LanguageTopicsDocument, ...]


class TopicsQuery(BaseModel):
    """Which contacts, and how many topics."""

    model_config = ConfigDict(frozen=True)

    period: Annotated[str, Query(description="Month as 2026-10", examples=["2026-10"], max_length=7)]
    language: Annotated[Literal["zh", "en"] | None, Query(description="Contacts in this language only")] = None
    count: Annotated[int | None, Query(ge=2, le=200, description="How many topics; else the contacts decide")] = None


@router.read("/topics", Permission.CONTACTS_READ, operation_id="list_topics")
def topics(call: FromCaller, wanted: Annotated[TopicsQuery, Query()]) -> TopicsDocument:
    """Group what customers of a month said first into topics with names, sizes and the contacts most typical of each.

    At most 5,000 contacts; more of them: callqa topics.
    """
    check_month(wanted.period)
    where = ContactFilter(period=wanted.period, language=wanted.language, reach=call.reach, hidden=blind_to(call))
    page = list_contacts(call.store, where, Part(limit=CONTACTS_MAX))
    if page.next is not None:
        raise TooLarge(
            N_("{period} has more than {max} contacts, too many to group while you wait."),
            hint=N_("Run: callqa topics --period {period}"),
            field="period",
            period=wanted.period,
            max=CONTACTS_MAX,
        )
    embedding = next((each for each in call.sources.site.engines if each.kind == "embedding"), None)
    if embedding is None:
        raise PendingError(
            N_("This site measures no likeness of texts, which topics need."),
            hint=N_("An administrator can choose an engine: text.embedding in the settings."),
        )
    ids = {listed.contact.id for listed in page.contacts}
    openings = read_openings(call.store, call.sources.artifacts, period=wanted.period)
    among = [each for each in openings if each.contact_id in ids and wanted.language in (None, each.language)]
    found = find_topics(among, load_once(embedding), count=wanted.count)
    call.record("topic.list", wanted.period, count=len(ids))
    return TopicsDocument(period=wanted.period, languages=tuple(_document(each) for each in found))


def _document(found: Topics) -> LanguageTopicsDocument:
    return LanguageTopicsDocument(
        language=found.language,
        contacts=found.count,
        too_few=found.too_few,
        topics=tuple(
            TopicDocument(
                name=topic.name,
                contacts=len(topic.members),
                share=topic.share,
                contact_ids=tuple(each.opening.contact_id for each in topic.members[:_CONTACTS_SHOWN]),
            )
            for topic in found.topics
        ),
        other=len(found.other),
    )
