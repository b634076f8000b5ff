"""Tables of finished figures: a row per agent, month and indicator, or a column per indicator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.domain.performance import KpiDefinition, KpiRecord
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import Row, Table, match_headers, parse_period
from qa_pipeline.kpi.catalogue import header_aliases
from qa_pipeline.kpi.columns import ColumnUnit, find_unit
from qa_pipeline.kpi.forms import Form
from qa_pipeline.kpi.settle import Claim
from qa_pipeline.services.kpi_import.cells import parse_count, parse_sd, parse_value, reads_as_percent
from qa_pipeline.services.kpi_import.layout import Layout
from qa_pipeline.services.kpi_import.reading import Reading, agent_of, cell


class MonthlyTable:
    """A long or wide table with its columns known."""

    def __init__(
        self,
        table: Table,
        layout: Layout,
        catalogue: Mapping[str, KpiDefinition],
        period: str | None,
        source: str,
        current: str,
    ) -> None:
        self._table = table
        self._layout = layout
        self._catalogue = catalogue
        self._period = period
        self._source = source
        self._current = current
        self._aliases = header_aliases(catalogue.values())
        self._named: dict[str, str | None] = {}
        self._periods: dict[str, str] = {}
        self._percent = self._find_percent_columns()

    def read(self) -> Reading:
        """Read all rows. A cell that is wrong is refused alone; a row without agent or month is refused whole."""
        reading = Reading()
        read_row = self._long_claims if self._layout.form is Form.LONG else self._wide_claims
        for row in self._table.rows:
            if isinstance(row, RowError):
                reading.rejected.append(row)
                continue
            try:
                self._read_row(row, reading, read_row)
            except RowError as error:
                reading.rejected.append(error)
        return reading

    def _read_row(
        self, row: Row, reading: Reading, read_row: Callable[[Row, str, str], Iterator[Claim | RowError]]
    ) -> None:
        agent = agent_of(row, self._table, self._layout)
        period = self._period_of(row)
        for found in read_row(row, agent.id, period):
            if isinstance(found, RowError):
                reading.rejected.append(found)
            else:
                reading.claims.append(found)
                reading.agents[agent.id] = agent

    def _period_of(self, row: Row) -> str:
        header = self._layout.fields.get("period")
        if header is None:
            assert self._period is not None, "find_layout refuses a table with neither"
            return self._period
        text = row.values[header]
        known = self._periods.get(text)
        if known is not None:
            return known
        place = self._table.place(row, header)
        period = parse_period(text, place)
        if period > self._current:
            raise place.error(
                N_("{period} lies in the future."), hint=N_("Check the month; import what has happened."), period=period
            )
        self._periods[text] = period
        return period

    def _long_claims(self, row: Row, agent_id: str, period: str) -> Iterator[Claim]:
        fields = self._layout.fields
        definition = self._definition_of(row)
        unit_text = cell(row, fields.get("unit"))
        unit = find_unit(unit_text) if unit_text else self._layout.units.get(fields["value"])
        yield self._claim(row, agent_id, period, definition, (fields["value"], fields.get("n"), fields.get("sd")), unit)

    def _wide_claims(self, row: Row, agent_id: str, period: str) -> Iterator[Claim | RowError]:
        for indicator, header in self._layout.indicators.items():
            if cell(row, header) is None:
                continue
            headers = (header, self._layout.counts.get(indicator), self._layout.spreads.get(indicator))
            try:
                yield self._claim(
                    row, agent_id, period, self._catalogue[indicator], headers, self._layout.units.get(header)
                )
            except RowError as error:
                yield error

    def _claim(
        self,
        row: Row,
        agent_id: str,
        period: str,
        definition: KpiDefinition,
        headers: tuple[str, str | None, str | None],
        unit: ColumnUnit | None,
    ) -> Claim:
        header, count_header, sd_header = headers
        place = self._table.place(row, header)
        if definition.source == RATING:
            raise place.error(
                N_("{indicator} is rated by people, one by one; a finished figure hides who rated."),
                hint=N_("Import the single ratings: `callqa ratings import`."),
                indicator=definition.id,
            )
        count_text, sd_text = cell(row, count_header), cell(row, sd_header)
        record = KpiRecord(
            indicator=definition.id,
            agent_id=agent_id,
            period=period,
            value=parse_value(
                row.values[header], place, definition, unit, mostly_percent=self._percent.get(definition.id, False)
            ),
            n=parse_count(count_text, self._table.place(row, count_header or header)) if count_text else None,
            sd=parse_sd(sd_text, self._table.place(row, sd_header or header), definition, unit) if sd_text else None,
            source=self._source,
        )
        return Claim(record, place.file, place.row, place.field)

    def _definition_of(self, row: Row) -> KpiDefinition:
        header = self._layout.fields["indicator"]
        text = row.values[header]
        indicator = self._find_indicator(text)
        if indicator is None:
            raise self._table.place(row, header).error(
                N_("{text} is no indicator that callqa knows."),
                hint=N_("`callqa kpi catalogue` lists them all with the names that are understood."),
                text=text,
            )
        return self._catalogue[indicator]

    def _find_indicator(self, text: str) -> str | None:
        if text not in self._named:
            self._named[text] = next(iter(match_headers([text], self._aliases)), None)
        return self._named[text]

    def _find_percent_columns(self) -> Mapping[str, bool]:
        """Tell by indicator whether bare ratios are percent, from all of its cells."""
        texts: dict[str, list[str]] = {}
        for row in self._table.rows:
            if not isinstance(row, RowError):
                for indicator, text in self._shares_of(row):
                    texts.setdefault(indicator, []).append(text)
        return {indicator: reads_as_percent(found) for indicator, found in texts.items()}

    def _shares_of(self, row: Row) -> Iterator[tuple[str, str]]:
        if self._layout.form is Form.LONG:
            fields = self._layout.fields
            named = self._find_indicator(row.values[fields["indicator"]])
            columns = {named: fields["value"]} if named else {}
        else:
            columns = dict(self._layout.indicators)
        for indicator, header in columns.items():
            if self._catalogue[indicator].unit == "ratio":
                yield indicator, row.values[header]
