"""Identity of exchangeable parts, stored with every result."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What produced a result: kind ("asr", "sentiment", "vad"), name, version and the parameters that matter.

    ``piecewise``: what it gives for one text or window hangs on no other that it is asked with, to the last bit. So the
    texts of many contacts may be asked at once, and the windows of one call apart. It is no part of the identity.
    """

    kind: str
    name: str
    version: str
    params: tuple[tuple[str, str], ...] = ()
    piecewise: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """Short stable text such as ``faster-whisper@1.2.1[model=small,beam=5]``."""
        inner = ",".join(f"{name}={value}" for name, value in self.params)
        return f"{self.name}@{self.version}" + (f"[{inner}]" if inner else "")
