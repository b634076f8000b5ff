"""From paths and a metadata table to contacts, problems, duplicates and a word on what was passed over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa_pipeline.domain.contact import PARTS, Contact, ContactKind, Direction, Source, SourceKind
from qa_pipeline.errors import N_, CallqaError, Conflict, EmptyAudio, InputError, TranscriptError
from qa_pipeline.intake.chats import find_chat_columns, get_chat_columns, list_chats
from qa_pipeline.intake.file_names import compile_pattern
from qa_pipeline.intake.grouping import FileGroup, Member, group_files
from qa_pipeline.intake.metadata import Metadata, MetadataRow, read_metadata
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.recognise import FileKind, is_transcript_alone, is_transcript_beside, kind_of
from qa_pipeline.intake.tables import read_table
from qa_pipeline.intake.transcripts import TRANSCRIPT_SUFFIXES, parse_transcript
from qa_pipeline.intake.walk import FoundFile, IntakeProblem, leads_out, unreadable, walk

_CHUNK_BYTES = 1 << 20
_NAMED_IGNORED = 20


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file whose content is that of a contact which came earlier."""

    path: str
    contact_id: str
    first_path: str


@dataclass(frozen=True, slots=True)
class IgnoredFiles:
    """Files in the folders that callqa has no use for: how many, and the first twenty."""

    count: int
    paths: tuple[str, ...]


Discovered = Contact | IntakeProblem | Duplicate | IgnoredFiles
ContentOf = Callable[[str], str | None]


def content_key(contact: Contact) -> str:
    """Return what makes two contacts the same: the content of the recordings, or of the transcript without any."""
    sources = contact.audio or tuple(source for source in contact.sources if source.kind is SourceKind.TRANSCRIPT)
    return "+".join(sorted(source.sha256 for source in sources))


def discover(
    paths: Sequence[Path],
    metadata: Path | None,
    options: IntakeOptions,
    *,
    stored_content: ContentOf | None = None,
) -> Iterator[Discovered]:
    """Find the contacts under `paths`.

    Recordings come first, then transcripts without a recording, then the chats of tables; last what is wrong in the
    metadata and, once, what was ignored. Names are read in a first pass, contents streamed in a second: nothing but
    names and hashes is held.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    metadata : Path or None
        A metadata table.
    stored_content : callable, optional
        Gives the `content_key` of a stored contact id, None when there is none. An id that is only a file name and
        is taken by other content gets the beginning of its content hash behind it, the same in every run.

    Raises
    ------
    ConfigurationError
        When the file pattern or the time zone is wrong.
    TableError, MappingError
        When the metadata table cannot be used at all.
    """
    if options.file_pattern:
        compile_pattern(options.file_pattern)
    options.zone  # noqa: B018 -- raises for an unknown zone before any work is done
    rows = read_metadata(metadata, options) if metadata else Metadata()
    return _Discovery(rows, metadata, options, stored_content).run(paths)


