"""What a user may choose about turning speech into words."""

from __future__ import annotations

from dataclasses import dataclass, field

from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.domain.vocabulary import Lexicon, SpeechHints
from qa_pipeline.intake.options import IntakeOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrOptions:
    """Options of every speech engine; hashable, so that loaded engines can be kept by them.

    ``engine``: "auto", "import" or a name in the registry. ``model``: a model name of the hub or a local path, None
    takes the engine's default. ``device``: "auto", "cpu" or "cuda". ``batch_size``: stretches of speech that are
    decoded at once, None leaves it to the engine. ``offline`` never asks the network. ``endpoint``: address of a hub
    mirror. ``default_language``: for contacts whose language nobody said. ``trust_without_confidence``: words of an
    engine that gives no confidence count as trusted and not as a draft.
    """

    engine: str = "auto"
    model: str | None = None
    device: str = "auto"
    beam_size: int = 5
    batch_size: int | None = None
    offline: bool = False
    endpoint: str | None = None
    default_language: str | None = None
    trust_without_confidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiarizationOptions:
    """How two parties on one channel are told apart.

    ``engine``: "auto", "none" or a name in the registry. ``model``: folder with the models of engines that need one.
    """

    engine: str = "auto"
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """All that decides the words of a contact. ``hints`` are the site's; queues and scorecards add theirs."""

    asr: AsrOptions = field(default_factory=AsrOptions)
    diarization: DiarizationOptions = field(default_factory=DiarizationOptions)
    listen: ListenOptions = field(default_factory=ListenOptions)
    intake: IntakeOptions = field(default_factory=IntakeOptions)
    lexicon: Lexicon = field(default_factory=Lexicon)
    hints: SpeechHints = field(default_factory=SpeechHints)
