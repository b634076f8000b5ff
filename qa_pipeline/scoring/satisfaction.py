"""Satisfaction of the customer, turn by turn and for the contact, as the site's own model reads it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from qa_pipeline.domain.annotation import ContactSatisfaction, TurnSatisfaction
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.ports import SatisfactionModel


def satisfaction_of(
    spoken: Sequence[Utterance], transcript: Transcript, model: SatisfactionModel
) -> ContactSatisfaction | None:
    """Return the satisfaction of a contact's customer.

    What the customer says until somebody else speaks is one turn, named by its last utterance. None over a transcript
    that is not trusted, without words of the customer, and where the site has no model of the language.

    Parameters
    ----------
    spoken : sequence of Utterance
        Those of the transcript that hold words, in order.
    transcript : Transcript
        Masked.
    model : SatisfactionModel
    """
    if transcript.quality is not TranscriptQuality.TRUSTED:
        return None
    turns = [tuple(said) for role, said in groupby(spoken, key=lambda said: said.role) if role is Role.CUSTOMER]
    if not turns:
        return None
    reading = model.read([" ".join(said.text for said in turn) for turn in turns], transcript.language)
    if reading is None:
        return None
    return ContactSatisfaction(
        value=reading.value,
        ci95=reading.ci95,
        turns=tuple(
            TurnSatisfaction(utterance=turn[-1].index, value=float(value))
            for turn, value in zip(turns, reading.turns, strict=True)
        ),
    )
