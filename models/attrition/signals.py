"""Signals of strain, in words: what a site with too few exits for a probability is shown, and names of reasons.

A signal is a figure beyond a fixed limit, known at the end of the month. It says what to talk about, not who leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import expm1, log1p

import numpy as np

from models.attrition.features import Features
from qa_pipeline.errors import N_


@dataclass(frozen=True, slots=True)
class _Limit:
    feature: str
    least: float = -np.inf
    most: float = np.inf


# Inputs of the mapping `own`; those made with `log` hold log(1 + x).
_LIMITS: Mapping[str, _Limit] = {
    "falling_quality": _Limit("quality_change", most=-2.0),
    "low_satisfaction": _Limit("low_csat_months", least=3),
    "much_overtime": _Limit("overtime_above_team", least=10),
    "unplanned_absence": _Limit("absence_days", least=log1p(3)),
    "schedule_changes": _Limit("schedule_changes", least=log1p(3)),
    "long_without_raise": _Limit("months_since_raise", least=log1p(18)),
    "team_leaving": _Limit("team_left_share", least=0.1),
    "new_hire": _Limit("new_hire", least=1),
}
SIGNALS: Mapping[str, str] = {
    "falling_quality": N_("The quality score fell by more than chance explains (2 standard errors or more)"),
    "low_satisfaction": N_("Customers were little satisfied for 3 months in a row or longer"),
    "much_overtime": N_("Overtime of 10 hours or more above the middle of the team"),
    "unplanned_absence": N_("Unplanned absence on 3 days or more in the month"),
    "schedule_changes": N_("The roster was changed 3 times or more in the month"),
    "long_without_raise": N_("No raise for 18 months or longer"),
    "team_leaving": N_("Over three months, 1 in 10 or more of the team left of their own will each month"),
    "new_hire": N_("In the first three months of the job"),
}
GROUPS: Mapping[str, str] = {
    "tenure": N_("time in the job"),
    "quality": N_("course of the quality score"),
    "satisfaction": N_("satisfaction of customers"),
    "absence": N_("unplanned absence"),
    "workload": N_("workload and overtime"),
    "roster": N_("changes of the roster"),
    "pay": N_("time since the last raise"),
    "team": N_("exits in the team"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """How people read an input: its name, and whether it holds log(1 + x) of what is meant."""

    name: str
    is_log: bool = False

    def plain(self, value: float) -> float:
        """Return what is meant by a value of the input."""
        return expm1(value) if self.is_log else value


INPUTS: Mapping[str, Input] = {
    "log_tenure": Input(name=N_("Months in the job"), is_log=True),
    "new_hire": Input(name=N_("In the first three months (1: yes)")),
    "quality_place_3m": Input(name=N_("Quality score: place in the site, mean of 3 months (0 lowest, 1 highest)")),
    "quality_slope_3m": Input(name=N_("Quality score: change a month over 3 months, in places")),
    "quality_below_own": Input(name=N_("Quality score: distance from the own half year, in places")),
    "quality_change": Input(name=N_("Quality score: change over 3 months, in standard errors")),
    "csat_place_3m": Input(name=N_("Satisfaction of customers: place in the site, mean of 3 months")),
    "low_csat_months": Input(name=N_("Months in a row with satisfaction below 80%")),
    "absence_days": Input(name=N_("Days of unplanned absence in the month"), is_log=True),
    "overtime_above_team": Input(name=N_("Overtime above the middle of the team, hours")),
    "volume_place": Input(name=N_("Contacts handled: place in the site")),
    "schedule_changes": Input(name=N_("Changes of the roster in the month"), is_log=True),
    "months_since_raise": Input(name=N_("Months since the last raise"), is_log=True),
    "team_left_share": Input(name=N_("Share of the team that left, mean of 3 months")),
}


def find_signals(features: Features) -> list[tuple[str, ...]]:
    """Return for each row the ids of its signals, in the order of ``SIGNALS``; an input that is not there gives none.

    Parameters
    ----------
    features : Features
        As the mapping ``own`` makes them.
    """
    rows = max((len(values) for values in features.numbers.values()), default=0)
    found: list[list[str]] = [[] for _ in range(rows)]
    for signal, limit in _LIMITS.items():
        values = features.numbers.get(limit.feature)
        if values is None:
            continue
        for row in np.flatnonzero((values >= limit.least) & (values <= limit.most)):
            found[int(row)].append(signal)
    return [tuple(each) for each in found]
