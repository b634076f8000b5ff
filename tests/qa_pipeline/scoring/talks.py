"""Transcripts for tests of annotation, written as ``agent: words`` or ``customer: words`` lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.ports import AbuseReading
from qa_pipeline.scoring.annotate import TextModels


def talk(text: str, language: str = "zh", quality: TranscriptQuality = TranscriptQuality.TRUSTED) -> Transcript:
    """Return the transcript of a talk written line by line."""
    lines = [line.strip().split(":", 1) for line in text.strip().splitlines()]
    said = tuple(
        Utterance(index=number, role=Role(role.strip()), text=words.strip())
        for number, (role, words) in enumerate(lines)
    )
    return Transcript(language=language, engine="import:text", quality=quality, utterances=said)


_ANSWERS = {"!": (0.8, 0.1, 0.1), "": (0.1, 0.8, 0.1), "~": (0.1, 0.1, 0.8)}


class CountingSentiment:
    """A real, tiny sentiment model: more ``!`` is more negative, ``~`` positive; it counts how often it was asked."""

    spec = EngineSpec(kind="sentiment", name="marks", version="1")

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    def predict(
        self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return 0.8 for the class that the sign names."""
        self.calls.append(texts)
        rows = [
            [0.8, 0.1, 0.1] if "!" in text else [0.1, 0.1, 0.8] if "~" in text else [0.1, 0.8, 0.1] for text in texts
        ]
        return np.array(rows).reshape(len(rows), 3)


class MarkedMoves:
    """A real, tiny move tagger: ``@closing.7`` in a text gives that move that probability."""

    spec = EngineSpec(kind="moves", name="marks", version="1")

    def predict(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float64]:
        """Return the probabilities that the texts name."""
        rows = np.zeros((len(texts), len(MoveKind)))
        for row, text in enumerate(texts):
            for move, chance in re.findall(r"@([a-z_]+)(\.\d+)", text):
                rows[row, list(MoveKind).index(MoveKind(move))] = float(chance)
        return rows


class MarkedAbuse:
    """A real, tiny finder of abuse: ``%`` in a text is a hint at 0.95."""

    spec = EngineSpec(kind="abuse", name="marks", version="1")

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        """Return 0.95 and a hint for the texts with the sign, else 0.05."""
        hints = np.array(["%" in text for text in texts], dtype=bool)
        return AbuseReading(probabilities=np.where(hints, 0.95, 0.05), hints=hints)


def text_models(sentiment: CountingSentiment | None = None) -> TextModels:
    """Return the models of annotation by their signs."""
    return TextModels(sentiment=sentiment or CountingSentiment(), moves=MarkedMoves(), abuse=MarkedAbuse())
