"""Plain text transcripts: ``agent: ...``, ``坐席：...``, with optional times such as ``[00:12]``."""

from __future__ import annotations

from pathlib import Path

from qa_pipeline.errors import N_, TranscriptError
from qa_pipeline.intake.segments import ImportedText, Segment
from qa_pipeline.intake.speech_lines import names_a_party, speaker_labels, split_label, split_time

_SNIFFED_LINES = 40
_MIN_LABELLED_SHARE = 0.5


def looks_like_speech(text: str) -> bool:
    """Whether most of the first lines begin with a party's label, so that a ``.txt`` alone may be a transcript."""
    lines = [line for line in text.split("\n") if line.strip()][:_SNIFFED_LINES]
    labels = [split_label(split_time(line)[2])[0] for line in lines]
    known = sum(1 for label in labels if label and names_a_party(label))
    return bool(lines) and known / len(lines) >= _MIN_LABELLED_SHARE


def parse_plain_text(text: str, path: Path) -> ImportedText:
    """Read lines of speech; a line without a speaker goes on with the one before.

    Text without any speaker gives one segment per line.

    Raises
    ------
    TranscriptError
        When there are no words.
    """
    lines = [(number, *split_time(line)) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    heads = [split_label(rest) for _, _, _, rest in lines]
    labels = speaker_labels(label for label, _, _ in heads if label)
    segments: list[Segment] = []
    for (number, start_s, end_s, rest), (label, late_s, words) in zip(lines, heads, strict=True):
        labelled = label in labels
        if labelled or not labels or start_s is not None or not segments:
            segments.append(
                Segment(
                    text=words if labelled else rest,
                    label=label if labelled else None,
                    start_s=late_s if start_s is None and labelled else start_s,
                    end_s=end_s,
                    line=number,
                )
            )
        else:
            before = segments[-1]
            segments[-1] = Segment(
                text=f"{before.text}\n{rest}".strip(),
                label=before.label,
                start_s=before.start_s,
                end_s=before.end_s,
                line=before.line,
            )
    spoken = tuple(segment for segment in segments if segment.text)
    if not spoken:
        raise TranscriptError(
            N_("The transcript holds no words."),
            hint=N_("Write lines such as {example}."),
            file=str(path),
            example="agent: ... / 坐席：...",
        )
    return ImportedText(form="text", segments=spoken)
