"""Fitting the model of a site, scoring everybody, and telling what it says of whom. Nothing runs before the checklist.

The list looks three months ahead, so that there is time to help.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from coaching.risk.checklist import check_open
from coaching.risk.history import History, check_over, read_history
from coaching.risk.spells import month_name
from models.attrition.card import render_card
from models.attrition.drift import (
    GATE_MONTHS,
    PSI_WARNING,
    ClosedMonth,
    Gate,
    GateState,
    Surprise,
    gate,
    observed_minus_expected,
    psi,
)
from models.attrition.features import Features
from models.attrition.panel import Panel
from models.attrition.risk_model import RiskModel, fit_risk, load_risk, save_risk
from models.attrition.signals import find_signals
from models.attrition.support import Assumptions, Band, bands
from qa_pipeline.domain.risk import FittedModel, RiskPrediction, RiskReason, RiskRun, RiskTerms
from qa_pipeline.errors import N_, InputError, NotFound
from qa_pipeline.i18n import LANGUAGES, translator
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.store import Store, Transaction

LIST_HORIZON_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskList:
    """The newest run and what it says of everybody, those to support first at the top."""

    run: RiskRun
    predictions: tuple[RiskPrediction, ...]

    @property
    def break_even(self) -> float:
        """The probability from which support is worth its cost, as the run's terms say."""
        return assumptions_of(self.run.terms).break_even


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """What an agent may see of themselves: what went in, what was associated, what stood out. No band, no figure."""

    run: RiskRun
    inputs: Mapping[str, float | None]
    reasons: tuple[str, ...]
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """Whether the model still fits: the gate, the running sum of surprises, inputs that moved."""

    model: FittedModel
    gate: Gate
    closed: tuple[ClosedMonth, ...]
    surprises: tuple[Surprise, ...]
    stability: Mapping[str, float]


def assumptions_of(terms: RiskTerms) -> Assumptions:
    """Return the terms as the list takes them; raises InputError naming what cannot be."""
    return Assumptions(
        capacity=terms.capacity,
        cost=terms.cost,
        effect_ratio=terms.effect_ratio,
        replacement_cost=terms.replacement_cost,
    )


def fit_site(store: Store, folder: Path, as_of: str, by: str, now: datetime) -> FittedModel | None:
    """Fit the model on all that is known at the end of a month, and keep it.

    Parameters
    ----------
    folder : Path
        Where models are kept, each in a folder of its own.
    as_of : str
        YYYY-MM.

    Returns
    -------
    FittedModel or None
        None while fewer than 30 people left of their own will: then runs tell signals and no probability.

    Raises
    ------
    Conflict
        The checklist is not complete.
    InputError
        The month is not over, or there is nothing to learn from.
    """
    check_over(as_of, now, store.time_zone)
    with store.reading() as tx:
        check_open(tx)
        history = read_history(tx, as_of)
    model = fit_risk(history.panel, history.as_of_month)
    if model is None:
        return None
    save_risk(model, folder / model.version)
    for language in LANGUAGES:
        card = render_card(model, translator(language))
        (folder / model.version / f"card.{language}.md").write_text(card, encoding="utf-8")
    learned = model.learned_from
    fitted = FittedModel(
        version=model.version,
        as_of=as_of,
        fitted_at=now,
        fitted_by=by,
        people=learned.people,
        exits=learned.exits,
        months=(month_name(learned.first_month), month_name(learned.last_month)),
        schema_hash=model.schema_hash,
        boosted=tuple(sorted(model.boosted)),
    )
    with store.transaction() as tx:
        tx.risk.put_model(fitted)
    return fitted


def score_site(
    store: Store, folder: Path, as_of: str, terms: RiskTerms, by: str, now: datetime, run_id: str | None = None
) -> RiskRun:
    """Score everybody at work at the end of a month with the newest model of then, and keep the run.

    Without a model, and while the gate is closed, there are signals and no probability. ``run_id``: where the caller
    has one.

    Raises
    ------
    Conflict
        The checklist is not complete.
    InputError
        The month is not over, the terms cannot be, every model was fitted later, the model is broken, or its inputs are
        others than the data's.
    """
    check_over(as_of, now, store.time_zone)
    assumed = assumptions_of(terms)
    with store.reading() as tx:
        check_open(tx)
        history = read_history(tx, as_of)
        fitted = _newest_model(tx, as_of)
    model = load_risk(folder / fitted.version) if fitted else None
    rows = history.panel.month == history.as_of_month
    features = history.panel.features.rows(rows)
    found = gate(closed_months(model, history.panel, history.as_of_month)) if model else None
    is_shown = found is not None and found.state is not GateState.HIDDEN
    run = RiskRun(
        id=run_id or new_id("risk"),
        as_of=as_of,
        model_version=fitted.version if fitted else None,
        scored_at=now,
        scored_by=by,
        terms=terms,
        gate=found.state.value if found else "",
        count=int(rows.sum()),
        late_count=history.late_count,
        shifted=_shifted(model, history) if model else {},
    )
    predictions = _predictions(run, history, features, model if is_shown else None, assumed)
    with store.transaction() as tx:
        tx.risk.add_run(run, predictions)
    return run


