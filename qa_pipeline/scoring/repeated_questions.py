"""Questions that a customer had to ask again although the agent had spoken in between."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.scoring.match import Hit, Passage, Phrase
from qa_pipeline.scoring.match_text import fold, has_chinese

SAME_MIN = 90  # likeness of two wordings of one question, 0-100
_CHARACTERS_MIN = 6
_WORDS_MIN = 4
# One utterance may be the greeting of somebody who came to the contact after the question was asked.
_ANSWERS_MIN = 2


def repeated_questions(utterances: Sequence[Utterance], question_words: Sequence[Phrase]) -> tuple[Hit, ...]:
    """Return the customer's usable questions that he had asked before, each as a hit on its whole text.

    A question counts as repeated when its wording is nearly the same as that of an earlier one and the agent had said
    at least two things in between. `question_words` tell a question beside a question mark. ``place`` of a hit counts
    among the questions.
    """
    usable = [said for said in utterances if said.usable]
    questions = _questions([said for said in usable if said.role is Role.CUSTOMER], question_words)
    agent_indexes = [said.index for said in usable if said.role is Role.AGENT]
    folded = [fold(said.text).text for said in questions]
    found: list[Hit] = []
    for place, said in enumerate(questions):
        for earlier in range(place):
            between = sum(questions[earlier].index < index < said.index for index in agent_indexes)
            if between >= _ANSWERS_MIN and fuzz.ratio(folded[place], folded[earlier]) >= SAME_MIN:
                found.append(Hit(said.text, said, place, 0, len(said.text), "likeness", 1.0))
                break
    return tuple(found)


def _questions(said_by_customer: Sequence[Utterance], question_words: Sequence[Phrase]) -> list[Utterance]:
    folded = [fold(said.text) for said in said_by_customer]
    asking = {hit.place for hit in Passage(said_by_customer, folded).find_all(question_words, tolerant=False)}
    return [
        said
        for place, said in enumerate(said_by_customer)
        if (place in asking or "?" in said.text or "？" in said.text) and _long_enough(folded[place].text)
    ]


def _long_enough(folded: str) -> bool:
    return len(folded) >= _CHARACTERS_MIN if has_chinese(folded) else folded.count(" ") + 1 >= _WORDS_MIN
