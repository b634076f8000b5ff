"""How many words (or characters) a speech engine gets wrong on recordings with known words."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from qa_pipeline.audio.listening import listen
from qa_pipeline.domain.contact import Contact
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.transcribe import transcribe
from qa_pipeline.errors import N_, CallqaError, Message, NoSpeech, RowError, TableError
from qa_pipeline.intake.tables import Row, read_table
from qa_pipeline.scoring.numbers import spoken_number
from qa_pipeline.services.validate.recordings import contact_of, lacking, missing_recording, missing_value
from qa_pipeline.services.validate.report import Metric, ValidationReport, rate

PER_CHARACTER = ("zh", "yue", "ja")
"""Languages written without spaces: counted by character."""

_NO_WORD = re.compile(r"[^\w']+|_")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    condition: str
    language: str
    errors: int
    length: int
    audio_s: float
    took_s: float


@dataclass(slots=True)
class _Tally:
    rows: list[_Scored] = field(default_factory=list)
    failures: list[Message] = field(default_factory=list)
    first_error: CallqaError | None = None
    engines: set[str] = field(default_factory=set)


def validate_asr(
    path: Path, options: SpeechOptions, *, language: str | None = None, limit: int | None = None
) -> ValidationReport:
    """Recognise every recording of a table and compare with its text.

    Words: Unicode NFKC, lower case, punctuation and hyphens become spaces, apostrophes stay, whole numbers up to six
    digits become English words ("12-digit" = "twelve digit"). Characters: the same without spaces; numbers stay. The
    rate is the sum of insertions, deletions and substitutions over the length of the references, so it can pass 1.
    A recording in which no speech is found counts as all words missed; one that cannot be read is left out and named.

    Parameters
    ----------
    path : Path
        Table with ``path`` (relative to the table), ``text`` and optionally ``lang`` and ``condition``; without the
        latter the first folder of the path is the condition.
    language : str, optional
        Of rows that name none; without either the engine detects it, and the text is counted by its script.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        ``wer`` over rows counted by word, ``cer`` over rows counted by character, ``rtf``: seconds of work per second
        of sound, decoding and speech detection included. Intervals by bootstrap over recordings.

    Raises
    ------
    TableError
        When columns are missing or no row has both values.
    CallqaError
        The first row's error when every row failed.
    """
    table = read_table(path)
    missing = [name for name in ("path", "text") if name not in table.headers]
    if missing:
        raise lacking(path, missing, N_("Give the columns path and text; lang and condition are optional."))
    tally = _Tally()
    for count, row in enumerate(table.rows):
        if limit is not None and count >= limit:
            break
        try:
            if isinstance(row, RowError):
                raise row
            tally.rows.append(_score(row, path, options, language, tally.engines))
        except CallqaError as error:
            tally.first_error = tally.first_error or error
            number = error.row if isinstance(row, RowError) else row.number
            problem = Message(error.message, error.params)
            tally.failures.append(Message(N_("Row {row} left out: {problem}"), {"row": number, "problem": problem}))
    if not tally.rows:
        raise tally.first_error or TableError(N_("The table has no rows."), file=str(path))
    return _report(tally)


def _score(row: Row, table: Path, options: SpeechOptions, language: str | None, engines: set[str]) -> _Scored:
    name, text = (row.values.get(key, "").strip() for key in ("path", "text"))
    for key, value in (("path", name), ("text", text)):
        if not value:
            raise missing_value(table, row, key)
    language = row.values.get("lang", "").strip() or language
    recording = table.parent / name
    if not recording.is_file():
        raise missing_recording(table, row, name)
    began = time.perf_counter()
    heard, audio_s = _hear(contact_of(recording, language), options, engines)
    took_s = time.perf_counter() - began
    counted_as = language or ("zh" if re.search(r"[㐀-鿿]", text) else "en")
    reference, hypothesis = units(text, counted_as), units(heard, counted_as)
    return _Scored(
        condition=row.values.get("condition", "").strip() or Path(name).parts[0],
        language=counted_as,
        errors=Levenshtein.distance(reference, hypothesis),
        length=len(reference),
        audio_s=audio_s,
        took_s=took_s,
    )


def _hear(contact: Contact, options: SpeechOptions, engines: set[str]) -> tuple[str, float]:
    """Return the words in order of time and the seconds of sound."""
    try:
        listening = listen(contact, options.listen)
    except NoSpeech as error:
        return "", float(str(error.params.get("duration_s", 0.0)))
    transcript = transcribe(contact, listening, options)
    engines.add(transcript.engine)
    return " ".join(utterance.text for utterance in transcript.utterances), listening.duration_s


def units(text: str, language: str) -> list[str]:
    """Return what is counted: words, or characters in languages without spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if language in PER_CHARACTER:
        return [character for character in folded if character.isalnum()]
    if language == "en":
        folded = _NUMBER.sub(lambda match: f" {spoken_number(match.group())} ", folded)
    words = (word.strip("'") for word in _NO_WORD.sub(" ", folded).split())
    return [word for word in words if word]


def _report(tally: _Tally) -> ValidationReport:
    conditions = defaultdict(list)
    for row in tally.rows:
        conditions[row.condition].append(row)
    counts = [note for name, rows in sorted(conditions.items()) for note in _counted(rows, name)]
    return ValidationReport(
        task="asr",
        n=len(tally.rows),
        engine=", ".join(sorted(tally.engines)) or "none",
        metrics=_metrics(tally.rows),
        notes=[*counts, *tally.failures],
        groups={name: _metrics(rows) for name, rows in sorted(conditions.items())},
    )


def _counted(rows: Sequence[_Scored], name: str) -> Iterator[Message]:
    for message, chosen in (
        (N_("{condition}: {wrong} errors on {length} words in {count} recordings"), _by_word(rows)),
        (N_("{condition}: {wrong} errors on {length} characters in {count} recordings"), _by_character(rows)),
    ):
        if chosen:
            wrong, length = sum(row.errors for row in chosen), sum(row.length for row in chosen)
            yield Message(message, {"condition": name, "wrong": wrong, "length": length, "count": len(chosen)})


def _by_word(rows: Sequence[_Scored]) -> list[_Scored]:
    return [row for row in rows if row.language not in PER_CHARACTER]


def _by_character(rows: Sequence[_Scored]) -> list[_Scored]:
    return [row for row in rows if row.language in PER_CHARACTER]


def _metrics(rows: Sequence[_Scored]) -> dict[str, Metric]:
    found = {}
    for name, chosen in (("wer", _by_word(rows)), ("cer", _by_character(rows))):
        if chosen:
            found[name] = rate([row.errors for row in chosen], [row.length for row in chosen])
    audio_s = sum(row.audio_s for row in rows)
    if audio_s > 0:
        found["rtf"] = Metric(value=sum(row.took_s for row in rows) / audio_s)
    return found
