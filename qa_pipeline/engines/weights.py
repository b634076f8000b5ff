"""Where the weights of a Whisper model are, and whether they are all there, without loading anything."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.errors import N_, ConfigurationError, NeedsModel

DEFAULT_MODEL = "small"
REACH_S = 5.0
"""A hub that has not answered in this time counts as out of reach."""

_LARGEST_FIRST = ("large-v3-turbo", "turbo", "large-v3", "large-v2", "medium", "small", "base", "tiny")
_SAMPLE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on this machine. ``engine`` can read them; ``path`` is a directory (CTranslate2) or a .pt file."""

    engine: str
    name: str
    path: Path

    @property
    def digest(self) -> str:
        """Eight hex digits of size and parts of the weights, so that a changed folder is a changed engine."""
        return _digest(self.path / "model.bin" if self.path.is_dir() else self.path)


def _digest(path: Path) -> str:
    stat = path.stat()
    return _digest_at(path, stat.st_size, stat.st_mtime_ns)


@cache
def _digest_at(path: Path, size: int, changed_ns: int) -> str:
    del changed_ns  # part of the key only
    found = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for offset in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
            file.seek(offset)
            found.update(file.read(_SAMPLE_BYTES))
    return found.hexdigest()[:8]


def find_weights(options: AsrOptions, engine: str | None = None) -> Weights | None:
    """Return weights that lie on this machine, None when a download would be needed.

    Without a model in the options the largest one that was downloaded before is taken.

    Parameters
    ----------
    engine : str, optional
        Only weights that this engine can read.

    Raises
    ------
    ConfigurationError
        When the model is a local path that is incomplete or of the other engine.
    """
    if options.model and is_path(options.model):
        found = read_path(Path(options.model).expanduser())
        if engine and found.engine != engine:
            raise ConfigurationError(
                N_("The engine {engine} cannot read {path}: its weights are for {other}."),
                hint=N_("Choose the engine {other}, or give a folder with weights for {engine}."),
                engine=engine,
                path=options.model,
                other=found.engine,
            )
        return found
    names = (options.model,) if options.model else _LARGEST_FIRST
    finders: dict[str, Callable[[str], Path | None]] = {
        "faster-whisper": _in_hub_cache,
        "openai-whisper": _in_whisper_cache,
    }
    for name in names:
        for reader, find in finders.items():
            if engine in (None, reader) and (path := find(name)):
                return Weights(reader, name, path)
    return None


def is_path(model: str) -> bool:
    """Whether the model is meant as a place on this machine rather than a name (``small``, ``owner/name``)."""
    return Path(model).expanduser().exists() or model.startswith((".", "/", "~", "\\")) or model.endswith(".pt")


def read_path(path: Path) -> Weights:
    """Tell whose weights lie at `path`.

    Raises
    ------
    ConfigurationError
        Naming what is missing.
    """
    if not path.exists():
        raise ConfigurationError(
            N_("There is no model at {path}."),
            hint=N_("Set CALLQA_ASR__MODEL to the folder that holds the weights."),
            path=str(path),
        )
    if path.is_file():
        return Weights("openai-whisper", path.stem, path)
    checkpoints = sorted(path.glob("*.pt"))
    if checkpoints and not (path / "model.bin").exists():
        return Weights("openai-whisper", checkpoints[0].stem, checkpoints[0])
    missing = missing_files(path)
    if missing:
        raise ConfigurationError(
            N_("The model folder {path} is incomplete; missing: {missing}."),
            hint=N_(
                "Copy the whole folder of a CTranslate2 Whisper model, or convert one with ct2-transformers-converter "
                "--copy_files tokenizer.json preprocessor_config.json."
            ),
            path=str(path),
            missing=", ".join(missing),
        )
    return Weights("faster-whisper", path.resolve().name, path)


def missing_files(folder: Path) -> list[str]:
    """Return what a CTranslate2 folder lacks; without tokenizer.json the library would ask the hub."""
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / f"vocabulary.{ending}").is_file() for ending in ("json", "txt")):
        missing.append("vocabulary.json")
    return missing


def _in_hub_cache(name: str) -> Path | None:
    """Return the folder of a model that was downloaded from the hub earlier."""
    if not any(hub_cache().glob("models--*whisper*")):
        return None  # the common case on a fresh machine, without the imports below
    from faster_whisper.utils import download_model

    try:
        folder = Path(download_model(name, local_files_only=True))
    except (ValueError, OSError):  # no such name; not downloaded
        return None
    return None if missing_files(folder) else folder


def hub_cache() -> Path:
    """Return the folder that the hub's client downloads to."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _in_whisper_cache(name: str) -> Path | None:
    """Return the checkpoint of a model that openai-whisper downloaded earlier."""
    path = whisper_cache() / f"{name}.pt"
    return path if path.is_file() else None


def whisper_cache() -> Path:
    """Return the folder that openai-whisper downloads to."""
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "whisper"


def needs_model(model: str, why: str = "") -> NeedsModel:
    """Return the error that says what to run; `why` is the plain reason when a download failed."""
    return NeedsModel(
        N_("The weights of the speech model {model} are not on this machine. {why}"),
        hint=N_(
            "Set CALLQA_ASR__MODEL to a folder with the weights, or run once with a connection to the model hub "
            "(CALLQA_ASR__ENDPOINT names a mirror)."
        ),
        model=model,
        why=why,
    )


def require_reachable(url: str, model: str) -> None:
    """Raise NeedsModel quickly when `url` does not answer, before a library starts its long retries."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 -- the user's own hub address
    try:
        with urllib.request.urlopen(request, timeout=REACH_S):  # noqa: S310
            return
    except urllib.error.HTTPError:
        return  # it answered
    except (OSError, ValueError) as problem:
        raise needs_model(model, str(getattr(problem, "reason", problem))) from problem
