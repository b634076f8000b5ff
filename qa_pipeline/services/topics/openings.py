"""What customers of stored contacts say first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.scoring.languages import written_language
from qa_pipeline.scoring.reason import opening_of, without_brackets
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The opening problem of a contact; ``period``: its month, None without a time. ``language``: zh or en."""

    contact_id: str
    period: str | None
    language: str
    text: str


def read_openings(
    store: Store, artifacts: Artifacts, *, period: str | None = None, since: datetime | None = None
) -> Iterator[Opening]:
    """Yield the openings of contacts whose words are known and can be trusted, by id.

    Parameters
    ----------
    period : str, optional
        A month as ``YYYY-MM``.
    since : datetime, optional
        Aware; contacts before it, and those without a time, are left out.
    """
    with store.reading() as tx:
        contacts = [each for each in tx.contacts.list(period) if since is None or _is_since(each.started_at, since)]
        prints = {each.id: tx.artifacts.of(each.id).get("annotate") for each in contacts}
    for contact in contacts:
        identity = prints[contact.id]
        annotated = artifacts.find(Annotated, "annotate", identity) if identity else None
        if annotated is None or annotated.transcript.quality is TranscriptQuality.UNUSABLE:
            continue
        spoken = [said for said in annotated.transcript.utterances if said.usable]
        text = "\n".join(without_brackets(said.text).strip() for said in opening_of(spoken)).strip()
        if text:
            local = contact.started_at.astimezone(store.time_zone) if contact.started_at else None
            yield Opening(
                contact_id=contact.id,
                period=f"{local:%Y-%m}" if local else None,
                language=written_language(annotated.transcript.language),
                text=text,
            )


def _is_since(started_at: datetime | None, since: datetime) -> bool:
    return started_at is not None and started_at >= since
