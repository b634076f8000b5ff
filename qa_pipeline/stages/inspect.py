"""From one contact to one inspection: listen, transcribe, annotate, detect and score.

The first three leave artifacts; an artifact that exists under its fingerprint is not made again. Runs in worker
processes: tasks and results cross process borders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from time import perf_counter, process_time

from qa_pipeline.audio.facts import facts_of_call, facts_of_chat
from qa_pipeline.audio.listening import listen, listen_spec
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.annotation import Annotation, SentimentCourse
from qa_pipeline.domain.contact import Contact, ContactKind, Role
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.listening import Facts, Listening
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.domain.vocabulary import SpeechHints, Term
from qa_pipeline.engines.choice import IMPORT, engine_of, language_of
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.speakers import speakers_spec, with_speakers
from qa_pipeline.engines.text import ANNOTATING, EMBEDDED_TEXT, TextEngine, asked_engines, text_models
from qa_pipeline.engines.transcribe import transcribe, transcribe_spec
from qa_pipeline.errors import CallqaError, NeedsModel
from qa_pipeline.ports import ContactView, JudgingModels
from qa_pipeline.privacy.masking import known_words, mask_transcript
from qa_pipeline.scorecards import choose_scorecard
from qa_pipeline.scoring.annotate import TextModels, annotate
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.scoring.flags import flags_of
from qa_pipeline.scoring.full_text import SearchableUtterance
from qa_pipeline.scoring.holds import withhold
from qa_pipeline.scoring.score import score_findings, script_ratio
from qa_pipeline.stages.artifacts import Artifacts, name_of
from qa_pipeline.stages.fingerprint import fingerprint
from qa_pipeline.stages.parts import CallParts, parts_of
from qa_pipeline.vocabulary.correct import CORRECTION_VERSION, correct

# Raise one when the code of its stage gives other results for the same input: everything after it is done again.
FACTS_VERSION = 3
ANNOTATE_VERSION = 5
SCORE_VERSION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOptions:
    """How contacts are inspected; the same for all of a batch. ``text``: one engine at most per kind.

    ``calibration``: what the site's labels say of the rules; None where nobody has calibrated them. ``holds``: all
    holds on criteria, those that were released too. ``part_s``: a call with twice as many seconds of speech is
    recognised in parts, None: none is.
    """

    artifacts: Artifacts
    speech: SpeechOptions
    text: tuple[TextEngine, ...] = EMBEDDED_TEXT
    calibration: Calibration | None = None
    holds: tuple[CriterionHold, ...] = ()
    part_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """Identity of each stage's output for one contact.

    ``listen`` is None without a recording, ``speakers`` where both parties cannot be on one channel.
    """

    listen: str | None
    transcribe: str
    speakers: str | None = None
    annotate: str
    inspect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """Artifact of the annotate stage: the masked transcript, what was measured and what the models say."""

    transcript: Transcript
    facts: Facts
    annotation: Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionTask:
    """One contact to inspect by the one of `cards` that fits its language.

    ``whole``: all that is missing is done in this task, however long the call is.
    """

    contact: Contact
    cards: tuple[Scorecard, ...]
    options: InspectionOptions
    fingerprints: Fingerprints
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LongCall:
    """What a task comes to that is not begun: a call of which these parts are to be recognised first."""

    parts: tuple[int, ...]
    stage_s: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one contact took from its worker, where nothing of it was done before.

    ``cpu_s``: processor seconds of all threads. ``peak_mib``: the most memory that the process has had so far, None
    where the system does not tell. ``began_at``: seconds since the epoch when the process began its first task, for a
    contact of that task, whose seconds hold the loading of models; None for the later ones.
    """

    cpu_s: float
    artifact_bytes: int
    peak_mib: float | None
    began_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionResult:
    """The inspection, what was said for searching, and the seconds of each stage (0 for an artifact that was there).

    ``spent`` is None where an earlier run has left artifacts.
    """

    inspection: Inspection
    said: tuple[SearchableUtterance, ...]
    stage_s: dict[str, float]
    spent: Spent | None


