"""Why the customer contacted the company: what the customer says first, as the site's own model reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_pipeline.domain.annotation import ContactReason
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.ports import ReasonModel

# Of 1,006 chats of MultiDoGO (dev) a model of the main intent is right on 29 % by the first message, mostly a
# greeting, on 84 % by two, 89 % by three.
OPENING_UTTERANCES = 3
# "Hello" and "您好" say nothing of a reason and take no place of the three.
_SHORT_CHARACTERS = 3
_SHORT_WORDS = 2
# Masks, and the cards of orders and goods that chat windows send in brackets, one inside another, or as 订单号:[订单].
_BRACKETED = re.compile(r"(?:[\u3400-\u9fff]{1,10}[:：]\s*)?[\[【][^\[\]【】]*[\]】]")


def opening_of(spoken: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Return the customer's first utterances of some length, `OPENING_UTTERANCES` at most; of short ones the first."""
    theirs = [said for said in spoken if said.role is Role.CUSTOMER]
    telling = [said for said in theirs if not _is_short(said.text)]
    return tuple((telling or theirs)[:OPENING_UTTERANCES])


def without_brackets(text: str) -> str:
    """Return what a person wrote or said: the text without what stands in brackets."""
    plain = _BRACKETED.sub(" ", text)
    return text if plain == text else without_brackets(plain)


def _is_short(text: str) -> bool:
    said = without_brackets(text)
    chinese = sum("\u3400" <= char <= "\u9fff" for char in said)
    return chinese <= _SHORT_CHARACTERS and (chinese > 0 or len(said.split()) <= _SHORT_WORDS)


def reason_of(spoken: Sequence[Utterance], language: str, model: ReasonModel) -> ContactReason | None:
    """Return the reason of a contact by its opening, None where the model cannot tell or the customer says nothing.

    The quote is the utterance that by itself makes the reason likeliest.
    """
    opening = opening_of(spoken)
    if not opening:
        return None
    texts = [said.text for said in opening]
    reading = model.predict(["\n".join(texts), *texts], language)
    if reading is None:
        return None
    whole, alone = reading.probabilities[0], reading.probabilities[1:]
    best = int(whole.argmax())
    if whole[best] < reading.threshold:
        return None
    deciding = opening[int(alone[:, best].argmax())]
    return ContactReason(
        category=reading.categories[best],
        confidence=float(whole[best]),
        utterance=deciding.index,
        quote=deciding.text,
    )
