"""Text models asked once for the words of many contacts; each contact then asks as if it were alone.

Only engines whose spec says ``piecewise`` are asked so. Those that read a text in its conversation, or that give other
last digits to a text where others are asked with it, are left to each contact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.errors import CallqaError
from qa_pipeline.ports import AbuseModel, AbuseReading, MoveTagger, SentimentModel, TextEmbedder
from qa_pipeline.scoring.annotate import TextModels, spoken_in
from qa_pipeline.scoring.moves import by_script
from qa_pipeline.scoring.pieces import pieces_of

Row = Any  # what a model says of one text


class _Answers:
    """What a model said of texts, by language; it is asked for each text once."""

    def __init__(self, ask: Callable[[Sequence[str], str], Iterable[Row]]) -> None:
        self._ask = ask
        self._rows: dict[tuple[str, str], Row] = {}

    def learn(self, texts: Iterable[str], language: str) -> None:
        new = [text for text in dict.fromkeys(texts) if (language, text) not in self._rows]
        if new:
            self._rows.update(zip(((language, text) for text in new), self._ask(new, language), strict=True))

    def of(self, texts: Sequence[str], language: str) -> Iterator[Row]:
        self.learn(texts, language)
        return (self._rows[language, text] for text in texts)


class KnownSentiment:
    """A sentiment model that remembers what it said; raises as the model does."""

    def __init__(self, model: SentimentModel) -> None:
        self.spec = model.spec
        self.answers = _Answers(model.predict)

    def predict(
        self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return what the model says of at least one text; `speakers` mean nothing to a model that reads piecewise."""
        del speakers
        return np.stack(list(self.answers.of(texts, language)))


class KnownMoves:
    """A tagger of moves that remembers what it said; raises as the tagger does."""

    def __init__(self, model: MoveTagger) -> None:
        self.spec = model.spec
        self.answers = _Answers(model.predict)

    def predict(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float64]:
        """Return what the tagger says of at least one text."""
        return np.stack(list(self.answers.of(texts, language)))


class KnownAbuse:
    """A model of abuse that remembers what it said; raises as the model does."""

    def __init__(self, model: AbuseModel) -> None:
        def ask(texts: Sequence[str], language: str) -> Iterable[Row]:
            reading = model.predict(texts, language)
            return zip(reading.probabilities, reading.hints, strict=True)

        self.spec = model.spec
        self.answers = _Answers(ask)

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        """Return what the model says of at least one text."""
        probabilities, hints = zip(*self.answers.of(texts, language), strict=True)
        return AbuseReading(probabilities=np.array(probabilities), hints=np.array(hints))


class KnownEmbedder:
    """An embedder that remembers the vectors of texts; raises as the embedder does."""

    def __init__(self, model: TextEmbedder) -> None:
        self.spec = model.spec
        self._model = model
        self.answers = _Answers(model.embed)

    def embed(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float32]:
        """Return the vectors of the texts."""
        if not texts:
            return self._model.embed(texts, language)
        return np.stack(list(self.answers.of(texts, language)))


def ask_together(models: TextModels, transcripts: Sequence[Transcript]) -> TextModels:
    """Return the models of the annotate stage as they know what was said in these masked transcripts."""
    sentiment = KnownSentiment(models.sentiment) if models.sentiment.spec.piecewise else None
    moves = KnownMoves(models.moves) if models.moves.spec.piecewise else None
    abuse = KnownAbuse(models.abuse) if models.abuse.spec.piecewise else None
    for language, said in _by_language(transcripts):
        spoken = [one for transcript in said if _is_read(transcript) for one in spoken_in(transcript)]
        with suppress(CallqaError):  # a language that no model knows: the contacts in it will say so
            for known in (sentiment, abuse):
                if known:
                    known.answers.learn([one.text for one in spoken], language)
            for script, able in by_script(spoken, language).items():
                if moves:
                    moves.answers.learn([one.text for one in able], script)
    return replace(
        models, sentiment=sentiment or models.sentiment, moves=moves or models.moves, abuse=abuse or models.abuse
    )


def embed_together(model: TextEmbedder, transcripts: Sequence[Transcript]) -> TextEmbedder:
    """Return the embedder as it knows the pieces of these masked transcripts."""
    if not model.spec.piecewise:
        return model
    known = KnownEmbedder(model)
    for language, said in _by_language(transcripts):
        texts = [one.text for transcript in said for one in transcript.utterances]
        known.answers.learn([text[start:end] for text in texts for start, end in pieces_of(text)], language)
    return known


def _is_read(transcript: Transcript) -> bool:
    return transcript.quality is not TranscriptQuality.UNUSABLE


def _by_language(transcripts: Sequence[Transcript]) -> Iterable[tuple[str, list[Transcript]]]:
    found: dict[str, list[Transcript]] = defaultdict(list)
    for transcript in transcripts:
        found[transcript.language].append(transcript)
    return found.items()
