"""Judgements of one contact by one scorecard version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from qa_pipeline.domain.annotation import ContactReason, ContactSatisfaction, TurningPoint
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts


class Outcome(StrEnum):
    """Outcome of one criterion. The last two leave the denominator and are counted."""

    MET = "met"
    PARTLY_MET = "partly_met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    UNDETERMINED = "undetermined"


class Flag(StrEnum):
    """Why a person should look at the contact."""

    RED_LINE = "red_line"
    POSSIBLE_RED_LINE = "possible_red_line"
    ANGRY_CUSTOMER = "angry_customer"
    POSSIBLE_ABUSE = "possible_abuse"
    LOW_SCORE = "low_score"
    ABSTAINED = "abstained"
    POOR_RECOGNITION = "poor_recognition"
    ROLES_SWAPPED = "roles_swapped"
    AUDIO_INCOMPLETE = "audio_incomplete"
    CLOCKS_DIFFER = "clocks_differ"
    RECOVERED = "recovered"  # worth a look as an example


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, as a translatable message: English msgid with ``{name}`` places and their values."""

    message: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An exact quote (with its utterance) or a measured value (``measure`` and ``value``), with its span.

    For a quote, ``quote`` occurs word for word in the text of utterance ``utterance``.
    """

    quote: str = ""
    utterance: int | None = None
    role: Role | None = None
    start_s: float | None = None
    end_s: float | None = None
    measure: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A claim on one criterion: outcome, confidence 0-1, evidence, reason.

    ``withheld``: what the machine found on a criterion that is on hold; it does not count, the outcome is UNDETERMINED.
    """

    criterion_id: str
    outcome: Outcome
    confidence: float
    reason: Reason
    evidence: tuple[Evidence, ...] = ()
    withheld: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The pure result of scoring findings.

    ``points`` 0-100 or None when too little could be determined. ``coverage_ratio``: determined weight over
    applicable weight. ``uncapped_points``: before fatal criteria. ``range_points``: the total if every undetermined
    criterion were NOT_MET, and if every one were MET.
    ``passed`` is None without points.
    """

    points: float | None
    uncapped_points: float | None
    range_points: tuple[float, float] | None
    coverage_ratio: float
    passed: bool | None
    fatal: tuple[str, ...]
    undetermined_count: int
    not_applicable_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Findings and score of one contact by one scorecard version; never edited.

    ``rater`` is "machine" or a person's id. ``fingerprint`` identifies inputs and methods: the same fingerprint is
    the same inspection. ``script_ratio`` (0-1) and ``attitude_value`` (1-5) feed indicators, None when unknown.
    ``roles_by``, ``diarizer`` and ``diarization_confidence`` are the transcript's; ``roles_by`` is None in inspections
    of an earlier version, which did not keep it. ``turning_points``, ``satisfaction`` and
    ``contact_reason`` are the annotation's.
    """

    contact_id: str
    scorecard_id: str
    scorecard_version: int
    rater: str
    fingerprint: str
    findings: tuple[Finding, ...]
    score: Score
    flags: tuple[Flag, ...]
    facts: Facts
    language: str
    asr_engine: str
    transcript_quality: str
    audio_s: float | None
    script_ratio: float | None
    attitude_value: float | None
    customer_sentiment_start: float | None
    customer_sentiment_end: float | None
    created_at: datetime
    roles_by: str | None = None
    diarizer: str = ""
    diarization_confidence: float | None = None
    turning_points: tuple[TurningPoint, ...] = ()
    satisfaction: ContactSatisfaction | None = None
    contact_reason: ContactReason | None = None
