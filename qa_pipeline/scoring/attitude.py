"""Service attitude on a 1-5 scale from what the agent said and when, never from the voice.

The value of a dimension is its start value plus the effects of its marks, kept within 1 and 5. A mark is one
occurrence of a behaviour of the lexicon in one utterance of the agent; the second occurrence counts half, the third a
quarter, later ones nothing, so that a long call cannot collect points by repetition.

Empathy is judged only when the customer gave an opening (told of a problem, or said something clearly negative).
Each opening can be answered in the agent's next three utterances; an answering behaviour earns its effect divided by
the number of openings (three at most). When no opening at all was answered, each of the first two costs half a point.

Patience also counts the agent's interruptions, where they could be measured, beyond one in five minutes, and questions
that the customer had to ask again.

Nobody is charged for words that are not his own: behaviours that cost points do not count where the agent quotes,
reports or denies them (see `reported_speech`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_pipeline.domain.annotation import AttitudeMark, AttitudeScore, Sentiment
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.scoring.attitude_lexicon import AttitudeLexicon, Behaviour, Dimension, find_lexicon
from qa_pipeline.scoring.match import Hit, Passage
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.repeated_questions import repeated_questions
from qa_pipeline.scoring.reported_speech import ReportedSpeech

LOWEST, HIGHEST = 1.0, 5.0
AGENT_UTTERANCES_MIN = 3
JUDGED_DIMENSIONS_MIN = 3
_EDGE_UTTERANCES = 3
_ANSWER_UTTERANCES = 3
_OPENINGS_MAX = 3
_MISSED_MAX = 2
_MARKS_MAX = 3
_NEGATIVE_SCORE = -0.5
_TOLERATED_INTERRUPTION_S = 300.0
_INTERRUPTIONS_MAX = 5.0
_CONFIDENCE_HALF = 4  # utterances (or openings) at which confidence is one half
_WITHOUT_TIMING = 0.7


@dataclass(frozen=True, slots=True)
class _Talk:
    """What attitude is judged by. ``agent``: the agent's usable utterances, searchable."""

    agent: Passage
    openings: tuple[Hit, ...]  # one per utterance of the customer that calls for empathy
    asked_again: tuple[Hit, ...]
    facts: Facts
    lexicon: AttitudeLexicon


def judge_attitude(transcript: Transcript, facts: Facts, sentiments: Sequence[Sentiment]) -> tuple[AttitudeScore, ...]:
    """Return the five dimensions in the order of the lexicon.

    A value is None, never a middle number, when there is nothing to judge: fewer than three agent utterances, words
    that cannot be trusted, a language without a lexicon, or (empathy) no opening. In a draft transcript the marks
    that were found are given without a value, because a courtesy that was not recognised may well have been said.

    Parameters
    ----------
    transcript : Transcript
        Masked.
    facts : Facts
    sentiments : sequence of Sentiment
        Of the same transcript.
    """
    lexicon = find_lexicon(transcript.language)
    if lexicon is None or transcript.quality is TranscriptQuality.UNUSABLE:
        return ()
    agent = _said_by(transcript, Role.AGENT)
    asked_again = repeated_questions(transcript.utterances, lexicon.question_words)
    talk = _Talk(_passage(agent), _openings(transcript, sentiments, lexicon), asked_again, facts, lexicon)
    enough = len(agent) >= AGENT_UTTERANCES_MIN and transcript.quality is TranscriptQuality.TRUSTED
    marks = marks_of(talk)
    return tuple(_score(talk, dimension, marks.get(dimension.id, ()), enough) for dimension in lexicon.dimensions)


def overall_attitude(scores: Sequence[AttitudeScore]) -> float | None:
    """Return the mean of the judged dimensions, 1-5, None when fewer than three were judged."""
    values = [score.value for score in scores if score.value is not None]
    return sum(values) / len(values) if len(values) >= JUDGED_DIMENSIONS_MIN else None


