"""The risk model of a site: a hazard for each horizon, what it was learned from, and how it is kept on disk.

A folder holds ``model.json`` (names and numbers), boosted trees as skops where they won, and the card in two languages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.attrition.challenger import Boosted, Comparison, challenge, load_trees, save_trees
from models.attrition.drift import ClosedMonth, Reference, learn_reference
from models.attrition.features import Features
from models.attrition.hazard import Column, Encoder, Hazard
from models.attrition.panel import Panel
from models.attrition.rolling import fit_at
from models.attrition.staff_table import Floats
from qa_pipeline.errors import N_, InputError

HORIZONS_MONTHS = (1, 2, 3)
_FORMAT = 1
_KIND = "risk-model"
_FILE = "model.json"
_CLOSED_MONTHS = 12
_MIN_REASON = 0.05  # log odds: below, a group of features says nothing about this person


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFrom:
    """The history behind a model; months as 12 x year + month - 1."""

    people: int
    rows: int
    exits: int
    first_month: int
    last_month: int


@dataclass(frozen=True, kw_only=True)
class RiskModel:
    """What predicts leaving within 1, 2 and 3 months.

    Attributes
    ----------
    hazards : mapping of horizon in months to Hazard
    boosted, comparisons : mapping of horizon to Boosted, to Comparison
        Trees that predict in the hazard's place, and how trees compared wherever they were tried.
    inputs : mapping of feature to kind
        "number" or "category".
    groups : mapping of feature to group
        What joins features in reasons.
    reference : mapping of feature to Reference
    closed : tuple of ClosedMonth
        Months of the history, each predicted one month ahead by a model that had not seen it.
    """

    hazards: Mapping[int, Hazard]
    boosted: Mapping[int, Boosted]
    comparisons: Mapping[int, Comparison]
    inputs: Mapping[str, str]
    groups: Mapping[str, str]
    reference: Mapping[str, Reference]
    closed: tuple[ClosedMonth, ...]
    learned_from: LearnedFrom

    @property
    def schema_hash(self) -> str:
        """What identifies the inputs: their names and kinds."""
        return _schema_hash(self.inputs)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits over all that the model is made of, trees by what they were learned from."""
        return hashlib.sha256(json.dumps(_document(self), sort_keys=True).encode()).hexdigest()[:12]

    def check(self, features: Features) -> None:
        """Raise InputError when features are not those that the model learned from, by name and kind."""
        found = _inputs(features)
        for name in sorted(set(self.inputs) | set(found)):
            if self.inputs.get(name) != found.get(name):
                raise InputError(
                    N_("The model has the input {name} as {then}, the data as {now}."),
                    hint=N_("Fit the model again with `callqa risk fit`."),
                    field=name,
                    name=name,
                    then=self.inputs.get(name, "–"),
                    now=found.get(name, "–"),
                )

    def predict(self, features: Features) -> Mapping[int, Floats]:
        """Return by horizon the probability of leaving within it, shape (rows,); a longer one is never less likely.

        Raises
        ------
        InputError
            The features are not those that the model learned from.
        """
        self.check(features)
        found: dict[int, Floats] = {}
        least: Floats | float = 0.0
        for horizon in HORIZONS_MONTHS:
            model = self.boosted.get(horizon, self.hazards[horizon])
            found[horizon] = np.maximum(model.probabilities(features), least)
            least = found[horizon]
        return found

    def reasons(
        self, features: Features, horizon_months: int = 1, count: int = 3
    ) -> list[tuple[tuple[str, float], ...]]:
        """Return for each row the groups of features that raise its log odds most beside the average row.

        They say with what a higher risk is associated, by the hazard model; they are no causes.
        """
        names, parts = self.hazards[horizon_months].contributions(features)
        found = []
        for row in parts:
            order = np.argsort(-row, kind="stable")[:count]
            found.append(tuple((names[place], float(row[place])) for place in order if row[place] >= _MIN_REASON))
        return found


def fit_risk(panel: Panel, as_of_month: int) -> RiskModel | None:
    """Learn from all whose outcome is known at the end of a month.

    Parameters
    ----------
    panel : Panel
    as_of_month : int
        12 x year + month - 1.

    Returns
    -------
    RiskModel or None
        None while fewer than 30 people left of their own will: then there are signals and no probability.
    """
    hazards, boosted, comparisons = {}, {}, {}
    for horizon in HORIZONS_MONTHS:
        hazard = fit_at(panel, as_of_month, horizon)
        if hazard is None:
            return None
        hazards[horizon] = hazard
        tried = challenge(panel, as_of_month, horizon, hazard.strength)
        if tried is not None:
            comparisons[horizon] = tried[1]
            if tried[0] is not None:
                boosted[horizon] = tried[0]
    usable = (panel.month + 1 <= as_of_month) & panel.is_known(1)
    learned = panel.features.rows(usable)
    return RiskModel(
        hazards=hazards,
        boosted=boosted,
        comparisons=comparisons,
        inputs=_inputs(panel.features),
        groups=dict(panel.features.groups),
        reference=learn_reference(learned),
        closed=_closed(panel, as_of_month, hazards[1].strength),
        learned_from=LearnedFrom(
            people=len(np.unique(panel.person[usable])),
            rows=int(usable.sum()),
            exits=int(panel.left_within(1)[usable].sum()),
            first_month=int(panel.month[usable].min()),
            last_month=int(panel.month[usable].max()),
        ),
    )


