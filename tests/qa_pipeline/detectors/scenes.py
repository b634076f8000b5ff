"""Contacts for rule tests, written as people talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.annotation import (
    AbuseHint,
    Annotation,
    AttitudeMark,
    AttitudeScore,
    CourseEvent,
    Move,
    MoveKind,
    SentimentCourse,
    TurningPoint,
)
from qa_pipeline.domain.contact import ContactKind, Direction, Role
from qa_pipeline.domain.inspection import Finding
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard, Section, Text
from qa_pipeline.domain.transcript import TranscriptQuality, Utterance
from qa_pipeline.engines.text import TextEngine, judging_models
from qa_pipeline.ports import ContactView

ROLES = {"agent": Role.AGENT, "customer": Role.CUSTOMER, "system": Role.SYSTEM, "unknown": Role.UNKNOWN}


def utterances(lines: Sequence[str], *, confidence: float | None = None, timed: bool = True) -> tuple[Utterance, ...]:
    """Return utterances from ``role: text`` lines, one every 10 s and 5 s long; ``role!`` marks an unusable span."""
    made = []
    for index, line in enumerate(lines):
        role, _, text = line.partition(": ")
        made.append(
            Utterance(
                index=index,
                role=ROLES[role.removesuffix("!")],
                text=text,
                start_s=10.0 * index if timed else None,
                end_s=10.0 * index + 5 if timed else None,
                confidence=confidence,
                usable=not role.endswith("!"),
            )
        )
    return tuple(made)


def view(
    lines: Sequence[str],
    *,
    language: str = "zh",
    kind: str = "call",
    quality: str = "trusted",
    confidence: float | None = None,
    timed: bool = True,
    timing_reliable: bool = True,
    facts: Mapping[str, Any] | None = None,
    courses: Mapping[str, Mapping[str, Any]] | None = None,
    attitude: Mapping[str, Mapping[str, Any]] | None = None,
    attitude_value: float | None = None,
    moves: Sequence[Mapping[str, Any]] | None = (),
    abuse: Mapping[int, float] | None = None,
    turning_points: Sequence[Mapping[str, Any]] = (),
    queue: str | None = None,
    direction: str = "unknown",
) -> ContactView:
    """Return a contact view over ``role: text`` lines; `moves` or `abuse` None: nobody looked for any."""
    empty = {"mean": None, "start": None, "end": None, "lowest": None, "lowest_utterance": None}
    annotation = Annotation(
        sentiments=(),
        courses=tuple(
            SentimentCourse(role=ROLES[role], **{**empty, **course}) for role, course in (courses or {}).items()
        ),
        attitude=tuple(
            AttitudeScore(
                dimension=dimension,
                value=score["value"],
                confidence=score.get("confidence", 0.9),
                marks=tuple(AttitudeMark(**mark) for mark in score.get("marks", ())),
            )
            for dimension, score in (attitude or {}).items()
        ),
        attitude_value=attitude_value,
        sentiment_engine="none",
        masked_count=0,
        moves=tuple(
            Move(
                utterance=made["utterance"],
                move=MoveKind(made["move"]),
                confidence=made.get("confidence", 0.9),
                quote=made["quote"],
            )
            for made in moves or ()
        ),
        move_engine="" if moves is None else "given",
        abuse=tuple(AbuseHint(utterance=place, probability=chance) for place, chance in (abuse or {}).items()),
        abuse_engine="" if abuse is None else "given",
        turning_points=tuple(
            TurningPoint(
                event=CourseEvent(point["event"]),
                role=ROLES[point.get("role", "customer")],
                utterance=point["utterance"],
                quote=point["quote"],
                before=point.get("before", 0.0),
                after=point.get("after", 0.0),
            )
            for point in turning_points
        ),
    )
    return ContactView(
        kind=ContactKind(kind),
        language=language,
        utterances=utterances(lines, confidence=confidence, timed=timed),
        quality=TranscriptQuality(quality),
        facts=TypeAdapter(Facts).validate_python(dict(facts or {})),
        annotation=annotation,
        timing_reliable=timing_reliable,
        queue=queue,
        direction=Direction(direction),
    )


def check_of(raw: Mapping[str, Any]) -> Check:
    """Return a check as a scorecard file writes it."""
    return Check(detector=raw["detector"], params={key: value for key, value in raw.items() if key != "detector"})


def card_of(*criteria: Criterion, pass_points: float = 80, min_coverage_ratio: float = 0.5) -> Scorecard:
    """Return a card of one section."""
    name = Text(zh="测试", en="test")
    return Scorecard(
        id="test",
        version=1,
        name=name,
        kind=ContactKind.CALL,
        language=None,
        pass_points=pass_points,
        min_coverage_ratio=min_coverage_ratio,
        sections=(Section(id="only", name=name, criteria=criteria),),
        digest="test",
    )


def criterion(id: str = "one", check: Mapping[str, Any] | None = None, **more: Any) -> Criterion:
    """Return a criterion of weight 1."""
    check = check or {"detector": "phrase", "any": ["您好"]}
    return Criterion(id=id, name=Text(zh=id, en=id), check=check_of(check), **{"weight": 1.0, **more})


def judge(contact: ContactView, check: Mapping[str, Any], applies_when: Mapping[str, Any] | None = None) -> Finding:
    """Return the finding of one check over one contact; the shipped measure of likeness can be asked."""
    condition = check_of(applies_when) if applies_when else None
    card = card_of(criterion(check=check, applies_when=condition))
    models = judging_models([card], [TextEngine(kind="embedding", name="embedded")])
    (finding,) = detect_all(contact, card, models)
    return finding
