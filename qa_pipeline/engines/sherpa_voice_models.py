"""The two models by which sherpa-onnx tells voices apart, found in a folder by what their metadata say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.engines.onnx_metadata import read_metadata
from qa_pipeline.errors import N_, ConfigurationError

SEGMENTATION = "segmentation"
EMBEDDING = "embedding"

# Keys without which sherpa-onnx ends the whole process when it loads a model; the first tells the kinds apart.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    SEGMENTATION: (
        "powerset_max_classes",
        "num_speakers",
        "num_classes",
        "sample_rate",
        "window_size",
        "receptive_field_size",
        "receptive_field_shift",
    ),
    EMBEDDING: ("output_dim", "framework", "sample_rate", "language"),
}
_FRAMEWORKS = ("wespeaker", "3d-speaker", "nemo")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceModels:
    """A pyannote-style segmentation model (who may be talking, 10 s at a time) and a speaker embedding model."""

    segmentation: Path
    embedding: Path

    @property
    def digest(self) -> str:
        """Eight hex digits of size and time of both files, so that a changed folder is a changed engine."""
        stats = [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in (self.segmentation, self.embedding)
        ]
        return hashlib.sha256(repr(stats).encode()).hexdigest()[:8]


def read_voice_models(folder: Path) -> VoiceModels:
    """Return the models in a folder and its folders.

    Raises
    ------
    ConfigurationError
        Naming what is missing, there twice, or cannot be used.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            N_("There is no folder {path}."), hint=N_("Correct CALLQA_DIARIZATION__MODEL."), path=str(folder)
        )
    found: dict[str, list[Path]] = {kind: [] for kind in _REQUIRED}
    for path in sorted(folder.rglob("*.onnx")):
        metadata = _metadata(path)
        kind = next((kind for kind, keys in _REQUIRED.items() if keys[0] in metadata), None)
        if kind is not None:
            _check(path, kind, metadata)
            found[kind].append(path)
    missing = [kind for kind, paths in found.items() if not paths]
    if missing:
        raise ConfigurationError(
            N_("The folder {path} lacks a model for {missing}."),
            hint=N_(
                "Put model.onnx of a pyannote segmentation and one speaker embedding model of sherpa-onnx into it."
            ),
            path=str(folder),
            missing=", ".join(missing),
        )
    return VoiceModels(**{kind: _only(kind, paths) for kind, paths in found.items()})


def _only(kind: str, paths: list[Path]) -> Path:
    """Return the one model of a kind; of one that is there as 8-bit numbers too, the full one is more exact."""
    full = [path for path in paths if ".int8" not in path.name] or paths
    if len(full) > 1:
        raise ConfigurationError(
            N_("There are several models for {kind}: {paths}."),
            hint=N_("Keep one of them in the folder."),
            kind=kind,
            paths=", ".join(map(str, full)),
        )
    return full[0]


def _check(path: Path, kind: str, metadata: Mapping[str, str]) -> None:
    absent = [key for key in _REQUIRED[kind] if key not in metadata]
    framework = metadata.get("framework", "")
    if kind == EMBEDDING and framework in ("wespeaker", "3d-speaker") and "normalize_samples" not in metadata:
        absent.append("normalize_samples")
    if absent or (kind == EMBEDDING and framework not in _FRAMEWORKS):
        raise ConfigurationError(
            N_("The model {path} cannot be used: its metadata lack {missing}."),
            hint=N_("Take a model of the releases of sherpa-onnx, unchanged."),
            path=str(path),
            missing=", ".join(absent) or "framework " + "/".join(_FRAMEWORKS),
        )


def _metadata(path: Path) -> Mapping[str, str]:
    try:
        return read_metadata(path)
    except (OSError, ValueError) as problem:
        raise ConfigurationError(
            N_("The model {path} cannot be read: {problem}."),
            hint=N_("Copy it again."),
            path=str(path),
            problem=str(problem),
        ) from problem
