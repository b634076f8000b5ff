"""Lines such as ``[00:12] 坐席：您好`` split into time, speaker and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from qa_pipeline.domain.contact import Role
from qa_pipeline.intake.lexicon import find_role

_CLOCK = r"(?:(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?)"
_TIME = re.compile(
    rf"^\s*[\[(（【<]?\s*(?P<start>{_CLOCK})(?:\s*(?:-->|->|-|–|~|至)\s*(?P<end>{_CLOCK}))?\s*[\])）】>]?\s*"
)
_LABEL = re.compile(
    rf"^\s*(?P<label>[^:：\n。，！？!?]{{1,40}}?)\s*[\[(（]?\s*(?P<late>{_CLOCK})?\s*[\])）]?\s*[:：]\s*(?P<words>.*)$",
    re.DOTALL,
)
_BRACKETED_LABEL = re.compile(r"^\s*[\[【<](?P<label>[^\]】>\n]{1,40})[\]】>]\s*[:：]?\s*(?P<words>.*)$", re.DOTALL)
_MIN_REPEATS = 2


def split_time(line: str) -> tuple[float | None, float | None, str]:
    """Return start and end in seconds, each None when not written, and the rest of the line."""
    found = _TIME.match(line)
    if found is None:
        return None, None, line.strip()
    end = found["end"]
    return clock_s(found["start"]), clock_s(end) if end else None, line[found.end() :].strip()


def split_label(line: str) -> tuple[str | None, float | None, str]:
    """Return what stands before the colon, a time written there, and the words; no label when there is none."""
    found = _BRACKETED_LABEL.match(line)
    if found and find_role(found["label"]) is not None:
        return found["label"].strip(), None, found["words"].strip()
    found = _LABEL.match(line)
    if found is None:
        return None, None, line.strip()
    late = found["late"]
    return found["label"].strip(), clock_s(late) if late else None, found["words"].strip()


def speaker_labels(labels: Iterable[str]) -> frozenset[str]:
    """Return those of the texts before colons that name speakers.

    A word of the lexicon does; another one only when it comes back, as ``注意：`` in the middle of speech must not.
    """
    counts = Counter(labels)
    return frozenset(label for label, count in counts.items() if find_role(label) is not None or count >= _MIN_REPEATS)


def clock_s(text: str) -> float:
    """Return the seconds of ``mm:ss``, ``hh:mm:ss`` with an optional fraction after a point or comma."""
    seconds = 0.0
    for part in text.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def names_a_party(label: str) -> bool:
    """Whether a label names agent or customer by the lexicon."""
    return find_role(label) in (Role.AGENT, Role.CUSTOMER)
