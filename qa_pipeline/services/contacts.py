"""Everything that is known of one contact, for pages and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.services.contact_list import ListedContact, get_listed
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetail:
    """A contact with its newest inspection and what that rests on; the transcript is masked. None = not there yet."""

    listed: ListedContact
    inspection: Inspection | None
    transcript: Transcript | None
    annotation: Annotation | None
    listening: Listening | None

    @property
    def contact(self) -> Contact:
        """The contact with its metadata."""
        return self.listed.contact


def read_contact(store: Store, artifacts: Artifacts, contact_id: str, reach: Reach = EVERYTHING) -> ContactDetail:
    """Return one contact.

    Raises
    ------
    NotFound
        There is no contact with that id, or it is out of reach.
    """
    with store.reading() as tx:
        listed = get_listed(tx, contact_id, reach)
        inspection = tx.inspections.find(contact_id)
        prints = tx.artifacts.of(contact_id)
    annotated = find_annotated(artifacts, prints)
    listening = artifacts.find(Listening, "listen", prints["listen"]) if "listen" in prints else None
    return ContactDetail(
        listed=listed,
        inspection=inspection,
        transcript=annotated.transcript if annotated else None,
        annotation=annotated.annotation if annotated else None,
        listening=listening,
    )


def find_annotated(artifacts: Artifacts, prints: Mapping[str, str]) -> Annotated | None:
    """Return the masked transcript of a contact with what was found in it, by the fingerprints of its stages."""
    return artifacts.find(Annotated, "annotate", prints["annotate"]) if "annotate" in prints else None
