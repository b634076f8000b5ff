"""Models of a site that are damaged, tampered with, or made to look sound: no code runs, and no number is invented."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models.text.classifier import CARD, SHIPPED, WEIGHTS
from tests.hostile.case import COULD_NOT_RUN, Case, Verdict, judge, run_command

KIND = "models"
# What each model is asked by; the rows themselves are sound.
TABLES = {
    "courtesy": "text,politeness\nCould you please wait?,.8\nGive it to me.,-.5\nThank you so much.,.7\n",
    "sentiment": "text,sentiment\nThis is great,positive\nThis is awful,negative\nIt is there,neutral\n",
    "moves": "text,act\nThank you for calling,greeting\nI am sorry,apology\nPlease wait,inform\n",
}
Spoil = Callable[[Path], None]


def drive(folder: Path) -> Iterator[Verdict]:
    """Put each spoiled model into a home of its own, where it stands before the shipped one, and ask it."""
    for task, table in TABLES.items():
        path = folder / f"{task}.csv"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(table, encoding="utf-8")
        for name, (file, spoil) in _spoils().items():
            home = folder / f"{task}-{name}"
            model = home / "models" / f"{task}-en"
            shutil.copytree(SHIPPED / f"{task}-en", model)
            spoil(model)
            case = Case(name=f"{task} {name}", error="EngineError")
            printed = run_command("validate", task, path, "--home", home)
            if printed.crash or printed.code != COULD_NOT_RUN:
                yield Verdict(
                    case, printed.crash or f"exit code {printed.code}: {printed.document}", bool(printed.crash)
                )
            else:
                yield judge(case, printed.document.get("error"), file)
            shutil.rmtree(home)


def _spoils() -> dict[str, tuple[str, Spoil]]:
    """Return by name the file that must be named and what is done to the model."""
    weights: dict[str, Spoil] = {
        "truncated": lambda model: _edit(model, lambda data: data[: len(data) // 2]),
        "empty": lambda model: _edit(model, lambda data: b""),
        "flipped": lambda model: _edit(model, lambda data: data[:999] + bytes([data[999] ^ 1]) + data[1000:]),
        "longer": lambda model: _edit(model, lambda data: data + b"x"),
        "gone": lambda model: (model / WEIGHTS).unlink(),
        "a-folder": _as_folder,
        # From here on the card vouches for the file: what is in it must be looked at.
        "no-archive": lambda model: _edit(model, lambda data: b"weights", signed=True),
        "pickle": lambda model: _replace(model, _pickled()),
        "half-signed": lambda model: _edit(model, lambda data: data[: len(data) // 2], signed=True),
        "other-names": lambda model: _replace(model, _npz(other=np.zeros(3))),
        "no-arrays": lambda model: _replace(model, _npz()),
        "one-more": lambda model: _change(model, lambda arrays: arrays | {"code": np.zeros(3)}),
        "one-less": lambda model: _change(model, lambda arrays: dict(list(arrays.items())[1:])),
        "objects": lambda model: _change(model, _with_objects),
        "as-text": lambda model: _change(
            model, lambda arrays: {name: each.astype("S9") for name, each in arrays.items()}
        ),
        "other-kind": lambda model: _change(
            model, lambda arrays: {n: each.astype(np.int8) for n, each in arrays.items()}
        ),
        "shorter": lambda model: _change(model, lambda arrays: {name: each[:1] for name, each in arrays.items()}),
        "scalars": lambda model: _change(model, lambda arrays: {n: each.reshape(-1)[0] for n, each in arrays.items()}),
        "nan": lambda model: _change(model, lambda arrays: _filled(arrays, np.nan)),
        "endless": lambda model: _change(model, lambda arrays: _filled(arrays, np.inf)),
        "said-to-be-huge": _with_huge_header,
        "header-that-runs": _with_running_header,
    }
    cards: dict[str, Spoil] = {
        "card-empty": lambda model: _card_text(model, ""),
        "card-truncated": lambda model: _card_text(model, (model / CARD).read_text("utf-8")[:200]),
        "card-of-a-list": lambda model: _card_text(model, "[]"),
        "card-of-a-number": lambda model: _card_text(model, "7"),
        "card-deep": lambda model: _card_text(model, "[" * 100_000),
        "card-latin": lambda model: _card_bytes(model, b'{"schema": "\xe9"}'),
        "card-a-picture": lambda model: _card_bytes(model, b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        "card-without-schema": lambda model: _card(
            model, lambda card: {k: v for k, v in card.items() if k != "schema"}
        ),
        "card-of-a-text-schema": lambda model: _card(model, lambda card: card | {"schema": "tf-idf"}),
        "card-of-another-schema": lambda model: _card(model, lambda card: card | {"schema": card["schema"] | {"x": 1}}),
        "card-of-another-format": lambda model: _schema(model, {"format": "callqa-ngrams-999"}),
    }
    found = {name: (WEIGHTS, spoil) for name, spoil in weights.items()}
    return found | {name: (CARD, spoil) for name, spoil in cards.items()}


def _edit(model: Path, change: Callable[[bytes], bytes], *, signed: bool = False) -> None:
    data = change((model / WEIGHTS).read_bytes())
    (model / WEIGHTS).write_bytes(data)
    if signed:
        _card(model, lambda card: card | {"weights_sha256": hashlib.sha256(data).hexdigest()})


def _replace(model: Path, data: bytes) -> None:
    _edit(model, lambda _: data, signed=True)


def _change(model: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with np.load(model / WEIGHTS) as file:
        arrays = {name: file[name] for name in file.files}
    _replace(model, _npz(**change(arrays)))


def _npz(**arrays: Any) -> bytes:
    kept = io.BytesIO()
    np.savez(kept, **arrays)
    return kept.getvalue()


def _filled(arrays: dict[str, Any], value: float) -> dict[str, Any]:
    return {
        name: np.full_like(each, value) if np.issubdtype(each.dtype, np.floating) else each
        for name, each in arrays.items()
    }


class _Runs:
    """What a pickle would have done on being read."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (_fail, ("code of a model file was run",))


