"""Cells of KPI tables as values in the unit of their indicator."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from qa_pipeline.domain.performance import KpiDefinition
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import Place, is_missing, parse_duration_s, parse_number, parse_ratio
from qa_pipeline.kpi.columns import ColumnUnit, find_flag

_SECONDS_IN = {"s": 1.0, "min": 60.0, "h": 3600.0}
_HIGHEST_RATING = 10


def reads_as_percent(texts: Iterable[str]) -> bool:
    """Whether a column of ratios without signs holds percent: most of its numbers other than 0 are above 1."""
    numbers = [number for text in texts if (number := _bare_number(text))]
    return 2 * sum(abs(number) > 1 for number in numbers) > len(numbers)


def parse_value(
    text: str, place: Place, definition: KpiDefinition, unit: ColumnUnit | None, *, mostly_percent: bool = False
) -> float:
    """Return a cell's value in the unit of its indicator.

    Parameters
    ----------
    unit : {"percent", "ratio", "s", "min", "h"}, optional
        What header, mapping or unit column state for numbers without a sign; one that does not fit the indicator
        says nothing.
    mostly_percent : bool
        What :func:`reads_as_percent` found, for ratios whose unit nobody states.

    Raises
    ------
    RowError
        The text is no such value, its unit is doubtful, or it is outside of what the indicator can be.
    """
    if definition.unit == "ratio":
        value = _parse_share(text, place, definition, unit, mostly_percent)
    elif definition.unit in _SECONDS_IN:
        value = _parse_time(text, place, definition.unit, unit)
    elif definition.unit == "nps":
        # People write it with a percent sign, though it is a difference of two percentages in points.
        value = parse_number(text.strip().rstrip("%％"), place)
    else:
        value = parse_number(text, place)
    check_plausible(value, place, definition)
    return value


def parse_call_value(text: str, place: Place, definition: KpiDefinition, unit: ColumnUnit | None) -> float:
    """Return what one call says about an indicator: 1 or 0 for shares (yes or no), else a value in its unit.

    Raises
    ------
    RowError
        The text is neither yes nor no, or no such value.
    """
    if definition.unit == "ratio":
        return float(parse_flag(text, place))
    if definition.unit in _SECONDS_IN:
        return _parse_time(text, place, definition.unit, unit)
    return parse_number(text, place)


def parse_flag(text: str, place: Place) -> bool:
    """Return a yes or no; raises RowError for any other word."""
    number = _bare_number(text)
    found = number == 1 if number in (0, 1) else find_flag(text)
    if found is None:
        raise place.error(N_("{text} is neither yes nor no."), hint=N_("Write Y or N, 是 or 否, 1 or 0."), text=text)
    return found


def parse_count(text: str, place: Place) -> int:
    """Return a number of observations, at least 1.

    Raises
    ------
    RowError
        For anything else. A value on 0 observations is none: its row must be empty.
    """
    number = parse_number(text, place)
    if number < 1 or number != int(number):
        raise place.error(
            N_("{text} is no count of observations."),
            hint=N_("Write a whole number from 1; where nothing was counted, leave the value empty too."),
            text=text,
        )
    return int(number)


def parse_sd(text: str, place: Place, definition: KpiDefinition, unit: ColumnUnit | None) -> float:
    """Return a standard deviation in the unit of the indicator, at least 0; raises RowError."""
    value = _parse_time(text, place, definition.unit, unit) if definition.unit in _SECONDS_IN else _signed(text, place)
    if value < 0:
        raise place.error(
            N_("{text} is no standard deviation."), hint=N_("Write a number from 0, or leave it empty."), text=text
        )
    return value


def _signed(text: str, place: Place) -> float:
    return parse_ratio(text, place) if text.strip().endswith(("%", "％")) else parse_number(text, place)


def _bare_number(text: str) -> float | None:
    """Return the number of a cell without a percent sign; None when it has one or is no number."""
    if is_missing(text):
        return None
    try:
        return parse_number(text, Place("", 0, ""))
    except RowError:
        return None


def _parse_share(
    text: str, place: Place, definition: KpiDefinition, unit: ColumnUnit | None, mostly_percent: bool
) -> float:
    stated = unit in ("percent", "ratio")
    number = _bare_number(text)
    if not stated and number is not None:
        _refuse_rating(number, text, place, definition)
        if mostly_percent and 0 < abs(number) <= 1:
            raise place.error(
                N_("{text} stands among percentages: is it {text} % or a ratio?"),
                hint=N_("Write the percent sign into the cells, or % into the header of the column."),
                text=text,
            )
    return parse_ratio(text, place, in_percent=unit == "percent" or (not stated and mostly_percent))


def _refuse_rating(number: float, text: str, place: Place, definition: KpiDefinition) -> None:
    if definition.also_rated and 1 < number <= _HIGHEST_RATING:
        raise place.error(
            N_("{text} looks like a rating on a scale, but {indicator} is a share of satisfied customers."),
            hint=N_(
                "Give the share (such as 86%), write {text}% if it is one, or map the column to satisfaction_rating."
            ),
            text=text,
            indicator=definition.id,
        )


def _parse_time(text: str, place: Place, target: str, unit: ColumnUnit | None) -> float:
    bare = unit if unit in _SECONDS_IN else target
    folded = unicodedata.normalize("NFKC", text)
    if target == "h" and folded.count(":") == 1:
        raise place.error(
            N_("{text} can be minutes and seconds or hours and minutes."),
            hint=N_("Write it as {text}:00 or in hours, such as 3.5."),
            text=text,
        )
    return parse_duration_s(text, place, unit=bare or "s") / _SECONDS_IN[target]


def check_plausible(value: float, place: Place, definition: KpiDefinition) -> None:
    """Raise RowError for a value outside of what its indicator can be."""
    low, high = definition.minimum, definition.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return
    raise place.error(
        N_("{value} is outside of what {indicator} can be ({low} to {high} {unit})."),
        hint=N_("Check the value, the unit of the column and the indicator it is meant for."),
        value=f"{value:g}",
        indicator=definition.id,
        low="-∞" if low is None else f"{low:g}",
        high="∞" if high is None else f"{high:g}",
        unit=definition.unit,
    )
