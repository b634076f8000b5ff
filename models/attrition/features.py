"""Features of people, made of columns; over months, from what was known at the end of the month and nothing later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.attrition.staff_table import Floats, Ints, StaffTable
from models.attrition.table_mapping import FeatureRule, Known, Make, TableMapping

Words = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Inputs of n rows: ``numbers`` by name (NaN: missing) and ``categories`` by name ("": missing).

    ``groups``: the group of each feature, in the order of the mapping.
    """

    numbers: Mapping[str, Floats]
    categories: Mapping[str, Words]
    groups: Mapping[str, str]

    def rows(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Features:
        """Return the features of some rows."""
        return Features(
            numbers={name: values[chosen] for name, values in self.numbers.items()},
            categories={name: values[chosen] for name, values in self.categories.items()},
            groups=self.groups,
        )


def person_features(table: StaffTable, mapping: TableMapping) -> Features:
    """Return the features of a table with one row per person."""
    made: dict[str, Floats] = {}
    categories: dict[str, Words] = {}
    for name, rule in _in_order(mapping):
        if rule.make is Make.CATEGORY:
            categories[name] = np.array(table.words[str(rule.column)], np.object_)
        elif rule.of is not None:
            made[name] = made[rule.of[0]] * made[rule.of[1]]
        else:
            made[name] = _plain(rule, table, None)
    return _collected(mapping, made, categories)


def _collected(mapping: TableMapping, made: Mapping[str, Floats], categories: Mapping[str, Words]) -> Features:
    return Features(
        numbers={name: made[name] for name in mapping.features if name in made},
        categories=categories,
        groups={name: rule.group for name, rule in mapping.features.items()},
    )


def _in_order(mapping: TableMapping) -> list[tuple[str, FeatureRule]]:
    """Return the rules, products of two features last."""
    return sorted(mapping.features.items(), key=lambda item: item[1].of is not None)


def _plain(rule: FeatureRule, table: StaffTable, at: Ints | None) -> Floats:
    """Return a feature that needs its row alone; ``at``: months of panel rows, among which groups are compared."""
    if rule.make is Make.EQUALS:
        wanted = set(rule.values or ())
        return np.array([float(word in wanted) for word in table.words[str(rule.column)]])
    values = table.numbers[str(rule.column)]
    if rule.make is Make.LOG_ABOVE_GROUP:
        return _above_group(_log(values), table.words[str(rule.by)], at)
    return changed(rule, values)


def changed(rule: FeatureRule, values: Floats) -> Floats:
    """Return values as the rule wants them, each by itself; missing ones stay missing."""
    if rule.make is Make.LOG:
        return _log(values)
    if rule.make in (Make.AT_MOST, Make.AT_LEAST):
        limit = rule.limit if rule.limit is not None else 0.0
        held = values <= limit if rule.make is Make.AT_MOST else values >= limit
        return np.where(np.isnan(values), np.nan, held.astype(np.float64))
    return values


def _log(values: Floats) -> Floats:
    return np.log1p(np.maximum(values, 0.0))


def _above_group(values: Floats, words: Sequence[str], at: Ints | None) -> Floats:
    months = at if at is not None else np.zeros(len(values), np.int64)
    _, codes = np.unique([f"{month} {word}" for month, word in zip(months, words, strict=True)], return_inverse=True)
    known = ~np.isnan(values)
    totals = np.bincount(codes[known], values[known], minlength=codes.max() + 1)
    counts = np.bincount(codes[known], minlength=codes.max() + 1)
    return values - (totals / np.maximum(counts, 1))[codes]


@dataclass(frozen=True, slots=True)
class Grid:
    """Values of employments (rows) by months (columns), NaN where there is no row; ``first``: the first month."""

    cell: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    shape: tuple[int, int]
    first: int

    def spread(self, values: Floats) -> Floats:
        """Return values of rows as a grid."""
        grid = np.full(self.shape, np.nan)
        grid[self.cell] = values
        return grid

    def gathered(self, grid: Floats) -> Floats:
        """Return the values of the rows from a grid."""
        return np.asarray(grid[self.cell], np.float64)

    def known_cell(self, known: Known) -> npt.NDArray[np.intp]:
        """Return for each row the column of the newest month whose values are known at its month's end; -1: none."""
        months = self.cell[1]
        newest = np.array([_newest(known, self.first + place) - self.first for place in range(self.shape[1])])
        return np.asarray(newest[months], np.intp)


def _newest(known: Known, snapshot: int) -> int:
    return max(month for month in range(snapshot - 3, snapshot + 1) if known.month(month) <= snapshot)


def panel_features(table: StaffTable, mapping: TableMapping, grid: Grid) -> Features:
    """Return the features of person-months, each as known at the end of its month."""
    made: dict[str, Floats] = {}
    categories: dict[str, Words] = {}
    tenure = np.maximum(table.month - table.hired_month, 0.0)
    for name, rule in _in_order(mapping):
        if rule.of is not None:
            made[name] = made[rule.of[0]] * made[rule.of[1]]
        elif rule.from_ is not None:
            made[name] = changed(rule, tenure)
        elif rule.make is Make.CATEGORY:
            categories[name] = _known_words(rule, table, grid)
        elif rule.make in _OVER:
            made[name] = _as_known(
                grid, rule.known, _OVER[rule.make](rule, grid.spread(table.numbers[str(rule.column)]))
            )
        else:
            made[name] = _as_known(grid, rule.known, grid.spread(_plain(rule, table, table.month)))
    return _collected(mapping, made, categories)


def _as_known(grid: Grid, known: Known, values: Floats) -> Floats:
    if known is Known.MONTH_END:
        return grid.gathered(values)
    return _at(grid, _filled(values), grid.known_cell(known), np.nan)


def _known_words(rule: FeatureRule, table: StaffTable, grid: Grid) -> Words:
    words = np.array(table.words[str(rule.column)], np.object_)
    if rule.known is Known.MONTH_END:
        return words
    levels, codes = np.unique(words.astype(str), return_inverse=True)
    filled = _filled(grid.spread(np.where(words == "", np.nan, codes.astype(np.float64))))
    found = _at(grid, filled, grid.known_cell(rule.known), np.nan)
    return np.array([levels[int(code)] if not np.isnan(code) else "" for code in found], np.object_)


def _at(grid: Grid, values: Floats, columns: npt.NDArray[np.intp], missing: float) -> Floats:
    found = values[grid.cell[0], np.maximum(columns, 0)]
    return np.where(columns < 0, missing, found)


def _filled(values: Floats) -> Floats:
    """Return a grid where a month without a value has that of the month before."""
    filled = values.copy()
    for month in range(1, values.shape[1]):
        gap = np.isnan(filled[:, month])
        filled[gap, month] = filled[gap, month - 1]
    return filled


def _places(values: Floats) -> Floats:
    """Return the percentile of each value within its month, from 0 to 1."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, axis=0, nan_policy="omit") / np.maximum((~np.isnan(values)).sum(axis=0), 1))


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _windows(values: Floats, window: int, of: Callable[[Floats], Floats]) -> Floats:
    return np.column_stack([of(values[:, max(0, end - window + 1) : end + 1]) for end in range(values.shape[1])])


def _place(rule: FeatureRule, values: Floats) -> Floats:
    places = _places(values)
    return places if rule.window is None else _windows(places, rule.window, _mean)


def _deviation(rule: FeatureRule, values: Floats) -> Floats:
    places = _places(values)
    return places - _windows(places, int(rule.window or 1), _mean)


def _slope(rule: FeatureRule, values: Floats) -> Floats:
    return _windows(_places(values), int(rule.window or 1), _line_slope)


def _line_slope(values: Floats) -> Floats:
    """Return the least-squares slope per month over the known values; 0 where there is one, NaN where there is none."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    months = np.broadcast_to(np.arange(values.shape[1], dtype=np.float64), values.shape)
    middle = np.where(known, months, 0.0).sum(axis=1) / np.maximum(count, 1)
    apart = np.where(known, months - middle[:, None], 0.0)
    spread = (apart**2).sum(axis=1)
    slope = (apart * np.where(known, values, 0.0)).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return np.where(count >= 2, slope, np.where(count == 1, 0.0, np.nan))


def _log_mean_so_far(rule: FeatureRule, values: Floats) -> Floats:
    known = ~np.isnan(values)
    totals = np.where(known, np.maximum(values, 0.0), 0.0).cumsum(axis=1)
    counts = known.cumsum(axis=1)
    return np.where(counts > 0, np.log1p(totals / np.maximum(counts, 1)), np.nan)


def _streak(rule: FeatureRule, values: Floats) -> Floats:
    limit, cap = rule.limit if rule.limit is not None else 0.0, rule.cap or 1
    streak = np.zeros_like(values)
    running = np.full(len(values), np.nan)  # of who has had no value yet nothing is known
    for month in range(values.shape[1]):
        now = values[:, month]
        # A month without a value neither breaks the streak nor adds to it.
        longer = np.nan_to_num(running) + 1
        running = np.where(np.isnan(now), running, np.where(now <= limit, longer, 0.0))
        streak[:, month] = np.minimum(running, cap)
    return streak


_OVER: Mapping[Make, Callable[[FeatureRule, Floats], Floats]] = {
    Make.PLACE: _place,
    Make.SLOPE: _slope,
    Make.DEVIATION: _deviation,
    Make.LOG_MEAN_SO_FAR: _log_mean_so_far,
    Make.STREAK: _streak,
}
