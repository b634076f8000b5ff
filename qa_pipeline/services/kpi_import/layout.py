"""Which form a KPI table has, and which of its columns is what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from qa_pipeline.domain.performance import KpiDefinition
from qa_pipeline.errors import N_, TableError
from qa_pipeline.intake.tables import Table, match_headers
from qa_pipeline.kpi.catalogue import header_aliases
from qa_pipeline.kpi.columns import Aliases, ColumnUnit, aliases_of, find_unit, split_suffix
from qa_pipeline.kpi.forms import FINISHED, Form, FormWords, form_words
from qa_pipeline.kpi.mapping import ColumnUse, KpiMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Headers by field and by indicator; ``counts`` and ``spreads``: columns with n and sd of an indicator.

    ``units``: what headers or the mapping say; ``scales``: lowest and highest rating of columns by field, ``weights``:
    of questions, both where the mapping gives them. ``zone``: of times without one, None for the site's.
    ``ignored``: columns of which nothing is read, without those that the mapping leaves out.
    """

    form: Form
    fields: Mapping[str, str]
    indicators: Mapping[str, str]
    counts: Mapping[str, str]
    spreads: Mapping[str, str]
    units: Mapping[str, ColumnUnit]
    scales: Mapping[str, tuple[float, float]]
    weights: Mapping[str, float]
    zone: ZoneInfo | None
    ignored: Sequence[str]


def find_layout(
    table: Table,
    catalogue: Mapping[str, KpiDefinition],
    mapping: KpiMapping | None,
    period: str | None,
    form: Form | None = None,
) -> Layout:
    """Find out form and columns.

    A table with columns of indicator and value is long. One with the columns by which a form with a row per thing is
    known has that form, of several the one that has most columns. Any other is wide.

    Parameters
    ----------
    form : Form, optional
        Comes before what the mapping and the headers say.
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
    form, found = _form(columns, form or (mapping.form if mapping else None))
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
        scales=columns.scales(),
        weights=columns.weights(),
        zone=mapping.zone if mapping else None,
        ignored=columns.others({*fields.values(), *indicators.values(), *counts.values(), *spreads.values()}),
    )


class _Columns:
    """The columns of one table, and what its mapping says about them."""

    def __init__(self, table: Table, catalogue: Mapping[str, KpiDefinition], mapping: KpiMapping | None) -> None:
        if mapping is not None:
            mapping.check_headers(table.headers)
        self._table = table
        self._catalogue = catalogue
        uses = mapping.uses if mapping else {}
        self._uses: Mapping[str, ColumnUse | None] = {name: use for name, use in uses.items() if name in table.headers}
        self._free = [header for header in table.headers if header not in self._uses]
        self._mapped_fields = {use.field: header for header, use in self._uses.items() if use and use.field}
        self.mapped_indicators = {use.indicator: header for header, use in self._uses.items() if use and use.indicator}

    def matched(self, group: str, only: Sequence[str] = ()) -> dict[str, str]:
        """Return the headers of the fields of a group; the mapping comes first."""
        return self._match({field: names for field, names in aliases_of(group).items() if not only or field in only})

    def of_form(self, words: FormWords) -> dict[str, str]:
        """Return the headers of the fields of a form; wide exports tell a thing in several columns."""
        return self._match(words.aliases, ranked=True)

    def _match(self, aliases: Aliases, *, ranked: bool = False) -> dict[str, str]:
        mapped = {field: header for field, header in self._mapped_fields.items() if field in aliases}
        unmapped = {field: names for field, names in aliases.items() if field not in mapped}
        return mapped | match_headers(self._free, unmapped, file=str(self._table.path), ranked=ranked)

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

    def scales(self) -> Mapping[str, tuple[float, float]]:
        """Return the scales of ratings that the mapping gives, by field."""
        return {use.field: use.scale for use in self._uses.values() if use and use.field and use.scale}

    def weights(self) -> Mapping[str, float]:
        """Return the weights of questions that the mapping gives, by field."""
        return {use.field: use.weight for use in self._uses.values() if use and use.field and use.weight}


def _form(columns: _Columns, wanted: Form | None) -> tuple[Form, dict[str, str]]:
    if wanted is Form.LONG or (wanted is None and len(columns.matched("long", only=("indicator", "value"))) == 2):
        return Form.LONG, columns.matched("period") | columns.matched("long")
    if wanted is None or wanted not in FINISHED:
        found = _record_form(columns, wanted)
        if found is not None:
            return found
    return Form.WIDE, columns.matched("period") or columns.matched("period_from_date")


def _record_form(columns: _Columns, wanted: Form | None) -> tuple[Form, dict[str, str]] | None:
    """Return the form with a row per thing that fits best, and its columns."""
    fitting = []
    for form, words in form_words().items():
        fields = columns.of_form(words) if wanted in (None, form) else {}
        if wanted is form:
            return form, fields
        if form is Form.CALLS and "date" not in fields and "time" in fields:
            del fields["time"]  # without a day beside it, that header is the month of a finished table
        # A column that the mapping makes an indicator is a measure of each call.
        measured = form is Form.CALLS and bool(columns.mapped_indicators)
        groups = words.known_by[:-1] if measured else words.known_by
        if all(any(name in fields for name in group) for group in groups):
            fitting.append((_is_complete(words, fields), len(fields), form, fields))
    if not fitting:
        return None
    *_, form, fields = max(fitting, key=lambda one: one[:2])
    return form, fields


def _is_complete(words: FormWords, fields: Collection[str]) -> bool:
    return all(any(name in fields for name in group) for group in words.needs)


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
    if form not in FINISHED:
        _check_needs(table, form, fields)
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


def _check_needs(table: Table, form: Form, fields: Mapping[str, str]) -> None:
    words = form_words()[form]
    missing = next((group for group in words.needs if not any(name in fields for name in group)), None)
    if missing is not None:
        raise TableError(
            N_("A table of {form} needs a column for {fields}."),
            hint=N_("Add it, or name the column with --mapping; `--form` says what a row is. Columns: {columns}."),
            field=missing[0],
            file=str(table.path),
            form=form.value,
            fields=" / ".join(missing),
            columns=", ".join(table.headers),
        )
