"""Copies of recordings in which masked personal data is silent."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_pipeline.audio.export import SilencedCopy, write_silenced
from qa_pipeline.audio.intervals import Intervals, total_s
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.audio.masked_times import masked_intervals
from qa_pipeline.domain.contact import Contact, ContactKind
from qa_pipeline.domain.listening import AudioStatus, Listening, SoundKind
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.errors import (
    N_,
    AudioError,
    CallqaError,
    ConfigurationError,
    Conflict,
    PendingError,
    StoreError,
    StoreReadOnly,
)
from qa_pipeline.intake.discover import Duplicate, discover
from qa_pipeline.intake.walk import IntakeProblem
from qa_pipeline.ports import Executor
from qa_pipeline.privacy.masking import known_words
from qa_pipeline.services.ingest import Failure
from qa_pipeline.services.score import Batch, as_ours, task_of
from qa_pipeline.stages.artifacts import open_atomically
from qa_pipeline.stages.inspect import InspectionTask, listen_and_transcribe

SUFFIX = ".masked.flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Where copies go and what may be done.

    ``accept_draft``: also export calls whose words are a draft, in which personal data may have been misheard.
    ``overwrite``: replace files that are there and hold something else.
    """

    to: Path
    accept_draft: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """One copy. ``silenced``: seconds from the start, sorted, disjoint. ``status``: how complete the source was."""

    path: str
    to: Path
    silenced: Intervals
    status: AudioStatus

    @property
    def silenced_s(self) -> float:
        """Seconds of silence in place of sound."""
        return total_s(self.silenced)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedContact:
    """The copies of one contact and how far the words can be trusted by which they were silenced."""

    contact_id: str
    quality: TranscriptQuality
    files: tuple[ExportedFile, ...]


@dataclass(slots=True, kw_only=True)
class Exports:
    """All copies of some paths, in the order of the paths, and what was not exported."""

    contacts: list[ExportedContact] = field(default_factory=list)
    pending: list[Failure] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTask:
    """What a worker gets: one contact and the file to write for each of its recordings."""

    inspection: InspectionTask
    targets: tuple[Path, ...]
    options: ExportOptions


def export_audio(
    paths: Sequence[Path], metadata: Path | None, batch: Batch, options: ExportOptions, executor: Executor
) -> Exports:
    """Write a silenced copy of every recording below `paths`, in folders as they lie there.

    Raises
    ------
    ConfigurationError
        When the copies would lie among the recordings, where the next batch would take them for calls.
    StoreError
        When the folder cannot take them.
    """
    _keep_apart(paths, options.to)
    found = Exports()
    outcomes = executor.run(export_contact, _tasks(paths, metadata, batch, options, found))
    for outcome in outcomes:
        path = outcome.task.inspection.contact.sources[0].uri
        if outcome.error is None:
            found.contacts.append(outcome.value)
        elif isinstance(outcome.error, StoreError):
            raise outcome.error
        else:
            _refuse(found, path, as_ours(outcome.error, path))
    found.contacts.sort(key=lambda item: item.files[0].path)
    return found


def _tasks(
    paths: Sequence[Path], metadata: Path | None, batch: Batch, options: ExportOptions, found: Exports
) -> Iterator[ExportTask]:
    roots = [path.absolute() for path in paths if path.is_dir()]
    given_by: dict[Path, str] = {}
    for item in discover(paths, metadata, batch.intake):
        match item:
            case Contact():
                try:
                    targets = _targets(item, roots, options.to, given_by)
                except CallqaError as error:
                    # A file of many chats is refused once.
                    if all(failure.path != item.sources[0].uri for failure in found.failed[-1:]):
                        _refuse(found, item.sources[0].uri, error)
                else:
                    yield ExportTask(inspection=task_of(item, batch), targets=targets, options=options)
            case IntakeProblem():
                _refuse(found, item.path, item.error)
            case Duplicate():
                found.duplicates.append(item)


def _refuse(found: Exports, path: str, error: CallqaError) -> None:
    (found.pending if isinstance(error, PendingError) else found.failed).append(Failure(path=path, error=error))


def _keep_apart(paths: Sequence[Path], to: Path) -> None:
    resolved = to.resolve()
    for path in paths:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        if resolved == folder or (path.is_dir() and resolved.is_relative_to(folder)):
            raise ConfigurationError(
                N_("The copies would lie among the recordings in {folder}."),
                hint=N_("Choose a folder outside of it with --to; copies are not to be taken for recordings."),
                field="to",
                folder=folder,
            )


