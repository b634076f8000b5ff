"""Exports with a row per call, summed up per agent and month."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from qa_pipeline.domain.performance import KpiDefinition
from qa_pipeline.errors import N_, RowError
from qa_pipeline.intake.tables import Row, Table, find_day_first, parse_duration_s, parse_moment, parse_number
from qa_pipeline.kpi.calls import CallRow, CallTotals, rating_values
from qa_pipeline.kpi.settle import Claim
from qa_pipeline.services.kpi_import.cells import parse_call_value, parse_flag
from qa_pipeline.services.kpi_import.layout import Layout
from qa_pipeline.services.kpi_import.reading import Reading, agent_of, cell

_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}")
_YES_OR_NO = {
    "resolved": "resolution_rate",
    "first_contact_resolved": "first_contact_resolution",
    "repeated": "repeat_contact_rate",
    "complained": "complaint_rate",
}
_SPEED = "average_speed_of_answer"
_HANDLE = "average_handle_time"
# From an answer that reads earlier than the start: the call began before midnight.
_MAX_WAIT_S = 12 * 3600


class CallTable:
    """An export of calls with its columns known."""

    def __init__(
        self, table: Table, layout: Layout, catalogue: Mapping[str, KpiDefinition], zone: ZoneInfo, source: str
    ) -> None:
        self._table = table
        self._layout = layout
        self._fields = layout.fields
        self._catalogue = catalogue
        self._zone = zone
        self._source = source
        date_header = self._fields.get("date") or self._fields["started_at"]
        self._day_first = find_day_first(row.values[date_header] for row in self._readable_rows())
        answered_at = self._fields.get("answered_at")
        # An export that lists answered calls only tells nothing of the answer rate.
        self._tells_unanswered = answered_at is not None and any(
            cell(row, answered_at) is None for row in self._readable_rows()
        )

    def read(self) -> Reading:
        """Read all rows; a call with a wrong cell is refused whole, so that it counts nowhere."""
        reading = Reading()
        totals = CallTotals(self._catalogue)
        first_rows = self._first_rows()
        agent_rows: dict[str, int] = {}
        for row in self._table.rows:
            if isinstance(row, RowError):
                reading.rejected.append(row)
                continue
            try:
                if self._is_repeated(row, first_rows):
                    reading.repeated_count += 1
                    continue
                agent = agent_of(row, self._table, self._layout)
                totals.add(self._call(row, agent.id))
                reading.agents[agent.id] = agent
                agent_rows.setdefault(agent.id, row.number)
            except RowError as error:
                reading.rejected.append(error)
        reading.claims = [
            Claim(record, str(self._table.path), agent_rows[record.agent_id], record.indicator)
            for record in totals.records(self._source)
        ]
        return reading

    def _readable_rows(self) -> Iterator[Row]:
        return (row for row in self._table.rows if isinstance(row, Row))

    def _first_rows(self) -> Mapping[str, tuple[int, int, int | None]]:
        """Return by call id its first row, a hash of it, and the first row with the id that says something else."""
        header = self._fields.get("call_id")
        found: dict[str, tuple[int, int, int | None]] = {}
        for row in self._readable_rows() if header else ():
            call_id = cell(row, header)
            if call_id is None:
                continue
            digest = hash(tuple(row.values.values()))
            number, known, other = found.setdefault(call_id, (row.number, digest, None))
            if known != digest and other is None:
                found[call_id] = (number, known, row.number)
        return found

    def _is_repeated(self, row: Row, first_rows: Mapping[str, tuple[int, int, int | None]]) -> bool:
        header = self._fields.get("call_id")
        call_id = cell(row, header)
        if header is None or call_id is None:
            return False
        number, _, other = first_rows[call_id]
        if other is not None:
            raise self._table.place(row, header).error(
                N_("The call {id} stands in row {other_row} too, with other content."),
                hint=N_("Keep the right one; neither is counted."),
                id=call_id,
                other_row=other if row.number == number else number,
            )
        return row.number != number

    def _call(self, row: Row, agent_id: str) -> CallRow:
        started_at, has_clock = self._start(row)
        values: dict[str, float] = {}
        for indicator, header in self._layout.indicators.items():
            text = cell(row, header)
            if text is not None:
                place = self._table.place(row, header)
                unit = self._layout.units.get(header)
                values[indicator] = parse_call_value(text, place, self._catalogue[indicator], unit)
        for field, indicator in _YES_OR_NO.items():
            text = cell(row, self._fields.get(field))
            if text is not None:
                values[indicator] = float(parse_flag(text, self._table.place(row, self._fields[field])))
        self._add_times(row, started_at if has_clock else None, values)
        self._add_rating(row, values)
        return CallRow(
            agent_id=agent_id,
            day=started_at.astimezone(self._zone).date(),
            answered=self._answered(row),
            values=values,
        )

    def _start(self, row: Row) -> tuple[dt.datetime, bool]:
        """Return when the call started, and whether the row tells the time of day."""
        date = cell(row, self._fields.get("date"))
        header = self._fields.get("started_at") or self._fields.get("time")
        clock = cell(row, header)
        text = clock or ""
        if date is not None and (clock is None or _CLOCK.match(clock)):
            text = f"{date} {text}".strip()
        place = self._table.place(row, self._fields.get("date") or header or "")
        return parse_moment(text, place, self._zone, day_first=self._day_first), clock is not None

    def _answered(self, row: Row) -> bool | None:
        text = cell(row, self._fields.get("answered"))
        if text is not None:
            return parse_flag(text, self._table.place(row, self._fields["answered"]))
        if self._tells_unanswered:
            return cell(row, self._fields["answered_at"]) is not None
        return None

    def _add_times(self, row: Row, started_at: dt.datetime | None, values: dict[str, float]) -> None:
        speed = self._duration(row, "speed_of_answer")
        if speed is None and started_at is not None:
            speed = self._wait(row, started_at)
        if speed is not None:
            values.setdefault(_SPEED, speed)
        handle = self._duration(row, "handle")
        talk = self._duration(row, "talk")
        if handle is None and talk is not None:
            handle = talk + (self._duration(row, "hold") or 0.0) + (self._duration(row, "wrap") or 0.0)
        if handle is not None:
            values.setdefault(_HANDLE, handle)

    def _duration(self, row: Row, field: str) -> float | None:
        header = self._fields.get(field)
        text = cell(row, header)
        if header is None or text is None:
            return None
        unit = self._layout.units.get(header)
        bare = unit if unit in ("s", "min", "h") else "s"
        return parse_duration_s(text, self._table.place(row, header), unit=bare)

    def _wait(self, row: Row, started_at: dt.datetime) -> float | None:
        header = self._fields.get("answered_at")
        text = cell(row, header)
        if header is None or text is None:
            return None
        place = self._table.place(row, header)
        is_clock = _CLOCK.match(text) is not None
        local = started_at.astimezone(self._zone)
        answered_at = parse_moment(
            f"{local:%Y-%m-%d} {text}" if is_clock else text, place, self._zone, day_first=self._day_first
        )
        wait_s = (answered_at - started_at).total_seconds()
        if is_clock and wait_s < -_MAX_WAIT_S:
            wait_s += 24 * 3600
        if not 0 <= wait_s <= _MAX_WAIT_S:
            raise place.error(
                N_("The call was answered before it began, or more than {hours} h later."),
                hint=N_("Check both times and the order of day and month."),
                hours=_MAX_WAIT_S // 3600,
            )
        return wait_s

    def _add_rating(self, row: Row, values: dict[str, float]) -> None:
        header = self._fields.get("rating")
        text = cell(row, header)
        if header is None or text is None:
            return
        place = self._table.place(row, header)
        rating = parse_number(text, place)
        low, high = self._layout.rating_scale
        if not low <= rating <= high:
            raise place.error(
                N_("The rating {text} is outside of the scale {low} to {high}."),
                hint=N_("Give the scale of the column in a mapping file, such as scale: 1-10."),
                text=text,
                low=f"{low:g}",
                high=f"{high:g}",
            )
        for indicator, value in rating_values(rating, (low, high)).items():
            values.setdefault(indicator, value)