def attitude_of(text: str, language: str, customer: str = "") -> tuple[AttitudeScore, ...]:
    """Return the dimensions of one text taken alone as all that an agent said, in the order of the lexicon.

    `customer` is what the customer had said before, an opening for empathy whatever its words; without it empathy is
    not judged. Empty in a language without a lexicon.
    """
    lexicon = find_lexicon(language)
    if lexicon is None:
        return ()
    asked = Utterance(index=0, role=Role.CUSTOMER, text=customer)
    said = Utterance(index=1, role=Role.AGENT, text=text)
    openings = (Hit(customer, asked, 0, 0, len(customer), "words", 1.0),) if customer.strip() else ()
    talk = _Talk(_passage([said]), openings, (), Facts(), lexicon)
    marks = marks_of(talk)
    return tuple(_score(talk, dimension, marks.get(dimension.id, ()), True) for dimension in lexicon.dimensions)


def courtesy_of(text: str, language: str) -> float | None:
    """Return the courtesy of one text taken alone as an agent's utterance, 1-5; None without a lexicon."""
    return next((score.value for score in attitude_of(text, language) if score.dimension == "courtesy"), None)


def marks_of(talk: _Talk) -> Mapping[str, tuple[AttitudeMark, ...]]:
    """Return the marks of every dimension, in the order of the talk."""
    found: dict[str, list[AttitudeMark]] = defaultdict(list)
    hits_of = _hits_by_behaviour(talk)
    answering: list[tuple[Behaviour, Sequence[Hit]]] = []
    for behaviour in talk.lexicon.behaviours:
        hits = hits_of[behaviour.id]
        if behaviour.void_near is not None:
            near = {hit.place + step for hit in hits_of[behaviour.void_near] for step in (-1, 0)}
            hits = tuple(hit for hit in hits if hit.place not in near)
        if behaviour.answers_openings:
            answering.append((behaviour, hits))
        else:
            found[behaviour.dimension] += _weakening(behaviour.id, behaviour.effect, hits)
    again = "leaves_question_open"
    found["patience"] += _weakening(again, talk.lexicon.measured[again], talk.asked_again)
    found["empathy"] += _empathy(talk, answering)
    found["patience"] += _interruptions(talk)
    return {name: tuple(sorted(marks, key=_place_of)) for name, marks in found.items()}


def _score(talk: _Talk, dimension: Dimension, marks: Sequence[AttitudeMark], enough: bool) -> AttitudeScore:
    if not enough or (dimension.id == "empathy" and not talk.openings):
        return AttitudeScore(dimension=dimension.id, value=None, confidence=0.0, marks=tuple(marks))
    seen = len(talk.openings) if dimension.id == "empathy" else len(talk.agent.utterances)
    confidence = seen / (seen + _CONFIDENCE_HALF)
    if dimension.id == "patience" and talk.facts.agent_interruptions_count is None:
        confidence *= _WITHOUT_TIMING
    return AttitudeScore(
        dimension=dimension.id, value=_value(dimension, marks), confidence=confidence, marks=tuple(marks)
    )


def _value(dimension: Dimension, marks: Sequence[AttitudeMark]) -> float:
    return min(HIGHEST, max(LOWEST, dimension.start + sum(mark.effect for mark in marks)))


def _hits_by_behaviour(talk: _Talk) -> Mapping[str, tuple[Hit, ...]]:
    reported = ReportedSpeech(talk.agent, talk.lexicon.reported)
    found: dict[str, tuple[Hit, ...]] = {}
    for behaviour in talk.lexicon.behaviours:
        hits = _hits(talk.agent, behaviour)
        if behaviour.effect < 0:
            hits = (hit for hit in hits if not reported.covers(hit))
        found[behaviour.id] = _one_per_utterance(hits)
    return found


def _hits(passage: Passage, behaviour: Behaviour) -> Iterator[Hit]:
    last = len(passage.utterances) - _EDGE_UTTERANCES
    for hit in passage.find_all(behaviour.phrases, tolerant=False, unless=behaviour.unless):
        too_late = behaviour.where == "opening" and hit.place >= _EDGE_UTTERANCES
        too_early = behaviour.where == "closing" and hit.place < last
        partial = behaviour.whole and fold(hit.quote).text != fold(hit.utterance.text).text
        if not (too_late or too_early or partial):
            yield hit


