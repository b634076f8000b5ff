"""The metadata of an ONNX file, read without a runtime and without its weights.

sherpa-onnx ends the whole process when a key that it needs is not in the metadata of a model, so folders are judged
before they are loaded. An ONNX file is one protocol-buffer message ``ModelProto``; field 14, ``metadata_props``, holds
pairs of key (field 1) and value (field 2), and everything else, the graph with its weights included, is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

METADATA_PROPS = 14
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10


def read_metadata(path: Path) -> Mapping[str, str]:
    """Return keys and values; empty for a model without any.

    Raises
    ------
    ValueError
        The file is cut off, or no ONNX model.
    OSError
        The file cannot be read.
    """
    stat = path.stat()
    return _metadata_at(path, stat.st_size, stat.st_mtime_ns)


@cache
def _metadata_at(path: Path, size: int, changed_ns: int) -> Mapping[str, str]:
    del changed_ns  # part of the key only
    found: dict[str, str] = {}
    with path.open("rb") as file:
        for field, content in _fields(file, size, METADATA_PROPS):
            if field == METADATA_PROPS:
                pair = dict(_fields(BytesIO(content), len(content), None))
                found[pair.get(1, b"").decode()] = pair.get(2, b"").decode(errors="replace")
    return found


def _fields(file: BinaryIO, size: int, wanted: int | None) -> Iterator[tuple[int, bytes]]:
    """Yield (number, content) of the fields with a length; those that are not wanted are skipped and come empty."""
    while file.tell() < size:
        number, kind = divmod(_varint(file), 8)
        if number == 0:
            raise ValueError("no protocol-buffer message")
        if kind == _VARINT:
            _varint(file)
        elif kind in (_FIXED64, _FIXED32):
            file.seek(8 if kind == _FIXED64 else 4, 1)
        elif kind == _LENGTH:
            length = _varint(file)
            if file.tell() + length > size:
                raise ValueError("the file is cut off")
            if wanted in (None, number):
                yield number, file.read(length)
            else:
                file.seek(length, 1)
        else:
            raise ValueError("no protocol-buffer message")


def _varint(file: BinaryIO) -> int:
    value = 0
    for at in range(_VARINT_BYTES):
        byte = file.read(1)
        if not byte:
            raise ValueError("the file is cut off")
        value |= (byte[0] & 0x7F) << (7 * at)
        if byte[0] < 0x80:
            return value
    raise ValueError("no protocol-buffer message")
