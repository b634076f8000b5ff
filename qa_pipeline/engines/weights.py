"""Where the weights of a speech model are, whose they are and whether they are all there, without loading anything."""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import get_entry
from qa_pipeline.engines.sherpa_models import find_sherpa_model, read_sherpa_model
from qa_pipeline.errors import N_, ConfigurationError, NeedsModel

DEFAULT_MODEL = "small"
HUB = "https://huggingface.co"
REACH_S = 5.0
"""A hub that has not answered in this time counts as out of reach."""

WHISPER_NAMES = ("large-v3-turbo", "turbo", "large-v3", "large-v2", "medium", "small", "base", "tiny")
"""Models that go by a short name, the largest first."""

TRANSFORMERS_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Forms of the weights of a transformers checkpoint; a pickle is read only where there is no other."""

GIVE_WEIGHTS = N_(
    "Set CALLQA_ASR__MODEL to a folder with weights (for Chinese: Whisper, SenseVoice or Paraformer), "
    "or import a transcript."
)
"""What to do for a language that no engine at hand knows."""

_SAMPLE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on this machine. ``engine`` can read them; ``path`` is a directory, or a .pt file of openai-whisper."""

    engine: str
    name: str
    path: Path

    @property
    def digest(self) -> str:
        """Eight hex digits of size and parts of the weights, so that a changed folder is a changed engine."""
        files = self._files()
        if len(files) == 1:
            return _digest(files[0])
        return hashlib.sha256("".join(map(_digest, files)).encode()).hexdigest()[:8]

    def _files(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        if self.engine == "sherpa-onnx":
            return list(read_sherpa_model(self.path).all_files)
        names = ("model.bin",) if self.engine == "faster-whisper" else ("*.safetensors", "pytorch_model*.bin")
        return sorted(path for name in names for path in self.path.glob(name))


def _digest(path: Path) -> str:
    try:
        stat = path.stat()
        return _digest_at(path, stat.st_size, stat.st_mtime_ns)
    except OSError as problem:
        raise ConfigurationError(
            N_("The model at {path} cannot be loaded: {problem}"),
            hint=N_("Copy or convert the model again, and check CALLQA_ASR__DEVICE."),
            path=str(path),
            problem=problem.strerror or str(problem),
        ) from problem


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

    Without a model in the options the largest Whisper that was downloaded before is taken.

    Parameters
    ----------
    engine : str, optional
        Only weights that this engine can read; without it, models by name are looked for only where an engine that is
        installed would find them.

    Raises
    ------
    ConfigurationError
        When the model is a local path that is incomplete or of another engine.
    """
    if options.model and is_path(options.model):
        return read_path(Path(options.model).expanduser(), engine)
    names = (options.model,) if options.model else WHISPER_NAMES
    for name in names:
        for reader, find in _FINDERS.items():
            wanted = engine == reader if engine else get_entry("asr", reader).installed
            if wanted and (path := find(name)):
                return Weights(reader, name, path)
    return None


def is_path(model: str) -> bool:
    """Whether the model is meant as a place on this machine rather than a name (``small``, ``owner/name``)."""
    return Path(model).expanduser().exists() or model.startswith((".", "/", "~", "\\")) or model.endswith(".pt")


def read_path(path: Path, engine: str | None = None) -> Weights:
    """Tell whose weights lie at `path`; a folder that holds several forms is of the `engine` that is asked for.

    Raises
    ------
    ConfigurationError
        Naming what is missing, or which engine can read what is there.
    """
    if not path.exists():
        raise ConfigurationError(
            N_("There is no model at {path}."),
            hint=N_("Set CALLQA_ASR__MODEL to the folder that holds the weights."),
            path=str(path),
        )
    if path.is_file():
        found = {"openai-whisper": Weights("openai-whisper", path.stem, path)}
    else:
        found = {reader: weights for reader, read in _READERS.items() if (weights := read(path))}
    if engine in found:
        return found[engine]
    if found and engine is not None:
        raise ConfigurationError(
            N_("The engine {engine} cannot read {path}: its weights are for {other}."),
            hint=N_("Choose the engine {other}, or give a folder with weights for {engine}."),
            engine=engine,
            path=str(path),
            other=", ".join(found),
        )
    if found:
        return next(iter(found.values()))
    raise _incomplete(path, engine)


def _incomplete(path: Path, engine: str | None) -> ConfigurationError:
    """Return the error for a folder that no engine can read: what lacks for the form that it comes nearest to."""
    if engine is None:
        engine = "transformers" if _is_transformers_config(path) else "faster-whisper"
        engine = "sherpa-onnx" if any(path.glob("*.onnx")) else engine
    if engine == "sherpa-onnx":
        return _not_a_sherpa_model(path)
    missing = missing_of_transformers(path) if engine == "transformers" else missing_files(path)
    hint = N_(
        "Copy the whole folder of a CTranslate2 Whisper model, or convert one with ct2-transformers-converter "
        "--copy_files tokenizer.json preprocessor_config.json."
    )
    if engine == "transformers":
        hint = N_("Copy the whole folder of the checkpoint: hf download OWNER/NAME --local-dir FOLDER.")
    if engine == "openai-whisper":
        missing = ["*.pt"]
        hint = N_("Give a checkpoint of openai-whisper, such as small.pt, or the folder that it lies in.")
    return ConfigurationError(
        N_("The model folder {path} is incomplete; missing: {missing}."),
        hint=hint,
        path=str(path),
        missing=", ".join(missing),
    )


def _not_a_sherpa_model(path: Path) -> ConfigurationError:
    try:
        read_sherpa_model(path)
    except ConfigurationError as error:
        return error
    raise AssertionError(path)  # it would have been found above


def _read_ctranslate2(path: Path) -> Weights | None:
    return None if missing_files(path) else Weights("faster-whisper", path.resolve().name, path)


def _read_original(path: Path) -> Weights | None:
    checkpoints = sorted(path.glob("*.pt"))
    return Weights("openai-whisper", checkpoints[0].stem, checkpoints[0]) if checkpoints else None


def _read_transformers(path: Path) -> Weights | None:
    return None if missing_of_transformers(path) else Weights("transformers", path.resolve().name, path)


def _read_sherpa(path: Path) -> Weights | None:
    return Weights("sherpa-onnx", path.resolve().name, path) if find_sherpa_model(path) else None


_READERS: Mapping[str, Callable[[Path], Weights | None]] = {
    "faster-whisper": _read_ctranslate2,
    "openai-whisper": _read_original,
    "transformers": _read_transformers,
    "sherpa-onnx": _read_sherpa,
}


def missing_files(folder: Path) -> list[str]:
    """Return what a CTranslate2 folder lacks; without tokenizer.json the library would ask the hub."""
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / f"vocabulary.{ending}").is_file() for ending in ("json", "txt")):
        missing.append("vocabulary.json")
    return missing


def missing_of_transformers(folder: Path) -> list[str]:
    """Return what a transformers checkpoint lacks: configuration, weights, features or tokenizer."""
    groups = (
        ("config.json",),
        TRANSFORMERS_WEIGHTS,
        ("preprocessor_config.json", "processor_config.json"),
        ("tokenizer.json", "vocab.json"),
    )
    missing = [group[0] for group in groups if not any((folder / name).is_file() for name in group)]
    if not missing and not _is_transformers_config(folder):
        return ["config.json (model_type)"]
    return missing


def _is_transformers_config(folder: Path) -> bool:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and "model_type" in config


def repository_of(name: str) -> str:
    """Return the name on the hub of a checkpoint for transformers; ``small`` means ``openai/whisper-small``."""
    return name if "/" in name else f"openai/whisper-{'large-v3-turbo' if name == 'turbo' else name}"


def _ctranslate2_in_cache(name: str) -> Path | None:
    """Return the folder of a model for faster-whisper that was downloaded from the hub earlier.

    Short names stand for repositories of several owners, all of which put the name behind the same words.
    """
    if "/" in name:
        wanted = re.escape(name.replace("/", "--"))
    else:
        distilled, plain = name.startswith("distil-"), re.escape(name.removeprefix("distil-"))
        plain = "large-v3-turbo" if plain == "turbo" else "large-v3" if plain == "large" else plain
        wanted = (
            f".*--(faster-distil-whisper-{plain}|distil-{plain}-ct2)" if distilled else f".*--faster-whisper-{plain}"
        )
    folders = (
        found for found in sorted(hub_cache().glob("models--*")) if re.fullmatch(f"models--{wanted}", found.name)
    )
    return next((snapshot for found in folders if (snapshot := _snapshot(found)) and not missing_files(snapshot)), None)


def _transformers_in_cache(name: str) -> Path | None:
    snapshot = _snapshot(hub_cache() / f"models--{repository_of(name).replace('/', '--')}")
    return snapshot if snapshot and not missing_of_transformers(snapshot) else None


def _snapshot(folder: Path) -> Path | None:
    """Return what the main branch of a repository was when the hub's client fetched it."""
    try:
        revision = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return folder / "snapshots" / revision


def hub_cache() -> Path:
    """Return the folder that the hub's client downloads to."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _original_in_cache(name: str) -> Path | None:
    """Return the checkpoint of a model that openai-whisper downloaded earlier."""
    path = whisper_cache() / f"{name}.pt"
    return path if path.is_file() else None


def whisper_cache() -> Path:
    """Return the folder that openai-whisper downloads to."""
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "whisper"


_FINDERS: Mapping[str, Callable[[str], Path | None]] = {
    "faster-whisper": _ctranslate2_in_cache,
    "openai-whisper": _original_in_cache,
    "transformers": _transformers_in_cache,
}


def fetch_snapshot(name: str, repository: str, patterns: list[str], options: AsrOptions) -> Path:
    """Fetch files of a repository from the hub or its mirror and return their folder.

    Raises
    ------
    NeedsModel
        At once when offline, fast when the hub does not answer, and with the plain reason when it refuses.
    """
    if options.offline or os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        raise needs_model(name)
    endpoint = options.endpoint or os.environ.get("HF_ENDPOINT") or HUB
    require_reachable(endpoint, name)
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repository, allow_patterns=patterns, endpoint=endpoint, cache_dir=str(hub_cache()))
        )
    except (OSError, ValueError) as problem:  # the hub's and the connection's errors are both among these
        raise needs_model(name, str(problem).splitlines()[0]) from problem


def needs_model(model: str, why: str = "") -> NeedsModel:
    """Return the error that says what to run; `why` is the plain reason when a download failed."""
    message = N_("The weights of the speech model {model} are not on this machine.")
    return NeedsModel(
        N_("The weights of the speech model {model} are not on this machine. {why}") if why else message,
        hint=N_(
            "Set CALLQA_ASR__MODEL to a folder with the weights, or run once with a connection to the model hub "
            "(CALLQA_ASR__ENDPOINT names a mirror)."
        ),
        model=model,
        why=why,
    )


def needs_folder(engine: str) -> NeedsModel:
    """Return the error for an engine that reads local folders only and was given none."""
    return NeedsModel(
        N_("The engine {engine} needs a folder with a model."),
        hint=N_("Unpack a release such as SenseVoice or Paraformer and set CALLQA_ASR__MODEL to its folder."),
        engine=engine,
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
