"""Personal data is masked before any other step sees the words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.transcript import Transcript, Utterance, Word
from qa_pipeline.privacy.finding import PersonalSpan, find_personal_data
from qa_pipeline.privacy.kinds import Kind, Span

TAGS = {
    "zh": {
        Kind.PHONE: "[电话]",
        Kind.ID_CARD: "[证件号]",
        Kind.BANK_CARD: "[卡号]",
        Kind.EMAIL: "[邮箱]",
        Kind.PLATE: "[车牌]",
        Kind.ORDER: "[订单号]",
        Kind.NUMBER: "[号码]",
        Kind.NAME: "[姓名]",
        Kind.ACCOUNT: "[账号]",
        Kind.SECRET: "[密码]",
        Kind.LINK: "[网址]",
        Kind.ADDRESS: "[地址]",
        Kind.BIRTH_DATE: "[出生日期]",
        Kind.AGE: "[年龄]",
        Kind.STAFF_ID: "[工号]",
    },
    "en": {
        Kind.PHONE: "[PHONE]",
        Kind.ID_CARD: "[ID]",
        Kind.BANK_CARD: "[CARD]",
        Kind.EMAIL: "[EMAIL]",
        Kind.PLATE: "[PLATE]",
        Kind.ORDER: "[ORDER]",
        Kind.NUMBER: "[NUMBER]",
        Kind.NAME: "[NAME]",
        Kind.ACCOUNT: "[ACCOUNT]",
        Kind.SECRET: "[SECRET]",
        Kind.LINK: "[LINK]",
        Kind.ADDRESS: "[ADDRESS]",
        Kind.BIRTH_DATE: "[BIRTH DATE]",
        Kind.AGE: "[AGE]",
        Kind.STAFF_ID: "[STAFF ID]",
    },
}


_ANY_TAG = re.compile("|".join(re.escape(tag) for tags in TAGS.values() for tag in tags.values()))
_REFERENCE_MIN = 4


def known_words(contact: Contact) -> tuple[str, ...]:
    """Return what the metadata of a contact give away: the names of its agent and its customer."""
    names = (contact.agent_name, contact.agent_id, contact.customer_ref)
    is_long = (2, _REFERENCE_MIN, _REFERENCE_MIN)
    return tuple(
        name.strip() for name, least in zip(names, is_long, strict=True) if name and len(name.strip()) >= least
    )


def find_personal_spans(transcript: Transcript, known: Sequence[str] = ()) -> tuple[PersonalSpan, ...]:
    """Return all personal data of a transcript, each once, without overlap; a dictation over several turns is one.

    Found are telephone, identity, bank-card and account numbers, secrets, other digit runs from six digits (written, or
    spoken digit by digit, also over neighbouring turns), orders, e-mail and network addresses, plates, postal
    addresses, dates of birth, ages, staff numbers and names of both sides, and the words of `known` (see
    `known_words`). Amounts, other dates and public hotlines are no personal data.
    """
    return find_personal_data(transcript.utterances, _ANY_TAG, known)


def mask_transcript(transcript: Transcript, known: Sequence[str] = ()) -> tuple[Transcript, int]:
    """Replace personal data by tags such as ``[电话]`` or ``[PHONE]``, in texts and in words.

    Returns
    -------
    tuple
        The masked transcript, and how many spans were masked (a number over two utterances counts once).
    """
    tags = TAGS["zh" if transcript.language.startswith("zh") else "en"]
    found = find_personal_spans(transcript, known)
    masks: dict[int, list[Span]] = {}
    for index, part in (part for span in found for part in span.parts):
        masks.setdefault(index, []).append(part)
    utterances_masked = tuple(
        _mask_utterance(item, sorted(masks[item.index]), tags) if item.index in masks else item
        for item in transcript.utterances
    )
    return replace(transcript, utterances=utterances_masked), len(found)


def _mask_utterance(utterance: Utterance, spans: Sequence[Span], tags: dict[Kind, str]) -> Utterance:
    text = ""
    place = 0
    for span in spans:
        text += utterance.text[place : span.start] + tags[span.kind]
        place = span.end
    return replace(utterance, text=text + utterance.text[place:], words=_mask_words(utterance, spans, tags))


def _mask_words(utterance: Utterance, spans: Sequence[Span], tags: dict[Kind, str]) -> tuple[Word, ...]:
    """Return the words with those under a masked span merged into one that bears the tag.

    Words that do not make up the text cannot be masked with it, so they are dropped.
    """
    places = utterance.word_spans()
    if places is None:
        return ()
    words: list[Word] = []
    last_masked: Span | None = None
    for word, (start, end) in zip(utterance.words, places, strict=True):
        touched = [span for span in spans if start < span.end and span.start < end]
        if not touched:
            words.append(word)
        elif touched[0] is last_masked:
            rest = _masked_piece(utterance.text, last_masked.end, end, touched[1:], tags)
            words[-1] = replace(words[-1], text=words[-1].text + rest, end_s=word.end_s)
        else:
            words.append(replace(word, text=_masked_piece(utterance.text, start, end, touched, tags)))
        last_masked = touched[-1] if touched else None
    return tuple(words)


def _masked_piece(text: str, start: int, end: int, spans: Sequence[Span], tags: dict[Kind, str]) -> str:
    """Return ``text[start:end]`` with the spans replaced that touch it; what stands beside them stays."""
    masked = ""
    for span in spans:
        masked += text[start : max(start, span.start)] + tags[span.kind]
        start = span.end
    return masked + text[start:end]
