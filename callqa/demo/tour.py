"""The whole way over the demo set: score, import, evaluate, report; the services of the real commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callqa import site_wiring, wiring
from callqa.demo import PERIODS, DemoSet
from callqa.settings import Settings
from coaching.focus import build_coached_report
from qa_pipeline.i18n import LANGUAGES
from qa_pipeline.report.data import ReportData
from qa_pipeline.services.assignments_import import AssignmentImport, import_assignments
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period
from qa_pipeline.services.incidents import IncidentImport, import_incidents
from qa_pipeline.services.kpi_import import ImportResult, import_kpis
from qa_pipeline.services.ratings import RatingImport, import_ratings
from qa_pipeline.services.report import write_report
from qa_pipeline.services.reviews import ReviewImport, import_reviews
from qa_pipeline.services.score import Progress, ScoreRun, Watch, plan_score, score_paths
from qa_pipeline.store import Store

ShowProgress = Callable[[int], AbstractContextManager[Callable[[Progress], None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """What came of it. ``report`` is that of the last month in the user's language; ``files`` are in both languages."""

    run: ScoreRun
    kinds: Counter[str]
    imports: tuple[ImportResult, ...]
    assignments: AssignmentImport
    reviews: ReviewImport
    ratings: RatingImport
    incidents: IncidentImport
    evaluations: tuple[PeriodEvaluation, ...]
    report: ReportData
    files: tuple[Path, ...]


def score_set(store: Store, settings: Settings, demo: DemoSet, show: ShowProgress) -> ScoreRun:
    """Score the recordings and chats of the set, as ``callqa score`` does."""
    batch = wiring.batch(settings)
    plan = plan_score(store, [demo.recordings, demo.chats], demo.metadata, batch)
    with show(len(plan.missing)) as advance:
        return score_paths(store, plan, batch, wiring.executor(settings), Watch(on_progress=advance))


def finish(store: Store, settings: Settings, demo: DemoSet, run: ScoreRun, now: datetime) -> Tour:
    """Import what people know, evaluate the months and write the reports of the last one in both languages."""
    imports = tuple(import_kpis(store, path) for path in demo.kpis)
    assignments = import_assignments(store, demo.assignments, templates=settings.templates)
    reviews = import_reviews(store, demo.reviews, wiring.scorecards(settings))
    ratings = import_ratings(store, demo.ratings, now)
    incidents = import_incidents(store, demo.incidents, now)
    evaluations = tuple(
        evaluate_period(store, period, templates=settings.templates, scorecards=settings.scorecards)
        for period in PERIODS
    )
    rulebook = site_wiring.rulebook(settings)
    reports = {
        language: build_coached_report(store, PERIODS[-1], language, rulebook=rulebook) for language in LANGUAGES
    }
    # The reader's own language first.
    order = sorted(LANGUAGES, key=lambda language: language != settings.lang)
    files = tuple(settings.home / "reports" / f"{PERIODS[-1]}-{language}.html" for language in order)
    for language, path in zip(order, files, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_report(reports[language], path)
    with store.reading() as tx:
        kinds = Counter(tx.contacts.get(contact_id).kind.value for contact_id in run.contact_ids)
    return Tour(
        run=run,
        kinds=kinds,
        imports=imports,
        assignments=assignments,
        reviews=reviews,
        ratings=ratings,
        incidents=incidents,
        evaluations=evaluations,
        report=reports[settings.lang],
        files=files,
    )
