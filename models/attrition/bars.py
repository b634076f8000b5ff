"""The bars that the risk model must clear on public tables of people, for `callqa validate risk`.

Each table is predicted by models that did not see the people or the months; see :mod:`models.attrition.validation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.attrition.panel import build_panel
from models.attrition.risk_model import fit_risk, load_risk, save_risk
from models.attrition.staff_table import read_staff_table
from models.attrition.table_mapping import get_table_mapping
from models.attrition.validation import validate_risk
from qa_pipeline.errors import N_, CallqaError, InputError, Message
from qa_pipeline.services.validate.report import Metric

PEOPLE, PANEL, SURVIVAL = "ibm", "ola", "turnover"  # names of mappings
FILES: Mapping[str, str] = {PEOPLE: "attrition_ibm", PANEL: "monthly_panel_ola", SURVIVAL: "turnover_survival"}
_ENDINGS = (".csv", ".csv.gz")
_FEW_PEOPLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a figure must reach. Without both limits it is told, not judged.

    ``learners``: from how many people the model learned, None for all of them. ``horizon_months``: within how many
    months people leave.
    """

    table: str
    learners: int | None
    horizon_months: int
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, value: float) -> bool | None:
        """Whether a value clears the bar; None where there is none."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A bar beside what was measured."""

    bar: Bar
    metric: Metric

    @property
    def is_met(self) -> bool | None:
        """Whether the measured value clears the bar; None where there is none."""
        return self.bar.is_met(self.metric.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsReport:
    """What `callqa validate risk` tells. ``problems``: of tables that could not be measured."""

    judged: Sequence[Judged]
    notes: Sequence[Message]
    problems: Sequence[CallqaError]


_LEAST: Mapping[tuple[str, int], Mapping[str, tuple[float | None, float | None]]] = {
    (PEOPLE, 12): {"auc": (0.85, None), "ap": (0.65, None), "brier": (None, 0.088), "slope": (0.9, 1.15)},
    (PANEL, 1): {"auc": (0.77, None), "ece": (None, 0.015), "lift_at_10": (3.0, None)},
    (PANEL, 2): {"auc": (None, None)},
    (PANEL, 3): {"auc": (0.775, None)},
    (SURVIVAL, 12): {"c_index": (None, None), "slope": (None, None)},
}
_FEW: Mapping[str, tuple[float | None, float | None]] = {"slope": (0.8, None), "brier_skill": (0.0, None)}
_SAVED: Mapping[str, float] = {"saved_and_loaded": 1e-12, "fitted_again": 1e-9}


def measure_bars(folder: Path) -> BarsReport:
    """Measure all that can be measured in a folder; a table that is missing or unfit is told, the others go on."""
    judged: list[Judged] = []
    notes: list[Message] = []
    problems: list[CallqaError] = []
    measures: Mapping[str, Callable[[Path], Iterator[Judged | Message]]] = {
        PEOPLE: lambda path: _validated(path, PEOPLE, 12),
        PANEL: _panel,
        SURVIVAL: lambda path: _validated(path, SURVIVAL, 12),
    }
    for table, measure in measures.items():
        path = None
        try:
            path = _find(folder, FILES[table])
            for each in measure(path):
                if isinstance(each, Judged):
                    judged.append(each)
                elif each not in notes:
                    notes.append(each)
        except CallqaError as problem:
            problem.file = problem.file or str(path)
            problems.append(problem)
    return BarsReport(judged=judged, notes=notes, problems=problems)


def _find(folder: Path, name: str) -> Path:
    for ending in _ENDINGS:
        path = folder / f"{name}{ending}"
        if path.is_file():
            return path
    raise InputError(
        N_("The folder has no table {name}."),
        hint=N_("Point --data at the folder with {known}, each as csv or csv.gz."),
        file=str(folder),
        name=name,
        known=", ".join(FILES.values()),
    )


def _panel(path: Path) -> Iterator[Judged | Message]:
    for horizon in (1, 2, 3):
        yield from _validated(path, PANEL, horizon, learn_from=(_FEW_PEOPLE,) if horizon == 1 else ())
    yield from _kept(path)


def _validated(
    path: Path, table: str, horizon_months: int, learn_from: Sequence[int] = ()
) -> Iterator[Judged | Message]:
    report = validate_risk(path, get_table_mapping(table), horizon_months=horizon_months, learn_from=learn_from)
    for figure, limits in _LEAST[table, horizon_months].items():
        yield _judged(table, None, horizon_months, figure, limits, report.metrics[figure])
    for point in report.learning_curve:
        for figure, limits in _FEW.items():
            metric = point.figures.get(figure, Metric(value=float("nan")))
            yield _judged(table, point.people, horizon_months, figure, limits, metric)
    yield from report.notes


def _judged(
    table: str,
    learners: int | None,
    horizon_months: int,
    figure: str,
    limits: tuple[float | None, float | None],
    metric: Metric,
) -> Judged:
    bar = Bar(
        table=table,
        learners=learners,
        horizon_months=horizon_months,
        figure=figure,
        at_least=limits[0],
        at_most=limits[1],
    )
    return Judged(bar=bar, metric=metric)


def _kept(path: Path) -> Iterator[Judged]:
    """Compare the probabilities of a model with those of the same one from disk, and of one that was fitted again."""
    mapping = get_table_mapping(PANEL)
    panel = build_panel(read_staff_table(path, mapping), mapping)
    model, again = fit_risk(panel, panel.end), fit_risk(panel, panel.end)
    assert model is not None, "the table was validated before"
    assert again is not None
    with TemporaryDirectory() as folder:
        save_risk(model, Path(folder))
        loaded = load_risk(Path(folder))
    first = model.predict(panel.features)
    for figure, other in (("saved_and_loaded", loaded), ("fitted_again", again)):
        predicted = other.predict(panel.features)
        for horizon in first:
            apart = float(np.abs(predicted[horizon] - first[horizon]).max())
            yield _judged(PANEL, None, horizon, figure, (None, _SAVED[figure]), Metric(value=apart))
