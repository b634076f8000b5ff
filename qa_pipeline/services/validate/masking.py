"""How much of the personal data in labelled conversations is masked, and how much else."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import Row, Table, parse_role, read_table
from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.masking import find_personal_spans
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import Metric, ValidationReport, rate, rows_left_out, share_of

VISIBLE = "visible"
_PER = 1000


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation, and where personal data stands in it: (utterance, span)."""

    transcript: Transcript
    labels: tuple[tuple[int, Span], ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One conversation: per label how many characters it has and how many stayed; per mask what it lies on."""

    labels: tuple[tuple[Kind, int, int, Kind | None], ...]
    masks: tuple[tuple[Kind, bool], ...]
    utterances: int


def validate_masking(path: Path, *, language: str | None = None, limit: int | None = None) -> ValidationReport:
    """Compare what is masked with what people, or the maker of a set, marked as personal data.

    Parameters
    ----------
    path : Path
        JSONL: ``utterances`` [{``role``, ``text``}], ``spans`` [{``utterance``, ``start``, ``end``, ``kind``}] and
        optional ``language``. Places count characters from 0; ``kind`` is one of `Kind`.
    language : str, optional
        Of conversations that name none; without it their script decides.
    limit : int, optional
        Only the first conversations.

    Returns
    -------
    ValidationReport
        n is the number of marked spans. ``recall``: spans of which no letter or digit stays; ``recall_partly``: spans
        of which any is masked;
        ``leaked_ratio``: letters and digits of all spans that stay; ``precision``: masks that lie
        on a span, whatever its kind; ``kind_right``: of the spans that are masked, those with a mask of their kind;
        ``false_alarms_per_1000``: masks beside all spans per 1,000 utterances. Shares with Wilson's interval, the
        leaked ratio and the false alarms with a bootstrap over conversations. The same per kind in ``groups``;
        ``confusion``: kind -> kind that it was taken for.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    table = read_table(path)
    if missing := {"utterances", "spans"} - set(table.headers):
        raise missing_columns(table, ", ".join(sorted(missing | {"utterances", "spans"})))
    conversations, left_out = usable_rows(table, lambda row: _read(table, row, language), limit)
    outcomes = [_compare(conversation) for conversation in conversations]
    return ValidationReport(
        task="masking",
        n=sum(len(outcome.labels) for outcome in outcomes),
        engine="rules",
        metrics=_measure(outcomes),
        notes=(rows_left_out(left_out),) if left_out else (),
        groups={kind.value: _measure_kind(outcomes, kind) for kind in Kind if _is_shown(outcomes, kind)},
        confusion=_confusion(outcomes),
    )


def _compare(conversation: LabelledConversation) -> _Outcome:
    texts = [utterance.text for utterance in conversation.transcript.utterances]
    masked: dict[int, list[Kind | None]] = {index: [None] * len(text) for index, text in enumerate(texts)}
    parts = [part for span in find_personal_spans(conversation.transcript) for part in span.parts]
    for index, part in parts:
        masked[index][part.start : part.end] = [part.kind] * (part.end - part.start)
    labelled: dict[int, set[int]] = defaultdict(set)
    labels = []
    for index, span in conversation.labels:
        places = [place for place in range(span.start, span.end) if texts[index][place].isalnum()]
        labelled[index].update(places)
        kinds = Counter(kind for place in places if (kind := masked[index][place]) is not None)
        found = kinds.most_common(1)[0][0] if kinds else None
        labels.append((span.kind, len(places), len(places) - kinds.total(), found))
    masks = tuple((part.kind, not labelled[index].isdisjoint(range(part.start, part.end))) for index, part in parts)
    return _Outcome(labels=tuple(labels), masks=masks, utterances=len(texts))


def _measure(outcomes: Sequence[_Outcome], kind: Kind | None = None) -> dict[str, Metric]:
    labels = [label for outcome in outcomes for label in outcome.labels if kind in (None, label[0])]
    masks = [mask for outcome in outcomes for mask in outcome.masks if kind in (None, mask[0])]
    seen = [label for label in labels if label[3] is not None]
    return {
        "recall": share_of(sum(left == 0 for _, _, left, _ in labels), len(labels)),
        "recall_partly": share_of(len(seen), len(labels)),
        "leaked_ratio": rate(
            [sum(left for each, _, left, _ in item.labels if kind in (None, each)) for item in outcomes],
            [sum(size for each, size, _, _ in item.labels if kind in (None, each)) for item in outcomes],
        ),
        "precision": share_of(sum(hits for _, hits in masks), len(masks)),
        "kind_right": share_of(sum(of is found for of, _, _, found in seen), len(seen)),
        "false_alarms_per_1000": rate(
            [_PER * sum(not hits for each, hits in item.masks if kind in (None, each)) for item in outcomes],
            [item.utterances for item in outcomes],
        ),
    }


def _measure_kind(outcomes: Sequence[_Outcome], kind: Kind) -> Mapping[str, Metric]:
    count = sum(label[0] is kind for outcome in outcomes for label in outcome.labels)
    return {"n": Metric(value=float(count)), **_measure(outcomes, kind)}


def _is_shown(outcomes: Sequence[_Outcome], kind: Kind) -> bool:
    return any(kind is item[0] for outcome in outcomes for item in (*outcome.labels, *outcome.masks))


def _confusion(outcomes: Sequence[_Outcome]) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        for kind, _, _, found in outcome.labels:
            counts[kind.value][found.value if found else VISIBLE] += 1
    return {kind.value: dict(counts[kind.value].most_common()) for kind in Kind if kind.value in counts}


def _read(table: Table, row: Row, language: str | None) -> LabelledConversation:
    utterances = tuple(_utterances(table, row))
    written = row.values.get("language") or language
    transcript = Transcript(
        language=written or language_of([said.text for said in utterances]),
        engine="import:validation",
        quality=TranscriptQuality.TRUSTED,
        utterances=utterances,
    )
    return LabelledConversation(transcript, tuple(_labels(table, row, utterances)))


def _utterances(table: Table, row: Row) -> Iterator[Utterance]:
    for index, item in enumerate(_objects(table, row, "utterances")):
        place = table.place(row, f"utterances[{index}]")
        if not isinstance(item.get("text"), str):
            raise place.error(
                N_("An utterance needs role and text."), hint=N_("See the table of tasks in the documentation.")
            )
        role = str(item.get("role") or Role.UNKNOWN)
        yield Utterance(
            index=index,
            role=Role.UNKNOWN if role == Role.UNKNOWN.value else parse_role(role, place),
            text=item["text"],
        )


def _labels(table: Table, row: Row, utterances: Sequence[Utterance]) -> Iterator[tuple[int, Span]]:
    for number, item in enumerate(_objects(table, row, "spans")):
        index, start, end = (_whole(item.get(key)) for key in ("utterance", "start", "end"))
        if not 0 <= index < len(utterances) or not 0 <= start < end <= len(utterances[index].text):
            raise table.place(row, f"spans[{number}]").error(
                N_("This span lies in no utterance."),
                hint=N_("Give utterance, start and end as whole numbers from 0, start before end."),
            )
        if item.get("kind") not in {kind.value for kind in Kind}:
            raise table.place(row, f"spans[{number}].kind").error(
                N_("This label is not known: {value}."),
                hint=N_("Write one of: {known}."),
                value=str(item.get("kind")),
                known=", ".join(Kind),
            )
        yield index, Span(start, end, Kind(item["kind"]))


def _whole(value: object) -> int:
    """Return a whole number, -1 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _objects(table: Table, row: Row, column: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(row.values[column] or "[]")
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise RowError(
            N_("This must be a list of objects."),
            hint=N_("See the table of tasks in the documentation."),
            file=str(table.path),
            row=row.number,
            field=column,
        )
    return found
