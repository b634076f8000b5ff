"""``callqa scorecards try``: a card on real contacts, before anybody is judged by it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.scorecard_sample import (
    CardName,
    Limit,
    On,
    card_named,
    left_out_document,
    print_left_out,
    refuse_empty,
    sample_of,
    share_document,
)
from qa_pipeline.domain.inspection import Evidence, Outcome
from qa_pipeline.errors import N_
from qa_pipeline.execution.processes import cpu_count
from qa_pipeline.report.labels import (
    NONE,
    OUTCOMES,
    clock_text,
    joined,
    label,
    measure_text,
    percent_text,
    points_text,
    reason_text,
)
from qa_pipeline.services.rules.trial import (
    CardTrial,
    Comparison,
    CriterionTrial,
    Example,
    Trial,
    distribution,
    try_scorecard,
)

_EXPECTED_CONTACTS = 10_000
# Short words for the outcomes, in their order, so that the table fits a narrow screen.
_HEADINGS = (
    N_("met"),
    N_("partly"),
    N_("not"),
    N_("n/a"),
    N_("open"),
    N_("Hit rate (95 %)"),
    N_("Conf."),
    N_("ms"),
)
_SHOWN = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET, Outcome.UNDETERMINED)


def try_(
    ctx: typer.Context,
    card: CardName,
    on: On = None,
    against: Annotated[
        str | None, typer.Option(help="Compare with this card: a file, or an id such as chat@1.")
    ] = None,
    limit: Limit = None,
    examples: Annotated[int, typer.Option(min=0, max=50, help="Examples of each outcome of each criterion.")] = 2,
) -> None:
    """Try a scorecard on contacts: hit rates, examples and expected time; nothing is stored."""
    app = context(ctx)
    tried = card_named(app, card)
    found = try_scorecard(
        sample_of(app, on, tried),
        tried,
        wiring.text_engines(app.settings),
        against=card_named(app, against) if against else None,
        calibration=wiring.calibration(app.settings),
        limit=limit,
        example_count=examples,
    )
    refuse_empty(found.trial.n, found.left_out)
    processes = app.settings.batch.workers or cpu_count()
    app.emit(_document(app, found, processes), lambda: _print(app, found, processes))


def _document(app: AppContext, found: Trial, processes: int) -> dict[str, Any]:
    trial = found.trial
    expected_s = found.expected_s(_EXPECTED_CONTACTS, processes)
    return {
        **_card_document(app, trial),
        "left_out": left_out_document(app, found.left_out),
        "time": {
            "judge_ms": 1000 * trial.judge_s / trial.n,
            "read_ms": None if found.read_s is None else 1000 * found.read_s / trial.n,
            "processes": processes,
            "contacts": _EXPECTED_CONTACTS,
            "expected_s": expected_s,
        },
        "against": _comparison_document(app, found.comparison) if found.comparison else None,
    }


def _card_document(app: AppContext, trial: CardTrial) -> dict[str, Any]:
    return {
        "scorecard": trial.card.key,
        "n": trial.n,
        "scores": {
            "n": len(trial.points),
            "mean": sum(trial.points) / len(trial.points) if trial.points else None,
            "distribution": dict(distribution(trial.points)),
        },
        "passed": share_document(trial.passed),
        "fatal": dict(trial.fatal),
        "criteria": [_criterion_document(app, entry) for entry in trial.criteria],
    }


def _criterion_document(app: AppContext, entry: CriterionTrial) -> dict[str, Any]:
    return {
        "id": entry.criterion.id,
        "name": {"zh": entry.criterion.name.zh, "en": entry.criterion.name.en},
        "outcomes": {outcome.value: entry.outcomes[outcome] for outcome in Outcome},
        "hit_rate": share_document(entry.hit_rate),
        "applicable": share_document(entry.applicable),
        "mean_confidence": entry.mean_confidence,
        "ms": 1000 * entry.seconds / entry.n if entry.n else None,
        "examples": {
            outcome.value: [_example_document(app, example) for example in entry.examples.get(outcome, ())]
            for outcome in _SHOWN
        },
    }


def _example_document(app: AppContext, example: Example) -> dict[str, Any]:
    return {
        "contact": example.contact_id,
        "confidence": example.confidence,
        "reason": reason_text(example.reason, app.translate),
        "evidence": [
            {
                "quote": part.quote,
                "role": part.role.value if part.role else None,
                "start_s": part.start_s,
                "measure": part.measure,
                "value": part.value,
            }
            for part in example.evidence
        ],
    }


def _comparison_document(app: AppContext, found: Comparison) -> dict[str, Any]:
    return {
        **_card_document(app, found.before),
        "changed": found.changed_count,
        "changes": [
            {
                "criterion": change.criterion_id,
                "before": change.before.value,
                "after": change.after.value,
                "count": change.count,
                "contacts": list(change.contact_ids),
            }
            for change in found.changes
        ],
        "added": list(found.added),
        "removed": list(found.removed),
        "moved": found.moved_count,
        "mean_change": found.mean_change_points,
        "passes": list(found.passes),
        "fails": list(found.fails),
    }


def _print(app: AppContext, found: Trial, processes: int) -> None:
    trial = found.trial
    app.say(N_("{card} on {n} contacts"), card=f"{trial.card.key} {_name(app, trial)}", n=trial.n)
    print_left_out(app, found.left_out)
    _print_table(app, trial)
    _print_scores(app, trial)
    _print_time(app, found, processes)
    if found.comparison:
        _print_comparison(app, trial, found.comparison)
    for entry in trial.criteria:
        _print_examples(app, entry)


def _name(app: AppContext, trial: CardTrial) -> str:
    return trial.card.name.in_language(app.settings.lang)


def _print_table(app: AppContext, trial: CardTrial) -> None:
    table = app.table(("id", *_HEADINGS), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for entry in trial.criteria:
        low, high = entry.hit_rate.ci95
        confidence = entry.mean_confidence
        table.add_row(
            entry.criterion.id,
            *(str(entry.outcomes[outcome] or NONE) for outcome in Outcome),
            f"{percent_text(entry.hit_rate.value)} ({100 * low:.0f}–{100 * high:.0f})" if entry.hit_rate.n else NONE,
            NONE if confidence is None else f"{confidence:.2f}",
            f"{1000 * entry.seconds / entry.n:.2f}",
        )
    out.print(table)


def _print_scores(app: AppContext, trial: CardTrial) -> None:
    low, high = trial.passed.ci95
    mean = sum(trial.points) / len(trial.points) if trial.points else None
    app.say(
        N_("Points: mean {mean}, {scored} of {n} contacts have some; {passed} pass ({low} – {high})."),
        mean=points_text(mean),
        scored=len(trial.points),
        n=trial.n,
        passed=percent_text(trial.passed.value),
        low=percent_text(low),
        high=percent_text(high),
    )
    most = max(distribution(trial.points).values())
    for step, count in distribution(trial.points).items():
        if count:
            out.print(f"  {step:>6}  {'█' * max(1, round(30 * count / most))} {count}")
    for name, count in trial.fatal.most_common():
        app.say(N_("  red line {name}: {count} contacts"), name=name, count=count)


def _print_time(app: AppContext, found: Trial, processes: int) -> None:
    trial = found.trial
    app.say(N_("Judging takes {value} ms a contact."), value=f"{1000 * trial.judge_s / trial.n:.1f}")
    if found.read_s is None:
        app.say(N_("Their words were there already: recognising and annotating new ones takes longer."))
    else:
        app.say(N_("Reading and annotating takes {value} ms."), value=f"{1000 * found.read_s / trial.n:.1f}")
    app.say(
        N_("{contacts} such contacts take about {minutes} min on this machine with {processes} processes."),
        contacts=f"{_EXPECTED_CONTACTS:,}",
        minutes=f"{(found.expected_s(_EXPECTED_CONTACTS, processes) or 0.0) / 60:.1f}",
        processes=processes,
    )


def _print_comparison(app: AppContext, trial: CardTrial, found: Comparison) -> None:
    before = found.before
    app.say(
        N_("Against {card}: {changed} of {n} contacts have other outcomes, {moved} other points ({mean} on average)."),
        card=before.card.key,
        changed=found.changed_count,
        n=trial.n,
        moved=found.moved_count,
        mean=NONE if found.mean_change_points is None else f"{found.mean_change_points:+.1f}",
    )
    for change in found.changes:
        app.say(
            N_("  {criterion}: {before} → {after} in {count} contacts, such as {contacts}"),
            criterion=change.criterion_id,
            before=label(OUTCOMES, change.before.value, app.translate),
            after=label(OUTCOMES, change.after.value, app.translate),
            count=change.count,
            contacts=joined(change.contact_ids, app.translate),
        )
    for message, names in (
        (N_("  new criteria: {names}"), found.added),
        (N_("  criteria that are gone: {names}"), found.removed),
        (N_("  pass now: {names}"), found.passes),
        (N_("  do not pass any more: {names}"), found.fails),
    ):
        if names:
            app.say(message, names=joined(names, app.translate))


def _print_examples(app: AppContext, entry: CriterionTrial) -> None:
    shown = [(outcome, example) for outcome in _SHOWN for example in entry.examples.get(outcome, ())]
    if not shown:
        return
    name = entry.criterion.name.in_language(app.settings.lang)
    out.print(f"\n{entry.criterion.id}  {name}", style="bold")
    for outcome, example in shown:
        told = label(OUTCOMES, outcome.value, app.translate)
        reason = reason_text(example.reason, app.translate)
        out.print(f"  {told}  {example.contact_id}  {reason}")
        for part in example.evidence[:2]:
            out.print(f"      {_evidence_text(app, part)}")


def _evidence_text(app: AppContext, part: Evidence) -> str:
    if part.measure is not None:
        return f"{part.measure} = {measure_text(part.measure, part.value, app.translate)}"
    place = f"{clock_text(part.start_s)}  " if part.start_s is not None else ""
    return f"{place}“{part.quote}”"
