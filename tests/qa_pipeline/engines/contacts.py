"""A contact with a recording, for tests of which engine it gets."""

from __future__ import annotations

from qa_pipeline.domain.contact import Contact, ContactKind, Source, SourceKind


def recorded_call(language: str | None) -> Contact:
    """Return a call whose recording nobody opens."""
    audio = Source(kind=SourceKind.AUDIO, uri="call.wav", sha256="0" * 64, size_bytes=1)
    return Contact(id="call", kind=ContactKind.CALL, sources=(audio,), language=language)
