"""Service moves of each utterance: what a learned tier says of it and what its wording shows.

A move counts when the tagger gives it a probability of at least ``TAGGED_MIN``, or when a phrase of the lexicon is said
and no longer, harmless wording lies around it. Phrases are looked for by their words, and Chinese ones of four
characters or more by sound in utterances without them. Only who may make a move is credited with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from qa_pipeline.domain.annotation import Move, MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.ports import MoveTagger
from qa_pipeline.scoring.languages import script_of, written_language
from qa_pipeline.scoring.match import Hit, Passage
from qa_pipeline.scoring.match_text import Folded, fold
from qa_pipeline.scoring.move_lexicon import MoveWording, has_wording, makers, move_wording

MOVES = tuple(MoveKind)
# Chosen by cross-validation on the training tables, where it lies on a plateau from .3 to .5.
TAGGED_MIN = 0.4
# A phrase of the lexicon is as good as its match; it is no probability.
WORDING_CONFIDENCE = 0.9


def tag_moves(utterances: Sequence[Utterance], language: str, tagger: MoveTagger) -> tuple[Move, ...]:
    """Return the moves of the utterances, in their order; none in a language without a lexicon.

    Each utterance is read in the language of its own script, so that an English sentence in a Chinese contact is read
    as English; one with letters of neither in `language`. An utterance of an unknown speaker may make every move, one
    of a machine makes none.
    """
    moves = [
        move for script, spoken in by_script(utterances, language).items() for move in _tag(spoken, script, tagger)
    ]
    return tuple(sorted(moves, key=lambda move: (move.utterance, MOVES.index(move.move))))


def by_script(utterances: Sequence[Utterance], language: str) -> dict[str, list[Utterance]]:
    """Return the utterances that may make a move by the language that each is read in; none without a lexicon."""
    found: dict[str, list[Utterance]] = defaultdict(list)
    if has_wording(language):
        for said in utterances:
            if said.role is not Role.SYSTEM and said.text.strip():
                found[script_of(said.text) or written_language(language)].append(said)
    return found


def _tag(spoken: Sequence[Utterance], language: str, tagger: MoveTagger) -> Iterable[Move]:
    wording = move_wording(language)
    found = {(move.utterance, move.move): move for move in _by_wording(spoken, wording)}
    for said, row in zip(spoken, tagger.predict([said.text for said in spoken], language), strict=True):
        for kind, chance in zip(MOVES, row, strict=True):
            if chance < TAGGED_MIN or said.role not in makers(kind):
                continue
            shown = found.get((said.index, kind))
            found[said.index, kind] = Move(
                utterance=said.index,
                move=kind,
                confidence=max(float(chance), shown.confidence if shown else 0.0),
                quote=shown.quote if shown else said.text,
            )
    return found.values()


def _by_wording(spoken: Sequence[Utterance], wording: Sequence[MoveWording]) -> Iterator[Move]:
    folded = {said.index: fold(said.text) for said in spoken}
    passages = {
        who: Passage(able, [folded[said.index] for said in able])
        for who in {each.who for each in wording}
        for able in [[said for said in spoken if said.role in who]]
    }
    for each in wording:
        passage = passages[each.who]
        for hit in _hits(passage, folded, each):
            yield Move(
                utterance=hit.utterance.index,
                move=each.move,
                confidence=WORDING_CONFIDENCE * hit.likeness,
                quote=hit.quote,
            )
        if each.whole is not None:
            for said in passage.utterances:
                if each.whole.fullmatch(folded[said.index].text):
                    yield Move(utterance=said.index, move=each.move, confidence=WORDING_CONFIDENCE, quote=said.text)


def _hits(passage: Passage, folded: dict[int, Folded], wording: MoveWording) -> Iterator[Hit]:
    """Yield the first hit of each utterance that no harmless wording excuses."""
    by_words = _first_of(passage.find_all(wording.phrases, tolerant=False, unless=wording.unless))
    yield from by_words.values()
    rest = [said for said in passage.utterances if said.index not in by_words]
    sounded = [phrase for phrase in wording.phrases if phrase.sound_fits]
    if rest and sounded:
        passage = Passage(rest, [folded[said.index] for said in rest])
        found = passage.find_all(sounded, tolerant=True, unless=wording.unless)
        # Never by likeness: one word more makes another move (有什么问题, 还有什么问题).
        yield from _first_of(hit for hit in found if hit.matched_by == "sound").values()


def _first_of(hits: Iterable[Hit]) -> dict[int, Hit]:
    """Return the first hit of each utterance by its index."""
    first: dict[int, Hit] = {}
    for hit in hits:
        first.setdefault(hit.utterance.index, hit)
    return first