def _one_per_utterance(hits: Iterator[Hit]) -> tuple[Hit, ...]:
    first: dict[int, Hit] = {}
    for hit in hits:
        first.setdefault(hit.place, hit)
    return tuple(first[place] for place in sorted(first))


def _weakening(behaviour: str, effect: float, hits: Sequence[Hit]) -> list[AttitudeMark]:
    return [_mark(behaviour, hit, effect / 2**times) for times, hit in enumerate(hits[:_MARKS_MAX])]


def _mark(behaviour: str, hit: Hit, effect: float) -> AttitudeMark:
    return AttitudeMark(utterance=hit.utterance.index, behaviour=behaviour, quote=hit.quote, effect=effect)


def _empathy(talk: _Talk, answering: Sequence[tuple[Behaviour, Sequence[Hit]]]) -> list[AttitudeMark]:
    openings = talk.openings[:_OPENINGS_MAX]
    marks: dict[tuple[str, int], AttitudeMark] = {}
    answered = 0
    for opening in openings:
        window = [said.index for said in talk.agent.utterances if said.index > opening.utterance.index]
        window = window[:_ANSWER_UTTERANCES]
        found = [
            (behaviour, next((hit for hit in hits if hit.utterance.index in window), None))
            for behaviour, hits in answering
        ]
        kept = [(behaviour, hit) for behaviour, hit in found if hit is not None]
        answered += bool(kept)
        for behaviour, hit in kept:
            key = (behaviour.id, hit.utterance.index)
            earlier = marks[key].effect if key in marks else 0.0
            marks[key] = _mark(behaviour.id, hit, earlier + behaviour.effect / len(openings))
    if answered:
        return list(marks.values())
    cost = talk.lexicon.measured["opening_missed"]
    return [_mark("opening_missed", opening, cost) for opening in openings[:_MISSED_MAX]]


def _interruptions(talk: _Talk) -> list[AttitudeMark]:
    count = talk.facts.agent_interruptions_count
    if count is None:
        return []
    tolerated = max(1.0, (talk.facts.duration_s or 0.0) / _TOLERATED_INTERRUPTION_S)
    excess = min(_INTERRUPTIONS_MAX, count - tolerated)
    if excess <= 0:
        return []
    effect = excess * talk.lexicon.measured["interrupts"]
    return [AttitudeMark(utterance=None, behaviour="interrupts", quote="", effect=effect)]


def _openings(transcript: Transcript, sentiments: Sequence[Sentiment], lexicon: AttitudeLexicon) -> tuple[Hit, ...]:
    """Return one opening per stretch of the customer between two utterances of the agent."""
    customer = _said_by(transcript, Role.CUSTOMER)
    by_place = {hit.place: hit for hit in _passage(customer).find_all(lexicon.openings, tolerant=False)}
    negative = {sentiment.utterance for sentiment in sentiments if sentiment.score <= _NEGATIVE_SCORE}
    for place, said in enumerate(customer):
        if said.index in negative and place not in by_place:
            by_place[place] = Hit(said.text, said, place, 0, len(said.text), "words", 1.0)
    agent_indexes = [said.index for said in _said_by(transcript, Role.AGENT)]
    kept: dict[int, Hit] = {}
    for place in sorted(by_place):
        turn = sum(index < by_place[place].utterance.index for index in agent_indexes)
        kept.setdefault(turn, by_place[place])
    return tuple(kept.values())


def _said_by(transcript: Transcript, role: Role) -> list[Utterance]:
    return [said for said in transcript.utterances if said.role is role and said.usable]


def _passage(utterances: Sequence[Utterance]) -> Passage:
    return Passage(utterances, [fold(said.text) for said in utterances])


def _place_of(mark: AttitudeMark) -> int:
    return -1 if mark.utterance is None else mark.utterance
