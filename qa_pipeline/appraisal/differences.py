"""What differs between two evaluations of the same agent and period, item by item. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose

from qa_pipeline.domain.performance import Evaluation, ItemResult

Plain = str | float | int | None
_WHOLE = ("template_id", "template_version", "total", "grade", "group", "n_contacts", "n_reviews")
_OF_ALL = ("ci95_low", "ci95_high", "group")
_OWN_RATIO = 0.005
_ITEM = ("value", "n", "source", "target", "attainment_points", "weight", "effective_weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure that differs; ``indicator`` None for those of the evaluation as a whole."""

    indicator: str | None
    field: str
    before: Plain
    after: Plain


def has_own_change(before: Evaluation, after: Evaluation) -> bool:
    """Whether a result differs by more than what follows from everybody else's data.

    Intervals, standing and estimates lean on all contacts of the site, so that one review anywhere moves everybody a
    little: interval and standing do not count here, nor do figures that move by less than half a percent.
    """
    return any(
        not (isinstance(one.before, float) and isinstance(one.after, float))
        or not isclose(one.before, one.after, rel_tol=_OWN_RATIO)
        for one in changes_between(before, after)
        if one.field not in _OF_ALL
    )


def changes_between(before: Evaluation, after: Evaluation) -> tuple[Change, ...]:
    """Return what differs, the whole first; notes and identities of inputs are no figures and do not count."""
    return (*_changes(None, _whole(before), _whole(after)), *_item_changes(before, after))


def _whole(evaluation: Evaluation) -> dict[str, Plain]:
    low, high = evaluation.ci95 or (None, None)
    return {name: getattr(evaluation, name) for name in _WHOLE} | {"ci95_low": low, "ci95_high": high}


def _item_changes(before: Evaluation, after: Evaluation) -> Iterator[Change]:
    old, new = _items(before), _items(after)
    for indicator in dict.fromkeys([*new, *old]):
        yield from _changes(indicator, old.get(indicator, {}), new.get(indicator, {}))


def _items(evaluation: Evaluation) -> dict[str, dict[str, Plain]]:
    return {item.indicator: _item(item) for dimension in evaluation.dimensions for item in dimension.items}


def _item(item: ItemResult) -> dict[str, Plain]:
    return {name: getattr(item, name) for name in _ITEM}


def _changes(indicator: str | None, before: dict[str, Plain], after: dict[str, Plain]) -> Iterator[Change]:
    for field in dict.fromkeys([*after, *before]):
        old, new = before.get(field), after.get(field)
        if not _same(old, new):
            yield Change(indicator=indicator, field=field, before=old, after=new)


def _same(one: Plain, other: Plain) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)  # sums in another order
    return one == other
