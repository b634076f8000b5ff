"""Contacts that are inspected in one task: text models are asked once for all of them, errors stay with their contact.

What a contact gets in a bundle is what it gets alone, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import TypeVar

from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.text import TextEngine, asked_engines, judging_models, text_models
from qa_pipeline.engines.together import ask_together, embed_together
from qa_pipeline.execution.processes import peak_memory_mib
from qa_pipeline.ports import TextEmbedder
from qa_pipeline.scorecards import choose_scorecard
from qa_pipeline.scoring.annotate import TextModels
from qa_pipeline.scoring.full_text import searchable
from qa_pipeline.stages.inspect import (
    Annotated,
    Clock,
    InspectionResult,
    InspectionTask,
    LongCall,
    ReadContact,
    Spent,
    annotate_contact,
    artifact_bytes,
    judge,
    read_contact,
    recognise_part,
)

Bundle = tuple[InspectionTask, ...]
"""Contacts that are inspected in one task."""

Value = TypeVar("Value")
Given = TypeVar("Given")


_begun: list[float] = []  # when this process began its first task


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTask:
    """One part of a long call to recognise."""

    task: InspectionTask
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A contact with all that its card asks of."""

    read: ReadContact
    annotated: Annotated
    card: Scorecard


Inspected = InspectionResult | LongCall | Exception


def work(task: Bundle | PartTask) -> tuple[Inspected, ...] | dict[str, float]:
    """Do one task of a batch: a bundle by `inspect_contacts`, a part by `recognise_part`."""
    if isinstance(task, PartTask):
        _begin()  # models are loaded from here on
        return recognise_part(task.task, task.number)
    return inspect_contacts(task)


def inspect_contacts(tasks: Sequence[InspectionTask]) -> tuple[Inspected, ...]:
    """Do what is missing of contacts that have their options in common.

    Returns
    -------
    tuple
        For each task, in order: its result, or the error that ended it, as `read_contact` raises them; of a long call
        the parts that are to be recognised before.
    """
    began_at = _begin()
    reads = [_attempt(read_contact, task) for task in tasks]
    texts = tasks[0].options.text
    waiting = [read for read in reads if isinstance(read, ReadContact) and read.annotated is None]
    models = _asked_for_all(waiting, texts)

    def annotated(read: ReadContact) -> _Judged:
        done = annotate_contact(read, models or text_models(texts))
        card = choose_scorecard(read.task.contact.kind, done.transcript.language, read.task.cards)
        return _Judged(read=read, annotated=done, card=card)

    judged = [_attempt(annotated, read) for read in reads]
    embedder = _embedded_for_all([one for one in judged if isinstance(one, _Judged)], texts)
    return tuple(_attempt(lambda one: _result(one, embedder, began_at), one) for one in judged)


def _begin() -> float | None:
    """Return the time where this is the first task of the process, else None."""
    if _begun:
        return None
    _begun.append(time())
    return _begun[0]


def _attempt(do: Callable[[Given], Value], given: Given | LongCall | Exception) -> Value | LongCall | Exception:
    """Go on with one contact, or leave it where it came to an end."""
    if isinstance(given, LongCall | Exception):
        return given
    try:
        return do(given)
    except Exception as error:  # noqa: BLE001 -- the border of a task: the error of one contact is its own
        return error


def _result(one: _Judged, embedder: TextEmbedder | None, began_at: float | None) -> InspectionResult:
    read = one.read
    read.clock.skip()
    models = judging_models([one.card], read.task.options.text)
    if embedder is not None and models.embedder is not None:
        models = replace(models, embedder=embedder)
    inspection = judge(read.task, one.card, models, one.annotated, read.listening)
    read.clock.lap("score")
    said = searchable(one.annotated.transcript)
    read.clock.lap("search")
    return InspectionResult(
        inspection=inspection, said=said, stage_s=read.clock.laps, spent=_spent(read, began_at) if read.is_new else None
    )


def _spent(read: ReadContact, began_at: float | None) -> Spent:
    return Spent(
        cpu_s=read.clock.cpu_s,
        artifact_bytes=artifact_bytes(read.task),
        peak_mib=peak_memory_mib(),
        began_at=began_at,
    )


def _asked_for_all(reads: Sequence[ReadContact], engines: Sequence[TextEngine]) -> TextModels | None:
    """Return the models of the annotate stage with what they say of all these words.

    None where there is nothing to share, and where a model fails: then each contact asks, and has its own error.
    """
    if len(reads) < 2:
        return None
    clock = Clock()
    try:
        models = ask_together(text_models(engines), [read.masked for read in reads if read.masked])
    except Exception:  # noqa: BLE001 -- whose words it is shows when each contact asks by itself
        return None
    clock.lap_shared("annotate", [read.clock for read in reads])
    return models


def _embedded_for_all(judged: Sequence[_Judged], engines: Sequence[TextEngine]) -> TextEmbedder | None:
    """Return the embedder with all pieces of the contacts whose cards ask one; None as for the other models."""
    asking = [one for one in judged if any(asked.kind == "embedding" for asked in asked_engines([one.card], engines))]
    if len(asking) < 2:
        return None
    clock = Clock()
    try:
        embedder = judging_models([one.card for one in asking], engines).embedder
        assert embedder is not None
        embedder = embed_together(embedder, [one.annotated.transcript for one in asking])
    except Exception:  # noqa: BLE001 -- as above
        return None
    clock.lap_shared("score", [one.read.clock for one in asking])
    return embedder