def _targets(contact: Contact, roots: Sequence[Path], to: Path, given_by: dict[Path, str]) -> tuple[Path, ...]:
    """Return the file to write for each recording; `given_by` tells which recording took a name already."""
    if not contact.audio:
        is_chat = contact.kind is ContactKind.CHAT
        raise AudioError(
            N_("A chat has no sound to export.") if is_chat else N_("There is no recording beside this transcript."),
            hint=N_("Give recordings."),
            file=contact.sources[0].uri,
        )
    targets: list[Path] = []
    for source in contact.audio:
        path = Path(source.uri)
        inside = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), Path(path.name))
        target = to / inside.with_name(path.stem + SUFFIX)
        if given_by.setdefault(target, source.uri) != source.uri:
            raise Conflict(
                N_("Its copy would have the same name as that of {other}."),
                hint=N_("Rename one of the two, or export them to different folders."),
                file=source.uri,
                other=given_by[target],
            )
        targets.append(target)
    return tuple(targets)


def export_contact(task: ExportTask) -> ExportedContact:
    """Write the silenced copies of one contact; runs in a worker.

    Raises
    ------
    PendingError
        No engine with weights is at hand, or the words are a draft and nobody accepted that.
    CallqaError
        The contact cannot be exported; nothing of it is left half-done.
    """
    contact = task.inspection.contact
    listening, transcript = listen_and_transcribe(task.inspection)
    assert listening is not None, "only contacts with recordings become tasks"
    _check_words(transcript, listening, task.options)
    silent = masked_intervals(
        transcript,
        listening.duration_s,
        speech=[span for channel in listening.channels for span in channel.spans],
        keyed=[(sound.start_s, sound.end_s) for sound in listening.sounds if sound.kind is SoundKind.DTMF],
        lag_s=max(map(abs, listening.lag_s or (0.0,))),
        known=known_words(contact),
    )
    listen = task.inspection.options.speech.listen
    files = []
    for source, target in zip(contact.audio, task.targets, strict=True):
        copy = _write(source.uri, target, silent, listen, overwrite=task.options.overwrite)
        files.append(ExportedFile(path=source.uri, to=target, silenced=silent, status=copy.status))
    return ExportedContact(contact_id=contact.id, quality=transcript.quality, files=tuple(files))


def _check_words(transcript: Transcript, listening: Listening, options: ExportOptions) -> None:
    """Raise where the words do not tell well enough what is said when."""
    if listening.errors_count and transcript.engine.startswith("import:"):
        raise AudioError(
            N_("The recording is damaged, so the times of its imported transcript may not fit; nothing was exported."),
            hint=N_("Export it again from the recorder, or leave the transcript out so that it is recognised."),
        )
    if transcript.engine.startswith("import:") and not listening.clocks_agree and listening.lag_s is None:
        raise AudioError(
            N_("Its two recordings do not run together, so its imported transcript can fit one of them at most."),
            hint=N_("Export them again from the recorder, or leave the transcript out so that they are recognised."),
        )
    if transcript.quality is TranscriptQuality.UNUSABLE:
        raise PendingError(
            N_("Its words were not recognised well enough to find personal data; nothing was exported."),
            hint=N_("Use an engine with better weights, or put a transcript beside the recording."),
        )
    if transcript.quality is TranscriptQuality.DRAFT and not options.accept_draft:
        raise PendingError(
            N_("Its words are a draft, in which numbers may have been misheard; nothing was exported."),
            hint=N_(
                "Use an engine with better weights or put a transcript beside the recording. With --accept-draft it is "
                "exported all the same: personal data that was misheard can then be heard in the copy."
            ),
        )


def _write(source: str, target: Path, silent: Intervals, listen: ListenOptions, *, overwrite: bool) -> SilencedCopy:
    try:
        with open_atomically(target) as file:
            copy = write_silenced(
                source, file, silent, max_duration_s=listen.max_duration_s, raw_format=listen.raw_format
            )
            file.flush()
            if not overwrite and target.exists() and not filecmp.cmp(file.name, target, shallow=False):
                raise Conflict(
                    N_("{to} is there already and holds something else."),
                    hint=N_("Choose another folder with --to, or replace it with --overwrite."),
                    file=source,
                    to=target,
                )
    except StoreReadOnly as error:
        error.hint = N_("Choose a folder that you may write to with --to.")
        raise
    return copy
