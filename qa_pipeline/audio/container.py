"""Opening a sound file safely: which formats, what the container states, and clear words when it is no sound file."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import av

from qa_pipeline.errors import N_, AudioError, ConfigurationError, EmptyAudio, NotAudio

# A list of what may be opened, because other demuxers (playlists, concat, sdp) follow addresses found in the file.
FORMATS = "wav,w64,mp3,aac,mov,ogg,flac,amr,aiff,caf,au,matroska,webm,asf,gsm"
_RAW_CODECS = ("mulaw", "alaw", "s16le")
# Containers that write their length down. The length of others (mp3 without a table, AMR, ADTS) is a guess from the
# bit rate, and Ogg's is that of the last page that is there: neither can show a truncation. Ogg and AMR show it by a
# last page or frame that is not whole.
_STATES_LENGTH = frozenset({"w64", "flac", "mov", "matroska", "webm", "aiff", "caf", "au", "asf"})
# Recorders that stream write 0 or a huge placeholder and never come back to correct it.
_PLACEHOLDER_BYTES = 0x7F000000
_Read = TypeVar("_Read")
MIN_RATE_HZ, MAX_RATE_HZ = 2_000, 400_000


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How to read a file without a header: codec ("mulaw", "alaw", "s16le"), samples per second, channels."""

    codec: str
    sample_rate_hz: int
    channel_count: int


def parse_raw_format(text: str) -> RawFormat:
    """Parse ``codec:rate:channels`` such as ``mulaw:8000:1``.

    Raises
    ------
    ConfigurationError
        When the text is anything else.
    """
    codec, _, rest = text.partition(":")
    rate, _, channels = rest.partition(":")
    try:
        found = RawFormat(codec, int(rate), int(channels or "1"))
    except ValueError:
        found = None
    if (
        found is None
        or codec not in _RAW_CODECS
        or found.channel_count not in {1, 2}
        or not _possible(found.sample_rate_hz)
    ):
        raise ConfigurationError(
            N_("The raw format {text} is not known."),
            hint=N_("Write codec:rate:channels, for example mulaw:8000:1; codecs: {codecs}."),
            field="raw_format",
            text=text,
            codecs=", ".join(_RAW_CODECS),
        )
    return found


@dataclass(frozen=True, slots=True)
class OpenContainer:
    """An open container with one sound track chosen.

    ``stated_duration_s`` is None unless the file really states its length; ``expected_duration_s`` is the part of it
    that the file can hold (a header may promise hours that were never written). ``ends_within``: the last page or
    frame is not whole, so that the file was cut off.
    """

    container: Any
    stream: Any
    sample_rate_hz: int
    channel_count: int
    stated_duration_s: float | None
    ends_within: bool

    @property
    def gaps_are_loss(self) -> bool:
        """Whether a gap between time stamps means lost sound: these write silence too, others may leave it out."""
        return self.container.format.name in {"flac", "ogg"}

    @property
    def expected_duration_s(self) -> float | None:
        """The stated length, as far as the size of the file allows it."""
        if self.stated_duration_s is None or self.container.duration is None:
            return self.stated_duration_s
        return float(min(self.stated_duration_s, self.container.duration / av.time_base))


@contextmanager
def open_container(path: Path, raw_format: RawFormat | None = None) -> Iterator[OpenContainer]:
    """Open `path` and choose its first sound track; `raw_format` is for a file in which no header is found.

    Raises
    ------
    EmptyAudio, NotAudio, AudioError
        With the file's name and what to do.
    """
    with _open_file(path) as file:
        container = _open_av(file, path, raw_format)
        try:
            yield _describe(container, file, path)
        finally:
            container.close()


@contextmanager
def _open_file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as problem:
        raise AudioError(
            N_("The recording cannot be read: {problem}."),
            hint=N_("Check that the file exists and that you may read it."),
            file=str(path),
            problem=problem.strerror or type(problem).__name__,
        ) from problem
    with file:
        if os.fstat(file.fileno()).st_size == 0:
            raise EmptyAudio(
                N_("The recording is empty: it has no bytes."),
                hint=N_("Export it again from the recorder, or remove it."),
                file=str(path),
            )
        yield file


def _open_av(file: BinaryIO, path: Path, raw: RawFormat | None) -> Any:
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(file, metadata_errors="ignore", container_options=options)
    except (av.error.FFmpegError, OSError, ValueError) as problem:
        if raw is None:
            raise not_audio(path) from problem
    file.seek(0)
    layout = "mono" if raw.channel_count == 1 else "stereo"
    options |= {"format_whitelist": raw.codec, "sample_rate": str(raw.sample_rate_hz), "ch_layout": layout}
    return av.open(file, format=raw.codec, metadata_errors="ignore", container_options=options)