def fingerprints_of(contact: Contact, cards: Sequence[Scorecard], options: InspectionOptions) -> Fingerprints:
    """Return the identities of all outputs for a contact, before anything is computed. Loads no model."""
    audio = [[source.sha256, source.role] for source in contact.audio]
    heard = None
    if audio:
        heard = fingerprint(
            "listen",
            audio=audio,
            channel_map=contact.channel_map,
            method=listen_spec(options.speech.listen).key,
        )
    imported = contact.transcript_source
    words = fingerprint(
        "transcribe",
        listen=heard,
        imported=[imported.sha256, imported.selector] if imported else None,
        language=contact.language,
        method=_method(contact, cards, options.speech),
    )
    # A stage of its own: another diarizer gives the words to other speakers, it does not make anybody recognise anew.
    speakers_method = speakers_spec(contact, options.speech)
    speakers = fingerprint("speakers", transcribe=words, method=speakers_method.key) if speakers_method else None
    annotated = fingerprint(
        "annotate",
        transcribe=speakers or words,
        kind=contact.kind,
        facts=FACTS_VERSION,
        version=ANNOTATE_VERSION,
        known=known_words(contact),
        terms=_terms_identity(contact, options.speech),
        engines=[engine.key for engine in options.text if engine.kind in ANNOTATING],
    )
    inspected = fingerprint(
        "inspect",
        annotate=annotated,
        cards=[card.digest for card in cards],
        engines=[engine.key for engine in asked_engines(cards, options.text)],
        calibration=options.calibration.digest if options.calibration else None,
        version=SCORE_VERSION,
        **_holds_identity(cards, options.holds),
    )
    return Fingerprints(listen=heard, transcribe=words, speakers=speakers, annotate=annotated, inspect=inspected)


def _holds_identity(cards: Sequence[Scorecard], holds: Sequence[CriterionHold]) -> dict[str, object]:
    """Return what holds add to an inspection's identity; a release adds to it, so that it is another one after it."""
    ids = {card.id for card in cards}
    told = sorted(
        [hold.scorecard_id, hold.criterion_id, hold.held_at.isoformat(), str(hold.released_at)]
        for hold in holds
        if hold.scorecard_id in ids
    )
    return {"holds": told} if told else {}


def _method(contact: Contact, cards: Sequence[Scorecard], options: SpeechOptions) -> str | None:
    try:
        return transcribe_spec(contact, options, hints_of(contact, cards, options)).key
    except NeedsModel:
        # Nothing will be stored under this identity: the worker listens, then raises the same error.
        return None


def hints_of(contact: Contact, cards: Sequence[Scorecard], options: SpeechOptions) -> SpeechHints:
    """Return what a recogniser is told before a contact: hints of the site, its queue and its scorecard.

    A card for one language gives none while nobody knows the language of the contact.
    """
    language = language_of(contact, options.asr) or ""
    hints = options.hints.merged(options.lexicon.hints_for(contact.queue))
    fitting = [card for card in cards if card.kind is contact.kind and card.language in (None, language.split("-")[0])]
    return hints.merged(choose_scorecard(contact.kind, language, fitting).hints) if fitting else hints


def _terms_identity(contact: Contact, options: SpeechOptions) -> list[object] | None:
    terms = _terms_of(contact, options)
    return [CORRECTION_VERSION, *(astuple(term) for term in terms)] if terms else None


def _terms_of(contact: Contact, options: SpeechOptions) -> tuple[Term, ...]:
    """Return the terms that recognised words of a contact may be corrected to; an imported transcript is evidence."""
    terms = options.lexicon.terms_of(contact.queue)
    try:
        return terms if terms and engine_of(contact, options.asr) != IMPORT else ()
    except NeedsModel:
        return ()  # there will be no words


@dataclass(slots=True, kw_only=True)
class ReadContact:
    """A contact whose words are known: annotated by an earlier run, or masked and still to annotate."""

    task: InspectionTask
    folder: Artifacts
    listening: Listening | None
    clock: Clock
    annotated: Annotated | None
    is_new: bool
    masked: Transcript | None = None
    masked_count: int = 0


def annotated_contact(task: InspectionTask) -> tuple[Annotated, Listening | None]:
    """Return all that one contact is judged by, without judging it; raises as `read_contact` does."""
    read = read_contact(replace(task, whole=True))
    assert isinstance(read, ReadContact)
    return annotate_contact(read, text_models(task.options.text)), read.listening


def read_contact(task: InspectionTask) -> ReadContact | LongCall:
    """Listen and find out what was said, where no artifact tells; of a long call, what others are to recognise first.

    Raises
    ------
    PendingError
        Nothing is wrong with the contact, but no engine with weights is at hand for it.
    CallqaError
        The contact cannot be inspected; the error says why and what to do.
    """
    clock = Clock()
    folder = task.options.artifacts
    is_new = artifact_bytes(task) == 0
    listening = _listening(task, folder)
    clock.lap("listen")
    annotated = folder.find(Annotated, "annotate", task.fingerprints.annotate)
    read = ReadContact(task=task, folder=folder, listening=listening, clock=clock, annotated=annotated, is_new=is_new)
    if annotated is None:
        missing = () if task.whole else _missing_parts(task, folder, listening)
        clock.lap("transcribe")
        if len(missing) > 1:
            return LongCall(parts=missing, stage_s=clock.laps)
        transcript = read_or_transcribe(task, folder, listening)
        clock.lap("transcribe")
        read.masked, read.masked_count = _masked(task, transcript)
    clock.lap("annotate")
    return read


