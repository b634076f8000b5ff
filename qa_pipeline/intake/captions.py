"""WebVTT and SubRip captions.

WebVTT as in https://www.w3.org/TR/webvtt1/ : cues with ``<v Speaker>`` voices; styles, notes, regions and cue
settings are passed over. SubRip is read alike: it differs by its comma and by its lack of a header.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from qa_pipeline.errors import N_, TranscriptError
from qa_pipeline.intake.segments import ImportedText, Segment
from qa_pipeline.intake.speech_lines import clock_s, speaker_labels, split_label

_TIMING = re.compile(r"^\s*(-?[\d:]+[.,]?\d*)\s*-->\s*(-?[\d:]+[.,]?\d*)(?:\s(?!.*-->).*)?$")
_CLOCK = re.compile(r"(?:\d+:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[A-Za-z][^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_LANGUAGE = re.compile(r"^Language:\s*([A-Za-z]{2,3})", re.MULTILINE)


def parse_captions(text: str, path: Path, form: str) -> ImportedText:
    """Read the cues of a ``vtt`` or ``srt`` file.

    Raises
    ------
    TranscriptError
        With the line of a timing that cannot be read, or when the file holds no cue.
    """
    segments: list[Segment] = []
    lines = text.lstrip("\ufeff").split("\n")
    at = 0
    while at < len(lines):
        if "-->" not in lines[at]:
            at += 1
            continue
        start_s, end_s = _timing(lines[at], path, at + 1)
        body: list[str] = []
        first = at + 1
        at += 1
        while at < len(lines) and lines[at].strip() and "-->" not in lines[at]:
            body.append(lines[at])
            at += 1
        if at < len(lines) and "-->" in lines[at] and body and body[-1].strip().isdigit():
            body.pop()  # the number of the next cue, when the blank line between is missing
        segments += _cue(body, start_s, end_s, first)
    if not segments:
        raise TranscriptError(
            N_("The file holds no captions."),
            hint=N_("Captions have lines such as {example}."),
            file=str(path),
            example="00:00:01.000 --> 00:00:03.500",
        )
    header = text.split("\n\n", 1)[0] if form == "vtt" else ""
    language = _LANGUAGE.search(header)
    return ImportedText(
        form=form, segments=_with_labels(segments), language=language.group(1).lower() if language else None
    )


def _timing(line: str, path: Path, number: int) -> tuple[float, float]:
    found = _TIMING.match(line)
    if found is None or not all(_CLOCK.fullmatch(part) for part in found.groups()):
        raise TranscriptError(
            N_("The times of this caption cannot be read: {text}."),
            hint=N_("Write them as {example}."),
            file=str(path),
            row=number,
            text=line.strip()[:80],
            example="00:00:01.000 --> 00:00:03.500",
        )
    return clock_s(found.group(1)), clock_s(found.group(2))


def _cue(body: list[str], start_s: float, end_s: float, line: int) -> list[Segment]:
    """Return one segment per voice of a cue; voices in one cue share its times."""
    whole = "\n".join(body)
    pieces = _VOICE.split(whole)
    spoken = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return [
        Segment(text=words, label=label.strip() if label else None, start_s=start_s, end_s=end_s, line=line)
        for label, piece in spoken
        if (words := " ".join(html.unescape(_TAG.sub("", piece)).split()))
    ]


def _with_labels(segments: list[Segment]) -> tuple[Segment, ...]:
    """Take ``Agent:`` at the start of a caption as its speaker when no voices are marked."""
    if any(segment.label for segment in segments):
        return tuple(segments)
    heads = [split_label(segment.text) for segment in segments]
    labels = speaker_labels(label for label, _, _ in heads if label)
    return tuple(
        Segment(text=words, label=label, start_s=segment.start_s, end_s=segment.end_s, line=segment.line)
        if label in labels
        else segment
        for segment, (label, _, words) in zip(segments, heads, strict=True)
        if label not in labels or words
    )