class _Discovery:
    """One run: what was seen so far."""

    def __init__(
        self, rows: Metadata, metadata: Path | None, options: IntakeOptions, stored_content: ContentOf | None
    ) -> None:
        self._rows, self._metadata, self._options = rows, metadata, options
        self._stored_content = stored_content or (lambda _: None)
        self._files: dict[FileKind, list[FoundFile]] = {kind: [] for kind in FileKind}
        self._transcripts: dict[str, tuple[str, ...]] = {}
        self._joined: set[str] = set()
        self._paths: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._ignored: list[str] = []
        self._ignored_count = 0

    def run(self, paths: Sequence[Path]) -> Iterator[Discovered]:
        yield from self._sort_files(paths)
        for found in group_files((file.path for file in self._files[FileKind.AUDIO]), self._rows, self._options):
            yield from self._from_group(found, SourceKind.AUDIO)
        yield from self._transcripts_alone()
        for file in self._files[FileKind.TABLE]:
            yield from self._chats(file)
        for file in self._files[FileKind.OTHER]:
            yield from self._unusable(file)
        yield from (IntakeProblem(error.file or "", error) for error in self._rows.problems)
        # A table may tell of a whole month; only a folder can be expected to hold what its rows name.
        if any(os.path.isdir(path) for path in paths):  # noqa: PTH112 -- the walk tells of folders that cannot be read
            yield from (IntakeProblem(error.file or "", error) for error in self._rows.unused())
        if self._ignored_count:
            yield IgnoredFiles(self._ignored_count, tuple(self._ignored))

    def _sort_files(self, paths: Sequence[Path]) -> Iterator[IntakeProblem]:
        for found in walk(paths, self._options.inside):
            if isinstance(found, IntakeProblem):
                yield found
            elif self._metadata is None or not _same_file(found.path, self._metadata):
                try:
                    kind = kind_of(found)
                except OSError as problem:
                    yield unreadable(Path(found.path), problem)
                    continue
                self._files[kind].append(found)
                if kind is FileKind.TRANSCRIPT:
                    place = _without_suffix(found.path)
                    self._transcripts[place] = (*self._transcripts.get(place, ()), found.path)

    # Recordings and transcripts.

    def _from_group(self, group: FileGroup | IntakeProblem, kind: SourceKind) -> Iterator[Discovered]:
        if isinstance(group, IntakeProblem):
            yield group
            return
        try:
            sources = tuple(_source(member, kind) for member in group.members)
            if kind is SourceKind.AUDIO:
                sources += tuple(_source(member, SourceKind.TRANSCRIPT) for member in self._beside(group))
            yield self._admit(_contact(group, sources, self._options), group)
        except OSError as problem:
            yield unreadable(group.members[0].path, problem)
        except CallqaError as problem:
            yield IntakeProblem(str(group.members[0].path), problem)

    def _beside(self, group: FileGroup) -> tuple[Member, ...]:
        """Return the transcript of the whole contact, or those of both parties; of one party alone is of no use."""
        first = group.members[0].path
        if len(group.members) == 1:
            whole = self._best(first.parent, (first.stem, first.name))
            return (Member(whole, None),) if whole else ()
        shared = self._best(first.parent, group.whole_stems)
        parts = [
            (self._best(member.path.parent, (member.path.stem, member.path.name)), member.role)
            for member in group.members
        ]
        found = tuple(Member(path, role) for path, role in parts if path)
        if shared is None and len(found) == len(parts):
            return found
        for member in found:
            self._ignore(str(member.path))
        return (Member(shared, None),) if shared else ()

    def _best(self, folder: Path, stems: Sequence[str]) -> Path | None:
        """Return the transcript of one of the names (``call.json``, ``call.wav.json``); JSON tells most."""
        found = [path for stem in stems for path in self._transcripts_named(folder, stem)]
        found.sort(key=lambda path: TRANSCRIPT_SUFFIXES.index(path.suffix.lower()))
        best = next((path for path in found if is_transcript_beside(path)), None)
        if best is not None:
            all_of_it = self._transcripts.get(_without_suffix(str(best)), ())
            self._joined.update(all_of_it)
            for path in all_of_it:
                if path != str(best):
                    self._ignore(path)
        return best

    def _transcripts_named(self, folder: Path, stem: str) -> list[Path]:
        known = [Path(path) for path in self._transcripts.get(str(folder / stem), ())]
        # A recording that was named alone still has its transcript beside it.
        candidates = (folder / (stem + suffix) for suffix in TRANSCRIPT_SUFFIXES)
        inside = self._options.inside
        return known or [path for path in candidates if path.is_file() and not leads_out(path, inside)]

    def _transcripts_alone(self) -> Iterator[Discovered]:
        usable: list[str] = []
        taken: set[str] = set()
        files = [file for file in self._files[FileKind.TRANSCRIPT] if file.path not in self._joined]
        files.sort(key=lambda file: TRANSCRIPT_SUFFIXES.index(Path(file.path).suffix.lower()))
        for file in files:
            path, place = Path(file.path), _without_suffix(file.path)
            try:
                if place in taken or not (file.named or is_transcript_alone(path)):
                    self._ignore(file.path)
                    continue
                if file.named:
                    parse_transcript(path)
            except TranscriptError as problem:
                yield IntakeProblem(file.path, problem)
            else:
                taken.add(place)
                usable.append(file.path)
        for found in group_files(sorted(usable, key=_parts), self._rows, self._options):
            yield from self._from_group(found, SourceKind.TRANSCRIPT)

    # Chats.

    def _chats(self, file: FoundFile) -> Iterator[Discovered]:
        path = Path(file.path)
        try:
            table = read_table(path)
            columns = get_chat_columns(table) if file.named else find_chat_columns(table)
            if columns is None:
                self._ignore(file.path)
                return
            for found in list_chats(table, columns, self._options):
                if isinstance(found, CallqaError):
                    yield IntakeProblem(file.path, found)
                else:
                    yield from self._chat(found, path)
        except CallqaError as problem:
            yield IntakeProblem(file.path, problem)

    def _chat(self, chat: Contact, path: Path) -> Iterator[Discovered]:
        try:
            found = self._rows.find(Path(chat.id), chat.id)
            yield self._admit(_with_row(chat, found[0]) if found else chat, None)
        except CallqaError as problem:
            yield IntakeProblem(str(path), problem)

    # Identity.

    def _admit(self, contact: Contact, group: FileGroup | None) -> Contact | Duplicate:
        """Let a contact in, once per content and with an id of its own.

        Raises
        ------
        Conflict
            When its stated id was given to other content in this run.
        InputError
            When its id ends like the address of a part of a contact.
        """
        key, path = content_key(contact), contact.sources[0].uri
        if not contact.has_own_address:
            raise InputError(
                N_("The id {id} cannot be used: addresses of parts of contacts end so."),
                hint=N_("Give the contact an id that ends otherwise: not with /{parts}."),
                file=path,
                id=contact.id,
                parts=", /".join(PARTS),
            )
        if key in self._ids:
            known = self._ids[key]
            return Duplicate(path, known, self._paths[known])
        stated = group is None or _stated_id(group, self._options) is not None
        taken = self._paths.get(contact.id)
        if stated and taken is not None:
            raise Conflict(
                N_("The id {id} was given to two contacts: {first} and {second}."),
                hint=N_("Give each of them an id of its own."),
                file=path,
                id=contact.id,
                first=taken,
                second=path,
            )
        if not stated and (taken is not None or self._stored_content(contact.id) not in (None, key)):
            contact = replace(contact, id=f"{contact.id}-{contact.sources[0].sha256[:8]}")
        self._ids[key], self._paths[contact.id] = contact.id, path
        return contact

    # What is passed over.

    def _ignore(self, path: str) -> None:
        self._ignored_count += 1
        if len(self._ignored) < _NAMED_IGNORED:
            self._ignored.append(path)

    def _unusable(self, file: FoundFile) -> Iterator[IntakeProblem]:
        if not file.named:
            self._ignore(file.path)
            return
        error = InputError(
            N_("This file is neither a recording, a transcript nor a table of chats that callqa knows."),
            hint=N_("See docs/formats.md for what can be taken in."),
            file=file.path,
        )
        yield IntakeProblem(file.path, error)


