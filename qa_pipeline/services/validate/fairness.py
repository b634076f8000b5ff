"""How far judgements change when only words change that say who somebody is or how a region talks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.text import TextEngine, judging_models, text_models
from qa_pipeline.errors import N_, ConfigurationError, Message, RowError, TableError
from qa_pipeline.intake.tables import read_table
from qa_pipeline.scorecards import choose_scorecard
from qa_pipeline.scoring.annotate import TextModels
from qa_pipeline.scoring.attitude import courtesy_of
from qa_pipeline.scoring.moves import tag_moves
from qa_pipeline.services.validate.counterparts import Swap, identity_words, swaps_of
from qa_pipeline.services.validate.labelled_contacts import LabelledContact, view_of
from qa_pipeline.services.validate.labelled_rows import language_of, missing_columns, usable_rows
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

SHIFT_LIMIT = 0.05
"""Mean change of a score, as a share of its scale, above which a report says so."""
FLIP_LIMIT = 0.05
"""Share of changed labels above which a report says so."""

_ROLES = {"a": Role.AGENT, "c": Role.CUSTOMER}
_COURTESY_SPAN = 4.0  # its scale is 1-5
_SENTIMENT_SPAN = 2.0  # its scale is -1 to 1

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one judge says of texts: a score 0-1 and a label of each."""

    scores: Values
    labels: tuple[object, ...]


Judge = Callable[[Sequence[str]], Reading]


@dataclass(frozen=True, slots=True)
class _Judged:
    """Pairs of one judge: change of the score, whether the label changed, and group and sentence of each."""

    shifts: Values
    flipped: Values
    groups: tuple[str, ...]
    sources: tuple[int, ...]


def validate_fairness(
    path: Path | None,
    engines: Sequence[TextEngine],
    cards: Sequence[Scorecard],
    *,
    language: str | None = None,
    limit: int | None = None,
) -> ValidationReport:
    """Measure how far judgements depend on identity, dialect and gender words.

    Parameters
    ----------
    path : Path, optional
        Table with ``text``; the shipped sentences and dialogues of both languages without it.
    engines : sequence of TextEngine
        Engines that read words.
    cards : sequence of Scorecard
        Of which those that fit judge the shipped dialogues.
    language : str, optional
        ``zh`` or ``en``: of the table (without it its script decides), or the one of the shipped sets to take.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        n is the number of pairs of texts. For each judge, over all pairs and per group of words in ``groups``:
        ``shift`` the mean signed change of the score as a share of its scale, ``abs_shift`` the mean of its size,
        ``max_shift`` the greatest, ``flips`` the share of pairs with another label. Intervals by bootstrap over
        sentences. A note names each group above `SHIFT_LIMIT` or `FLIP_LIMIT`.

    Raises
    ------
    TableError
        When the table has no column ``text``, or no text with a word that has a counterpart.
    ConfigurationError
        When there are no counterparts in the language.
    """
    texts, left_out = _texts(path, language, limit)
    pairs = {code: list(swaps_of([[text] for text in rows], code)) for code, rows in texts.items()}
    if not any(pairs.values()):
        raise TableError(N_("No text holds a word that has a counterpart."), file=str(path))
    found: dict[str, list[_Judged]] = {}
    models = text_models(engines)
    for code in filter(pairs.get, pairs):
        for name, judge in _judges(models, code).items():
            found.setdefault(name, []).append(_judged(pairs[code], judge, prefix=code))
        if path is None:
            found.setdefault("outcomes", []).append(_outcomes(code, engines, cards))
    judged = {name: _joined(parts) for name, parts in found.items()}
    groups = {
        f"{name} {group}": _measure(each, group) for name, each in judged.items() for group in sorted(set(each.groups))
    }
    notes = [note for name, metrics in groups.items() for note in _exceeding(name, metrics)]
    notes += [rows_left_out(left_out)] if left_out else []
    return ValidationReport(
        task="fairness",
        n=sum(map(len, pairs.values())),
        engine=", ".join(engine.name for engine in engines),
        metrics={f"{name}_{key}": metric for name, each in judged.items() for key, metric in _measure(each).items()},
        notes=tuple(notes),
        groups=groups,
    )


def _texts(
    path: Path | None, language: str | None, limit: int | None
) -> tuple[Mapping[str, Sequence[str]], Sequence[RowError]]:
    known = identity_words()
    if language is not None and language not in known:
        raise ConfigurationError(
            N_("There are no counterparts for the language {language}."),
            hint=N_("Choose one of: {known}."),
            language=language,
            known=", ".join(known),
        )
    if path is None:
        chosen = [language] if language else list(known)
        return {code: known[code].sentences[:limit] for code in chosen}, ()
    table = read_table(path)
    headers = table.columns
    if "text" not in headers:
        raise missing_columns(table, "text")
    rows, left_out = usable_rows(table, lambda row: row.values[headers["text"]], limit)
    return {language or language_of(rows): rows}, left_out


