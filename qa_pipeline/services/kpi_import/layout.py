"""Which form a KPI table has, and which of its columns is what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.performance import KpiDefinition
from qa_pipeline.errors import N_, TableError
from qa_pipeline.intake.tables import Table, match_headers
from qa_pipeline.kpi.catalogue import header_aliases
from qa_pipeline.kpi.columns import ColumnUnit, aliases_of, find_unit, split_suffix
from qa_pipeline.kpi.mapping import DEFAULT_SCALE, ColumnUse, KpiMapping

_CALL_MEASURES = frozenset(
    (
        "answered_at",
        "answered",
        "speed_of_answer",
        "talk",
        "hold",
        "wrap",
        "handle",
        "rating",
        "resolved",
        "first_contact_resolved",
        "repeated",
        "complained",
    )
)


class Form(StrEnum):
    """What one row of a KPI table is."""

    LONG = "long"  # one value: agent, period, indicator, value
    WIDE = "wide"  # one agent and period, a column per indicator
    CALLS = "calls"  # one call


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Headers by field and by indicator; ``counts`` and ``spreads``: columns with n and sd of an indicator.

    ``units``: what headers or the mapping say; ``rating_scale``: lowest and highest rating.
    ``ignored``: columns of which nothing is read, without those that the mapping leaves out.
    """

    form: Form
    fields: Mapping[str, str]
    indicators: Mapping[str, str]
    counts: Mapping[str, str]
    spreads: Mapping[str, str]
    units: Mapping[str, ColumnUnit]
    rating_scale: tuple[float, float]
    ignored: Sequence[str]


def find_layout(
    table: Table, catalogue: Mapping[str, KpiDefinition], mapping: KpiMapping | None, period: str | None
) -> Layout:
    """Find out form and columns.

    A table with columns of indicator and value is long. One with a call id or a start (a date with a time of day), and
    something measured per call, is an export of calls. Any other is wide.

    Parameters
    ----------
    mapping : KpiMapping, optional
        Comes before what the headers say.
    period : str, optional
        The month of a table without a column for it.

    Raises
    ------
    MappingError
        Two columns fit one field, or the mapping names a column that is not there.
    TableError
        No column names the agent, the month or any indicator.
    """
    columns = _Columns(table, catalogue, mapping)
    fields = columns.matched("subject")
    if "agent" not in fields and "agent_name" in fields:
        fields["agent"] = fields.pop("agent_name")
    form, found = _form(columns)
    fields |= found
    indicators = dict(columns.mapped_indicators)
    counts: dict[str, str] = {}
    spreads: dict[str, str] = {}
    if form is Form.WIDE:
        indicators, counts, spreads = columns.indicators(except_for=fields.values())
    _check_complete(table, form, fields, indicators, period)
    return Layout(
        form=form,
        fields=fields,
        indicators=indicators,
        counts=counts,
        spreads=spreads,
        units=columns.units(),
        rating_scale=columns.rating_scale(),
        ignored=columns.others({*fields.values(), *indicators.values(), *counts.values(), *spreads.values()}),
    )


