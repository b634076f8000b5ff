"""Transcripts for people and programs: who said what when, and how that is known."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.cells import cell_len

from callqa.cli.console import AppContext
from callqa.cli.lexicon import correction_documents, print_corrections
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.speakers import speakers_of
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import LANGUAGES, QUALITIES, ROLES, label, number_text
from qa_pipeline.report.roles import roles_text
from qa_pipeline.services.transcribe import Transcribed

SPEAKERS = (N_("Speaker A"), N_("Speaker B"))
"""Two voices of one channel whose wording does not say which is the agent's, in the order of their first words."""


def transcript_document(item: Transcribed) -> dict[str, Any]:
    """Return one transcript as the command-line contract has it."""
    transcript = item.transcript
    return {
        "path": item.path,
        "id": item.contact_id,
        "engine": transcript.engine,
        "language": transcript.language,
        "languages": [asdict(channel) for channel in transcript.languages],
        "quality": transcript.quality.value,
        "confidence": transcript.confidence,
        "roles_by": transcript.roles_by,
        "diarizer": transcript.diarizer or None,
        "diarization_confidence": transcript.diarization_confidence,
        "utterances": [
            {
                "role": utterance.role.value,
                "speaker": speaker,
                "start_s": utterance.start_s,
                "end_s": utterance.end_s,
                "text": utterance.text,
                "confidence": utterance.confidence,
            }
            for utterance, speaker in zip(transcript.utterances, speakers_of(transcript), strict=True)
        ],
        "corrections": correction_documents(transcript),
    }


def print_transcript(app: AppContext, item: Transcribed, *, show: bool) -> None:
    """Print one line on a transcript and one on how its roles were found, then its words when they are to be shown."""
    transcript = item.transcript
    app.say(
        N_("{path}: {count} utterances by {engine}, {language}, {quality}"),
        path=item.path,
        count=len(transcript.utterances),
        engine=transcript.engine,
        language=transcript.language,
        quality=app.translate(QUALITIES[transcript.quality.value]),
    )
    if not show:
        return
    app.say("  {basis}", basis=roles_text(transcript, app.translate))
    for channel in transcript.languages:
        heard = app.translate(N_("channel {channel}: heard as {language}, probability {probability}")).format(
            channel=channel.channel + 1,
            language=label(LANGUAGES, channel.language, app.translate),
            probability=number_text(channel.probability),
        )
        app.say("  {heard}", heard=heard)
    names = [app.translate(name) for name in map(_name, transcript.utterances, speakers_of(transcript))]
    width = max(map(cell_len, names), default=0)
    for utterance, name in zip(transcript.utterances, names, strict=True):
        app.say(
            N_("{clock} {role}: {text}"),
            clock=_clock(utterance.start_s),
            # A Chinese character takes two cells.
            role=" " * (width - cell_len(name)) + name,
            text=utterance.text,
        )
        print_corrections(app, transcript, utterance.index)


def _name(utterance: Utterance, speaker: int | None) -> str:
    if utterance.role is Role.UNKNOWN and speaker is not None:
        return SPEAKERS[speaker]
    return ROLES[utterance.role.value]


def _clock(start_s: float | None) -> str:
    clock = "--:--" if start_s is None else f"{int(start_s // 60):02d}:{int(start_s % 60):02d}"
    return clock.rjust(6)