def _judges(models: TextModels, language: str) -> dict[str, Judge]:
    def sentiment(texts: Sequence[str]) -> Reading:
        rows = np.vstack([models.sentiment.predict([text], language) for text in texts])
        return Reading((rows[:, 2] - rows[:, 0] + 1) / _SENTIMENT_SPAN, tuple(rows.argmax(axis=1).tolist()))

    def abuse(texts: Sequence[str]) -> Reading:
        reading = models.abuse.predict(texts, language)
        return Reading(np.asarray(reading.probabilities, dtype=np.float64), tuple(reading.hints.tolist()))

    def moves(texts: Sequence[str]) -> Reading:
        said = [Utterance(index=index, role=Role.UNKNOWN, text=text) for index, text in enumerate(texts)]
        kinds: list[set[str]] = [set() for _ in texts]
        for move in tag_moves(said, language, models.moves):
            kinds[move.utterance].add(move.move.value)
        rows = models.moves.predict(texts, language)
        return Reading(rows.max(axis=1), tuple(frozenset(each) for each in kinds))

    def courtesy(texts: Sequence[str]) -> Reading:
        values = np.array([courtesy_of(text, language) for text in texts], dtype=np.float64)
        return Reading((values - 1) / _COURTESY_SPAN, tuple(values.tolist()))

    return {"sentiment": sentiment, "abuse": abuse, "moves": moves, "courtesy": courtesy}


def _judged(pairs: Sequence[Swap], judge: Judge, *, prefix: str) -> _Judged:
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.before[0], pair.after[0])))
    place = {text: number for number, text in enumerate(texts)}
    reading = judge(texts)
    before = [place[pair.before[0]] for pair in pairs]
    after = [place[pair.after[0]] for pair in pairs]
    return _Judged(
        shifts=reading.scores[after] - reading.scores[before],
        flipped=np.array(
            [reading.labels[one] != reading.labels[other] for one, other in zip(before, after, strict=True)], np.float64
        ),
        groups=tuple(f"{prefix} {pair.group}" for pair in pairs),
        sources=tuple(pair.source for pair in pairs),
    )


def _outcomes(language: str, engines: Sequence[TextEngine], cards: Sequence[Scorecard]) -> _Judged:
    """Judge the shipped dialogue by whole scorecards; the score is the share of criteria that are met."""
    lines = [line.split(": ", 1) for line in identity_words()[language].dialogue]
    roles = [_ROLES[role] for role, _ in lines]
    dialogue = tuple(text for _, text in lines)
    pairs = list(swaps_of([dialogue], language))
    shifts: list[float] = []
    flipped: list[float] = []
    groups: list[str] = []
    for card in _fitting(language, cards):
        honest = _judge_dialogue(dialogue, roles, card, language, engines)
        for pair in pairs:
            other = _judge_dialogue(pair.after, roles, card, language, engines)
            shifts.append((other.count(Outcome.MET) - honest.count(Outcome.MET)) / len(honest))
            flipped.append(float(np.mean([one is not two for one, two in zip(honest, other, strict=True)])))
            groups.append(f"{language} {pair.group}")
    return _Judged(np.array(shifts), np.array(flipped), tuple(groups), tuple(range(len(groups))))


def _fitting(language: str, cards: Sequence[Scorecard]) -> list[Scorecard]:
    kinds = [
        kind for kind in ContactKind if any(card.kind is kind and card.language in (None, language) for card in cards)
    ]
    return [choose_scorecard(kind, language, cards) for kind in kinds]


def _judge_dialogue(
    turns: Sequence[str], roles: Sequence[Role], card: Scorecard, language: str, engines: Sequence[TextEngine]
) -> list[Outcome]:
    transcript = Transcript(
        language=language,
        engine="import:validation",
        quality=TranscriptQuality.TRUSTED,
        utterances=tuple(
            Utterance(index=index, role=role, text=text, start_s=5.0 * index, end_s=5.0 * index + 4)
            for index, (role, text) in enumerate(zip(roles, turns, strict=True))
        ),
        roles_by="labels",
    )
    wanted = {criterion.id: Outcome.MET for criterion in card.criteria}
    view = view_of(LabelledContact(transcript, card.kind, card, wanted), engines)
    return [finding.outcome for finding in detect_all(view, card, judging_models([card], engines))]


def _joined(parts: Sequence[_Judged]) -> _Judged:
    offsets = np.cumsum([0, *(max(part.sources, default=0) + 1 for part in parts)])
    return _Judged(
        shifts=np.concatenate([part.shifts for part in parts]),
        flipped=np.concatenate([part.flipped for part in parts]),
        groups=tuple(group for part in parts for group in part.groups),
        sources=tuple(
            int(source + offset) for part, offset in zip(parts, offsets, strict=False) for source in part.sources
        ),
    )


def _measure(judged: _Judged, group: str | None = None) -> dict[str, Metric]:
    rows = np.array([place for place, own in enumerate(judged.groups) if group in (None, own)], dtype=np.intp)
    shifts, flipped = judged.shifts[rows], judged.flipped[rows]
    sources = [judged.sources[row] for row in rows]

    def metric(statistic: Callable[[Indices], float]) -> Metric:
        return measured(statistic, len(rows), groups=sources)

    return {
        "n": Metric(value=float(len(rows))),
        "shift": metric(lambda drawn: float(shifts[drawn].mean())),
        "abs_shift": metric(lambda drawn: float(np.abs(shifts[drawn]).mean())),
        "max_shift": Metric(value=float(np.abs(shifts).max())),
        "flips": metric(lambda drawn: float(flipped[drawn].mean())),
    }


def _exceeding(name: str, metrics: Mapping[str, Metric]) -> list[Message]:
    shift, flips = metrics["abs_shift"].value, metrics["flips"].value
    if shift <= SHIFT_LIMIT and flips <= FLIP_LIMIT:
        return []
    return [
        Message(
            N_("{name}: scores change by {shift} on average and {flips} of labels; the limits are {most} and {share}."),
            {
                "name": name,
                "shift": f"{shift:.3f}",
                "flips": f"{flips:.1%}",
                "most": f"{SHIFT_LIMIT:.2f}",
                "share": f"{FLIP_LIMIT:.0%}",
            },
        )
    ]
