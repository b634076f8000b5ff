"""Questions that a customer had to ask again although the agent had spoken in between."""

from __future__ import annotations

from bisect import bisect_left
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
_REACH = 50  # questions back


def repeated_questions(utterances: Sequence[Utterance], question_words: Sequence[Phrase]) -> tuple[Hit, ...]:
    """Return the customer's usable questions that he had asked before, each as a hit on its whole text.

    A question counts as repeated when its wording is nearly the same as that of an earlier one and the agent had said
    at least two things in between; each is compared with the fifty questions before it. `question_words` tell a
    question beside a question mark. ``place`` of a hit counts among the questions.
    """
    usable = [said for said in utterances if said.usable]
    questions = _questions([said for said in usable if said.role is Role.CUSTOMER], question_words)
    agent_indexes = [said.index for said in usable if said.role is Role.AGENT]
    answers_before = [bisect_left(agent_indexes, said.index) for said in questions]
    folded = [fold(said.text).text for said in questions]
    found: list[Hit] = []
    for place, said in enumerate(questions):
        earlier = [
            before
            for before in range(max(0, place - _REACH), place)
            if answers_before[place] - answers_before[before] >= _ANSWERS_MIN
        ]
        if any(fuzz.ratio(folded[place], folded[before]) >= SAME_MIN for before in earlier):
            found.append(Hit(said.text, said, place, 0, len(said.text), "likeness", 1.0))
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
