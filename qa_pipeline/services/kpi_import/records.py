"""Tables with a row per call, ticket, survey, order or shift, summed up per agent and month."""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from qa_pipeline.domain.performance import KpiDefinition
from qa_pipeline.errors import N_, Message, RowError
from qa_pipeline.intake.tables import Place, Row, Table, find_day_first, parse_duration_s, parse_moment, parse_number
from qa_pipeline.kpi.columns import find_rating
from qa_pipeline.kpi.forms import ID_FIELDS
from qa_pipeline.kpi.mapping import find_scale
from qa_pipeline.kpi.parts import PartTotals
from qa_pipeline.kpi.repeats import Repeats
from qa_pipeline.services.kpi_import.cells import parse_flag
from qa_pipeline.services.kpi_import.layout import Layout
from qa_pipeline.services.kpi_import.reading import Reading, agent_of, cell

# Clocks of two systems differ, and a day that has begun may be dated whole.
_AHEAD = dt.timedelta(days=1)
# Days since the end of 1899, as Excel counts and CSV exports of it show: 1990 to 2090.
_EXCEL_DAYS = re.compile(r"(?:3[2-9]|[4-6]\d)\d{3}(?:\.\d+)?")
_EXCEL_START = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)
DEFAULT_SCALE = (1.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table with its columns known, the catalogue, the site's zone, the name of the import and the present."""

    table: Table
    layout: Layout
    catalogue: Mapping[str, KpiDefinition]
    site_zone: ZoneInfo
    name: str
    now: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one row says: observations by indicator, each in its unit; 1 or 0 for a yes or no.

    ``handled``: whether it counts as work of its day.
    """

    at: dt.datetime
    values: Mapping[str, float] = field(default_factory=dict)
    handled: bool = True


class RecordTable(ABC):
    """One form of table with a row per thing."""

    moments: Sequence[str] = ()  # fields that hold a date

    def __init__(self, source: Source) -> None:
        self.source = source
        self.fields = source.layout.fields
        self.zone = source.layout.zone or source.site_zone
        self.totals = PartTotals(source.layout.form.value)
        headers = [self.fields[name] for name in self.moments if name in self.fields]
        self.day_first = find_day_first(row.values[header] for row in self.readable_rows() for header in headers)

    @abstractmethod
    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return what a row says, None when it counts for nothing; raises RowError."""

    def finish(self) -> Iterator[Message]:
        """Add what only all rows together tell; yield what they leave open."""
        yield from ()

    def read(self) -> Reading:
        """Read all rows; a row with a wrong cell is refused whole, so that it counts nowhere."""
        reading = Reading()
        repeated = self._repeated_ids()
        for row in self.source.table.rows:
            if isinstance(row, RowError):
                reading.rejected.append(row)
                continue
            try:
                self._read_row(row, reading, repeated)
            except RowError as error:
                reading.rejected.append(error)
        reading.notes += self.finish()
        reading.parts = list(self.totals.parts(self.source.name))
        return reading

    def _read_row(self, row: Row, reading: Reading, repeated: Mapping[int, tuple[int, int | None]]) -> None:
        row_id = self.row_id(row)
        if row_id is not None and hash(row_id) in repeated:
            first, other = repeated[hash(row_id)]
            if other is not None:
                raise self._contradiction(row, row_id, other if row.number == first else first)
            if row.number != first:
                reading.repeated_count += 1
                return
        agent = agent_of(row, self.source.table, self.source.layout)
        fact = self.fact(row, agent.id)
        if fact is None:
            return
        day = self.day_of(fact.at)
        self.totals.add_row(agent.id, day, fact.values, handled=fact.handled, row_id=row_id)
        reading.agents[agent.id] = agent
        reading.first_rows.setdefault((agent.id, f"{day:%Y-%m}"), row.number)

    def row_id(self, row: Row) -> str | None:
        """Return what names the row among all exports, None when nothing does."""
        return self.text(row, ID_FIELDS.get(self.source.layout.form, ""))

    def readable_rows(self) -> Iterator[Row]:
        """Yield the rows that can be read."""
        return (row for row in self.source.table.rows if isinstance(row, Row))

    def has(self, name: str) -> bool:
        """Whether the table has a column for a field."""
        return name in self.fields

    def text(self, row: Row, name: str) -> str | None:
        """Return the text of a field, None when there is no such column or no value in it."""
        return cell(row, self.fields.get(name))

    def place(self, row: Row, name: str) -> Place:
        """Return where a field of a row stands."""
        return self.source.table.place(row, self.fields.get(name, name))

    def day_of(self, at: dt.datetime) -> dt.date:
        """Return the day of a moment at the site."""
        return at.astimezone(self.source.site_zone).date()

    def when(self, row: Row, name: str) -> dt.datetime | None:
        """Return the moment of a field; raises RowError for one that is impossible or in the future."""
        text = self.text(row, name)
        return None if text is None else self.moment(text, self.place(row, name))

    def moment(self, text: str, place: Place) -> dt.datetime:
        """Return a moment in any usual form, days as Excel counts them too."""
        if _EXCEL_DAYS.fullmatch(text.strip()):
            local = _EXCEL_START + dt.timedelta(seconds=round(float(text) * 86400))
            at = local.replace(tzinfo=self.zone).astimezone(dt.UTC)
        else:
            at = parse_moment(text, place, self.zone, day_first=self.day_first, now=self.source.now)
        if at > self.source.now + _AHEAD:
            raise place.error(
                N_("{text} lies in the future."),
                hint=N_("Check the date and the order of day and month; import what has happened."),
                text=text,
            )
        return at

    def first_moment(self, row: Row, *names: str) -> dt.datetime:
        """Return the moment of the first field that has one; raises RowError when none has."""
        for name in names:
            found = self.when(row, name)
            if found is not None:
                return found
        name = next((name for name in names if self.has(name)), names[0])
        raise self.place(row, name).error(
            N_("The date is missing."), hint=N_("Fill it in, or remove the row: without it the month is not known.")
        )

    def later(self, row: Row, name: str, start: dt.datetime) -> dt.datetime | None:
        """Return the moment of a field that cannot be before `start`; raises RowError when it is."""
        found = self.when(row, name)
        # A date without a time is the start of its day, which may be before a time of the same day.
        if found is not None and found < start and self.day_of(found) == self.day_of(start):
            is_date = found.astimezone(self.zone).time() == dt.time()
            found = start if is_date else found
        if found is not None and found < start:
            raise self.place(row, name).error(
                N_("{text} is before the start of the row, {start}."),
                hint=N_("Check both times and the order of day and month."),
                text=self.text(row, name) or "",
                start=f"{start.astimezone(self.zone):%Y-%m-%d %H:%M}",
            )
        return found

    def flag(self, row: Row, name: str) -> bool | None:
        """Return the yes or no of a field, None when it says nothing; raises RowError for any other word."""
        text = self.text(row, name)
        return None if text is None else parse_flag(text, self.place(row, name))

    def duration_s(self, row: Row, name: str, unit: str = "s") -> float | None:
        """Return the time of a field in seconds; bare numbers are in the unit of the header, or else in `unit`."""
        text = self.text(row, name)
        if text is None:
            return None
        stated = self.source.layout.units.get(self.fields[name])
        return parse_duration_s(text, self.place(row, name), unit=stated if stated in ("s", "min", "h") else unit)

    def scale_of(self, row: Row, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """Return the scale of a rating: of the row, of the mapping, or else the usual one."""
        text = self.text(row, "scale") if name == "rating" else None
        if text is None:
            return self.source.layout.scales.get(name, default)
        found = find_scale(text)
        if found is None:
            raise self.place(row, "scale").error(
                N_("{scale} is no scale."), hint=N_("Write it as 1-5 or 1-10."), scale=text
            )
        return found

    def rating(self, row: Row, name: str, default: tuple[float, float]) -> float | None:
        """Return the rating of a field on its scale, words such as 满意 too; raises RowError outside of the scale."""
        text = self.text(row, name)
        if text is None:
            return None
        low, high = self.scale_of(row, name, default)
        place = self.place(row, name)
        share = find_rating(text)
        rating = low + share * (high - low) if share is not None else parse_number(text, place)
        if not low <= rating <= high:
            raise place.error(
                N_("The rating {text} is outside of the scale {low} to {high}."),
                hint=N_("Give the scale of the column in a mapping file, such as scale: 1-10."),
                text=text,
                low=f"{low:g}",
                high=f"{high:g}",
            )
        return rating

    def subject(self, agent_id: str, at: dt.datetime) -> tuple[str, str]:
        """Return agent and month of what happened then."""
        return agent_id, f"{self.day_of(at):%Y-%m}"

    def open_repeats(self, repeats: Repeats, end: dt.datetime) -> Iterator[Message]:
        """Tell how many contacts came too late for anybody to know whether the customer comes again."""
        count = repeats.open_count(end)
        if count:
            yield Message(
                N_("{count} contacts of the last 7 days do not count for repeats: nobody knows yet who comes again."),
                {"count": count},
            )

    def _repeated_ids(self) -> Mapping[int, tuple[int, int | None]]:
        """Return by digest of an id that stands twice its first row, and a row with it that says something else."""
        ids, contents, numbers = array("q"), array("q"), array("q")
        for row in self.readable_rows():
            row_id = self.row_id(row)
            if row_id is not None:
                ids.append(hash(row_id))
                contents.append(hash(tuple(row.values.values())))
                numbers.append(row.number)
        digests, counts = np.unique(np.array(ids, dtype=np.int64), return_counts=True)
        twice = set(digests[counts > 1].tolist())
        found: dict[int, tuple[int, int | None]] = {}
        first_content: dict[int, int] = {}
        for digest, content, number in zip(ids, contents, numbers, strict=True):
            if digest in twice:
                first, other = found.setdefault(digest, (number, None))
                if first_content.setdefault(digest, content) != content and other is None:
                    found[digest] = (first, number)
        return found

    def _contradiction(self, row: Row, row_id: str, other_row: int) -> RowError:
        return self.place(row, ID_FIELDS.get(self.source.layout.form, "date")).error(
            N_("{id} stands in row {other_row} too, with other content."),
            hint=N_("Keep the right one; neither is counted."),
            id=row_id,
            other_row=other_row,
        )