def _stated_id(group: FileGroup, options: IntakeOptions) -> str | None:
    """Return the id that metadata or the site's own pattern give; names read by a shipped pattern are a guess."""
    if group.row is not None and group.row.call_id:
        return group.row.call_id
    return group.facts.call_id if options.file_pattern else None


def _contact(group: FileGroup, sources: tuple[Source, ...], options: IntakeOptions) -> Contact:
    facts = group.facts
    has_words = any(source.kind is SourceKind.TRANSCRIPT for source in sources)
    contact = Contact(
        id=_stated_id(group, options) or facts.call_id or " ".join(group.stem.split()),
        kind=ContactKind.CALL,
        sources=sources,
        agent_id=facts.agent_id,
        team=facts.team,
        queue=facts.queue,
        direction=facts.direction or Direction.UNKNOWN,
        started_at=facts.started_at,
        customer_ref=facts.customer_ref,
    )
    if group.row is not None:
        contact = _with_row(contact, group.row)
    return replace(
        contact,
        agent_id=contact.agent_id or options.default_agent,
        language=contact.language or (None if has_words else options.default_language),
    )


def _with_row(contact: Contact, row: MetadataRow) -> Contact:
    """Return the contact with what its metadata row says; the row counts before the name."""
    return replace(
        contact,
        agent_id=row.agent_id or contact.agent_id,
        agent_name=row.agent_name or contact.agent_name,
        team=row.team or contact.team,
        queue=row.queue or contact.queue,
        direction=row.direction or contact.direction,
        started_at=row.started_at or contact.started_at,
        language=row.language or contact.language,
        customer_ref=row.customer_ref or contact.customer_ref,
        channel_map=row.channel_map or contact.channel_map,
    )


def _source(member: Member, kind: SourceKind) -> Source:
    digest = hashlib.sha256()
    size_bytes = 0
    with member.path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    if not size_bytes and kind is SourceKind.AUDIO:
        raise EmptyAudio(N_("The file has no content."), hint=N_("Fetch the recording again."), file=str(member.path))
    return Source(kind=kind, uri=str(member.path), sha256=digest.hexdigest(), size_bytes=size_bytes, role=member.role)


def _without_suffix(path: str) -> str:
    return path.removesuffix(Path(path).suffix)


def _parts(path: str) -> tuple[str, ...]:
    return Path(path).parts  # folders in the order in which they are walked


def _same_file(path: str, other: Path) -> bool:
    try:
        return other.samefile(path)
    except OSError:
        return False