def _fail(message: str) -> None:
    raise SystemExit(message)


def _pickled() -> bytes:
    import pickle

    return pickle.dumps(_Runs())


def _with_objects(arrays: dict[str, Any]) -> dict[str, Any]:
    name = next(iter(arrays))
    return arrays | {name: np.array([_Runs()], dtype=object)}


def _with_header(model: Path, header: str) -> None:
    """Rewrite the first array so that its header says this."""
    first = _members(model)[0]
    text = header.encode("latin-1") + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(64)
    kept = io.BytesIO()
    with zipfile.ZipFile(model / WEIGHTS) as old, zipfile.ZipFile(kept, "w") as new:
        for name in old.namelist():
            new.writestr(name, array if name == first else old.read(name))
    _replace(model, kept.getvalue())


def _members(model: Path) -> list[str]:
    with zipfile.ZipFile(model / WEIGHTS) as archive:
        return archive.namelist()


def _with_huge_header(model: Path) -> None:
    _with_header(model, "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000)}")


def _with_running_header(model: Path) -> None:
    _with_header(model, "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}")


def _as_folder(model: Path) -> None:
    (model / WEIGHTS).unlink()
    (model / WEIGHTS).mkdir()


def _card_text(model: Path, text: str) -> None:
    (model / CARD).write_text(text, encoding="utf-8")


def _card_bytes(model: Path, data: bytes) -> None:
    (model / CARD).write_bytes(data)


def _card(model: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    _card_text(model, json.dumps(change(json.loads((model / CARD).read_text("utf-8")))))


def _schema(model: Path, other: dict[str, Any]) -> None:
    """Change the schema and vouch for it."""

    def changed(card: dict[str, Any]) -> dict[str, Any]:
        schema = card["schema"] | other
        digest = hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
        return card | {"schema": schema, "schema_sha256": digest}

    _card(model, changed)
