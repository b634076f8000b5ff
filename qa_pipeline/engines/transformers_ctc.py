"""A CTC checkpoint of ``transformers``, such as wav2vec 2.0, HuBERT or MMS: a token or nothing for every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.word_pieces import Piece, words_of
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.ports import Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
_HAN = ("\u4e00", "\u9fff")
_NOT_BY_LETTERS = ("zh", "yue", "ja", "ko")


class CtcCheckpoint:
    """It writes the language that it was trained on, whatever is spoken, and takes neither prompt nor hot words."""

    def __init__(self, model: Any, features: Any, tokenizer: Any, name: str) -> None:
        self._model = model
        self._features = features
        self._tokenizer = tokenizer
        self._name = name
        self._silent = {int(model.config.pad_token_id), *tokenizer.all_special_ids}
        symbols = tokenizer.get_vocab()
        self._chinese = 2 * sum(_HAN[0] <= symbol[:1] <= _HAN[1] for symbol in symbols) > len(symbols)

    @property
    def on_gpu(self) -> bool:
        """Whether many windows at once are worth it."""
        return bool(self._model.device.type == "cuda")

    def require(self, language: str) -> None:
        """Raise NeedsModel for a language that the vocabulary cannot write; letters can be those of many languages."""
        if language != "zh" if self._chinese else language in _NOT_BY_LETTERS:
            checks.require_language(language, (), self._name)

    def detect(self, samples: Samples) -> tuple[str, float]:
        """Return Chinese for a vocabulary of Chinese; which language letters are of no file of a checkpoint says.

        Raises
        ------
        NeedsModel
            The language has to be stated.
        """
        del samples
        if self._chinese:
            return "zh", 1.0
        raise NeedsModel(
            N_("The speech model {model} cannot tell which language is spoken."),
            hint=N_("State the language in the metadata, or set CALLQA_INTAKE__LANGUAGE."),
            model=self._name,
        )

    def decode(
        self, windows: Sequence[SpeechWindow], *, language: str, request: TranscriptionRequest, **search: Any
    ) -> list[list[checks.Heard]]:
        """Return what was heard in each window, times from its start; there is no search to give options to."""
        del language, request, search
        # One by one: many of these models were trained without a mask, and padding would change what they hear.
        return [[self._heard(window)] for window in windows]

    def _heard(self, window: SpeechWindow) -> checks.Heard:
        inputs = self._features(window.samples, sampling_rate=RATE_HZ, return_tensors="pt")
        name = self._features.model_input_names[0]
        sound = inputs[name].to(self._model.device, self._model.dtype)
        probabilities = self._model(**{name: sound}).logits[0].float().softmax(-1).cpu().numpy()
        frame_s = window.samples.size / RATE_HZ / len(probabilities)
        pieces = list(self._pieces(probabilities, frame_s))
        logs = [np.log(max(piece.probability or 0.0, 1e-12)) for piece in pieces]
        return checks.Heard(
            words=words_of(pieces), log_probability=float(np.mean(logs)) if logs else None, no_speech=None
        )

    def _pieces(self, probabilities: np.ndarray[Any, np.dtype[np.float32]], frame_s: float) -> Iterator[Piece]:
        """Yield the runs of one token, each with the mean probability of its frames."""
        begins = True
        frames = enumerate(probabilities.argmax(axis=1).tolist())
        for token, run in groupby(frames, key=lambda frame: frame[1]):
            places = [at for at, _ in run]
            if token == getattr(self._tokenizer, "word_delimiter_token_id", None):
                begins = True
                continue
            if token in self._silent:
                continue
            text = str(self._tokenizer.convert_ids_to_tokens(token)).replace("▁", " ")
            yield Piece(
                text=f" {text.strip()}" if begins else text,
                start_s=places[0] * frame_s,
                end_s=(places[-1] + 1) * frame_s,
                probability=float(probabilities[places, token].mean()),
            )
            begins = False
