"""Words of recordings without scoring: nothing is kept but the artifacts that a later batch finds again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.errors import PendingError, StoreError
from qa_pipeline.intake.discover import discover
from qa_pipeline.intake.walk import IntakeProblem
from qa_pipeline.ports import Executor
from qa_pipeline.services.ingest import Failure
from qa_pipeline.services.score import Batch, as_ours, task_of
from qa_pipeline.stages.inspect import InspectionTask, transcribe_contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """One masked transcript and where it came from."""

    path: str
    contact_id: str
    transcript: Transcript


@dataclass(slots=True, kw_only=True)
class Transcriptions:
    """All transcripts of some paths, in the order of the paths, and what could not be transcribed."""

    contacts: list[Transcribed] = field(default_factory=list)
    pending: list[Failure] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


def transcribe_paths(paths: Sequence[Path], metadata: Path | None, batch: Batch, executor: Executor) -> Transcriptions:
    """Return the masked words of every contact below `paths`; raises StoreError where stage outputs cannot be kept."""
    batch.inspection.artifacts.check(writing=True)
    found = Transcriptions()

    def tasks() -> Iterator[InspectionTask]:
        for item in discover(paths, metadata, batch.intake):
            if isinstance(item, Contact):
                yield task_of(item, batch)
            elif isinstance(item, IntakeProblem):
                found.failed.append(Failure(path=item.path, error=item.error))

    for outcome in executor.run(transcribe_contact, tasks()):
        contact: Contact = outcome.task.contact
        path = contact.sources[0].uri
        if outcome.error is None:
            found.contacts.append(Transcribed(path=path, contact_id=contact.id, transcript=outcome.value))
            continue
        if isinstance(outcome.error, StoreError):
            raise outcome.error
        error = as_ours(outcome.error, path)
        (found.pending if isinstance(error, PendingError) else found.failed).append(Failure(path=path, error=error))
    found.contacts.sort(key=lambda item: item.path)
    return found