def _newest_model(tx: Transaction, as_of: str) -> FittedModel | None:
    """Return the newest model that knows nothing of what came after a month; None while there is none at all."""
    fitted = tx.risk.models()
    known = [model for model in fitted if model.as_of <= as_of]
    if fitted and not known:
        raise InputError(
            N_("Every model was fitted on months after {month}: it knows who left then."),
            hint=N_("Fit one as of {month}, or take a month from {first} on."),
            field="as_of",
            month=as_of,
            first=min(model.as_of for model in fitted),
        )
    return max(known, key=lambda model: (model.as_of, model.fitted_at), default=None)


def _stability(model: RiskModel, history: History) -> Mapping[str, float]:
    """Return the PSI of each input over half a year: one month of a small site differs by chance alone."""
    recent = history.panel.month > history.as_of_month - GATE_MONTHS
    return psi(model.reference, history.panel.features.rows(recent))


def _shifted(model: RiskModel, history: History) -> Mapping[str, float]:
    return {name: round(value, 3) for name, value in _stability(model, history).items() if value > PSI_WARNING}


def _predictions(
    run: RiskRun, history: History, features: Features, model: RiskModel | None, assumed: Assumptions
) -> list[RiskPrediction]:
    people = history.panel.person[history.panel.month == history.as_of_month]
    chances = model.predict(features) if model else {}
    reasons = model.reasons(features, LIST_HORIZON_MONTHS) if model else [()] * len(people)
    chosen = bands(chances[LIST_HORIZON_MONTHS].tolist(), assumed) if model else [Band.NONE] * len(people)
    signals = find_signals(features)
    found = []
    for place, person in enumerate(people):
        agent_id = history.agent_ids[person]
        found.append(
            RiskPrediction(
                run_id=run.id,
                agent_id=agent_id,
                team=history.teams.get(agent_id),
                probabilities={horizon: float(values[place]) for horizon, values in chances.items()},
                band=chosen[place].value,
                reasons=tuple(RiskReason(group=group, weight=weight) for group, weight in reasons[place]),
                signals=tuple(signals[place]),
                inputs={name: _known(values[place]) for name, values in features.numbers.items()},
            )
        )
    return found


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def closed_months(model: RiskModel, panel: Panel, as_of_month: int) -> tuple[ClosedMonth, ...]:
    """Return the model's closed months, and those that have closed since it was fitted."""
    left, known = panel.left_within(1), panel.is_known(1)
    since = []
    for month in range(model.learned_from.last_month + 1, as_of_month):
        rows = known & (panel.month == month)
        if rows.any():
            chances = model.predict(panel.features.rows(rows))[1]
            since.append(
                ClosedMonth(
                    month=month,
                    predicted=float(chances.sum()),
                    variance=float((chances * (1 - chances)).sum()),
                    observed=int(left[rows].sum()),
                )
            )
    return (*model.closed, *since)


def latest_list(tx: Transaction) -> RiskList | None:
    """Return the newest run with its predictions; None before the first.

    Raises
    ------
    Conflict
        The checklist is not complete: then nothing of earlier runs is shown either.
    """
    check_open(tx)
    run = next(iter(tx.risk.runs()), None)
    if run is None:
        return None
    order = {band.value: place for place, band in enumerate(Band)}
    predictions = sorted(
        tx.risk.predictions(run.id),
        key=lambda one: (order[one.band], -one.probabilities.get(LIST_HORIZON_MONTHS, 0.0), -len(one.signals)),
    )
    return RiskList(run=run, predictions=tuple(predictions))


def explain_agent(tx: Transaction, agent_id: str) -> Sequence[tuple[RiskRun, RiskPrediction]]:
    """Return what the runs say of an agent, the newest first.

    Raises
    ------
    Conflict
        The checklist is not complete.
    NotFound
        No run says anything of this agent.
    """
    check_open(tx)
    said = {one.run_id: one for one in tx.risk.predictions(agent_id=agent_id)}
    found = [(run, said[run.id]) for run in tx.risk.runs() if run.id in said]
    if not found:
        raise NotFound(
            N_("No run says anything of the agent {agent}."),
            hint=N_("`callqa risk score` looks at everybody who was at work at the end of a month."),
            agent=agent_id,
        )
    return found


def read_own(tx: Transaction, agent_id: str) -> OwnView | None:
    """Return an agent's own inputs and reasons of the newest run; None where there is none or the module is off."""
    if not tx.risk.checklist().is_complete:
        return None
    run = next(iter(tx.risk.runs()), None)
    said = [one for one in tx.risk.predictions(run.id, agent_id)] if run else []
    if run is None or not said:
        return None
    return OwnView(
        run=run,
        inputs=said[0].inputs,
        reasons=tuple(reason.group for reason in said[0].reasons),
        signals=said[0].signals,
    )


def read_monitoring(tx: Transaction, folder: Path, as_of: str) -> Monitoring | None:
    """Return how the newest model of then has done up to a month; None while there is none.

    Raises
    ------
    Conflict
        The checklist is not complete.
    InputError
        Every model was fitted later.
    """
    check_open(tx)
    fitted = _newest_model(tx, as_of)
    if fitted is None:
        return None
    model = load_risk(folder / fitted.version)
    history = read_history(tx, as_of)
    closed = closed_months(model, history.panel, history.as_of_month)
    return Monitoring(
        model=fitted,
        gate=gate(closed),
        closed=closed,
        surprises=observed_minus_expected(closed),
        stability=_stability(model, history),
    )
