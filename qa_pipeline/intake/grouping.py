"""Which files belong to one contact: two mono files of one call by metadata, by pattern or by the ends of names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.domain.contact import Role
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.file_names import NamedFacts, PartyEnding, find_party_ending, read_file_name
from qa_pipeline.intake.metadata import Metadata, MetadataRow
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.walk import IntakeProblem


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group and the party it holds; None when it holds both."""

    path: Path
    role: Role | None


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one contact in order, what their names say, and their row in the metadata.

    ``stem``: the name of the contact when nobody gives it an id. ``whole_stems``: what a transcript of both parties
    of a pair may be called.
    """

    members: tuple[Member, ...]
    stem: str
    facts: NamedFacts
    row: MetadataRow | None
    whole_stems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    facts: NamedFacts
    row: MetadataRow | None
    role: Role | None
    ending: PartyEnding | None


def group_files(
    paths: Iterable[str], metadata: Metadata, options: IntakeOptions
) -> Iterator[FileGroup | IntakeProblem]:
    """Yield the contacts that the files make up, in the order of their first files.

    Between the two passes only paths are held: what names and metadata say is read again, which takes less time than
    the memory of thousands of them is worth.
    """
    groups: dict[tuple[object, ...], tuple[str, ...]] = {}
    for path in paths:
        try:
            entry = _entry(Path(path), metadata, options)
        except RowError as problem:
            yield IntakeProblem(path, problem)
        else:
            key = _key(entry, path)
            groups[key] = (*groups.get(key, ()), path)
    for key, members in groups.items():
        entries = [_entry(Path(path), metadata, options) for path in members]
        try:
            yield from _groups_of(str(key[0]), entries, metadata, options)
        except RowError as problem:
            yield IntakeProblem(members[0], problem)


def _entry(path: Path, metadata: Metadata, options: IntakeOptions) -> _Entry:
    facts = read_file_name(path, options)
    row, role = metadata.find(path, facts.call_id) or (None, None)
    return _Entry(path, facts, row, role, find_party_ending(path.stem))


def _key(entry: _Entry, path: str) -> tuple[object, ...]:
    """Return what the files of one contact have in common."""
    facts, ending = entry.facts, entry.ending
    if entry.row is not None and entry.role is not None:
        return ("row", entry.row.call_id or id(entry.row))
    folder = sys.intern(os.path.dirname(path))  # noqa: PTH120 -- one text for all files of a folder
    if facts.role is not None:
        return ("pattern", folder, facts.call_id, facts.agent_id, facts.started_at)
    if ending is not None:
        return ("ending", folder, ending.base, ending.kind)
    return ("file", path)


def _groups_of(kind: str, entries: list[_Entry], metadata: Metadata, options: IntakeOptions) -> Iterator[FileGroup]:
    if kind == "row":
        yield _by_row(entries)
    elif (
        kind == "pattern"
        and {entry.facts.role for entry in entries} == {Role.AGENT, Role.CUSTOMER}
        and len(entries) == 2
    ):
        members = tuple(Member(entry.path, entry.facts.role) for entry in entries)
        yield _pair(entries, members, _row_of(entries))
    elif kind == "ending" and _are_a_pair(entries):
        yield _by_ending(entries, metadata, options)
    else:
        for entry in entries:
            yield FileGroup((Member(entry.path, None),), entry.path.stem, entry.facts, entry.row)


def _by_row(entries: list[_Entry]) -> FileGroup:
    first = entries[0]
    row = first.row
    if row is None:
        raise ValueError("entries of a metadata row have that row")
    roles = [entry.role for entry in entries]
    if sorted(str(role) for role in roles) != [Role.AGENT, Role.CUSTOMER]:
        raise row.place.error(
            N_("This call needs one file of the agent and one of the customer; found: {files}."),
            hint=N_("Name both files, or leave out the party when one file holds both."),
            files=", ".join(entry.path.name for entry in entries),
        )
    return _pair(entries, tuple(Member(entry.path, entry.role) for entry in entries), row)


def _pair(entries: list[_Entry], members: tuple[Member, ...], row: MetadataRow | None) -> FileGroup:
    """Return a pair that metadata or a pattern made; its files may be called anything."""
    first = entries[0]
    base = _common_base(entries)
    call_id = row.call_id if row is not None and row.call_id else first.facts.call_id
    stems = tuple(stem for stem in (base, call_id) if stem and Path(stem).name == stem)
    return FileGroup(members, base or first.path.stem, first.facts, row, stems)


def _common_base(entries: list[_Entry]) -> str | None:
    """Return the name that files have in common before their party endings, None when they have not."""
    bases = {(entry.path.parent, entry.ending.base, entry.ending.kind) if entry.ending else None for entry in entries}
    found = bases.pop()
    if bases or found is None:
        return None
    folder, base, _ = found
    return base or folder.name


def _are_a_pair(entries: list[_Entry]) -> bool:
    """Whether two files end as the two sides of one call and the metadata does not make them two calls."""
    orders = sorted(entry.ending.order for entry in entries if entry.ending)
    calls = {entry.row.call_id or id(entry.row) for entry in entries if entry.row is not None}
    return orders == [0, 1] and len(calls) <= 1


def _by_ending(entries: list[_Entry], metadata: Metadata, options: IntakeOptions) -> FileGroup:
    pairs = sorted(((entry.ending, entry) for entry in entries if entry.ending), key=lambda pair: pair[0].order)
    ending, first = pairs[0]
    stem = ending.base or first.path.parent.name
    whole = first.path.with_name(stem + first.path.suffix)
    facts = first.facts if first.facts.agent_id or first.facts.call_id else read_file_name(whole, options)
    row = _row_of(entries)
    if row is None and (found := metadata.find(whole, facts.call_id)):
        row = found[0]
    roles = [ending.role for ending, _ in pairs]
    if ending.kind == "number" and row is not None and row.channel_map:
        roles = list(row.channel_map)
    members = tuple(Member(entry.path, role) for role, (_, entry) in zip(roles, pairs, strict=True))
    return FileGroup(members, stem, facts, row, (stem,))


def _row_of(entries: list[_Entry]) -> MetadataRow | None:
    return next((entry.row for entry in entries if entry.row is not None), None)