def not_audio(path: Path) -> NotAudio:
    """Return the error for content that is no recording."""
    return NotAudio(
        N_("This is not a recording that can be decoded."),
        hint=N_(
            "Known formats: wav, mp3, m4a/aac, ogg/opus, flac, amr. If the file was cut off, export it again; "
            "if it has no header, name its raw format."
        ),
        file=str(path),
    )


def _describe(container: Any, file: BinaryIO, path: Path) -> OpenContainer:
    if not container.streams.audio:
        raise NotAudio(
            N_("The file holds no sound track."),
            hint=N_("Give the recording of the call, not a picture, a text or a silent video."),
            file=str(path),
        )
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:
        raise not_audio(path)
    rate, channels = int(stream.rate or 0), int(context.channels or 0)
    if channels < 1 or not _possible(rate):
        raise NotAudio(
            N_("The header states {rate_hz} Hz and {channels} channels, which cannot be."),
            hint=N_("The header is damaged; export the recording again."),
            file=str(path),
            rate_hz=rate,
            channels=channels,
        )
    return OpenContainer(
        container, stream, rate, channels, _stated_duration_s(container, stream, file), _ends_within(container, file)
    )


def _possible(rate_hz: int) -> bool:
    return MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ


def _stated_duration_s(container: Any, stream: Any, file: BinaryIO) -> float | None:
    names = set(container.format.name.split(","))
    if "wav" in names:
        return _preserving_position(file, _wav_stated_s)
    stated = names & _STATES_LENGTH or ("mp3" in names and _preserving_position(file, _mp3_has_table))
    if not stated:
        return None
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    else:
        return None
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def _preserving_position(file: BinaryIO, read: Callable[[BinaryIO], _Read]) -> _Read:
    position = file.tell()
    try:
        file.seek(0)
        return read(file)
    finally:
        file.seek(position)


def _wav_stated_s(file: BinaryIO) -> float | None:
    """Return the length by the wav header: the decoder corrects it by the file's size and so hides a truncation."""
    if file.read(12)[:4] != b"RIFF":
        return None
    byte_rate = 0
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"fmt ":
            fields = file.read(size + size % 2)
            byte_rate = struct.unpack_from("<I", fields, 8)[0] if len(fields) >= 12 else 0
        elif name == b"data":
            known = 0 < size < _PLACEHOLDER_BYTES and byte_rate > 0
            return size / byte_rate if known else None
        else:
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


def _mp3_has_table(file: BinaryIO) -> bool:
    """Return whether the first frame carries a Xing, Info or VBRI table, which counts the frames."""
    head = file.read(10)
    tag_bytes = 0
    if head[:3] == b"ID3" and len(head) == 10:
        # ID3v2 writes its size in four bytes of seven bits.
        tag_bytes = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag_bytes)
    first = file.read(512)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


# A page has at most 255 segments of 255 bytes behind 27 + 255 bytes of header.
_MAX_OGG_PAGE_BYTES = 27 + 255 + 255 * 255
# Bytes of a frame with its header byte by its type, as RFC 4867 gives them; types that are missing are not used.
_AMR_BYTES = {0: 13, 1: 14, 2: 16, 3: 18, 4: 20, 5: 21, 6: 27, 7: 32, 8: 6, 15: 1}
_AMR_WIDE_BYTES = {0: 18, 1: 24, 2: 33, 3: 37, 4: 41, 5: 47, 6: 51, 7: 59, 8: 61, 9: 6, 14: 1, 15: 1}


def _ends_within(container: Any, file: BinaryIO) -> bool:
    if container.format.name == "ogg":
        return _preserving_position(file, _ends_within_a_page)
    return container.format.name == "amr" and _preserving_position(file, _ends_within_a_frame)


def _ends_within_a_page(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * _MAX_OGG_PAGE_BYTES))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    segments = page[26] if len(page) > 26 else 0
    return len(page) < 27 + segments + sum(page[27 : 27 + segments])


def _ends_within_a_frame(file: BinaryIO) -> bool:
    head = file.readline(16)
    sizes = {b"#!AMR\n": _AMR_BYTES, b"#!AMR-WB\n": _AMR_WIDE_BYTES}.get(head)
    if sizes is None:
        return False
    frames = file.read()
    place = 0
    while place < len(frames):
        step = sizes.get(frames[place] >> 3 & 15)
        if step is None:
            return False  # damaged from here on: where frames begin is no longer known
        place += step
    return place > len(frames)
