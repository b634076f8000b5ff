"""Sending a recording of a contact."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse

from qa_pipeline.domain.contact import Contact
from qa_pipeline.errors import N_, NotFound

_HEAD_BYTES = 12
_TYPES = (
    (0, b"RIFF", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (0, b"#!AMR", "audio/amr"),
    (4, b"ftyp", "audio/mp4"),
)


def send_recording(contact: Contact, number: int) -> FileResponse:
    """Return the answer with a recording, whole or the part that the request's Range header asks for.

    Parameters
    ----------
    number : int
        Which of the contact's recordings, from 0.

    Raises
    ------
    NotFound
        The contact has no such recording, or its file is not where it was when the contact was scored.
    """
    if not 0 <= number < len(contact.audio):
        raise NotFound(
            N_("The contact {id} has no recording {number}."),
            hint=N_("It has {count}; the first one is 0."),
            id=contact.id,
            number=number,
            count=len(contact.audio),
        )
    path = Path(contact.audio[number].uri)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as problem:
        raise NotFound(
            N_("The recording of the contact {id} is not in its place any more."),
            hint=N_("Put the file back where it was when the contact was scored, or score it again."),
            id=contact.id,
        ) from problem
    # Personal data of people who were recorded: nothing between here and the listener may keep it.
    return FileResponse(path, media_type=_media_type(head), headers={"cache-control": "private, no-store"})


def _media_type(head: bytes) -> str:
    known = (kind for offset, sign, kind in _TYPES if head[offset:].startswith(sign))
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        # A frame of MPEG audio; the layer bits are 0 in AAC alone.
        return "audio/aac" if head[1] & 0x06 == 0 else "audio/mpeg"
    return next(known, "application/octet-stream")
