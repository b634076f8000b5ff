"""Tickets of a CRM or service desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from qa_pipeline.errors import N_, Message
from qa_pipeline.intake.tables import Row, parse_number
from qa_pipeline.kpi.columns import find_state, is_fault
from qa_pipeline.kpi.ratings import rating_values
from qa_pipeline.kpi.repeats import Repeats
from qa_pipeline.services.kpi_import.records import DEFAULT_SCALE, Fact, RecordTable, Source

_DAY = dt.timedelta(hours=24)
_UNKNOWN = -1  # whether the ticket was solved


class TicketTable(RecordTable):
    """An export with a row per ticket."""

    moments = ("opened_at", "first_response_at", "resolved_at", "closed_at")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._latest = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._repeats = Repeats()
        self._unanswered: list[tuple[str, dt.datetime]] = []

    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return what a ticket says; one that was cancelled says nothing."""
        opened_at = self.first_moment(row, "opened_at")
        state = self._state(row)
        if state == "ticket_cancelled":
            return None
        solved = state == "ticket_resolved"
        values: dict[str, float] = {}
        if state is not None:
            values["resolution_rate"] = float(solved)
        self._add_times(row, opened_at, values)
        sla = self._kept_sla(row)
        if sla is not None:
            values["sla_attainment"] = float(sla)
        rating = self.rating(row, "rating", DEFAULT_SCALE)
        if rating is not None:
            values |= rating_values(rating, self.scale_of(row, "rating", DEFAULT_SCALE))
        reopened = self._reopened(row)
        first_response_at = self.later(row, "first_response_at", opened_at)
        if first_response_at is not None:
            values["response_within_24h"] = float(first_response_at - opened_at <= _DAY)
        # Nothing is refused from here on, so what all rows together tell counts the same rows.
        self._latest = max(self._latest, opened_at)
        if first_response_at is None and self.has("first_response_at"):
            self._unanswered.append((agent_id, opened_at))
        customer = self.text(row, "customer")
        at_once = solved and not reopened
        if customer is not None:
            problem = (customer, self.text(row, "category") or "")
            mark = _UNKNOWN if state is None else int(at_once)
            self._repeats.add(problem, opened_at, self.subject(agent_id, opened_at), mark)
        elif self.has("reopened") and not self.has("customer") and state is not None:
            values["first_contact_resolution"] = float(at_once)
        return Fact(at=opened_at, values=values)

    def finish(self) -> Iterator[Message]:
        """Add what depends on the end of the export: late answers, and tickets after which none followed."""
        for agent_id, opened_at in self._unanswered:
            if self._latest - opened_at > _DAY:
                self.totals.add_value(*self.subject(agent_id, opened_at), "response_within_24h", 0.0)
        for subject, mark, repeated in self._repeats.found(self._latest):
            self.totals.add_value(*subject, "repeat_contact_rate", float(repeated))
            if mark != _UNKNOWN:
                self.totals.add_value(*subject, "first_contact_resolution", float(mark and not repeated))
        yield from self.open_repeats(self._repeats, self._latest)

    def _state(self, row: Row) -> str | None:
        text = self.text(row, "status")
        state = find_state(text, "ticket") if text else None
        if state is not None:
            return state
        if self.has("resolved_at") or self.has("closed_at"):
            done = self.text(row, "resolved_at") or self.text(row, "closed_at")
            return "ticket_resolved" if done else "ticket_open"
        if text is None:
            return None
        raise self.place(row, "status").error(
            N_("The state {text} is not known."),
            hint=N_("Write resolved, closed or open, or export when tickets were resolved."),
            text=text,
        )

    def _add_times(self, row: Row, opened_at: dt.datetime, values: dict[str, float]) -> None:
        resolved_at = self.later(row, "resolved_at", opened_at)
        closed_at = self.later(row, "closed_at", opened_at)
        ended_at = closed_at or resolved_at
        if ended_at is not None:
            values["ticket_handle_time"] = (ended_at - opened_at).total_seconds() / 3600
        repaired_at = resolved_at or closed_at
        if repaired_at is not None and is_fault(self.text(row, "category") or ""):
            values["fault_repair_time"] = (repaired_at - opened_at).total_seconds() / 3600

    def _kept_sla(self, row: Row) -> bool | None:
        met = self.flag(row, "sla_met")
        if met is not None:
            return met
        breached = self.flag(row, "sla_breached")
        return None if breached is None else not breached

    def _reopened(self, row: Row) -> bool:
        text = self.text(row, "reopened")
        if text is None:
            return False
        if text.strip().isdigit():
            return parse_number(text, self.place(row, "reopened")) > 0
        return bool(self.flag(row, "reopened"))
