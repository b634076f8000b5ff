"""What a batch would do, without doing or keeping anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa_pipeline.audio.probe import probe
from qa_pipeline.detectors.registry import statements_of
from qa_pipeline.detectors.statement import readable_by_judge
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.judge_estimate import Asked, JudgeForecast
from qa_pipeline.engines.registry import engine_forecast
from qa_pipeline.engines.text import asked_engines
from qa_pipeline.errors import CallqaError
from qa_pipeline.intake.discover import Duplicate, IgnoredFiles, discover
from qa_pipeline.intake.walk import IntakeProblem
from qa_pipeline.scorecards import choose_scorecard
from qa_pipeline.services.capacity.costs import RunCosts, list_costs
from qa_pipeline.services.ingest import Failure
from qa_pipeline.services.score import Batch, task_of, with_holds
from qa_pipeline.stages.inspect import InspectionTask, transcript_at_hand
from qa_pipeline.store import Store

# Seconds of work per second of audio on one core before this machine has a run of its own to go by: the embedded
# recogniser, measured on two cores of a small server; listening alone where a transcript comes along.
DEFAULT_RECOGNISE_RATIO = 0.25
DEFAULT_LISTEN_RATIO = 0.01
SECONDS_PER_CONTACT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePreview:
    """What the language-model judge would be asked, at most: criteria that do not apply ask nothing.

    ``estimate_s``: wall seconds; ``measured``: whether they and the tokens rest on its answers here. ``is_local``: the
    words stay on this machine or in a private network.
    """

    asked: Asked
    estimate_s: float
    measured: bool
    is_local: bool


@dataclass(slots=True, kw_only=True)
class Preview:
    """``estimate_s``: wall seconds on the given workers; ``measured``: whether it rests on runs of this machine.

    ``judge`` is None where no card asks a judge whose answers cost something; its seconds are part of the estimate.
    """

    missing: list[str] = field(default_factory=list)
    done: int = 0
    failed: list[Failure] = field(default_factory=list)
    duplicates: int = 0
    ignored: IgnoredFiles = field(default_factory=lambda: IgnoredFiles(0, ()))
    audio_s: float = 0.0
    estimate_s: float = 0.0
    measured: bool = False
    judge: JudgePreview | None = None


def preview_score(store: Store, paths: Sequence[Path], metadata: Path | None, batch: Batch, workers: int) -> Preview:
    """Return what `score_paths` would do with these paths, and about how long it would take."""
    preview = Preview()
    seen: set[str] = set()
    work_s = 0.0
    forecast = _forecast(batch)
    asked = Asked()
    with store.reading() as tx:
        batch = with_holds(tx, batch)
        speed = _speed(list_costs(tx))
        preview.measured = speed is not None
        for item in discover(paths, metadata, batch.intake):
            match item:
                case Contact():
                    task = task_of(item, batch)
                    identity = task.fingerprints.inspect
                    if identity in seen:
                        preview.duplicates += 1
                    elif tx.inspections.has(identity):
                        preview.done += 1
                    else:
                        preview.missing.append(item.sources[0].uri)
                        seconds = _audio_s(item, batch.inspection.speech.listen.raw_format)
                        preview.audio_s += seconds
                        work_s += SECONDS_PER_CONTACT + seconds * (speed or _default_speed(item))
                        asked += _asked(task, forecast, seconds) if forecast else Asked()
                    seen.add(identity)
                case Duplicate():
                    preview.duplicates += 1
                case IgnoredFiles():
                    preview.ignored = item
                case IntakeProblem():
                    preview.failed.append(Failure(path=item.path, error=item.error))
    preview.estimate_s = work_s / max(workers, 1)
    if forecast is not None:
        judging_s = forecast.seconds(asked.requests, workers)
        preview.estimate_s += judging_s
        preview.judge = JudgePreview(
            asked=asked, estimate_s=judging_s, measured=forecast.measured, is_local=forecast.is_local
        )
    return preview


def _forecast(batch: Batch) -> JudgeForecast | None:
    """Return what tells the cost of the judge that cards of the batch ask."""
    for engine in asked_engines(batch.cards, batch.inspection.text):
        found = engine_forecast(engine.kind, engine.name, **dict(engine.options))
        if isinstance(found, JudgeForecast):
            return found
    return None


def _asked(task: InspectionTask, forecast: JudgeForecast, audio_s: float) -> Asked:
    """Return what the judge would be asked about one contact; by its words where they are known."""
    transcript = transcript_at_hand(task)
    language = transcript.language if transcript else task.contact.language or ""
    card = _card_of(task, language)
    if card is None:
        return Asked()
    wanted = [params.statement.in_language(language) for params in statements_of(card)]
    if transcript is None:
        return sum((forecast.of_audio(statement, audio_s, language) for statement in wanted), Asked())
    if transcript.quality is not TranscriptQuality.TRUSTED:
        return Asked()
    words = readable_by_judge(transcript.utterances)[0]
    return sum((forecast.of_words(statement, words, language) for statement in wanted), Asked())


def _card_of(task: InspectionTask, language: str) -> Scorecard | None:
    """Return the card that will judge a contact; while nobody knows its language the one that asks the most."""
    if not language:
        return max(task.cards, key=lambda card: len(statements_of(card)), default=None)
    try:
        return choose_scorecard(task.contact.kind, language, task.cards)
    except CallqaError:
        return None  # the run itself will say that no card fits


def _speed(costs: Sequence[RunCosts]) -> float | None:
    """Return seconds of work per second of audio in the latest run, None without one of at least a minute of audio."""
    calls = costs[0].engines.values() if costs else ()
    audio_s = sum(one.audio_s + one.first_audio_s for one in calls)
    work_s = sum(one.sums["work"].total if one.contacts else 0.0 for one in calls)
    return (work_s + sum(one.first_work_s for one in calls)) / audio_s if audio_s >= 60 else None


def _default_speed(contact: Contact) -> float:
    return DEFAULT_LISTEN_RATIO if contact.transcript_source else DEFAULT_LISTEN_RATIO + DEFAULT_RECOGNISE_RATIO


def _audio_s(contact: Contact, raw_format: str | None) -> float:
    longest = 0.0
    for source in contact.audio:
        try:
            longest = max(longest, probe(Path(source.uri), raw_format).duration_s or 0.0)
        except CallqaError:
            continue  # the run itself will say what is wrong with the file
    return longest
