"""Contacts to try rules on: from files, or those of the store; nothing is kept and nothing recognised anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, CallqaError, NeedsModel, PendingError, StoreError
from qa_pipeline.intake.discover import discover
from qa_pipeline.intake.walk import IntakeProblem
from qa_pipeline.ports import ContactView
from qa_pipeline.services.contact_list import ContactFilter, Part, list_contacts
from qa_pipeline.services.ingest import Failure
from qa_pipeline.services.score import Batch, as_ours, task_of
from qa_pipeline.stages.artifacts import ArtifactFolder, Artifacts
from qa_pipeline.stages.inspect import Annotated, annotated_contact, view_of
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledContact:
    """A contact with its masked words and what was measured. ``read_s``: what that took, None where it was there."""

    contact: Contact
    annotated: Annotated
    listening: Listening | None
    read_s: float | None = None

    @property
    def view(self) -> ContactView:
        """What the rules may see of it."""
        return view_of(self.contact, self.annotated, self.listening)


@dataclass(slots=True, kw_only=True)
class LeftOut:
    """Contacts that nothing was tried on: of another kind or language, without words yet, or not usable."""

    other_count: int = 0
    wordless_count: int = 0
    failed: list[Failure] = field(default_factory=list)


Sample = Iterable[SampledContact | Failure]


def sample_of_files(paths: Sequence[Path], batch: Batch) -> Iterator[SampledContact | Failure]:
    """Yield the contacts below `paths`, read and annotated as a batch would, without keeping anything.

    A recording that no transcript came with has no words yet: it is a Failure with a PendingError.
    """
    with TemporaryDirectory(prefix="callqa-") as folder:
        speech = batch.inspection.speech
        only_read = replace(speech, asr=replace(speech.asr, engine="import"))
        artifacts = ArtifactFolder(Path(folder))
        batch = replace(batch, inspection=replace(batch.inspection, artifacts=artifacts, speech=only_read))
        for item in discover(paths, None, batch.intake):
            if isinstance(item, IntakeProblem):
                yield Failure(path=item.path, error=item.error)
            elif isinstance(item, Contact):
                yield _read(item, batch)


def _read(contact: Contact, batch: Batch) -> SampledContact | Failure:
    path = contact.sources[0].uri
    if contact.transcript_source is None:
        return Failure(path=path, error=_wordless(path))
    began = perf_counter()
    try:
        annotated, listening = annotated_contact(task_of(contact, batch))
    except StoreError:
        raise
    except CallqaError as error:
        return Failure(path=path, error=as_ours(error, path))
    return SampledContact(contact=contact, annotated=annotated, listening=listening, read_s=perf_counter() - began)


def _wordless(path: str) -> PendingError:
    return NeedsModel(
        N_("This recording has no words yet."), hint=N_("Score it first, then leave --on away."), file=path
    )


def sample_of_store(store: Store, artifacts: Artifacts) -> Iterator[SampledContact | Failure]:
    """Yield the stored contacts as they were last annotated."""
    with store.reading() as tx:
        for contact in tx.contacts.list():
            yield _stored(tx, artifacts, contact)


def newest_of_store(
    store: Store, artifacts: Artifacts, wanted: ContactFilter, most: int
) -> Iterator[SampledContact | Failure]:
    """Yield stored contacts as they were last annotated, the newest first: the first `most` that fit a filter."""
    page = list_contacts(store, wanted, Part(limit=most))
    with store.reading() as tx:
        for listed in page.contacts:
            yield _stored(tx, artifacts, listed.contact)


def _stored(tx: Transaction, artifacts: Artifacts, contact: Contact) -> SampledContact | Failure:
    prints = tx.artifacts.of(contact.id)
    known = artifacts.find(Annotated, "annotate", prints["annotate"]) if "annotate" in prints else None
    if known is None:
        return Failure(path=contact.sources[0].uri, error=_wordless(contact.sources[0].uri))
    heard = artifacts.find(Listening, "listen", prints["listen"]) if "listen" in prints else None
    return SampledContact(contact=contact, annotated=known, listening=heard)


def fitting(sample: Sample, card: Scorecard, left_out: LeftOut, limit: int | None = None) -> Iterator[SampledContact]:
    """Yield the contacts that `card` is made for, `limit` at most, and count the others."""
    count = 0
    for item in sample:
        if limit is not None and count >= limit:
            return
        if isinstance(item, Failure):
            if isinstance(item.error, PendingError):
                left_out.wordless_count += 1
            else:
                left_out.failed.append(item)
        elif _fits(item, card):
            count += 1
            yield item
        else:
            left_out.other_count += 1


def _fits(item: SampledContact, card: Scorecard) -> bool:
    language = item.annotated.transcript.language.split("-", maxsplit=1)[0].lower()
    return item.contact.kind is card.kind and card.language in (None, language)
