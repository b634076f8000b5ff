"""Which model of sherpa-onnx lies in a folder, as its releases are laid out, told without loading it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import localedata

from qa_pipeline.engines.onnx_metadata import read_metadata
from qa_pipeline.errors import N_, ConfigurationError

SENSE_VOICE = "sense-voice"
PARAFORMER = "paraformer"
TRANSDUCER = "transducer"
WHISPER = "whisper"

_CTC = {
    "zipformer2_ctc": "zipformer-ctc",
    "wenet_ctc": "wenet-ctc",
    "EncDecCTCModel": "nemo-ctc",
    "EncDecCTCModelBPE": "nemo-ctc",
    "telespeech_ctc": "telespeech-ctc",
}
_SINGLE = {"sense_voice_ctc": SENSE_VOICE, "paraformer": PARAFORMER, **_CTC}
"""``model_type`` in the metadata of ``model.onnx`` -> family."""

_FEATURES = ("vocab_size", "lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    SENSE_VOICE: (
        *_FEATURES,
        "normalize_samples",
        "with_itn",
        "without_itn",
        *(f"lang_{language}" for language in ("auto", "zh", "en", "ja", "ko", "yue")),
    ),
    PARAFORMER: _FEATURES,
    WHISPER: ("n_mels", "n_text_layer", "n_text_ctx", "n_text_state", "n_vocab", "sot", "eot", "no_timestamps"),
}
"""Keys without which sherpa-onnx would end the process."""

_PUNCTUATION_REQUIRED = ("tokens", "punctuations", "vocab_size")
_BLANKS = {"<blk>", "<eps>", "<blank>"}
_LATIN = re.compile(r"[A-Za-z]{2,}")
_SCRIPTS = (("zh", "\u4e00", "\u9fff"), ("ja", "\u3041", "\u30ff"), ("ko", "\uac00", "\ud7a3"))
_SCRIPT_TOKENS = 20
"""A vocabulary that holds so many tokens of a script can write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaModel:
    """A model in a folder. ``files`` by their role: model, or encoder, decoder and joiner; and tokens.

    ``punctuation`` is a ct-transformer beside it. ``languages``: those that the model is known to write; what a
    folder does not tell is not in it.
    """

    family: str
    files: Mapping[str, Path]
    punctuation: Path | None
    bpe_vocabulary: Path | None
    languages: frozenset[str]

    @property
    def all_files(self) -> tuple[Path, ...]:
        """Every file that decides the words."""
        more = (self.punctuation, self.bpe_vocabulary)
        return (*self.files.values(), *(path for path in more if path))


def find_sherpa_model(folder: Path) -> SherpaModel | None:
    """Return the model in a folder, None when there is none that is whole."""
    try:
        return read_sherpa_model(folder)
    except ConfigurationError:
        return None


def read_sherpa_model(folder: Path) -> SherpaModel:
    """Return the model in a folder.

    A release holds ``tokens.txt`` and either ``model.onnx`` (SenseVoice, Paraformer, CTC), or ``encoder``, ``decoder``
    and ``joiner`` (transducer), or ``encoder`` and ``decoder`` (Whisper), with any words around those; where a file is
    there as ``.int8.onnx`` too, that one is taken. A folder of the punctuation model (``*punct*/model.onnx``) inside
    gives texts of models without punctuation theirs.

    Raises
    ------
    ConfigurationError
        Naming what is missing, or a model that this engine cannot use.
    """
    parts = {part: _part(folder, part) for part in ("encoder", "decoder", "joiner")}
    tokens = next(iter(sorted(folder.glob("*tokens.txt"))), None)
    single = _part(folder, "model")
    if any(parts.values()):
        family = TRANSDUCER if parts["joiner"] else WHISPER
        needed = {part: path for part, path in parts.items() if part != "joiner" or family == TRANSDUCER}
    else:
        family = ""
        needed = {"model": single}
    needed["tokens"] = tokens
    missing = ["tokens.txt" if part == "tokens" else f"{part}.onnx" for part, path in needed.items() if path is None]
    if missing:
        raise _incomplete(folder, missing)
    files = {part: path for part, path in needed.items() if path is not None}
    metadata = _metadata(files["model" if "model" in files else "encoder"])
    family = family or _family(files["model"], metadata)
    absent = [key for key in _REQUIRED.get(family, ()) if key not in metadata]
    if absent:
        raise _incomplete(files.get("model", files.get("encoder", folder)), [f"metadata {key}" for key in absent])
    symbols = _symbols(files["tokens"])
    if family in _CTC.values() and not _BLANKS & set(symbols):
        raise _incomplete(files["tokens"], ["<blk>"])
    return SherpaModel(
        family=family,
        files=files,
        punctuation=_punctuation(folder),
        bpe_vocabulary=next(iter(sorted(folder.glob("bpe*.vocab"))), None),
        languages=_languages(family, folder, metadata, symbols),
    )


