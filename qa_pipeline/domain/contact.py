"""Contacts as received: recordings, calls, chats and what the metadata says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# Of addresses of a contact's parts: no id may end so, for it would stand at the address of a part of another contact.
PARTS = ("transcript", "inspections", "effective", "reviews", "audio")


class Role(StrEnum):
    """Who speaks."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class ContactKind(StrEnum):
    """A telephone call or an online chat."""

    CALL = "call"
    CHAT = "chat"


class Direction(StrEnum):
    """Who started the contact."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """What a source file holds."""

    AUDIO = "audio"
    TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file that a contact comes from.

    ``role`` is set when the whole file belongs to one party (two mono files for one call).
    ``sha256`` is of the file's bytes; for a chat table that holds many chats, of this chat's rows.
    ``selector`` names the chat inside such a table.
    """

    kind: SourceKind
    uri: str
    sha256: str
    size_bytes: int
    role: Role | None = None
    selector: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One customer contact with its metadata.

    ``id`` comes from the metadata, else from the file name, else from the content.
    ``channel_map`` gives the role of each channel of a two-channel file, first channel first; empty when unknown.
    ``language`` is a BCP 47 primary tag ("zh", "en") or None when nobody said.
    ``started_at`` is aware, UTC.
    """

    id: str
    kind: ContactKind
    sources: tuple[Source, ...]
    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    queue: str | None = None
    direction: Direction = Direction.UNKNOWN
    started_at: datetime | None = None
    language: str | None = None
    customer_ref: str | None = None
    channel_map: tuple[Role, ...] = ()

    @property
    def has_own_address(self) -> bool:
        """Whether the id is none that a part of another contact has: ``C-1/transcript``, ``C-1/audio/0``."""
        _, *inner = self.id.split("/")
        return not inner or not (inner[-1] in PARTS or (len(inner) > 1 and inner[-2] == "audio"))

    @property
    def audio(self) -> tuple[Source, ...]:
        """The recordings of this contact."""
        return tuple(source for source in self.sources if source.kind is SourceKind.AUDIO)

    @property
    def transcript_source(self) -> Source | None:
        """The imported transcript or chat, if one came along."""
        return next((source for source in self.sources if source.kind is SourceKind.TRANSCRIPT), None)
