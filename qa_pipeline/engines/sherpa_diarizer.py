"""Two voices told apart by sherpa-onnx: a pyannote-style segmentation, a speaker embedding, two clusters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sherpa_onnx

from qa_pipeline.domain.diarization import Diarization, SpeakerSpan
from qa_pipeline.engines.diarizers import describe_sherpa, sherpa_folder
from qa_pipeline.engines.options import DiarizationOptions
from qa_pipeline.engines.sherpa_voice_models import VoiceModels, read_voice_models
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.ports import Samples, SpeechWindow

RATE_HZ = 16_000
LONGEST_VOICE_S = 60
SHORTEST_VOICE_S = 0.5
BORDER_DISTANCE, STEEPNESS = 0.5, 14.0
"""sherpa-onnx takes two vectors for two speakers from a distance (1 - cosine) of .5 on; confidence .8 is at .6."""


def load(options: DiarizationOptions) -> SherpaDiarizer:
    """Return the engine with the models of the folder that the options name.

    Raises
    ------
    ConfigurationError
        No folder is named, it is incomplete, or a model cannot be loaded.
    """
    return SherpaDiarizer(options, read_voice_models(sherpa_folder(options)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a span of speech lies in the sound that the engine is given, and in the call; seconds."""

    at_s: float
    start_s: float
    length_s: float


class SherpaDiarizer:
    """Voices told apart by two models from a folder, on one processor core."""

    def __init__(self, options: DiarizationOptions, models: VoiceModels) -> None:
        self.spec = describe_sherpa(options)
        embedding = sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(models.embedding), num_threads=1)
        config = sherpa_onnx.OfflineSpeakerDiarizationConfig(
            segmentation=sherpa_onnx.OfflineSpeakerSegmentationModelConfig(
                pyannote=sherpa_onnx.OfflineSpeakerSegmentationPyannoteModelConfig(model=str(models.segmentation)),
                num_threads=1,
            ),
            embedding=embedding,
            clustering=sherpa_onnx.FastClusteringConfig(num_clusters=2),
        )
        try:
            self._diarizer = sherpa_onnx.OfflineSpeakerDiarization(config)
            self._extractor = sherpa_onnx.SpeakerEmbeddingExtractor(embedding)
        except Exception as problem:
            raise ConfigurationError(
                N_("The models in {path} cannot be loaded: {problem}"),
                hint=N_("Take models of the releases of sherpa-onnx, unchanged."),
                path=str(models.segmentation.parent),
                problem=str(problem),
            ) from problem

    def diarize(self, windows: Iterable[SpeechWindow]) -> Diarization:
        """Return who speaks when within the spans of the windows; pauses between windows are left out of the sound."""
        sound, places = _joined(windows)
        if not places:
            return Diarization(engine=self.spec.key, spans=(), confidence=0.0)
        found = self._diarizer.process(sound).sort_by_start_time()
        turns = _one_at_a_time([(segment.start, segment.end, segment.speaker) for segment in found])
        order = {speaker: place for place, speaker in enumerate(dict.fromkeys(speaker for _, _, speaker in turns))}
        spans = sorted(
            (
                SpeakerSpan(speaker=order[speaker], start_s=start, end_s=end)
                for place in places
                for start, end, speaker in _within(place, turns)
            ),
            key=lambda span: span.start_s,
        )
        return Diarization(engine=self.spec.key, spans=tuple(spans), confidence=self._confidence(sound, turns))

    def _confidence(self, sound: Samples, turns: Sequence[tuple[float, float, int]]) -> float:
        """Return how far apart the vectors of the two voices lie, on a logistic curve around the library's border."""
        by_speaker = {
            speaker: np.concatenate(
                [
                    sound[round(start * RATE_HZ) : round(end * RATE_HZ)]
                    for start, end, other in turns
                    if other == speaker
                ]
            )[: LONGEST_VOICE_S * RATE_HZ]
            for speaker in {speaker for _, _, speaker in turns}
        }
        if len(by_speaker) != 2 or min(map(len, by_speaker.values())) < SHORTEST_VOICE_S * RATE_HZ:
            return 0.0
        one, other = (self._vector(samples) for samples in by_speaker.values())
        likeness = float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))
        return 1 / (1 + math.exp(-STEEPNESS * (1 - likeness - BORDER_DISTANCE)))

    def _vector(self, samples: Samples) -> Samples:
        stream = self._extractor.create_stream()
        stream.accept_waveform(RATE_HZ, samples)
        stream.input_finished()
        return np.asarray(self._extractor.compute(stream), np.float32)


def _joined(windows: Iterable[SpeechWindow]) -> tuple[Samples, list[_Place]]:
    sounds: list[Samples] = []
    places = []
    length = 0
    for window in windows:
        for start_s, end_s in window.spans:
            places.append(
                _Place(at_s=length / RATE_HZ + start_s, start_s=window.start_s + start_s, length_s=end_s - start_s)
            )
        sounds.append(window.samples)
        length += window.samples.size
    return (np.concatenate(sounds) if sounds else np.zeros(0, np.float32)), places


def _one_at_a_time(found: Iterable[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """Cut spans sorted by start so that none overlaps: who speaks first keeps the word until the end of the span."""
    turns: list[tuple[float, float, int]] = []
    for start, end, speaker in found:
        begin = max(start, turns[-1][1]) if turns else start
        if end > begin:
            turns.append((begin, end, speaker))
    return turns


def _within(place: _Place, turns: Iterable[tuple[float, float, int]]) -> Iterator[tuple[float, float, int]]:
    """Yield the parts of turns in one span of speech, on the clock of the call."""
    shift = place.start_s - place.at_s
    for start, end, speaker in turns:
        first, last = max(start, place.at_s), min(end, place.at_s + place.length_s)
        if last > first:
            yield first + shift, last + shift, speaker
