"""What the language-model judge is told by the settings, and its identity; imports nothing heavy, asks no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.engines.judge_prompt import PROMPT_VERSION
from qa_pipeline.errors import N_, ConfigurationError

_LOCAL_SUFFIXES = (".local", ".internal", ".lan", ".localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeOptions:
    """How the judge asks.

    ``timeout_s``: of one try. ``retries``: further tries. ``requests_per_minute``: of all processes that share the
    ``ledger``, the file that keeps answers. ``window_tokens``: longest piece of a transcript in one request, by the
    estimate of `judge_windows`. ``api_key`` stays out of identities, errors and logs.
    """

    model: str
    endpoint: str
    ledger: Path
    api_key: SecretStr | None = None
    timeout_s: float = 60.0
    retries: int = 3
    requests_per_minute: float | None = None
    window_tokens: int = 6000
    max_output_tokens: int = 500

    @property
    def spec(self) -> EngineSpec:
        """Identity of the judge: all that can change an answer; the version is that of the prompt, not of a client."""
        return EngineSpec(
            kind="judge",
            name="openai",
            version=PROMPT_VERSION,
            params=(
                ("model", self.model),
                ("endpoint", self.endpoint),
                ("window_tokens", str(self.window_tokens)),
                ("max_output_tokens", str(self.max_output_tokens)),
            ),
        )

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine or in a private network, by its address alone."""
        host = urlsplit(self.endpoint).hostname or ""
        try:
            return ip_address(host).is_private
        except ValueError:
            return "." not in host or host.endswith(_LOCAL_SUFFIXES)


def options_of(
    *, model: str | None = None, endpoint: str | None = None, ledger: Path | None = None, **others: object
) -> JudgeOptions:
    """Return the options; raises ConfigurationError naming the setting that is missing."""
    for setting, value in (("judge.endpoint", endpoint), ("judge.model", model)):
        if not value:
            raise ConfigurationError(
                N_("The judge needs the setting {setting}."),
                hint=N_("Set it in callqa.toml; docs/judge.md shows how."),
                field=setting,
                setting=setting,
            )
    assert model and endpoint and ledger is not None, "the application names the ledger"
    return JudgeOptions(model=model, endpoint=endpoint.rstrip("/"), ledger=ledger, **others)  # type: ignore[arg-type]


def identity_of(options: JudgeOptions, asked: Sequence[Mapping[str, str]]) -> str:
    """Return the fingerprint of one question: who is asked, and every character of what is asked."""
    parts = [options.endpoint, options.model, str(options.max_output_tokens), PROMPT_VERSION]
    parts += [message["content"] for message in asked]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def describe(**options: object) -> EngineSpec:
    """Return the identity of the judge, without asking it."""
    return options_of(**options).spec  # type: ignore[arg-type]
