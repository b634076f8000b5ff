"""What questions to the language-model judge will cost, before any is asked; imports nothing heavy, asks no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.judge_ledger import Ledger
from qa_pipeline.engines.judge_options import JudgeOptions, identity_of, options_of
from qa_pipeline.engines.judge_prompt import messages
from qa_pipeline.engines.judge_windows import OVERLAP_RATIO, cut, estimated_tokens

# Before this judge answered anything: an answer with a sentence of reason and a quote, and a middling endpoint.
DEFAULT_OUTPUT_TOKENS = 110
DEFAULT_REQUEST_S = 3.0
# Both parties together say about four characters or three words a second of a call; with pauses, and with what each
# line of a question takes beside the words.
TOKENS_PER_AUDIO_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Questions about one or many contacts: ``requests`` to send, ``cached`` ones that need none, tokens of the former.

    ``guessed``: requests about words that nobody has recognised yet.
    """

    requests: int = 0
    cached: int = 0
    guessed: int = 0
    input_tokens: float = 0.0
    output_tokens: float = 0.0

    def __add__(self, other: Asked) -> Asked:
        """Return both together."""
        return Asked(
            requests=self.requests + other.requests,
            cached=self.cached + other.cached,
            guessed=self.guessed + other.guessed,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


class JudgeForecast:
    """Tells requests, tokens and seconds of questions to one judge.

    Attributes
    ----------
    measured : bool
        It rests on answers that this judge gave here, not on default figures.
    is_local : bool
        Words stay on this machine or in a private network.
    """

    def __init__(self, options: JudgeOptions) -> None:
        self._options = options
        self._ledger = Ledger(options.ledger)
        self.is_local = options.is_local
        known = self._ledger.experience(options.spec.key)
        self.measured = known is not None
        self._ratio = known.input_ratio or 1.0 if known else 1.0
        self._output_tokens = known.output_tokens or DEFAULT_OUTPUT_TOKENS if known else DEFAULT_OUTPUT_TOKENS
        self._request_s = known.took_s if known else DEFAULT_REQUEST_S

    def of_words(self, statement: str, utterances: Sequence[Utterance], language: str) -> Asked:
        """Return what judging a statement over these utterances asks; answers that are kept cost nothing."""
        found = Asked()
        for window in cut(utterances, self._options.window_tokens):
            asked = messages(statement, window, language)
            is_kept = self._ledger.find(identity_of(self._options, asked)) is not None
            found += Asked(cached=1) if is_kept else self._one(estimated_tokens(asked), guessed=0)
        return found

    def of_audio(self, statement: str, audio_s: float, language: str) -> Asked:
        """Return what judging a statement over a recording of this length will ask, as far as can be guessed."""
        words = audio_s * TOKENS_PER_AUDIO_S
        step = self._options.window_tokens * (1 - OVERLAP_RATIO)
        windows = max(1, -(-int(words) // int(step)))
        frame = estimated_tokens(messages(statement, (), language))
        each = self._one(frame + words / windows, guessed=1)
        return sum((each for _ in range(windows)), Asked())

    def seconds(self, requests: int, workers: int) -> float:
        """Return how long requests take on so many workers within the rate that is set."""
        pace = self._options.requests_per_minute
        by_rate = requests * 60.0 / pace if pace else 0.0
        return max(requests * self._request_s / max(workers, 1), by_rate)

    def _one(self, tokens: float, guessed: int) -> Asked:
        return Asked(requests=1, guessed=guessed, input_tokens=tokens * self._ratio, output_tokens=self._output_tokens)


def load(**options: Any) -> JudgeForecast:
    """Return the forecast of a judge; options as `options_of` takes them."""
    return JudgeForecast(options_of(**options))
