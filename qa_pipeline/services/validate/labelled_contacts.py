"""Contacts with the outcomes that people gave: JSONL with contact, scorecard and labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_pipeline.audio.facts import facts_of_call, facts_of_chat
from qa_pipeline.detectors.registry import detector_names
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.inspection import Finding, Outcome
from qa_pipeline.domain.scorecard import Criterion, Scorecard
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.text import TextEngine, judging_models, text_models
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Place, Row, Table, parse_role, read_table
from qa_pipeline.ports import ContactView
from qa_pipeline.privacy.masking import mask_transcript
from qa_pipeline.scoring.annotate import annotate
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns

_TEXT_MODEL_DETECTORS = frozenset({"sentiment", "attitude", "move", "abuse"})


@dataclass(frozen=True, slots=True)
class LabelledContact:
    """One contact with the outcomes that people gave."""

    transcript: Transcript
    kind: ContactKind
    card: Scorecard
    labels: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFinding:
    """What a rule and a person say of one criterion of contact number `contact`."""

    contact: int
    criterion: Criterion
    finding: Finding
    label: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All labelled criteria of a table with what the rules say, the cards, and the rows that could not be used."""

    findings: Sequence[ComparedFinding]
    cards: Sequence[Scorecard]
    left_out: Sequence[RowError]


def compare_labels(
    path: Path,
    cards: Sequence[Scorecard],
    engines: Sequence[TextEngine],
    calibration: Calibration | None = None,
) -> Compared:
    """Judge the contacts of a table by their cards, beside the labels that people gave.

    Labels ``undetermined`` are left out: a person who cannot tell is no yardstick.

    Raises
    ------
    TableError
        When the file is no such table or no row can be used.
    """
    contacts, left_out = _read_contacts(read_table(path), cards)
    compared = []
    for number, contact in enumerate(contacts):
        models = judging_models([contact.card], engines)
        findings = detect_all(view_of(contact, engines), contact.card, models, calibration)
        compared += [
            ComparedFinding(contact=number, criterion=criterion, finding=finding, label=contact.labels[criterion.id])
            for criterion, finding in zip(contact.card.criteria, findings, strict=True)
            if contact.labels.get(criterion.id, Outcome.UNDETERMINED) is not Outcome.UNDETERMINED
        ]
    if not compared:
        raise left_out[0] if left_out else TableError(N_("No criterion in the table is labelled."), file=str(path))
    judged = {contact.card.key: contact.card for contact in contacts}
    return Compared(findings=compared, cards=tuple(judged.values()), left_out=left_out)


def view_of(contact: LabelledContact, engines: Sequence[TextEngine]) -> ContactView:
    """Return what detectors see of a contact: masked, and annotated where a labelled criterion asks for it."""
    masked, masked_count = mask_transcript(contact.transcript)
    is_chat = contact.kind is ContactKind.CHAT
    facts = facts_of_chat(masked) if is_chat else facts_of_call(None, masked)
    annotation = Annotation(
        sentiments=(), courses=(), attitude=(), attitude_value=None, sentiment_engine="none", masked_count=masked_count
    )
    if _asks_text_models(contact):
        annotation = annotate(masked, facts, text_models(engines), masked_count)
    return ContactView(
        kind=contact.kind,
        language=masked.language,
        utterances=masked.utterances,
        quality=masked.quality,
        facts=facts,
        annotation=annotation,
        timing_reliable=True,  # the table names who spoke and when
    )


def _asks_text_models(contact: LabelledContact) -> bool:
    checks = [
        check
        for criterion in contact.card.criteria
        if criterion.id in contact.labels
        for check in (criterion.check, criterion.applies_when)
        if check is not None
    ]
    return any(_TEXT_MODEL_DETECTORS & detector_names(check) for check in checks)