def _part(folder: Path, part: str) -> Path | None:
    """Return the file that plays a part, its 8-bit form first; names may carry anything before and after."""
    found = sorted(path for path in folder.glob("*.onnx") if re.search(rf"(^|[-_.]){part}([-_.]|$)", path.stem))
    return next((path for path in found if ".int8" in path.name), found[0] if found else None)


def _family(path: Path, metadata: Mapping[str, str]) -> str:
    model_type = metadata.get("model_type", "")
    if model_type not in _SINGLE or "Nano" in metadata.get("comment", ""):
        raise ConfigurationError(
            N_("The model {path} is of a kind that is not supported: {kind}."),
            hint=N_("Give a folder with a release of sherpa-onnx: {known}."),
            path=str(path),
            kind=model_type or "–",
            known=", ".join((*sorted({*_SINGLE.values()}), TRANSDUCER, WHISPER)),
        )
    return _SINGLE[model_type]


def _punctuation(folder: Path) -> Path | None:
    found = next((path for inner in sorted(folder.glob("*punct*/")) if (path := _part(inner, "model"))), None)
    if found:
        absent = [key for key in _PUNCTUATION_REQUIRED if key not in _metadata(found)]
        if absent:
            raise _incomplete(found, [f"metadata {key}" for key in absent])
    return found


def _metadata(path: Path) -> Mapping[str, str]:
    try:
        return read_metadata(path)
    except (OSError, ValueError) as problem:
        raise ConfigurationError(
            N_("The model at {path} cannot be loaded: {problem}"),
            hint=N_("Copy or convert the model again, and check CALLQA_ASR__DEVICE."),
            path=str(path),
            problem=str(problem),
        ) from problem


def _incomplete(path: Path, missing: Iterable[str]) -> ConfigurationError:
    return ConfigurationError(
        N_("The model folder {path} is incomplete; missing: {missing}."),
        hint=N_("Copy the whole folder of a sherpa-onnx release: tokens.txt and every .onnx file, unchanged."),
        path=str(path),
        missing=", ".join(missing),
    )


def _symbols(path: Path) -> tuple[str, ...]:
    stat = path.stat()
    return _symbols_at(path, stat.st_mtime_ns)


@cache
def _symbols_at(path: Path, changed_ns: int) -> tuple[str, ...]:
    del changed_ns  # part of the key only
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple(line.rsplit(maxsplit=1)[0] for line in lines if line.strip())


def _languages(family: str, folder: Path, metadata: Mapping[str, str], symbols: Iterable[str]) -> frozenset[str]:
    """Return the languages that metadata, vocabulary and the folder's name speak for.

    Alphabets serve many languages, so a vocabulary of Latin pieces counts for English only; another language has to
    stand in the name of the folder, as in ``sherpa-onnx-zipformer-ru-2024-09-18``.
    """
    if family == SENSE_VOICE:
        return frozenset(("zh", "en", "ja", "ko", "yue"))
    if family == WHISPER:
        return frozenset(metadata.get("all_language_codes", "en").split(",")) or frozenset(("en",))
    parts = re.findall(r"(?:^|[-_])([a-z]{2,3})(?=[-_]|$)", folder.resolve().name)
    named = {part for part in parts if localedata.exists(part)}
    written = {"en": 0, **{language: 0 for language, _, _ in _SCRIPTS}}
    for symbol in symbols:
        bare = symbol.strip("▁@ ")
        written["en"] += bool(_LATIN.fullmatch(bare))
        for language, first, last in _SCRIPTS:
            written[language] += any(first <= character <= last for character in bare)
    return frozenset(named | {language for language, count in written.items() if count >= _SCRIPT_TOKENS})