def annotate_contact(read: ReadContact, models: TextModels) -> Annotated:
    """Return the annotated words, made by the models and kept where no artifact tells them."""
    read.clock.skip()
    if read.annotated is None:
        assert read.masked is not None
        is_chat = read.task.contact.kind is ContactKind.CHAT
        facts = facts_of_chat(read.masked) if is_chat else facts_of_call(read.listening, read.masked)
        annotation = annotate(read.masked, facts, models, read.masked_count)
        read.annotated = Annotated(transcript=read.masked, facts=facts, annotation=annotation)
        read.folder.write(read.annotated, "annotate", read.task.fingerprints.annotate)
    read.clock.lap("annotate")
    return read.annotated


def artifact_bytes(task: InspectionTask) -> int:
    """Return the bytes of the artifacts that a contact has now."""
    prints = {stage: getattr(task.fingerprints, stage) for stage in ("listen", "transcribe", "speakers", "annotate")}
    return task.options.artifacts.size(name_of(stage, identity) for stage, identity in prints.items() if identity)


def transcript_at_hand(task: InspectionTask) -> Transcript | None:
    """Return the masked words of a contact where nobody has to listen for them; keeps nothing.

    None for a recording that was not recognised yet, and for words that cannot be read.
    """
    folder = task.options.artifacts
    annotated = folder.find(Annotated, "annotate", task.fingerprints.annotate)
    if annotated is not None:
        return annotated.transcript
    if task.contact.transcript_source is None:
        return None
    try:
        return _masked(task, transcribe(task.contact, None, task.options.speech))[0]
    except CallqaError:
        return None


def transcribe_contact(task: InspectionTask) -> Transcript:
    """Return the masked and corrected transcript of one contact; raises as `read_contact` does."""
    return _masked(task, listen_and_transcribe(task)[1])[0]


def listen_and_transcribe(task: InspectionTask) -> tuple[Listening | None, Transcript]:
    """Return what was heard and the words as they were said, with all personal data.

    Only for what hides personal data elsewhere than in the words; raises as `read_contact` does.
    """
    folder = task.options.artifacts
    listening = _listening(task, folder)
    return listening, read_or_transcribe(task, folder, listening)


def _listening(task: InspectionTask, folder: Artifacts) -> Listening | None:
    identity = task.fingerprints.listen
    if identity is None:
        return None
    found = folder.find(Listening, "listen", identity)
    if found is None:
        found = listen(task.contact, task.options.speech.listen)
        folder.write(found, "listen", identity)
    return found


def read_or_transcribe(task: InspectionTask, folder: Artifacts, listening: Listening | None) -> Transcript:
    """Return the transcript of a contact with its speakers told apart, from artifacts when those exist."""
    identity = task.fingerprints.speakers
    told = folder.find(Transcript, "speakers", identity) if identity else None
    if told is None:
        words = _words(task, folder, listening)
        told = with_speakers(words, task.contact, listening, task.options.speech)
        if identity and told is not words:
            folder.write(told, "speakers", identity)
    return told


def _words(task: InspectionTask, folder: Artifacts, listening: Listening | None) -> Transcript:
    found = folder.find(Transcript, "transcribe", task.fingerprints.transcribe)
    if found is None:
        parts = _parts(task, listening)
        found = transcribe(
            task.contact,
            listening,
            task.options.speech,
            hints_of(task.contact, task.cards, task.options.speech),
            parts.spans(folder) if parts else None,
        )
        folder.write(found, "transcribe", task.fingerprints.transcribe)
        if parts:
            parts.remove(folder)
    return found


def _parts(task: InspectionTask, listening: Listening | None) -> CallParts | None:
    if listening is None or task.contact.transcript_source is not None:
        return None
    return parts_of(
        task.contact,
        listening,
        task.options.speech,
        hints_of(task.contact, task.cards, task.options.speech),
        transcribe=task.fingerprints.transcribe,
        part_s=task.options.part_s,
    )


def _missing_parts(task: InspectionTask, folder: Artifacts, listening: Listening | None) -> tuple[int, ...]:
    """Return the parts of a long call that nobody has recognised yet, none where its words are known."""
    parts = _parts(task, listening)
    if parts is None or folder.find(Transcript, "transcribe", task.fingerprints.transcribe) is not None:
        return ()
    return parts.missing(folder)


