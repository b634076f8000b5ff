"""CPU seconds to learn the risk model of 5,000 agents over 36 months and to score those at work, on one thread.

The whole of it: features of the history, three horizons with their penalties chosen, trees as challengers, a year of
months predicted from before. Beside it one fit of the hazard alone and the same fit by statsmodels' GLM.

OMP_NUM_THREADS=1 python -m benchmarks.risk
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TypeVar

import numpy as np
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools import add_constant

from coaching.simulation.centre import Centre, CentreSettings, simulate_centre
from models.attrition.hazard import fit_hazard
from models.attrition.panel import build_panel
from models.attrition.risk_model import fit_risk, load_risk, save_risk
from models.attrition.signals import find_signals
from models.attrition.staff_table import Floats, StaffTable
from models.attrition.support import Assumptions, bands
from models.attrition.table_mapping import get_table_mapping
from qa_pipeline.domain.risk import DepartureKind

Found = TypeVar("Found")
TERMS = Assumptions(capacity=100, cost=800.0, effect_ratio=0.2, replacement_cost=20_000.0)


def staff_table(centre: Centre) -> StaffTable:
    """Return a centre as the person-months of the mapping `own`, with a row for each month of leaving."""
    first = month_number(centre.months[0])
    people, places = np.nonzero(centre.at_work)
    gone = [person for person, day in enumerate(centre.left_on) if day is not None and centre.at_work[person].any()]
    leaving = [centre.left_on[person] for person in gone]
    left = np.concatenate([np.zeros(len(people), np.bool_), np.ones(len(gone), np.bool_)])
    person = np.concatenate([people, gone]).astype(np.int64)
    month = np.concatenate(
        [places + first, [month_number(day.isoformat()) for day in leaving if day is not None]]
    ).astype(np.int64)
    kinds = [centre.left_kind[each] for each in gone]
    voluntary = np.concatenate([np.zeros(len(people), np.bool_), [kind is DepartureKind.VOLUNTARY for kind in kinds]])

    def column(values: Floats) -> Floats:
        return np.concatenate([values[people, places], np.full(len(gone), np.nan)])

    return StaffTable(
        path=Path("simulated"),
        person=person,
        month=month,
        hired_month=np.array([month_number(centre.hired_on[each].isoformat()) for each in person], np.float64),
        left=left,
        voluntary=voluntary.astype(np.bool_),
        duration_months=np.full(len(person), np.nan),
        numbers={
            "quality": column(centre.quality_points),
            "quality_change_sd": column(np.gradient(centre.quality_points, axis=1) / centre.quality_se),
            "csat": column(centre.kpis["csat"]),
            "absence_days": column(centre.absence_days),
            "overtime_above_team_h": column(centre.overtime_h - np.nanmedian(centre.overtime_h, axis=0)),
            "calls_handled": column(centre.kpis["calls_handled"]),
            "schedule_changes": column(centre.schedule_changes),
            "months_since_raise": column(centre.months_since_raise),
            "team_left_share": np.full(len(person), np.nan),
        },
        words={},
        protected={},
        left_out=(),
    )


def month_number(name: str) -> int:
    """Return 12 x year + month - 1 of YYYY-MM or a day."""
    return int(name[:4]) * 12 + int(name[5:7]) - 1


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """Return what the work gives and its CPU seconds: others on the machine do not count."""
    begin = process_time()
    return work(), process_time() - begin


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--months", type=int, default=36)
    asked = parser.parse_args()
    table = staff_table(simulate_centre(CentreSettings(agents=asked.agents, months=asked.months)))
    mapping = get_table_mapping("own")
    panel, features_s = timed(lambda: build_panel(table, mapping))
    model, fit_s = timed(lambda: fit_risk(panel, panel.end))
    assert model is not None
    now = panel.features.rows(panel.month == panel.end)

    def score(folder: Path) -> int:
        loaded = load_risk(folder)
        chances = loaded.predict(now)
        loaded.reasons(now)
        find_signals(now)
        return len(bands(chances[3].tolist(), TERMS))

    with TemporaryDirectory() as folder:
        save_risk(model, Path(folder))
        scored, score_s = timed(lambda: score(Path(folder)))
    known, left = panel.is_known(1), panel.left_within(1)
    history, strength = panel.features.rows(known), model.hazards[1].strength
    hazard, hazard_s = timed(lambda: fit_hazard(history, left[known], strength=strength, horizon_months=1))
    columns = hazard.encoder.design(history)
    is_new = np.abs(np.diag(np.linalg.qr(columns, mode="r"))) > 1e-6  # no sum of those before it, which GLM warns of
    design = add_constant(columns[:, is_new])
    _, glm_s = timed(lambda: GLM(left[known].astype(float), design, family=Binomial()).fit())
    print(
        json.dumps(
            {
                "people": len(np.unique(panel.person)),
                "person_months": len(panel.month),
                "exits": model.learned_from.exits,
                "features_s": round(features_s, 2),
                "fit_s": round(fit_s, 2),
                "scored": scored,
                "score_s": round(score_s, 3),
                "one_hazard_s": round(hazard_s, 2),
                "statsmodels_glm_s": round(glm_s, 2),
                "hazard_over_statsmodels": round(hazard_s / glm_s, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
