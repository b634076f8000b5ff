"""Personal data is masked before any other step sees the words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, Utterance, Word
from qa_pipeline.privacy.spans import JOINT, Kind, Span, find_customer_names, find_personal

_BREAK = "\ue001"
# A number dictated in groups goes on after the other side's "嗯" or "yes".
_NEXT_TURN_MAX = 2

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
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalSpan:
    """One piece of personal data; ``parts``: (utterance index, span in its text), several when it goes over turns."""

    kind: Kind
    parts: tuple[tuple[int, Span], ...]


def find_personal_spans(transcript: Transcript) -> tuple[PersonalSpan, ...]:
    """Return all personal data of a transcript, each once, without overlap; a dictation over several turns is one.

    Found are phone, identity-card and bank-card numbers, other digit runs from six digits (written, or spoken digit
    by digit, also over neighbouring utterances of one speaker), order numbers, e-mail addresses, plates, surnames
    before a form of address, and names that a customer introduces ("我姓…", "my name is …"). Amounts with a
    currency and dates are no personal data.
    """
    found: list[PersonalSpan] = []
    taken: dict[int, list[Span]] = {}
    for role in Role:
        utterances = [item for item in transcript.utterances if item.role is role]
        joined, starts = _joined(utterances)
        for span in find_personal(joined):
            parts = tuple(_parts(span, utterances, starts))
            found.append(PersonalSpan(kind=span.kind, parts=parts))
            for index, part in parts:
                taken.setdefault(index, []).append(part)
    for utterance in transcript.utterances:
        if utterance.role in (Role.CUSTOMER, Role.UNKNOWN):
            found += (
                PersonalSpan(kind=span.kind, parts=((utterance.index, span),))
                for span in find_customer_names(utterance.text)
                if _is_free(span, taken.get(utterance.index, ()))
            )
    return tuple(found)


def mask_transcript(transcript: Transcript) -> tuple[Transcript, int]:
    """Replace personal data by tags such as ``[电话]`` or ``[PHONE]``, in texts and in words.

    Returns
    -------
    tuple
        The masked transcript, and how many spans were masked (a number over two utterances counts once).
    """
    tags = TAGS["zh" if transcript.language.startswith("zh") else "en"]
    found = find_personal_spans(transcript)
    masks: dict[int, list[Span]] = {}
    for index, part in (part for span in found for part in span.parts):
        masks.setdefault(index, []).append(part)
    utterances_masked = tuple(
        _mask_utterance(item, sorted(masks[item.index]), tags) if item.index in masks else item
        for item in transcript.utterances
    )
    return replace(transcript, utterances=utterances_masked), len(found)


def _joined(utterances: Sequence[Utterance]) -> tuple[str, list[int]]:
    """Return the speaker's texts as one, and where each begins; a run may cross only between neighbouring turns."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for place, utterance in enumerate(utterances):
        if place:
            near = utterance.index - utterances[place - 1].index <= _NEXT_TURN_MAX
            parts.append(JOINT if near else _BREAK)
            length += 1
        starts.append(length)
        parts.append(utterance.text)
        length += len(utterance.text)
    return "".join(parts), starts


def _parts(span: Span, utterances: Sequence[Utterance], starts: Sequence[int]) -> Iterator[tuple[int, Span]]:
    first = bisect_right(starts, span.start) - 1
    for place in range(first, len(starts)):
        utterance, base = utterances[place], starts[place]
        if base >= span.end:
            break
        start = max(span.start, base)
        end = min(span.end, base + len(utterance.text))
        if start < end:
            yield utterance.index, Span(start - base, end - base, span.kind)


def _is_free(span: Span, taken: Sequence[Span]) -> bool:
    return not any(span.start < other.end and other.start < span.end for other in taken)


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
        span = next((span for span in spans if start < span.end and span.start < end), None)
        if span is None:
            words.append(word)
        elif span is last_masked:
            words[-1] = replace(words[-1], end_s=word.end_s)
        else:
            words.append(replace(word, text=_masked_word(utterance.text, start, end, span, tags)))
        last_masked = span
    return tuple(words)


def _masked_word(text: str, start: int, end: int, span: Span, tags: dict[Kind, str]) -> str:
    """Return a word with its masked part replaced; what stands before or after the span in it stays."""
    return text[start : max(start, span.start)] + tags[span.kind] + text[min(end, span.end) : end]
