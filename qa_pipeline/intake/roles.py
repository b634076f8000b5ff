"""Who speaks in an imported transcript."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.listening import Listening
from qa_pipeline.intake.json_transcripts import CHANNEL_LABEL
from qa_pipeline.intake.lexicon import find_role, folded_label
from qa_pipeline.intake.segments import Segment

_PARTIES = (Role.AGENT, Role.CUSTOMER)
_OTHER = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
_CHANNEL = re.compile(re.escape(CHANNEL_LABEL) + r"(\d+)")
# One party must have spoken this many times as long as the other during a segment to be taken for its speaker.
_CLEAR_LEAD = 1.5


def assign_roles(segments: Sequence[Segment], contact: Contact, listening: Listening | None) -> tuple[list[Role], str]:
    """Return the role of each segment and what the roles rest on.

    Labels come first ("labels"): words such as 坐席 or caller, the names in the metadata, and of two labels the one
    that is left over. Then the channel that is active while the words are spoken ("activity"), when one party lies on
    each channel; labels such as SPEAKER_00 are then judged as a whole. Else nobody knows ("none").
    """
    labels = sorted({segment.label for segment in segments if segment.label})
    by_label = {label: role for label in labels if (role := _named(label, contact)) is not None}
    parties = [label for label in labels if by_label.get(label) is not Role.SYSTEM]
    _add_the_other_party(by_label, parties)
    known = [by_label.get(segment.label or "", Role.UNKNOWN) for segment in segments]
    if any(role in _PARTIES for role in known):
        return known, "labels"
    if listening is not None and listening.timing_reliable:
        active = _by_activity(segments, listening)
        if any(role in _PARTIES for role in active):
            heard = [role if before is Role.UNKNOWN else before for before, role in zip(known, active, strict=True)]
            return heard, "activity"
    return known, "labels" if any(role is not Role.UNKNOWN for role in known) else "none"


def _named(label: str, contact: Contact) -> Role | None:
    channel = _CHANNEL.fullmatch(label)
    if channel:
        number = int(channel.group(1))
        return contact.channel_map[number] if number < len(contact.channel_map) else None
    written = label.strip().casefold()
    if written in {name.strip().casefold() for name in (contact.agent_id, contact.agent_name) if name}:
        return Role.AGENT
    if contact.customer_ref and written == contact.customer_ref.strip().casefold():
        return Role.CUSTOMER
    return find_role(label) if folded_label(label) else None


def _add_the_other_party(by_label: dict[str, Role], parties: Sequence[str]) -> None:
    unknown = [label for label in parties if label not in by_label]
    known = {by_label[label] for label in parties if label in by_label}
    if len(parties) == 2 and len(unknown) == 1 and len(known) == 1:
        other = _OTHER.get(known.pop())
        if other is not None:
            by_label[unknown[0]] = other


def _by_activity(segments: Sequence[Segment], listening: Listening) -> list[Role]:
    spoken = [_spoken_s(segment, listening) for segment in segments]
    by_label: dict[str, dict[Role, float]] = defaultdict(lambda: defaultdict(float))
    for segment, seconds in zip(segments, spoken, strict=True):
        if segment.label:
            for role, length in seconds.items():
                by_label[segment.label][role] += length
    return [
        _clear_leader(by_label[segment.label] if segment.label else seconds)
        for segment, seconds in zip(segments, spoken, strict=True)
    ]


def _spoken_s(segment: Segment, listening: Listening) -> dict[Role, float]:
    """Return how long each party speaks during a segment, in seconds."""
    if segment.start_s is None or segment.end_s is None:
        return {}
    seconds: dict[Role, float] = defaultdict(float)
    for channel in listening.channels:
        for start, end in channel.spans:
            if end > segment.start_s and start < segment.end_s:
                seconds[channel.role] += min(end, segment.end_s) - max(start, segment.start_s)
    return seconds


def _clear_leader(seconds: Mapping[Role, float]) -> Role:
    ranked = sorted(((length, role) for role, length in seconds.items() if role in _PARTIES), reverse=True)
    if not ranked or ranked[0][0] <= 0:
        return Role.UNKNOWN
    if len(ranked) > 1 and ranked[0][0] < _CLEAR_LEAD * ranked[1][0]:
        return Role.UNKNOWN
    return ranked[0][1]
