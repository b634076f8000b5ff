"""``move``: somebody makes a service move, such as an introduction or an offer of further help, wherever it belongs."""

from __future__ import annotations

from dataclasses import replace

from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.search import Finder, search
from qa_pipeline.detectors.verdict import Verdict, undetermined
from qa_pipeline.detectors.wanted import Wanted, judge_wanted
from qa_pipeline.domain.annotation import Move, MoveKind
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, Passage
from qa_pipeline.scoring.move_lexicon import has_wording, move_names


class MoveParams(Wanted):
    """``move``: which; ``min_hits`` and ``partly_hits`` count the utterances that make it."""

    move: MoveKind


def judge_move(scene: Scene, params: MoveParams) -> Verdict:
    """Judge whether a move is made; the words that show it are the evidence."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    problem = moves_missing(scene)
    if problem is not None:
        return problem
    found = search(scene, params.role, move_finder(scene.view.annotation.moves, params.move), window=params)
    name = move_names()[params.move].in_language(scene.view.language)
    verdict = judge_wanted(
        scene,
        found,
        params,
        example=name,
    )
    if verdict.outcome is Outcome.NOT_MET and not found.outside:
        return replace(
            verdict, reason=Reason(message=N_("Nothing of this kind was said: {move}."), params={"move": name})
        )
    return verdict


def moves_missing(scene: Scene) -> Verdict | None:
    """Return why no rule about moves can be judged, None when it can."""
    if not scene.view.annotation.move_engine or not has_wording(scene.view.language):
        return undetermined(N_("Service moves were not looked for in this contact."))
    return None


def move_finder(moves: tuple[Move, ...], wanted: MoveKind) -> Finder:
    """Return a finder of the words that show a move."""
    made = {move.utterance: move for move in moves if move.move is wanted}

    def find(passage: Passage) -> tuple[Hit, ...]:
        hits = []
        for place, said in enumerate(passage.utterances):
            move = made.get(said.index)
            if move is not None and (start := said.text.find(move.quote)) >= 0:
                end = start + len(move.quote)
                hits.append(Hit(wanted.value, said, place, start, end, "words", move.confidence))
        return tuple(hits)

    return find
