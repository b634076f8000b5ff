"""Words of a site: what a recogniser is told before it listens, and terms that its text is corrected to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHints:
    """What an engine may lean to: ``prompt`` sets the style, ``hot_words`` are names it would not guess."""

    prompt: str = ""
    hot_words: tuple[str, ...] = ()

    def merged(self, other: SpeechHints) -> SpeechHints:
        """Return both, these first; a word that stands in both stays once."""
        prompts = [prompt for prompt in (self.prompt, other.prompt) if prompt]
        return SpeechHints(
            prompt=" ".join(dict.fromkeys(prompts)), hot_words=tuple(dict.fromkeys(self.hot_words + other.hot_words))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word of the site that recognisers get wrong.

    ``text``: how it is written. ``language``: "zh" or "en", of the transcripts in which it may be put. ``heard``: wrong
    spellings that were seen, taken as they stand. ``queues``: only contacts of these, empty for all.
    """

    text: str
    language: str
    heard: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The site's own words. ``queues``: hints by the queue's name."""

    terms: tuple[Term, ...] = ()
    queues: Mapping[str, SpeechHints] = field(default_factory=dict)

    def hints_for(self, queue: str | None) -> SpeechHints:
        """Return the hints of a queue, empty ones when it has none."""
        return self.queues.get(queue or "", SpeechHints())

    def terms_of(self, queue: str | None) -> tuple[Term, ...]:
        """Return the terms that may stand in transcripts of a queue, in any language."""
        return tuple(term for term in self.terms if not term.queues or (queue is not None and queue in term.queues))
