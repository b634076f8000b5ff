"""Exports with a row per call."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from qa_pipeline.errors import N_, Message
from qa_pipeline.intake.tables import Row
from qa_pipeline.kpi.ratings import rating_values
from qa_pipeline.kpi.repeats import Repeats
from qa_pipeline.services.kpi_import.cells import parse_call_value
from qa_pipeline.services.kpi_import.reading import cell
from qa_pipeline.services.kpi_import.records import DEFAULT_SCALE, Fact, RecordTable, Source

_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}")
_YES_OR_NO = {
    "resolved": "resolution_rate",
    "first_contact_resolved": "first_contact_resolution",
    "repeated": "repeat_contact_rate",
    "complained": "complaint_rate",
}
_SPEED = "average_speed_of_answer"
_HANDLE = "average_handle_time"
_REPEATED = "repeat_contact_rate"
# From an answer that reads earlier than the start: the call began before midnight.
_MAX_WAIT_S = 12 * 3600


class CallTable(RecordTable):
    """An export of calls."""

    moments = ("date", "started_at")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        # An export that lists answered calls only tells nothing of the answer rate.
        self._tells_unanswered = self.has("answered_at") and any(
            self.text(row, "answered_at") is None for row in self.readable_rows()
        )
        self._repeats = Repeats()
        self._latest = dt.datetime.min.replace(tzinfo=dt.UTC)

    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return what a call says; one that was not answered counts for the answer rate alone."""
        started_at, has_clock = self._start(row)
        values: dict[str, float] = {}
        for indicator, header in self.source.layout.indicators.items():
            text = cell(row, header)
            if text is not None:
                unit = self.source.layout.units.get(header)
                place = self.source.table.place(row, header)
                values[indicator] = parse_call_value(text, place, self.source.catalogue[indicator], unit)
        for name, indicator in _YES_OR_NO.items():
            answer = self.flag(row, name)
            if answer is not None:
                values[indicator] = float(answer)
        self._add_times(row, started_at if has_clock else None, values)
        rating = self.rating(row, "rating", DEFAULT_SCALE)
        if rating is not None:
            values = {**rating_values(rating, self.scale_of(row, "rating", DEFAULT_SCALE)), **values}
        answered = self._answered(row)
        self._latest = max(self._latest, started_at)
        if answered is False:
            return Fact(at=started_at, values={"answer_rate": 0.0}, handled=False)
        customer = self.text(row, "customer")
        if customer is not None and _REPEATED not in values:
            problem = (customer, self.text(row, "category") or "")
            self._repeats.add(problem, started_at, self.subject(agent_id, started_at))
        return Fact(at=started_at, values=values if answered is None else values | {"answer_rate": 1.0})

    def finish(self) -> Iterator[Message]:
        """Add calls after which the same customer called again."""
        for subject, _, repeated in self._repeats.found(self._latest):
            self.totals.add_value(*subject, _REPEATED, float(repeated))
        yield from self.open_repeats(self._repeats, self._latest)

    def _start(self, row: Row) -> tuple[dt.datetime, bool]:
        """Return when the call started, and whether the row tells the time of day."""
        date = self.text(row, "date")
        name = "started_at" if self.has("started_at") else "time"
        clock = self.text(row, name)
        text = clock or ""
        if date is not None and (clock is None or _CLOCK.match(clock)):
            text = f"{date} {text}".strip()
        return self.moment(text, self.place(row, "date" if self.has("date") else name)), clock is not None

    def _answered(self, row: Row) -> bool | None:
        answered = self.flag(row, "answered")
        if answered is None and self._tells_unanswered:
            return self.text(row, "answered_at") is not None
        return answered

    def _add_times(self, row: Row, started_at: dt.datetime | None, values: dict[str, float]) -> None:
        speed = self.duration_s(row, "speed_of_answer")
        if speed is None and started_at is not None:
            speed = self._wait(row, started_at)
        if speed is not None:
            values.setdefault(_SPEED, speed)
        handle = self.duration_s(row, "handle")
        talk = self.duration_s(row, "talk")
        if handle is None and talk is not None:
            handle = talk + (self.duration_s(row, "hold") or 0.0) + (self.duration_s(row, "wrap") or 0.0)
        if handle is not None:
            values.setdefault(_HANDLE, handle)

    def _wait(self, row: Row, started_at: dt.datetime) -> float | None:
        text = self.text(row, "answered_at")
        if text is None:
            return None
        place = self.place(row, "answered_at")
        is_clock = _CLOCK.match(text) is not None
        answered_at = self.moment(f"{started_at.astimezone(self.zone):%Y-%m-%d} {text}" if is_clock else text, place)
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
