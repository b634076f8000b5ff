"""How well the moves that are tagged agree with those that people saw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import N_, Message, TableError
from qa_pipeline.ports import MoveTagger
from qa_pipeline.scoring.moves import MOVES, tag_moves
from qa_pipeline.services.validate.labelled_rows import language_of
from qa_pipeline.services.validate.move_table import LabelledMoves, MoveTable, read_move_table
from qa_pipeline.services.validate.report import Metric, ValidationReport, bootstrap_ci, measured, rows_left_out

Counts = npt.NDArray[np.float64]  # (groups, moves, 3): right, false, missed
MoveSet = frozenset[MoveKind]
NO_MOVE = "none"
_RIGHT, _FALSE, _MISSED = 0, 1, 2
_CONTACT_UTTERANCES = 50  # texts are tagged in portions of a contact, as inspections do


def validate_moves(
    path: Path,
    tagger: MoveTagger,
    *,
    language: str | None = None,
    limit: int | None = None,
    unseen_from: Sequence[Path] = (),
) -> ValidationReport:
    """Compare tagged moves with the acts of a table, as inspections tag them: learned tier and wording together.

    Scored are the moves that the table shows at least once; of others it says nothing. A text whose label leaves a
    move open counts neither for nor against it.

    Parameters
    ----------
    path : Path
        As `read_move_table` takes it.
    tagger : MoveTagger
    language : str, optional
        ``zh`` or ``en``; without it the script of the texts decides.
    limit : int, optional
        Only the first texts.
    unseen_from : sequence of Path
        Tables whose texts are left out. With one or more, each remaining text counts once, with the acts that it has
        most often, and so the figures are those over texts that nobody learned by heart.

    Returns
    -------
    ValidationReport
        ``macro_f1`` over the scored moves and ``exact`` (the very same scored moves), 0-1, with intervals by bootstrap
        over dialogues (texts where there are none); per move ``precision``, ``recall``, ``f1`` and ``n`` in ``groups``.
        ``confusion``: for the scored moves of a text, which were tagged.

    Raises
    ------
    TableError
        When columns are missing, no row can be used, or the table shows no move.
    """
    table = read_move_table(path, limit=limit)
    rows = _unseen(table, unseen_from) if unseen_from else table.rows
    scored = [move for move in MOVES if any(move in row.moves for row in rows)]
    if not scored:
        raise TableError(N_("No text of the table makes a move that is known."), file=str(path))
    found = _tagged(rows, language or language_of([row.text for row in rows]), tagger)
    counts, exact = _count(rows, found, scored)
    notes = [Message(N_("Scored are the moves that the table labels: {moves}."), {"moves": ", ".join(scored)})]
    if table.left_out:
        notes.append(rows_left_out(table.left_out))
    return ValidationReport(
        task="moves",
        n=len(rows),
        engine=tagger.spec.key,
        metrics={
            "macro_f1": measured(lambda drawn: _macro_f1(counts, drawn), len(counts)),
            "exact": measured(lambda drawn: _share(exact, drawn), len(exact)),
        },
        notes=tuple(notes),
        groups={move.value: _of_move(counts[:, place]) for place, move in enumerate(scored)},
        confusion=_confusion(rows, found, scored),
    )


def _unseen(table: MoveTable, seen_in: Sequence[Path]) -> tuple[LabelledMoves, ...]:
    seen = {row.text for path in seen_in for row in read_move_table(path).rows}
    by_text: dict[str, list[LabelledMoves]] = defaultdict(list)
    for row in table.rows:
        if row.text not in seen:
            by_text[row.text].append(row)
    if not by_text:
        raise TableError(N_("Every text of the table stands in the tables to be left out."), file=str(table.path))
    return tuple(_commonest(rows) for rows in by_text.values())


def _commonest(rows: Sequence[LabelledMoves]) -> LabelledMoves:
    (labels, _), *_ = Counter((row.moves, row.open) for row in rows).most_common(1)
    return next(row for row in rows if (row.moves, row.open) == labels)


def _tagged(rows: Sequence[LabelledMoves], language: str, tagger: MoveTagger) -> list[MoveSet]:
    found: list[set[MoveKind]] = [set() for _ in rows]
    for start in range(0, len(rows), _CONTACT_UTTERANCES):
        part = rows[start : start + _CONTACT_UTTERANCES]
        said = [Utterance(index=start + place, role=row.role, text=row.text) for place, row in enumerate(part)]
        for move in tag_moves(said, language, tagger):
            found[move.utterance].add(move.move)
    return [frozenset(moves) for moves in found]


def _count(
    rows: Sequence[LabelledMoves], found: Sequence[MoveSet], scored: Sequence[MoveKind]
) -> tuple[Counts, npt.NDArray[np.float64]]:
    """Return right, false and missed moves, and texts that are exactly right and all texts, per dialogue."""
    groups: dict[str, int] = {}
    places = [groups.setdefault(row.dialogue or f"\n{number}", len(groups)) for number, row in enumerate(rows)]
    counts = np.zeros((len(groups), len(scored), 3))
    exact = np.zeros((len(groups), 2))
    for place, row, tagged in zip(places, rows, found, strict=True):
        same = True
        for column, move in enumerate(scored):
            if move in row.open or (move not in row.moves and move not in tagged):
                continue
            kind = _RIGHT if move in row.moves and move in tagged else _FALSE if move in tagged else _MISSED
            counts[place, column, kind] += 1
            same = same and kind == _RIGHT
        exact[place] += (same, 1)
    return counts, exact


def _macro_f1(counts: Counts, drawn: npt.NDArray[np.intp]) -> float:
    """Return the mean F1 over the moves that occur among the drawn dialogues, in labels or in tags."""
    sums = counts[drawn].sum(axis=0)
    occurring = sums.sum(axis=1) > 0
    if not occurring.any():
        return float("nan")
    right = 2 * sums[occurring, _RIGHT]
    return float((right / (right + sums[occurring, _FALSE] + sums[occurring, _MISSED])).mean())


def _share(exact: npt.NDArray[np.float64], drawn: npt.NDArray[np.intp]) -> float:
    right, every = exact[drawn].sum(axis=0)
    return float(right / every)


def _of_move(counts: npt.NDArray[np.float64]) -> Mapping[str, Metric]:
    right, false, missed = counts.sum(axis=0)
    return {
        "n": Metric(value=float(right + missed)),
        "precision": Metric(value=float(right / (right + false)) if right + false else float("nan")),
        "recall": Metric(value=float(right / (right + missed))),
        "f1": Metric(
            value=float(2 * right / (2 * right + false + missed)),
            ci95=bootstrap_ci(lambda drawn: _macro_f1(counts[:, None], drawn), len(counts)),
        ),
    }


def _confusion(
    rows: Sequence[LabelledMoves], found: Sequence[MoveSet], scored: Sequence[MoveKind]
) -> Mapping[str, Mapping[str, int]]:
    """Return labelled move -> tagged move -> texts.

    A move that was tagged rightly meets itself; one that was missed meets each that was tagged wrongly in the same
    text, else ``none``; one that was tagged where none was missed meets ``none``.
    """
    table: dict[str, Counter[str]] = {name: Counter() for name in (*scored, NO_MOVE)}
    for row, moves in zip(rows, found, strict=True):
        known = frozenset(scored) - row.open
        labelled, tagged = row.moves & known, moves & known
        for move in labelled & tagged:
            table[move][move.value] += 1
        for one, other in _pairs(labelled - tagged, tagged - labelled):
            table[one][other] += 1
        if not labelled and not tagged:
            table[NO_MOVE][NO_MOVE] += 1
    columns = (*scored, NO_MOVE)
    return {str(name): {str(column): counts[column] for column in columns} for name, counts in table.items()}


def _pairs(missed: Iterable[str], false: Iterable[str]) -> Iterable[tuple[str, str]]:
    missed, false = sorted(missed) or [NO_MOVE], sorted(false) or [NO_MOVE]
    return ((one, other) for one in missed for other in false if not one == other == NO_MOVE)
