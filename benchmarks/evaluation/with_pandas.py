"""The same evaluation as an analyst writes it with pandas: totals, dimension points and ranks.

No intervals, no groups, no places as intervals and no values that open into their parts: less than callqa does. Once
plainly, as such scripts are mostly written: ``apply`` on rows for the points and on groups for the weighted means. Once
by whole columns, as somebody writes it who looks at the time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.evaluation import made
from qa_pipeline.appraisal.attainment import levels_of

MIN_OBSERVATIONS = 2
MOST_MISSING_PERCENT = 50


def items() -> pd.DataFrame:
    """Return the template as a table: one row per indicator with its levels and weights."""
    catalogue = made.catalogue()
    rows = []
    for dimension in made.template().dimensions:
        for item in dimension.items:
            levels = levels_of(catalogue[item.indicator], item)
            rows.append(
                {
                    "indicator": item.indicator,
                    "dimension": dimension.id,
                    "dimension_weight": dimension.weight,
                    "weight": item.weight,
                    "direction": levels.direction.value,
                    "target": levels.target,
                    "floor": levels.floor,
                    "stretch": levels.stretch,
                    "target_low": levels.target_low,
                    "floor_low": levels.floor_low,
                }
            )
    return pd.DataFrame(rows)


def values(period: str, agents: int) -> pd.DataFrame:
    """Return a month as a table: agent, period, indicator, value, n."""
    ids = made.agent_ids(agents)
    frames = [
        pd.DataFrame(
            {
                "agent": ids,
                "period": period,
                "indicator": column.indicator,
                "value": column.value,
                "n": np.where(column.n > 0, column.n, np.nan),
            }
        )
        for column in made.columns(period, agents)
    ]
    return pd.concat(frames, ignore_index=True).dropna(subset="value")


def attainment(row: pd.Series) -> float:
    """Return the points of one row: floor 0, target 100, stretch 120, straight between and flat beyond."""
    if row["direction"] == "range":
        if row["value"] < row["target_low"]:
            share = (row["value"] - row["floor_low"]) / (row["target_low"] - row["floor_low"])
        elif row["value"] > row["target"]:
            share = (row["floor"] - row["value"]) / (row["floor"] - row["target"])
        else:
            share = 1.0
        return 100 * min(max(share, 0.0), 1.0)
    share = (row["value"] - row["floor"]) / (row["target"] - row["floor"])
    if share <= 1 or pd.isna(row["stretch"]):
        return 100 * min(max(share, 0.0), 1.0)
    beyond = (row["value"] - row["target"]) / (row["stretch"] - row["target"])
    return 100 + 20 * min(beyond, 1.0)


def attainment_by_columns(merged: pd.DataFrame) -> pd.Series:
    """Return the same points for all rows at once."""
    is_range = merged["direction"] == "range"
    share = (merged["value"] - merged["floor"]) / (merged["target"] - merged["floor"])
    beyond = (merged["value"] - merged["target"]) / (merged["stretch"] - merged["target"])
    below = (merged["value"] - merged["floor_low"]) / (merged["target_low"] - merged["floor_low"])
    above = (merged["floor"] - merged["value"]) / (merged["floor"] - merged["target"])
    inside = np.minimum(below.where(merged["value"] < merged["target_low"], 1.0), above.clip(upper=1.0))
    rising = 100 * share.clip(0, 1) + 20 * beyond.clip(0, 1).fillna(0.0)
    return rising.where(~is_range, 100 * inside.clip(0, 1))


def weighted_mean(group: pd.DataFrame) -> pd.Series:
    """Return the points of one dimension of one agent, and how much of its weight is known."""
    return pd.Series(
        {
            "points": np.average(group["points"], weights=group["weight"]),
            "dimension_weight": group["dimension_weight"].iloc[0],
            "known_percent": group["weight"].sum() * group["dimension_weight"].iloc[0] / 100,
        }
    )


def weighted_means_by_columns(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the same for all agents and dimensions at once."""
    merged["weighted"] = merged["points"] * merged["weight"]
    found = merged.groupby(["agent", "dimension"]).agg(
        weighted=("weighted", "sum"), weight=("weight", "sum"), dimension_weight=("dimension_weight", "first")
    )
    found["points"] = found["weighted"] / found["weight"]
    found["known_percent"] = found["weight"] * found["dimension_weight"] / 100
    return found


def evaluate(month: pd.DataFrame, template: pd.DataFrame, *, by_columns: bool) -> pd.DataFrame:
    """Return agent, total and rank of one month; agents with too little known have no total."""
    known = month[month["n"].isna() | (month["n"] >= MIN_OBSERVATIONS)]
    merged = known.merge(template, on="indicator")
    if by_columns:
        merged["points"] = attainment_by_columns(merged)
        dimensions = weighted_means_by_columns(merged)
    else:
        merged["points"] = merged.apply(attainment, axis=1)
        dimensions = merged.groupby(["agent", "dimension"])[["points", "weight", "dimension_weight"]].apply(
            weighted_mean
        )
    dimensions["part"] = dimensions["points"] * dimensions["dimension_weight"]
    totals = dimensions.groupby("agent")[["part", "dimension_weight", "known_percent"]].sum()
    totals["total"] = totals["part"] / totals["dimension_weight"]
    totals = totals[totals["known_percent"] >= 100 - MOST_MISSING_PERCENT]
    totals["rank"] = totals["total"].rank(ascending=False, method="min")
    return totals[["total", "rank"]].reset_index()
