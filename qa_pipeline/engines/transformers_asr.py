"""Speech to text by checkpoints of ``transformers``: Whisper and its fine-tuned kin, CTC models such as wav2vec 2.0.

A Whisper's windows are written by the library's own search; the finished text is then shown to the model once more, and
the probability that it gives each token is the confidence of the word that the token belongs to. A CTC model's
confidence is the mean probability of the frames that spell a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pickle import UnpicklingError

import torch
import transformers
from safetensors import SafetensorError

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.identity import spec_of_weights
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.spoken_language import Batch, SpokenLanguages
from qa_pipeline.engines.transformers_ctc import CtcCheckpoint
from qa_pipeline.engines.transformers_whisper import WhisperCheckpoint
from qa_pipeline.engines.weights import (
    DEFAULT_MODEL,
    WHISPER_NAMES,
    Weights,
    fetch_snapshot,
    find_weights,
    missing_of_transformers,
    needs_model,
    repository_of,
)
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.ports import Recognition, RecognizedSpan, SpeechWindow, TranscriptionRequest

PLAIN_FILES = ["*.json", "merges.txt", "vocab.txt", "*.safetensors"]
PICKLES = ["pytorch_model*.bin"]
_LOAD_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    ImportError,
    RuntimeError,
    TypeError,
    AttributeError,
    EOFError,
    SafetensorError,
)
"""What libraries raise on files that are damaged or of another kind."""


def load(options: AsrOptions) -> TransformersTranscriber:
    """Return the engine with its weights loaded, downloading them when they are named and may be fetched.

    Raises
    ------
    NeedsModel
        When the weights are not here and cannot be had.
    ConfigurationError
        When a folder is incomplete, a name is unknown or the device is not there.
    """
    return TransformersTranscriber(find_weights(options, "transformers") or download(options), options)


def download(options: AsrOptions) -> Weights:
    """Fetch a checkpoint by name, without pickles where it has safetensors; raises NeedsModel fast without a hub."""
    name = options.model or DEFAULT_MODEL
    if "/" not in name and name not in WHISPER_NAMES:
        raise ConfigurationError(
            N_("There is no speech model called {model}."),
            hint=N_("Choose one of: {known}; or give a folder."),
            model=name,
            known=", ".join((*WHISPER_NAMES, "OWNER/NAME")),
        )
    repository = repository_of(name)
    folder = fetch_snapshot(name, repository, PLAIN_FILES, options)
    if not any(folder.glob("*.safetensors")):
        folder = fetch_snapshot(name, repository, PICKLES, options)
    missing = missing_of_transformers(folder)
    if missing:
        raise needs_model(name, f"{', '.join(missing)}: –")
    return Weights("transformers", name, folder)


class TransformersTranscriber:
    """A checkpoint for speech recognition; float32 on the CPU, float16 on a GPU."""

    def __init__(self, weights: Weights, options: AsrOptions) -> None:
        device = checks.device_of(options.device, torch.cuda.is_available())
        try:
            self._model = _load_checkpoint(weights, device, options)
        except UnpicklingError as problem:
            # The library's own words advise to load it by running what is in it.
            raise checks.not_loaded(weights.path, UnpicklingError("more than plain tensors")) from problem
        except _LOAD_ERRORS as problem:
            raise checks.not_loaded(weights.path, problem) from problem
        self._batch_size = options.batch_size or (checks.GPU_BATCH if self._model.on_gpu else 1)
        self.spec = replace(spec_of_weights(weights.engine, weights, options), piecewise=self._batch_size == 1)

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact in batches; an unknown language is detected once for each channel."""
        languages = SpokenLanguages(request.language, self._model.detect)
        try:
            with torch.inference_mode():
                batches = languages.batches(windows, self._batch_size)
                spans = tuple(span for batch in batches for span in self._spans(batch, request))
        except (RuntimeError, ValueError, IndexError) as problem:  # out of GPU memory included
            raise checks.failed(self.spec.name, problem) from problem
        quality = languages.limit(self.quality_of(spans))
        return Recognition(language=languages.language, spans=spans, quality=quality, languages=languages.found)

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade all spans of one contact by their words."""
        return checks.quality_of(spans)

    def _spans(self, batch: Batch, request: TranscriptionRequest) -> Iterator[RecognizedSpan]:
        self._model.require(batch.language)
        decode = partial(self._model.decode, language=batch.language, request=request)
        return checks.checked_spans(batch.windows, decode)


def _load_checkpoint(weights: Weights, device: str, options: AsrOptions) -> WhisperCheckpoint | CtcCheckpoint:
    """Load a checkpoint from a folder; its pickle is read, as plain tensors, only where there is no other form."""
    transformers.utils.logging.disable_progress_bar()  # loading from a disk takes a moment; stderr is for people
    safe = any(weights.path.glob("*.safetensors"))
    found = {"local_files_only": True}
    config = transformers.AutoConfig.from_pretrained(weights.path, **found)
    loading = {**found, "use_safetensors": safe, "dtype": torch.float16 if device == "cuda" else torch.float32}
    features = transformers.AutoFeatureExtractor.from_pretrained(weights.path, **found)
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights.path, **found)
    if config.model_type == "whisper":
        # Word times come from attention weights, which only this implementation gives.
        model = transformers.WhisperForConditionalGeneration.from_pretrained(
            weights.path, attn_implementation="eager", **loading
        )
        return WhisperCheckpoint(model.to(device).eval(), features, tokenizer, weights.name, options.beam_size)
    model = transformers.AutoModelForCTC.from_pretrained(weights.path, **loading)
    return CtcCheckpoint(model.to(device).eval(), features, tokenizer, weights.name)