def recognise_part(task: InspectionTask, number: int) -> dict[str, float]:
    """Recognise one part of a long call and keep what was heard; return the seconds. Raises as `read_contact` does."""
    clock = Clock()
    folder = task.options.artifacts
    parts = _parts(task, _listening(task, folder))
    clock.lap("listen")
    if parts is not None and number in parts.numbers:
        parts.recognise(folder, number)
    clock.lap("transcribe")
    return clock.laps


def _masked(task: InspectionTask, transcript: Transcript) -> tuple[Transcript, int]:
    """Return the transcript that all later steps see, and how many spans of personal data are masked in it.

    Masked before anything else sees the words. Corrections come after: they are made again without recognising again
    when the lexicon changes, they can hide no part of a number from the mask, and their record holds nothing personal.
    """
    masked, masked_count = mask_transcript(transcript, known_words(task.contact))
    terms = _terms_of(task.contact, task.options.speech)
    language = masked.language.split("-")[0]
    return correct(masked, [term for term in terms if term.language == language]), masked_count


def judge(
    task: InspectionTask, card: Scorecard, models: JudgingModels, annotated: Annotated, listening: Listening | None
) -> Inspection:
    """Return the machine's inspection of an annotated contact by a card and the models that its criteria ask."""
    contact, transcript = task.contact, annotated.transcript
    view = view_of(contact, annotated, listening)
    found = detect_all(view, card, models, task.options.calibration)
    findings = withhold(found, card.id, task.options.holds)
    score = score_findings(findings, card)
    customer = _course(annotated.annotation, Role.CUSTOMER)
    return Inspection(
        contact_id=contact.id,
        scorecard_id=card.id,
        scorecard_version=card.version,
        rater="machine",
        fingerprint=task.fingerprints.inspect,
        findings=findings,
        score=score,
        flags=flags_of(findings, score, card, annotated.annotation, transcript, listening),
        facts=annotated.facts,
        language=transcript.language,
        asr_engine=transcript.engine,
        transcript_quality=transcript.quality.value,
        audio_s=listening.duration_s if listening else None,
        script_ratio=script_ratio(findings, card),
        attitude_value=annotated.annotation.attitude_value,
        customer_sentiment_start=customer.start if customer else None,
        customer_sentiment_end=customer.end if customer else None,
        created_at=datetime.now(UTC),
        roles_by=transcript.roles_by,
        diarizer=transcript.diarizer,
        diarization_confidence=transcript.diarization_confidence,
        turning_points=annotated.annotation.turning_points,
        satisfaction=annotated.annotation.satisfaction,
        contact_reason=annotated.annotation.reason,
    )


def view_of(contact: Contact, annotated: Annotated, listening: Listening | None) -> ContactView:
    """Return what the rules may see of a contact."""
    transcript = annotated.transcript
    return ContactView(
        kind=contact.kind,
        language=transcript.language,
        utterances=transcript.utterances,
        quality=transcript.quality,
        facts=annotated.facts,
        annotation=annotated.annotation,
        timing_reliable=_knows_who_spoke_when(contact, transcript, listening),
        queue=contact.queue,
        direction=contact.direction,
    )


def _knows_who_spoke_when(contact: Contact, transcript: Transcript, listening: Listening | None) -> bool:
    if listening is not None and (listening.timing_reliable or not listening.clocks_agree):
        return listening.clocks_agree
    if transcript.diarizer:
        return transcript.turns_reliable
    # Labels of an imported transcript are as good as channels; whether it has times the facts themselves say.
    return contact.kind is ContactKind.CHAT or transcript.roles_by in ("labels", "metadata")


def _course(annotation: Annotation, role: Role) -> SentimentCourse | None:
    return next((course for course in annotation.courses if course.role is role), None)


class Clock:
    """Seconds since the last lap, by name, and processor seconds of all laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.cpu_s = 0.0
        self.skip()

    def skip(self) -> None:
        """Begin a lap here: what was done since the last one was not for this contact alone."""
        self._since, self._cpu_since = perf_counter(), process_time()

    def lap(self, name: str) -> None:
        """Add the seconds since the last lap to those of a name."""
        now, cpu_now = perf_counter(), process_time()
        self._add(name, now - self._since, cpu_now - self._cpu_since)
        self._since, self._cpu_since = now, cpu_now

    def lap_shared(self, name: str, clocks: Sequence[Clock]) -> None:
        """Add the seconds since the last lap to those of a name on all these clocks, the same to each."""
        self.lap(name)
        for clock in clocks:
            clock._add(name, self.laps[name] / len(clocks), self.cpu_s / len(clocks))

    def _add(self, name: str, seconds: float, cpu_s: float) -> None:
        self.laps[name] = self.laps.get(name, 0.0) + seconds
        self.cpu_s += cpu_s
