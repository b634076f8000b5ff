"""Rosters: who was there when planned."""

from __future__ import annotations

from qa_pipeline.errors import N_
from qa_pipeline.intake.tables import Row
from qa_pipeline.kpi.columns import find_state
from qa_pipeline.services.kpi_import.records import Fact, RecordTable

_UNPLANNED = ("shift_leave", "shift_off")
_MAX_HOURS = 24


class AttendanceTable(RecordTable):
    """A table with a row per shift."""

    moments = ("date",)

    def row_id(self, row: Row) -> str | None:
        """Return agent, day and shift, which name a row."""
        agent, day = self.text(row, "agent"), self.text(row, "date")
        return f"{agent}|{day}|{self.text(row, 'shift') or ''}" if agent and day else None

    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return what a shift says; leave, days off and shifts of 0 hours say nothing."""
        at = self.first_moment(row, "date")
        state = self._state(row)
        planned_h, worked_h = self._hours(row, "planned"), self._hours(row, "worked")
        if state in _UNPLANNED or planned_h == 0:
            return None
        share = self._share(row, state, planned_h, worked_h)
        values = {"attendance_rate": share}
        on_time = self._on_time(row, state)
        if share > 0 and on_time is not None:
            values["punctuality_rate"] = float(on_time)
        return Fact(at=at, values=values, handled=share > 0)

    def _state(self, row: Row) -> str | None:
        text = self.text(row, "attendance")
        found = find_state(text, "shift") if text else None
        if text and found is None:
            raise self.place(row, "attendance").error(
                N_("The state {text} is not known."),
                hint=N_("Write present, late, early leave, absent, leave or off."),
                text=text,
            )
        return found

    def _hours(self, row: Row, name: str) -> float | None:
        seconds = self.duration_s(row, name, unit="h")
        if seconds is not None and seconds > _MAX_HOURS * 3600:
            raise self.place(row, name).error(
                N_("{text} is more than a day."),
                hint=N_("Give hours, or the unit in the header, such as (min)."),
                text=self.text(row, name) or "",
            )
        return None if seconds is None else seconds / 3600

    def _share(self, row: Row, state: str | None, planned_h: float | None, worked_h: float | None) -> float:
        if state == "shift_absent":
            return 0.0
        if planned_h is not None and worked_h is not None:
            return min(worked_h / planned_h, 1.0)
        if state is not None or worked_h:
            return 1.0
        raise self.place(row, "attendance").error(
            N_("The row tells neither whether the agent was there nor the hours planned and worked."),
            hint=N_("Fill in the state, or both times."),
        )

    def _on_time(self, row: Row, state: str | None) -> bool | None:
        late_s = self.duration_s(row, "late", unit="min")
        if state == "shift_late" or late_s:
            return False
        return True if state == "shift_on_time" or late_s == 0 else None
