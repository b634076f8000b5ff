"""What a user may choose about speech recognition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrOptions:
    """Options of every speech engine; hashable, so that loaded engines can be kept by them.

    ``engine``: "auto", "import" or a name in the registry. ``model``: a model name of the hub or a local path, None
    takes the engine's default. ``device``: "auto", "cpu" or "cuda". ``offline`` never asks the network.
    ``endpoint``: address of a hub mirror. ``default_language``: for contacts whose language nobody said.
    ``prompt`` and ``hot_words``: wording of the site that Whisper engines lean to, at most 100 tokens of each are
    used; pocketsphinx has no such means.
    """

    engine: str = "auto"
    model: str | None = None
    device: str = "auto"
    beam_size: int = 5
    offline: bool = False
    endpoint: str | None = None
    default_language: str | None = None
    prompt: str = ""
    hot_words: tuple[str, ...] = ()
