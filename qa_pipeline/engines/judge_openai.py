"""The language-model judge: any endpoint that speaks the chat-completions protocol of OpenAI, local or remote.

The client library does timeouts, retries and waiting as servers ask; what is sent is the request and nothing about this
machine or its environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic, perf_counter
from typing import Any

import httpx2
import openai
from pydantic import BaseModel

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.judge_ledger import Ledger, Usage
from qa_pipeline.engines.judge_options import JudgeOptions, identity_of, options_of
from qa_pipeline.engines.judge_prompt import SCHEMA, messages
from qa_pipeline.engines.judge_reply import InvalidReplyError, Reply, read_reply
from qa_pipeline.engines.judge_windows import cut, estimated_tokens, merged
from qa_pipeline.errors import N_, CallqaError, EngineError, PendingError
from qa_pipeline.ports import Answer, Opinion

_SEED = 1  # endpoints that heed it give the same answer again
_NO_KEY = "none"
# An endpoint that left so many questions in a row without any answer, every try counted out, is left alone for a while:
# a batch of a thousand contacts must not wait out a thousand timeouts.
_SILENT_MAX = 2
_REST_S = 60.0
_SENT_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "authorization", "user-agent"}
)
# Ways to ask for JSON, the strictest first; an endpoint that refuses one is asked by the next.
_FORMATS: tuple[Mapping[str, Any] | None, ...] = (
    {"type": "json_schema", "json_schema": {"name": "judgement", "strict": True, "schema": SCHEMA}},
    {"type": "json_object"},
    None,
)
_REFUSES_PARAMETER = (400, 415, 422, 501)
_SPEAKS_OF_FORMAT = ("response_format", "json_schema", "json_object", "structured", "guided", "grammar", "schema")


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message = _Message()
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    """What is read of an answer; endpoints differ in the rest."""

    choices: list[_Choice]
    usage: _Usage | None = None


class OpenAiJudge:
    """Asks one question per statement and window of a transcript. Loaded once per process.

    Attributes
    ----------
    spec : EngineSpec
        Model, endpoint and prompt; never the key.
    """

    def __init__(self, options: JudgeOptions) -> None:
        self.spec = options.spec
        self._options = options
        self._ledger = Ledger(options.ledger)
        self._formats = list(_FORMATS)
        self._wishes: dict[str, Any] = {
            "response_format": self._formats.pop(0),
            "temperature": 0,
            "seed": _SEED,
            "max_tokens": options.max_output_tokens,
        }
        self._refused: EngineError | None = None
        self._silent_count = 0
        self._down: PendingError | None = None
        self._down_until = 0.0
        self._client = openai.OpenAI(
            base_url=options.endpoint,
            api_key=options.api_key.get_secret_value() if options.api_key else _NO_KEY,
            timeout=options.timeout_s,
            max_retries=options.retries,
            http_client=httpx2.Client(
                # The words go where the settings say: no redirect, and no proxy on the way to one's own machine.
                follow_redirects=False,
                trust_env=not options.is_local,
                event_hooks={"request": [self._before_request]},
            ),
        )

    def judge(self, statement: str, utterances: Sequence[Utterance], language: str) -> Opinion:
        """Judge a statement over masked utterances, window by window; every quote is verified.

        Raises
        ------
        PendingError
            The endpoint cannot be reached, is busy or fails; the contact waits. After two silences in a row it is said
            for a minute without asking.
        EngineError
            The endpoint refuses what the settings say: the key, the model or the address. Said without asking again
            for the rest of the process.
        """
        windows = cut(utterances, self._options.window_tokens)
        return merged([self._opinion(statement, window, language) for window in windows])

    def _opinion(self, statement: str, window: Sequence[Utterance], language: str) -> Opinion:
        asked = messages(statement, window, language)
        identity = identity_of(self._options, asked)
        reply = self._ledger.find(identity)
        if reply is None:
            try:
                reply, usage = self._ask(asked)
            except InvalidReplyError as problem:
                return _abstained(str(problem))
            self._ledger.keep(identity, self.spec.key, reply, usage)
        return _checked(reply, window)

    def _ask(self, asked: list[dict[str, str]]) -> tuple[Reply, Usage]:
        if self._refused is not None:
            raise self._refused
        if self._down is not None and monotonic() < self._down_until:
            raise self._down
        began = perf_counter()
        completion = self._completion(asked)
        self._silent_count = 0
        choice = completion.choices[0] if completion.choices else _Choice()
        reply = read_reply(choice.message.content, choice.finish_reason)
        counted = completion.usage
        return reply, Usage(
            estimated_tokens=estimated_tokens(asked),
            input_tokens=counted.prompt_tokens if counted else None,
            output_tokens=counted.completion_tokens if counted else None,
            took_s=perf_counter() - began,
        )

    def _completion(self, asked: list[dict[str, str]]) -> _Completion:
        """Return the answer of the endpoint, asked as strictly as it allows."""
        while True:
            try:
                answered = self._client.chat.completions.create(
                    model=self._options.model,
                    messages=asked,  # type: ignore[arg-type]
                    **self._wishes,
                )
                return _Completion.model_validate(answered, from_attributes=True)
            except openai.APIStatusError as problem:
                if not self._gives_in(problem):
                    raise self._error_of(problem) from problem
            except openai.APIConnectionError as problem:
                raise self._rested(self._unreachable(problem)) from problem
            except (openai.OpenAIError, ValueError) as problem:  # no JSON, or other JSON than the protocol's
                raise EngineError(
                    N_("What answers at {endpoint} does not speak the chat-completions protocol."),
                    hint=N_("See that judge.endpoint ends as its documentation says (often /v1)."),
                    endpoint=self._options.endpoint,
                ) from problem

    def _gives_in(self, problem: openai.APIStatusError) -> bool:
        """Do without the parameter that an endpoint minds, for the rest of the process; False when it minds none."""
        if problem.status_code not in _REFUSES_PARAMETER:
            return False
        told = f"{problem.body} {problem.message}".lower()
        if "max_completion_tokens" in told and "max_tokens" in self._wishes:
            self._wishes["max_completion_tokens"] = self._wishes.pop("max_tokens")
            return True
        for name in ("temperature", "seed"):
            if name in told and name in self._wishes:
                del self._wishes[name]
                return True
        if any(word in told for word in _SPEAKS_OF_FORMAT) and "response_format" in self._wishes:
            self._wishes["response_format"] = self._formats.pop(0)
            if self._wishes["response_format"] is None:
                del self._wishes["response_format"]
            return True
        return False

    def _before_request(self, request: httpx2.Request) -> None:
        """Keep the pace, every try counted, and send no header that tells of this machine or its environment."""
        if self._options.requests_per_minute:
            self._ledger.wait_for_turn(self.spec.key, self._options.requests_per_minute)
        for name in [name for name in request.headers if name.lower() not in _SENT_HEADERS]:
            del request.headers[name]
        if self._options.api_key is None:
            request.headers.pop("authorization", None)

    def _rested(self, error: PendingError) -> PendingError:
        """Return the error; when nobody answered several times in a row, the next contacts get it without a try."""
        self._silent_count += 1
        if self._silent_count >= _SILENT_MAX:
            self._down, self._down_until = error, monotonic() + _REST_S
        return error

    def _unreachable(self, problem: openai.APIConnectionError) -> PendingError:
        if isinstance(problem, openai.APITimeoutError):
            return PendingError(
                N_("The judge at {endpoint} did not answer within {seconds:g} s, tried {tries} times."),
                hint=N_("Run the same command again later, or raise judge.timeout_s; nothing is lost."),
                endpoint=self._options.endpoint,
                seconds=self._options.timeout_s,
                tries=self._options.retries + 1,
            )
        return PendingError(
            N_("The judge at {endpoint} cannot be reached, tried {tries} times."),
            hint=N_("See that it runs and that judge.endpoint is right, then run the same command; nothing is lost."),
            endpoint=self._options.endpoint,
            tries=self._options.retries + 1,
        )

    def _error_of(self, problem: openai.APIStatusError) -> CallqaError:
        status = problem.status_code
        if status == 429:
            return PendingError(
                N_("The judge at {endpoint} takes no more requests now (429), tried {tries} times."),
                hint=N_("Run the same command later, or lower judge.requests_per_minute; nothing is lost."),
                endpoint=self._options.endpoint,
                tries=self._options.retries + 1,
            )
        if status >= 500 or status in (408, 409):
            return PendingError(
                N_("The judge at {endpoint} fails ({status}), tried {tries} times."),
                hint=N_("Look at its log, then run the same command again; nothing is lost."),
                endpoint=self._options.endpoint,
                status=status,
                tries=self._options.retries + 1,
            )
        hints = {
            401: N_("Set judge.api_key to a key that it takes."),
            403: N_("Set judge.api_key to a key that may use the model {model}."),
            404: N_("See that judge.endpoint ends as its documentation says (often /v1) and that it has {model}."),
        }
        error = EngineError(
            N_("The judge at {endpoint} refuses the request for the model {model} ({status}): {problem}."),
            hint=hints.get(status, N_("Correct judge.endpoint, judge.model or judge.window_tokens.")),
            endpoint=self._options.endpoint,
            model=self._options.model,
            status=status,
            problem=self._told(problem),
        )
        if status in hints:  # a request that is wrong by itself (400: too long, say) tells nothing about the next one
            self._refused = error
        return error

    def _told(self, problem: openai.APIStatusError) -> str:
        """Return what the endpoint said, one short line, the key blotted out."""
        body = problem.body
        said = body.get("message") if isinstance(body, Mapping) else body
        line = " ".join(str(said or problem.response.reason_phrase).split())[:200].rstrip(".")
        key = self._options.api_key.get_secret_value() if self._options.api_key else ""
        return line.replace(key, "***") if key else line


def load(**options: Any) -> OpenAiJudge:
    """Return the judge; options as `options_of` takes them."""
    return OpenAiJudge(options_of(**options))


def _checked(reply: Reply, window: Sequence[Utterance]) -> Opinion:
    """Return the opinion in an answer; words that do not stand in the utterance that it names make none."""
    quote = reply.quote.strip()
    if not quote:
        if reply.answer is Answer.YES:
            return _abstained(N_("The judge says yes without a quote."))
        return Opinion(answer=reply.answer, confidence=reply.confidence, reason=reply.reason)
    said = next((item for item in window if item.index == reply.utterance), None)
    if said is None or quote not in said.text:
        return _abstained(N_("The judge quotes words that do not stand in the transcript."))
    return Opinion(answer=reply.answer, confidence=reply.confidence, reason=reply.reason, quotes=((said.index, quote),))


def _abstained(message: str) -> Opinion:
    return Opinion(answer=Answer.CANNOT_TELL, confidence=0.0, problem=Reason(message=message))
