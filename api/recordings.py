"""Sending a recording of a contact, in a form that browsers play."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from qa_pipeline.audio.export import write_silenced
from qa_pipeline.domain.contact import Contact
from qa_pipeline.errors import N_, NotFound

_HEAD_BYTES = 22
_PLAYED_WAVES = frozenset({1, 3, 6, 7, 0xFFFE})  # PCM, float, A-law, mu-law, extensible: what browsers decode
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

    What browsers do not play (AMR, GSM, ADPCM, WMA and the like) is sent as FLAC.

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
    media_type = _media_type(head)
    if media_type in _UNPLAYED or (media_type == "audio/wav" and not _is_played_wave(head)):
        return _send_decoded(path)
    return FileResponse(path, media_type=media_type, headers=_PRIVATE)


# Personal data of people who were recorded: nothing between here and the listener may keep it.
_PRIVATE = {"cache-control": "private, no-store"}
_UNPLAYED = frozenset({"audio/amr", "application/octet-stream"})


def _is_played_wave(head: bytes) -> bool:
    # The format stands first in nearly all files; where something else does, the browser may try.
    return head[12:16] != b"fmt " or int.from_bytes(head[20:22], "little") in _PLAYED_WAVES


def _send_decoded(path: Path) -> FileResponse:
    """Send a copy as FLAC that goes with the answer: a copy that stayed would outlive the recording's retention."""
    with NamedTemporaryFile(prefix="callqa-", suffix=".flac", delete=False) as file:
        copy = Path(file.name)
        try:
            write_silenced(path, cast("BinaryIO", file), ())
        except BaseException:
            copy.unlink()
            raise
    return FileResponse(copy, media_type="audio/flac", headers=_PRIVATE, background=BackgroundTask(copy.unlink))


def _media_type(head: bytes) -> str:
    known = (kind for offset, sign, kind in _TYPES if head[offset:].startswith(sign))
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        # A frame of MPEG audio; the layer bits are 0 in AAC alone.
        return "audio/aac" if head[1] & 0x06 == 0 else "audio/mpeg"
    return next(known, "application/octet-stream")
