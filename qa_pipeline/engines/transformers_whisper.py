"""A Whisper checkpoint of ``transformers``: search by the library, word times and probabilities from its attention.

What the search found is shown to the model once more: the probability that it gives each token, all before it given, is
the confidence of the word that the token belongs to, however the search came to it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.word_pieces import Piece, words_of
from qa_pipeline.ports import Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
MULTILINGUAL_FROM = 51_865
"""Size of the vocabulary; that of the English models is one token smaller."""

_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_UNFINISHED = "\ufffd"
"""What a tokenizer writes for bytes that are not a whole character yet."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """Tokens of one window with their natural log-probabilities, and the probability that nobody speaks."""

    logs: Sequence[float]
    no_speech: float


class WhisperCheckpoint:
    """A Whisper checkpoint; what old fine-tuned ones lack in their generation settings is taken from the vocabulary."""

    def __init__(self, model: Any, features: Any, tokenizer: Any, name: str, beam_size: int) -> None:
        self._model = model
        self._name = name
        self._features = features
        self._tokenizer = tokenizer
        self._beam_size = beam_size
        self._vocabulary: dict[str, int] = tokenizer.get_vocab()
        self._codes = {
            found.group(1): code for token, code in self._vocabulary.items() if (found := _LANGUAGE.fullmatch(token))
        }
        self._complete()

    @property
    def on_gpu(self) -> bool:
        """Whether many windows at once are worth it."""
        return bool(self._model.device.type == "cuda")

    def require(self, language: str) -> None:
        """Raise NeedsModel for a language that the model was not trained on."""
        checks.require_language(language, self._codes if self._multilingual else ("en",), self._name)

    @property
    def _multilingual(self) -> bool:
        told = getattr(self._model.generation_config, "is_multilingual", None)
        return bool(self._model.config.vocab_size >= MULTILINGUAL_FROM if told is None else told)

    @property
    def _start(self) -> int:
        return self._vocabulary["<|startoftranscript|>"]

    def _complete(self) -> None:
        settings = self._model.generation_config
        for name, value in (
            ("no_timestamps_token_id", self._vocabulary["<|notimestamps|>"]),
            ("prev_sot_token_id", self._vocabulary["<|startofprev|>"]),
            ("is_multilingual", self._multilingual),
            ("lang_to_id", {f"<|{language}|>": code for language, code in self._codes.items()}),
            ("task_to_id", {task: self._vocabulary[f"<|{task}|>"] for task in ("transcribe", "translate")}),
            ("alignment_heads", self._heads()),
            ("max_initial_timestamp_index", 50),
        ):
            if getattr(settings, name, None) is None:
                setattr(settings, name, value)
        settings.forced_decoder_ids = None  # of old checkpoints: they fix a language
        settings.max_length = self._model.config.max_target_positions
        # The library repeats its advice on these settings for every window.
        logging.getLogger("transformers.generation").setLevel(logging.ERROR)
        logging.getLogger("transformers.models.whisper").setLevel(logging.ERROR)

    def _heads(self) -> list[list[int]]:
        """Return the attention heads that follow the sound where nobody measured them: those of the upper half."""
        config = self._model.config
        layers = range(config.decoder_layers // 2, config.decoder_layers)
        return [[layer, head] for layer in layers for head in range(config.decoder_attention_heads)]

    def detect(self, samples: Samples) -> tuple[str, float]:
        """Return the likeliest language of voiced audio and its probability."""
        if not self._multilingual:
            return "en", 1.0
        with torch.inference_mode():
            encoded = self._encode([samples])[0]
            start = torch.tensor([[self._start]], device=self._model.device)
            logits = self._model(encoder_outputs=encoded, decoder_input_ids=start).logits[0, 0].float()
        codes = list(self._codes.values())
        probabilities = logits[codes].softmax(-1)
        best = int(probabilities.argmax())
        return list(self._codes)[best], float(probabilities[best])

    def _encode(self, samples: Sequence[Samples]) -> tuple[Any, Any]:
        """Return the encoder's output and the mask of the frames that hold sound."""
        inputs = self._features(list(samples), sampling_rate=RATE_HZ, return_tensors="pt", return_attention_mask=True)
        features = inputs.input_features.to(self._model.device, self._model.dtype)
        encoded = self._model.get_encoder()(features)
        return encoded, (features, inputs.attention_mask.to(self._model.device))

    def decode(
        self, windows: Sequence[SpeechWindow], *, language: str, request: TranscriptionRequest, **search: Any
    ) -> list[list[checks.Heard]]:
        """Return what was heard in each window, times from its start."""
        encoded, (features, mask) = self._encode([window.samples for window in windows])
        prompt = self._prompt(language, request)
        spoken = {"language": language, "task": "transcribe"} if self._multilingual else {}
        found = self._model.generate(
            input_features=features,
            attention_mask=mask,
            num_beams=self._beam_size,
            do_sample=False,
            prompt_ids=torch.tensor(prompt, device=self._model.device) if prompt else None,
            return_timestamps=True,
            return_token_timestamps=True,
            return_segments=True,
            condition_on_prev_tokens=False,
            **spoken,
            **search,
        )
        tokens = [[int(token) for part in parts for token in part["tokens"]] for parts in found["segments"]]
        scored = self._score(encoded, [*prompt, *self._context(language)], tokens)
        return [list(self._heard(parts, score)) for parts, score in zip(found["segments"], scored, strict=True)]

    def _prompt(self, language: str, request: TranscriptionRequest) -> list[int]:
        """Return the tokens of hot words and prompt, at most 100 of each: there is no other place for hot words."""
        parts = (", ".join(request.hot_words), checks.prompt_for(language, request.prompt))
        codes = [
            code
            for part in parts
            if part
            for code in self._tokenizer(f" {part.strip()}", add_special_tokens=False)["input_ids"][
                : checks.PROMPT_TOKENS
            ]
        ]
        return [self._vocabulary["<|startofprev|>"], *codes] if codes else []

    def _context(self, language: str) -> list[int]:
        if not self._multilingual:
            return [self._start]
        return [self._start, self._codes[language], self._vocabulary["<|transcribe|>"]]

    def _score(self, encoded: Any, context: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[_Scored]:
        """Return the probability of every token given all before it, and of "no speech" where the text begins."""
        longest = max(len(row) for row in tokens)
        end = self._model.config.eos_token_id
        rows = torch.tensor(
            [[*context, *row, *[end] * (longest - len(row))] for row in tokens], device=self._model.device
        )
        logits = self._model(encoder_outputs=encoded, decoder_input_ids=rows).logits.float()
        silent = self._vocabulary.get("<|nospeech|>", self._vocabulary.get("<|nocaptions|>"))
        begin = list(context).index(self._start)
        found = []
        for row, own in zip(tokens, logits, strict=True):
            logs = own[len(context) - 1 : len(context) - 1 + len(row)].log_softmax(-1)
            chosen = logs[range(len(row)), list(row)].tolist() if row else []
            found.append(_Scored(chosen, float(own[begin].softmax(-1)[silent]) if silent is not None else 0.0))
        return found

    def _heard(self, segments: Sequence[Any], score: _Scored) -> Iterator[checks.Heard]:
        """Yield the segments of one window; marks of time and of the end are no words."""
        first_mark = self._vocabulary["<|endoftext|>"]
        at = 0
        for segment in segments:
            tokens = [int(token) for token in segment["tokens"]]
            starts = [float(time) for time in segment["token_timestamps"]]
            logs = score.logs[at : at + len(tokens)]
            at += len(tokens)
            ends = [*starts[1:], max(float(segment["end"]), starts[-1])] if starts else []
            said = [row for row in zip(tokens, starts, ends, logs, strict=True) if row[0] < first_mark]
            yield checks.Heard(
                words=words_of(self._pieces(said)),
                log_probability=sum(row[3] for row in said) / len(said) if said else None,
                no_speech=score.no_speech,
            )

    def _pieces(self, rows: Sequence[tuple[int, float, float, float]]) -> Iterator[Piece]:
        """Yield pieces of whole characters: one Chinese character can take three tokens."""
        run: list[tuple[int, float, float, float]] = []
        for row in rows:
            run.append(row)
            text = self._tokenizer.decode([token for token, *_ in run])
            if text.endswith(_UNFINISHED):
                continue
            yield Piece(
                text=text,
                start_s=run[0][1],
                end_s=max(run[-1][2], run[0][1]),
                probability=float(np.mean(np.exp([log for *_, log in run]))),
            )
            run = []