def _inputs(features: Features) -> dict[str, str]:
    kinds = dict.fromkeys(features.numbers, "number") | dict.fromkeys(features.categories, "category")
    return dict(sorted(kinds.items()))


def _schema_hash(inputs: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(inputs.items())).encode()).hexdigest()[:16]


def _closed(panel: Panel, as_of_month: int, strength: float) -> tuple[ClosedMonth, ...]:
    """Return the last months as a model saw them from before, so that the gate has something to stand on at once."""
    left, known = panel.left_within(1), panel.is_known(1)
    months = []
    for month in range(as_of_month - _CLOSED_MONTHS, as_of_month):
        rows = known & (panel.month == month)
        earlier = fit_at(panel, month, 1, strength=strength) if rows.any() else None
        if earlier is not None:
            chances = earlier.probabilities(panel.features.rows(rows))
            months.append(
                ClosedMonth(
                    month=month,
                    predicted=float(chances.sum()),
                    variance=float((chances * (1 - chances)).sum()),
                    observed=int(left[rows].sum()),
                )
            )
    return tuple(months)


def _document(model: RiskModel) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "kind": _KIND,
        "schema_hash": model.schema_hash,
        "inputs": dict(model.inputs),
        "groups": dict(model.groups),
        "hazards": {str(horizon): asdict(hazard) for horizon, hazard in model.hazards.items()},
        "boosted": sorted(model.boosted),
        "comparisons": {str(horizon): asdict(one) for horizon, one in model.comparisons.items()},
        "reference": {name: asdict(one) for name, one in model.reference.items()},
        "closed": [asdict(one) for one in model.closed],
        "learned_from": asdict(model.learned_from),
    }


def save_risk(model: RiskModel, folder: Path) -> None:
    """Write a model into a folder, the description last: a folder without it is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for horizon, trees in model.boosted.items():
        save_trees(trees, folder / _trees_file(horizon))
    text = json.dumps(_document(model), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / _FILE).write_text(text, encoding="utf-8")


def _trees_file(horizon: int) -> str:
    return f"boosted-{horizon}.skops"


def load_risk(folder: Path) -> RiskModel:
    """Read a model that :func:`save_risk` wrote; raises InputError when it is another file or was changed."""
    path = folder / _FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if (document["format"], document["kind"]) != (_FORMAT, _KIND):
            raise ValueError("another kind of model")
        hazards = {int(horizon): _hazard(each) for horizon, each in document["hazards"].items()}
        if tuple(sorted(hazards)) != HORIZONS_MONTHS or _schema_hash(document["inputs"]) != document["schema_hash"]:
            raise ValueError("its inputs were changed")
        if any(c.feature not in document["inputs"] for each in hazards.values() for c in each.encoder.columns):
            raise ValueError("its inputs were changed")
        model = RiskModel(
            hazards=hazards,
            boosted={h: load_trees(folder / _trees_file(h), hazards[h].encoder) for h in document["boosted"]},
            comparisons={int(h): _comparison(each) for h, each in document["comparisons"].items()},
            inputs=document["inputs"],
            groups=document["groups"],
            reference={name: _reference(each) for name, each in document["reference"].items()},
            closed=tuple(ClosedMonth(**each) for each in document["closed"]),
            learned_from=LearnedFrom(**document["learned_from"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise InputError(
            N_("This is no risk model that callqa has written: {problem}."),
            hint=N_("Fit it again with `callqa risk fit`."),
            file=str(path),
            problem=str(problem),
        ) from problem
    return model


def _hazard(document: dict[str, Any]) -> Hazard:
    columns = tuple(Column(**column) for column in document["encoder"]["columns"])
    if len(document["weights"]) != len(columns):
        raise ValueError("its inputs were changed")
    return Hazard(**document | {"encoder": Encoder(columns=columns), "weights": tuple(document["weights"])})


def _comparison(document: dict[str, Any]) -> Comparison:
    return Comparison(**document | {"ci95": tuple(document["ci95"])})


def _reference(document: dict[str, Any]) -> Reference:
    return Reference(**{name: tuple(value) for name, value in document.items()})
