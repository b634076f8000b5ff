"""Labelled texts from tables: the reader that training shares."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa_pipeline.errors import N_, InputError, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, is_table_file, read_table
from qa_pipeline.services.validate.labelled_rows import missing_columns, unknown_label
from qa_pipeline.services.validate.sentiment import POLARITY_NAMES, SENTIMENT_NAMES

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

# Groups of GoEmotions (Demszky et al. 2020, table 2). Its ambiguous group carries no polarity and counts as neutral.
# Remorse is left out: nearly all of it are apologies, and an agent's apology is a courtesy, not a bad mood.
_POSITIVE = ("admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love")
_POSITIVE_EMOTIONS = frozenset((*_POSITIVE, "optimism", "pride", "relief"))
_NEGATIVE = ("anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief")
_NEGATIVE_EMOTIONS = frozenset((*_NEGATIVE, "nervousness", "sadness"))
_AMBIGUOUS_EMOTIONS = frozenset(("neutral", "surprise", "curiosity", "confusion", "realization"))
_LEFT_OUT_EMOTION = "remorse"
# Positive, negative, ambiguous and neutral, as the paper has them.
EMOTION_GROUPS = (
    _POSITIVE_EMOTIONS,
    _NEGATIVE_EMOTIONS | {_LEFT_OUT_EMOTION},
    _AMBIGUOUS_EMOTIONS - {"neutral"},
    frozenset(("neutral",)),
)
_EMOTIONS = _POSITIVE_EMOTIONS | _NEGATIVE_EMOTIONS | _AMBIGUOUS_EMOTIONS | {_LEFT_OUT_EMOTION}
_THANKS = "thank"


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts of one table with their labels 0 negative, 1 neutral, 2 positive.

    ``groups``: the dialogue of each text, or the text itself, so that what belongs together stays together.
    ``speakers``: who said each text, where the table holds dialogues and names their speakers, else empty.
    """

    name: str
    sha256: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    groups: tuple[str, ...]
    left_out: int = 0
    speakers: tuple[str, ...] = ()

    def take(self, rows: Sequence[int]) -> LabelledTexts:
        """Return the same table with only some of its rows."""
        return replace(
            self,
            texts=tuple(self.texts[row] for row in rows),
            labels=tuple(self.labels[row] for row in rows),
            groups=tuple(self.groups[row] for row in rows),
            speakers=tuple(self.speakers[row] for row in rows) if self.speakers else (),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    text: str
    kind: str  # sentiment, label, emotions, acts
    label: str
    group: str | None
    speaker: str | None


def read_labelled(path: Path) -> LabelledTexts:
    """Read one table with the column ``text`` and one of these, the first that is there:

    ``sentiment``
        negative, neutral or positive (also 负面, 中性, 正面).
    ``label``
        0 negative, 1 positive.
    ``emotions``
        Names of GoEmotions joined by ``|``; texts whose emotions contradict each other, and
        apologies (remorse), are left out.
    ``acts`` or ``act``
        A table of dialogue acts is taken as neutral service wording; texts with an act of thanking are left out.

    Raises
    ------
    TableError
        When a column is missing or no text is left.
    RowError
        With file, row and field, at the first label that is unknown.
    """
    table = read_table(path)
    columns = _columns_of(table)
    texts, labels, groups, speakers, left_out = [], [], [], [], 0
    for row in table.rows:
        if isinstance(row, RowError):
            raise row
        text = row.values[columns.text]
        label = _label_of(table, row, columns)
        if label is None or not text:
            left_out += 1
            continue
        texts.append(text)
        labels.append(label)
        groups.append(row.values[columns.group] if columns.group else text)
        speakers += [row.values[columns.speaker]] if columns.speaker else []
    if not texts:
        raise TableError(N_("The table has no labelled text."), file=str(path))
    return LabelledTexts(
        path.name, digest_of(path), tuple(texts), tuple(labels), tuple(groups), left_out, tuple(speakers)
    )


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a table, by which cards name what a model learned from."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_texts(path: Path) -> tuple[str, ...]:
    """Return the texts of a table with the column ``text``; raises TableError without it, RowError at a bad row."""
    table = read_table(path)
    column = next((header for header in table.headers if header.casefold() == "text"), None)
    if column is None:
        raise missing_columns(table, "text")
    texts = []
    for row in table.rows:
        if isinstance(row, RowError):
            raise row
        texts.append(row.values[column])
    return tuple(texts)


def list_tables(paths: Sequence[Path]) -> list[Path]:
    """Return the tables among files and folders, in order of name within a folder.

    Raises
    ------
    InputError
        When a path does not exist or there is no table.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(N_("There is no such file or folder."), file=str(path))
        found += sorted(each for each in path.iterdir() if is_table_file(each)) if path.is_dir() else [path]
    if paths and not found:
        raise InputError(N_("There is no table in the folder."), file=str(paths[0]))
    return found


def _columns_of(table: Table) -> _Columns:
    headers = table.columns
    label = next((name for name in ("sentiment", "label", "emotions", "acts", "act") if name in headers), None)
    if "text" not in headers or label is None:
        raise missing_columns(table, "text, sentiment")
    kind = "acts" if label == "act" else label
    # Moods are read in context where the labels are moods of a dialogue.
    speaker = headers.get("speaker") if kind == "sentiment" and "dialogue" in headers else None
    return _Columns(headers["text"], kind, headers[label], headers.get("dialogue"), speaker)


def _label_of(table: Table, row: Row, columns: _Columns) -> int | None:
    value = row.values[columns.label].strip().lower()
    if columns.kind == "acts":
        return None if _THANKS in value else NEUTRAL
    if columns.kind == "emotions":
        names = set(value.split("|"))
        if names <= _EMOTIONS:
            return _polarity(names)
    elif (names_of := POLARITY_NAMES if columns.kind == "label" else SENTIMENT_NAMES).get(value) is not None:
        return names_of[value]
    raise unknown_label(table, row, columns.label, ", ".join(_known(columns.kind)))


def _polarity(names: set[str]) -> int | None:
    positive, negative = bool(names & _POSITIVE_EMOTIONS), bool(names & _NEGATIVE_EMOTIONS)
    if (positive and negative) or _LEFT_OUT_EMOTION in names:
        return None
    return POSITIVE if positive else NEGATIVE if negative else NEUTRAL


def _known(kind: str) -> Iterator[str]:
    known: Mapping[str, Sequence[str]] = {
        "label": tuple(POLARITY_NAMES),
        "sentiment": tuple(SENTIMENT_NAMES),
        "emotions": sorted(_EMOTIONS),
    }
    yield from known[kind]