class _Columns:
    """The columns of one table, and what its mapping says about them."""

    def __init__(self, table: Table, catalogue: Mapping[str, KpiDefinition], mapping: KpiMapping | None) -> None:
        if mapping is not None:
            mapping.check_headers(table.headers)
        self._table = table
        self._catalogue = catalogue
        self._uses: Mapping[str, ColumnUse | None] = mapping.uses if mapping else {}
        self._free = [header for header in table.headers if header not in self._uses]
        self._mapped_fields = {use.field: header for header, use in self._uses.items() if use and use.field}
        self.mapped_indicators = {use.indicator: header for header, use in self._uses.items() if use and use.indicator}

    def matched(self, group: str, only: Sequence[str] = ()) -> dict[str, str]:
        """Return the headers of the fields of a group; the mapping comes first."""
        aliases = {field: names for field, names in aliases_of(group).items() if not only or field in only}
        mapped = {field: header for field, header in self._mapped_fields.items() if field in aliases}
        unmapped = {field: names for field, names in aliases.items() if field not in mapped}
        return mapped | match_headers(self._free, unmapped, file=str(self._table.path))

    def indicators(self, except_for: Iterable[str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        """Return the headers of values, counts and standard deviations by indicator."""
        taken = set(except_for)
        file = str(self._table.path)
        aliases = header_aliases(self._catalogue.values())
        free = [header for header in self._free if header not in taken]
        extras: dict[str, dict[str, str]] = {"n": {}, "sd": {}}
        values = []
        for header in free:
            part = split_suffix(header)
            of = match_headers([part[0]], aliases) if part else {}
            if part and of:
                extras[part[1]][next(iter(of))] = header
            else:
                values.append(header)
        unmapped = {name: names for name, names in aliases.items() if name not in self.mapped_indicators}
        found = self.mapped_indicators | match_headers(values, unmapped, file=file)
        return found, extras["n"], extras["sd"]

    def others(self, used: Collection[str]) -> Sequence[str]:
        """Return the columns that are neither used nor left out on purpose."""
        return [header for header in self._table.headers if header not in used and header not in self._uses]

    def units(self) -> Mapping[str, ColumnUnit]:
        """Return the unit that the mapping or else the header states."""
        found = {header: find_unit(header) for header in self._table.headers}
        found |= {header: use.unit for header, use in self._uses.items() if use and use.unit}
        return {header: unit for header, unit in found.items() if unit is not None}

    def rating_scale(self) -> tuple[float, float]:
        """Return the scale of single ratings."""
        return next((use.scale for use in self._uses.values() if use and use.field == "rating"), DEFAULT_SCALE)


def _form(columns: _Columns) -> tuple[Form, dict[str, str]]:
    period = columns.matched("period")
    long = columns.matched("long", only=("indicator", "value"))
    if len(long) == 2:
        return Form.LONG, period | columns.matched("long")
    keys = columns.matched("calls", only=("call_id", "started_at", "date", "time"))
    if keys.keys() & {"call_id", "started_at"} or keys.keys() >= {"date", "time"}:
        calls = columns.matched("calls")
        if calls.keys() & _CALL_MEASURES or columns.mapped_indicators:
            return Form.CALLS, calls
    return Form.WIDE, period or columns.matched("period_from_date")


def _check_complete(
    table: Table, form: Form, fields: Mapping[str, str], indicators: Mapping[str, str], period: str | None
) -> None:
    file, columns = str(table.path), ", ".join(table.headers)
    if "agent" not in fields:
        raise TableError(
            N_("No column of this table names the agent."),
            hint=N_(
                "Figures of a whole site or team cannot be an agent's: export them per agent or per call, "
                "or name the column with --mapping. Columns: {columns}."
            ),
            field="agent",
            file=file,
            columns=columns,
        )
    if form is Form.CALLS:
        if not fields.keys() & {"date", "started_at"}:
            raise TableError(
                N_("No column of this table tells when a call was."),
                hint=N_("Add its date or start, or name the column with --mapping. Columns: {columns}."),
                field="started_at",
                file=file,
                columns=columns,
            )
        return
    if form is Form.WIDE and not indicators:
        raise TableError(
            N_("No column of this table is an indicator that callqa knows."),
            hint=N_(
                "`callqa kpi catalogue` lists indicators and headers; name your columns with --mapping. "
                "Columns: {columns}."
            ),
            field="indicator",
            file=file,
            columns=columns,
        )
    if "period" not in fields and period is None:
        raise TableError(
            N_("No column of this table tells the month."),
            hint=N_("Add a column such as 2026-10, or give --period for the whole table. Columns: {columns}."),
            field="period",
            file=file,
            columns=columns,
        )
