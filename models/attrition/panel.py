"""Person-months to learn from: snapshots at the end of months, and who left within a horizon after them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.attrition.features import Features, Grid, panel_features
from models.attrition.snapshot import check_rows
from models.attrition.staff_table import Flags, Ints, StaffTable, spells
from models.attrition.table_mapping import TableMapping


@dataclass(frozen=True)
class Panel:
    """Snapshots of people at work at the end of a month; the month in which somebody leaves is none.

    Attributes
    ----------
    features : Features
        As known at the end of each month.
    rows : array of int, shape (n,)
        The row of the table behind each snapshot.
    person, month : arrays of int, shape (n,)
    exit_month : array of int, shape (n,)
        When the person left of their own will, -1 for those who did not in this employment.
    last_month : array of int, shape (n,)
        Until when it is known that the employment lasted or how it ended.
    end : int
        The last month of the table.
    """

    features: Features
    rows: Ints
    person: Ints
    month: Ints
    exit_month: Ints
    last_month: Ints
    end: int

    def left_within(self, horizon_months: int) -> Flags:
        """Whether each person left of their own will within the horizon after the snapshot."""
        return (self.exit_month > self.month) & (self.exit_month <= self.month + horizon_months)

    def is_known(self, horizon_months: int) -> Flags:
        """Whether it is known; not for those who went otherwise, or whose record ends, before the horizon does.

        Nor for anybody whose horizon reaches beyond the table: of them only those who left would be known.
        """
        told = self.left_within(horizon_months) | (self.last_month >= self.month + horizon_months)
        return told & (self.month + horizon_months <= self.end)

    def exits_among(self, rows: Flags) -> int:
        """Return how many exits are behind the rows: one exit is the outcome of a row for each month of a horizon."""
        return len(set(zip(self.person[rows].tolist(), self.exit_month[rows].tolist(), strict=True)))

    @cached_property
    def months(self) -> tuple[int, ...]:
        """The months of snapshots, in order."""
        return tuple(int(month) for month in np.unique(self.month))


def build_panel(table: StaffTable, mapping: TableMapping) -> Panel:
    """Return the snapshots of a panel table.

    The figures of a leaving month are made by leaving (a fortnight's work, no more bonus), so such a row says that and
    when somebody left, and nothing else. People whose exit was not of their own will count until then as staying.

    Raises
    ------
    InputError
        A person has two rows of one month.
    """
    check_rows(table.person, table.month)
    first, last = int(table.month.min()), int(table.month.max())
    spell = np.zeros(table.n, np.int64)
    exit_month, last_month = np.full(table.n, -1, np.int64), np.zeros(table.n, np.int64)
    count = 0
    for rows in spells(table):
        spell[rows] = count
        ended = int(rows[-1])
        went = bool(table.left[ended])
        if went and table.voluntary[ended]:
            exit_month[rows] = table.month[ended]
        # Whoever went otherwise is known to have stayed until the month before.
        last_month[rows] = table.month[ended] - (1 if went and not table.voluntary[ended] else 0)
        count += 1
    grid = Grid((spell.astype(np.intp), (table.month - first).astype(np.intp)), (count, last - first + 1), first)
    at_work = ~table.left
    made = panel_features(_without_leaving_months(table), mapping, grid)
    return Panel(
        features=made.rows(at_work),
        rows=np.flatnonzero(at_work).astype(np.int64),
        person=table.person[at_work],
        month=table.month[at_work],
        exit_month=exit_month[at_work],
        last_month=last_month[at_work],
        end=last,
    )


def _without_leaving_months(table: StaffTable) -> StaffTable:
    # What stands in a leaving month must not enter the percentiles of others either.
    fields = {name: getattr(table, name) for name in StaffTable.__dataclass_fields__}
    numbers = {name: np.where(table.left, np.nan, values) for name, values in table.numbers.items()}
    words = {
        name: ["" if gone else word for word, gone in zip(values, table.left, strict=True)]
        for name, values in table.words.items()
    }
    return StaffTable(**fields | {"numbers": numbers, "words": words})
