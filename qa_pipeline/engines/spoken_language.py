"""Which language is spoken, when nobody said: decided once per channel, on its first voiced audio.

What comes of a call in more than one language:

- Each channel is decided by itself, so an agent and a customer who speak different languages are both written in their
  own. The language of the call is the one that most of the speech was taken for.
- A channel whose sound leaves the language open (a probability below 0.5) follows the surest other channel. Where no
  channel is sure the likeliest language is tried, because a recogniser has to be told one.
- In both cases, channels that differ and a language that is open, the transcript is a draft at most: a phrase that was
  not found may have been said in another language.
- A switch in the middle of a channel is not followed. Such a span is written in the language of its channel, and the
  checks against invented text mostly reject it: it stays in the transcript and is no evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np

from qa_pipeline.domain.transcript import ChannelLanguage, TranscriptQuality
from qa_pipeline.ports import Samples, SpeechWindow

RATE_HZ = 16_000
DETECTION_S = 30.0
"""Voiced audio that is looked at for the language: one full window of Whisper."""

SURE_FROM = 0.5

Detect = Callable[[Samples], tuple[str, float]]
"""Voiced audio, shape (n,), 16,000 Hz -> language and its probability, 0-1."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one language, to be decoded together."""

    language: str
    windows: list[SpeechWindow]


class SpokenLanguages:
    """The language of every channel of one contact; told, or detected while its windows pass.

    Parameters
    ----------
    told : str or None
        The language when somebody said it; nothing is detected then.
    detect
        Asked once per channel, and once more for a channel that another one that is not sure asks for help.
    """

    def __init__(self, told: str | None, detect: Detect) -> None:
        self._told = told
        self._detect = detect
        self._waiting: dict[int, list[SpeechWindow]] = {}
        self._found: dict[int, ChannelLanguage] = {}
        self._voiced: Counter[str] = Counter()

    def batches(self, windows: Iterable[SpeechWindow], size: int) -> Iterator[Batch]:
        """Yield all windows in batches of at most `size`, holding per channel no more than it is decided on."""
        for language, run in groupby(self._settled(windows), key=self._language_of):
            while batch := list(islice(run, size)):
                self._voiced[language] += sum(window.samples.size for window in batch)
                yield Batch(language, batch)

    @property
    def language(self) -> str:
        """The language of the call: the one that most of the speech was taken for; "en" when there was none."""
        return self._told or (self._voiced.most_common(1)[0][0] if self._voiced else "en")

    @property
    def found(self) -> tuple[ChannelLanguage, ...]:
        """What was detected for each channel; empty when the language was told."""
        return tuple(self._found[channel] for channel in sorted(self._found))

    def limit(self, quality: TranscriptQuality) -> TranscriptQuality:
        """Return the quality, a draft at most where the language is open or the channels differ."""
        open_ = any(channel.probability < SURE_FROM for channel in self.found)
        differ = len({channel.language for channel in self.found}) > 1
        trusted = quality is TranscriptQuality.TRUSTED
        return TranscriptQuality.DRAFT if trusted and (open_ or differ) else quality

    def _language_of(self, window: SpeechWindow) -> str:
        return self._told or self._found[window.channel].language

    def _settled(self, windows: Iterable[SpeechWindow]) -> Iterator[SpeechWindow]:
        if self._told:
            yield from windows
            return
        for window in windows:
            if window.channel in self._found:
                yield window
                continue
            held = self._waiting.setdefault(window.channel, [])
            held.append(window)
            if sum(one.samples.size for one in held) >= DETECTION_S * RATE_HZ:
                yield from self._decide(window.channel)
        for channel in sorted(self._waiting):
            yield from self._decide(channel)

    def _decide(self, channel: int) -> list[SpeechWindow]:
        """Settle the language of a channel and return the windows that waited for it."""
        guess = self._guess(channel)
        if guess.probability < SURE_FROM:
            others = [*self._found.values(), *(self._guess(other) for other in self._waiting if other != channel)]
            surest = max(others, key=lambda other: other.probability, default=guess)
            if surest.probability >= SURE_FROM:
                guess = replace(guess, language=surest.language)
        self._found[channel] = guess
        return self._waiting.pop(channel)

    def _guess(self, channel: int) -> ChannelLanguage:
        samples = np.concatenate([window.samples for window in self._waiting[channel]])
        language, probability = self._detect(samples[: int(DETECTION_S * RATE_HZ)])
        return ChannelLanguage(channel=channel, language=language, probability=round(float(probability), 4))