def _read_contacts(table: Table, cards: Sequence[Scorecard]) -> tuple[list[LabelledContact], list[RowError]]:
    for column in ("contact", "scorecard", "labels"):
        if column not in table.headers:
            raise missing_columns(table, "contact, scorecard, labels")
    contacts: list[LabelledContact] = []
    left_out: list[RowError] = []
    for row in table.rows:
        if isinstance(row, RowError):
            left_out.append(row)
            continue
        try:
            contacts.append(_read_contact(table, row, cards))
        except RowError as problem:
            left_out.append(problem)
    return contacts, left_out


def _read_contact(table: Table, row: Row, cards: Sequence[Scorecard]) -> LabelledContact:
    card = _card_of(table, row, cards)
    contact = json_object(table, row, "contact")
    utterances = tuple(read_utterances(table, row, contact))
    transcript = Transcript(
        language=str(contact.get("language") or card.language or language_of([said.text for said in utterances])),
        engine="import:validation",
        quality=TranscriptQuality.TRUSTED,
        utterances=utterances,
        roles_by="labels",
    )
    return LabelledContact(transcript, card.kind, card, dict(_read_labels(table, row, card)))


def _card_of(table: Table, row: Row, cards: Sequence[Scorecard]) -> Scorecard:
    wanted = row.values["scorecard"]
    fitting = [card for card in cards if wanted in (card.id, card.key)]
    if not fitting:
        raise table.place(row, "scorecard").error(
            N_("There is no scorecard {key}."),
            hint=N_("Choose one of: {known}."),
            key=wanted,
            known=", ".join(card.key for card in cards),
        )
    return max(fitting, key=lambda card: card.version)


def json_object(table: Table, row: Row, field: str) -> dict[str, Any]:
    """Return the object that a cell holds as JSON; raises RowError when it holds none."""
    try:
        value = json.loads(row.values[field])
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise table.place(row, field).error(
            N_("This must be an object of keys and values."), hint=N_("See the table of tasks in the documentation.")
        )
    return value


def read_utterances(table: Table, row: Row, contact: Mapping[str, Any]) -> Iterator[Utterance]:
    """Yield the utterances of the ``contact`` of a row; raises RowError, naming the place, when one is wrong."""
    items = contact.get("utterances")
    if not isinstance(items, list) or not items:
        raise table.place(row, "contact.utterances").error(
            N_("This must be a list with at least one entry."), hint=N_("See the table of tasks in the documentation.")
        )
    for index, item in enumerate(items):
        field = f"contact.utterances[{index}]"
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            raise table.place(row, field).error(
                N_("An utterance needs role and text."), hint=N_("See the table of tasks in the documentation.")
            )
        yield Utterance(
            index=index,
            role=_role(str(item.get("role") or Role.UNKNOWN), table.place(row, f"{field}.role")),
            text=item["text"],
            start_s=_seconds(table, row, f"{field}.start_s", item.get("start_s")),
            end_s=_seconds(table, row, f"{field}.end_s", item.get("end_s")),
        )


def _role(label: str, place: Place) -> Role:
    return Role.UNKNOWN if label == Role.UNKNOWN.value else parse_role(label, place)


def _seconds(table: Table, row: Row, field: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise table.place(row, field).error(
            N_("{value} is not a time."), hint=N_("Write seconds from the start, such as 12.5."), value=repr(value)
        )
    return float(value)


def _read_labels(table: Table, row: Row, card: Scorecard) -> Iterator[tuple[str, Outcome]]:
    known = {criterion.id for criterion in card.criteria}
    for criterion_id, outcome in json_object(table, row, "labels").items():
        place = table.place(row, f"labels.{criterion_id}")
        if criterion_id not in known:
            raise place.error(
                N_("The scorecard {key} has no criterion {name}."),
                hint=N_("Choose one of: {known}."),
                key=card.key,
                name=criterion_id,
                known=", ".join(sorted(known)),
            )
        if not isinstance(outcome, str) or outcome not in {item.value for item in Outcome}:
            raise place.error(
                N_("{value} is not an outcome."),
                hint=N_("Choose one of: {known}."),
                value=repr(outcome),
                known=", ".join(item.value for item in Outcome),
            )
        yield criterion_id, Outcome(outcome)
