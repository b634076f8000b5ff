"""What the roles of a transcript rest on, in words."""

from __future__ import annotations

from typing import Protocol

from qa_pipeline.domain.diarization import RELIABLE_FROM
from qa_pipeline.errors import N_, Message
from qa_pipeline.report.labels import Translate

_ROLES_BY = {
    "channel": N_("one party per channel"),
    "metadata": N_("roles as the metadata say"),
    "labels": N_("roles as the transcript names them"),
    "activity": N_("roles by the channel that is active"),
    "text": N_("roles by wording: the channels were swapped"),
    "none": N_("nobody knows who speaks"),
}


class KnowsRoles(Protocol):
    """A transcript, or what was made of one; ``roles_by`` None: nobody kept it."""

    @property
    def roles_by(self) -> str | None: ...

    @property
    def diarizer(self) -> str: ...

    @property
    def diarization_confidence(self) -> float | None: ...


def roles_basis(of: KnowsRoles) -> Message | None:
    """Return how the roles were found, and how sure that is; None where it was not kept."""
    confidence = of.diarization_confidence
    if confidence is None:
        return Message(_ROLES_BY[of.roles_by]) if of.roles_by is not None else None
    params = {"engine": of.diarizer, "confidence": f"{confidence:.2f}", "least": f"{RELIABLE_FROM:.2f}"}
    if of.roles_by == "diarization":
        return Message(
            N_("one channel: voices told apart by {engine} (confidence {confidence}), roles by wording"), params
        )
    if confidence >= RELIABLE_FROM:
        return Message(
            N_(
                "one channel: voices told apart by {engine} (confidence {confidence}), "
                "the wording does not say which is the agent"
            ),
            params,
        )
    return Message(
        N_(
            "one channel: {engine} cannot tell two voices apart (confidence {confidence}, {least} is needed), "
            "so no words are given to anybody"
        ),
        params,
    )


def roles_text(of: KnowsRoles, translate: Translate) -> str:
    """Return how the roles were found in the reader's language, empty where it was not kept."""
    basis = roles_basis(of)
    return basis.render(translate) if basis else ""
