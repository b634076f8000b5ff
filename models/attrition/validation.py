"""How good the risk model is on a table, for `callqa risk validate`: figures with intervals, by month and by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.attrition import measures
from models.attrition.features import person_features
from models.attrition.folds import cross_validate, cross_validate_survival
from models.attrition.hazard import SIGNALS_ONLY_EXITS, calibrated_slope
from models.attrition.panel import Panel, build_panel
from models.attrition.rolling import Predicted, roll
from models.attrition.staff_table import Flags, Floats, Ints, StaffTable, read_staff_table
from models.attrition.table_mapping import Kind, TableMapping
from qa_pipeline.errors import N_, InputError, Message
from qa_pipeline.services.validate.report import Metric, bootstrap_ci, rows_left_out, share_of

Measure = Callable[[Floats, Flags], float]
_BOOTSTRAPS = 400
_CURVE_DRAWS = 10
_SMALL_GROUP = 10
_TOO_GOOD_AUC = 0.95
_CAPACITY_SHARE = 0.1
_DRIFT = (0.8, 1.25)
MEASURES: Mapping[str, Measure] = {
    "auc": measures.auc,
    "ap": measures.average_precision,
    "brier": measures.brier,
    "brier_skill": measures.brier_skill,
    "ece": measures.calibration_error,
    "slope": calibrated_slope,
    "lift_at_10": measures.lift,
    "predicted_over_observed": lambda chances, left: float(chances.sum() / left.sum()) if left.any() else float("nan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """One month of a panel, predicted at its end. ``precision_at_10``: leavers among the highest tenth, Wilson."""

    month: str
    n: int
    exits: int
    figures: Mapping[str, float]
    precision_at_10: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """People with one value of a protected column; figures are None where fewer than ten left or stayed."""

    column: str
    value: str
    n: int
    predicted_over_observed: Metric | None
    listed: Metric | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """Figures of models that learned from a part of the people, on the others; over draws with enough exits."""

    people: int
    figures: Mapping[str, Metric]
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReport:
    """What `callqa risk validate` tells. ``n``: predictions that were compared with what happened."""

    kind: Kind
    n: int
    people: int
    exits: int
    horizon_months: int
    metrics: Mapping[str, Metric]
    per_month: Sequence[MonthFigures] = ()
    groups: Sequence[GroupFigures] = ()
    learning_curve: Sequence[CurvePoint] = ()
    notes: Sequence[Message] = ()
    left_out_count: int = 0


def validate_risk(
    path: Path, mapping: TableMapping, *, horizon_months: int = 1, learn_from: Sequence[int] = ()
) -> RiskReport:
    """Validate the model on a table as its kind allows.

    A panel is predicted month by month from what was known before (the gap is the horizon); a table with one row per
    person by ten folds, five times; a table of durations by ten folds of whole people, at the mapping's horizon.

    Parameters
    ----------
    horizon_months : int
        1 to 3, of a panel.
    learn_from : sequence of int
        Numbers of people for a learning curve of a panel.

    Raises
    ------
    TableError, MappingError, InputError
        The table cannot be used, or has fewer than 30 exits.
    """
    table = read_staff_table(path, mapping)
    if mapping.kind is Kind.PANEL:
        return _validate_panel(table, mapping, horizon_months, learn_from)
    if mapping.kind is Kind.SURVIVAL:
        return _validate_survival(table, mapping)
    return _validate_people(table, mapping)


def _validate_panel(
    table: StaffTable, mapping: TableMapping, horizon_months: int, learn_from: Sequence[int]
) -> RiskReport:
    panel = build_panel(table, mapping)
    found = roll(panel, horizon_months)
    people = found.person
    return RiskReport(
        kind=mapping.kind,
        n=len(people),
        people=len(np.unique(people)),
        exits=int(found.left.sum()),
        horizon_months=horizon_months,
        metrics=_metrics(found.probabilities[None], found.left, people),
        per_month=[_month(found, int(month)) for month in np.unique(found.month)],
        groups=_groups(table, panel.rows[found.rows], found.probabilities, found.left, people),
        learning_curve=[_curve_point(panel, horizon_months, count) for count in learn_from],
        notes=[*_notes(table, panel.features.numbers, panel.left_within(horizon_months)), *_drift(found)],
        left_out_count=len(table.left_out),
    )


def _validate_people(table: StaffTable, mapping: TableMapping) -> RiskReport:
    features = person_features(table, mapping)
    found = cross_validate(features, table.person, table.voluntary)
    return RiskReport(
        kind=mapping.kind,
        n=table.n,
        people=len(np.unique(table.person)),
        exits=int(table.voluntary.sum()),
        horizon_months=mapping.horizon_months,
        metrics=_metrics(found.probabilities, table.voluntary, table.person),
        groups=_groups(table, np.arange(table.n), found.probabilities.mean(axis=0), table.voluntary, table.person),
        notes=_notes(table, features.numbers, table.voluntary),
        left_out_count=len(table.left_out),
    )


def _validate_survival(table: StaffTable, mapping: TableMapping) -> RiskReport:
    features = person_features(table, mapping)
    durations, left, horizon = table.duration_months, table.voluntary, mapping.horizon_months
    found = cross_validate_survival(features, table.person, durations, left, horizon)
    known = np.flatnonzero((left & (durations <= horizon)) | (durations > horizon))
    left_by_then = (left & (durations <= horizon))[known]

    def concordance(rows: npt.NDArray[np.intp]) -> float:
        return float(np.mean([measures.concordance(risk[rows], durations[rows], left[rows]) for risk in found.risk]))

    everybody = np.arange(table.n, dtype=np.intp)
    order = Metric(
        value=concordance(everybody),
        ci95=bootstrap_ci(concordance, table.n, groups=table.person.tolist(), repetitions=_BOOTSTRAPS // 4),
    )
    return RiskReport(
        kind=mapping.kind,
        n=table.n,
        people=len(np.unique(table.person)),
        exits=int(left.sum()),
        horizon_months=horizon,
        metrics={"c_index": order, **_metrics(found.by_horizon[:, known], left_by_then, table.person[known])},
        groups=_groups(table, known, found.by_horizon[:, known].mean(axis=0), left_by_then, table.person[known]),
        notes=_notes(table, features.numbers, left),
        left_out_count=len(table.left_out),
    )


def _metrics(
    probabilities: Floats, left: Flags, person: Ints, names: Sequence[str] = tuple(MEASURES)
) -> dict[str, Metric]:
    """Return each measure, meant over repetitions, with an interval over people drawn with replacement."""
    people = person.tolist()
    found = {}
    for name in names:

        def over(rows: npt.NDArray[np.intp], measure: Measure = MEASURES[name]) -> float:
            return float(np.mean([measure(each[rows], left[rows]) for each in probabilities]))

        value = over(np.arange(len(left), dtype=np.intp))
        found[name] = Metric(value=value, ci95=bootstrap_ci(over, len(left), groups=people, repetitions=_BOOTSTRAPS))
    return found


def _month(found: Predicted, month: int) -> MonthFigures:
    of = found.month == month
    probabilities, left = found.probabilities[of], found.left[of]
    listed = measures.top(probabilities, _CAPACITY_SHARE)
    named = ("auc", "ap", "brier_skill", "predicted_over_observed")
    return MonthFigures(
        month=f"{month // 12:04d}-{month % 12 + 1:02d}",
        n=len(left),
        exits=int(left.sum()),
        figures={name: MEASURES[name](probabilities, left) for name in named},
        precision_at_10=share_of(int(left[listed].sum()), len(listed)),
    )


def _drift(found: Predicted) -> list[Message]:
    last = found.month > found.month.max() - 6
    ratio = MEASURES["predicted_over_observed"](found.probabilities[last], found.left[last])
    if _DRIFT[0] <= ratio <= _DRIFT[1]:
        return []
    return [
        Message(
            N_("Over the last six months {ratio} times as many exits were predicted as there were: refit before use."),
            {"ratio": f"{ratio:.2f}"},
        )
    ]


def _groups(
    table: StaffTable,
    rows: npt.NDArray[np.int64] | npt.NDArray[np.intp],
    probabilities: Floats,
    left: Flags,
    person: Ints,
) -> list[GroupFigures]:
    """Compare people by the protected columns: is one group predicted too high, or listed more often?"""
    listed = np.zeros(len(left), np.bool_)
    listed[measures.top(probabilities, _CAPACITY_SHARE)] = True
    found = []
    for column, values in table.protected.items():
        of_row = np.array([_band(values, int(row)) for row in rows], np.object_)
        for value in sorted(set(of_row.tolist()) - {""}):
            members = np.flatnonzero(of_row == value)
            small = min(int(left[members].sum()), int((~left[members]).sum())) < _SMALL_GROUP
            found.append(
                GroupFigures(
                    column=column,
                    value=str(value),
                    n=len(members),
                    predicted_over_observed=None if small else _ratio(probabilities, left, person, members),
                    listed=None if small else share_of(int(listed[members].sum()), len(members)),
                )
            )
    return found


def _ratio(probabilities: Floats, left: Flags, person: Ints, members: npt.NDArray[np.intp]) -> Metric:
    chances, gone = probabilities[members], left[members]

    def over(rows: npt.NDArray[np.intp]) -> float:
        return MEASURES["predicted_over_observed"](chances[rows], gone[rows])

    everybody = np.arange(len(members), dtype=np.intp)
    interval = bootstrap_ci(over, len(members), groups=person[members].tolist(), repetitions=_BOOTSTRAPS)
    return Metric(value=over(everybody), ci95=interval)


def _band(values: Sequence[str], row: int) -> str:
    """Return the group of a value: numbers (ages) by tens, words as they are."""
    try:
        ten = int(float(values[row])) // 10 * 10
    except ValueError:
        return values[row]
    return f"{ten}-{ten + 9}" if float(values[row]) >= 10 else values[row]


def _curve_point(panel: Panel, horizon_months: int, count: int) -> CurvePoint:
    everybody = np.unique(panel.person)
    if count >= len(everybody):
        raise InputError(
            N_("The learning curve asks for {asked} people; the table has {found}."), asked=count, found=len(everybody)
        )
    drawn: list[Predicted] = []
    for seed in range(_CURVE_DRAWS):
        chosen = np.random.default_rng(seed).choice(everybody, count, replace=False)
        try:
            drawn.append(roll(panel, horizon_months, chosen))
        except InputError:
            continue  # fewer than 30 exits among them: such a site is shown signals and no probability
    if not drawn:
        return CurvePoint(people=count, figures={}, draws=0)
    chances, left, person = (
        np.concatenate([getattr(each, name) for each in drawn]) for name in ("probabilities", "left", "person")
    )
    figures = _metrics(chances[None], left, person, ("auc", "brier_skill", "slope"))
    return CurvePoint(people=count, figures=figures, draws=len(drawn))


def _notes(table: StaffTable, numbers: Mapping[str, Floats], left: Flags) -> list[Message]:
    notes = [rows_left_out(table.left_out)] if table.left_out else []
    for name, values in numbers.items():
        known = ~np.isnan(values)
        gone = int(left[known].sum())
        if min(gone, int(known.sum()) - gone) < SIGNALS_ONLY_EXITS:
            continue
        alone = measures.auc(values[known], left[known])
        if max(alone, 1 - alone) >= _TOO_GOOD_AUC:
            notes.append(
                Message(
                    N_("{name} alone tells nearly all who left (AUC {auc}): it was probably written after they left."),
                    {"name": name, "auc": f"{max(alone, 1 - alone):.3f}"},
                )
            )
    return notes
