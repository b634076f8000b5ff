"""Orders of an online shop, and enquiries that led to one or to none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from qa_pipeline.errors import N_, Message
from qa_pipeline.intake.tables import Row, parse_number
from qa_pipeline.kpi.columns import find_state
from qa_pipeline.services.kpi_import.records import Fact, RecordTable, Source

_DayOf = tuple[str, dt.date, int]


class OrderTable(RecordTable):
    """An export with a row per order, or per enquiry with its order."""

    moments = ("placed_at", "date", "paid_at")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._spent: dict[_DayOf, float] = {}
        self._enquiries: dict[_DayOf, bool] = {}

    def fact(self, row: Row, agent_id: str) -> Fact | None:
        """Return what an order says; an enquiry without order counts for the conversion alone."""
        at = self.first_moment(row, "placed_at", "date")
        enquiry = self.text(row, "enquiry")
        is_order = not self.has("order_id") or self.text(row, "order_id") is not None
        if not is_order and enquiry is None:
            raise self.place(row, "order_id").error(
                N_("The row has neither an order nor an enquiry."), hint=N_("Fill in one of them, or remove the row.")
            )
        values = self._order(row, at, agent_id) if is_order else {}
        if enquiry is not None and self.has("order_id"):
            key = (agent_id, self.day_of(at), hash(enquiry))
            self._enquiries[key] = self._enquiries.get(key, False) or is_order
        return Fact(at=at, values=values)

    def finish(self) -> Iterator[Message]:
        """Add customers and enquiries, each counted once a day."""
        for (agent_id, day, _), amount in self._spent.items():
            self.totals.add_value(agent_id, f"{day:%Y-%m}", "average_order_value", amount)
        for (agent_id, day, _), ordered in self._enquiries.items():
            self.totals.add_value(agent_id, f"{day:%Y-%m}", "enquiry_conversion", float(ordered))
        yield from ()

    def _order(self, row: Row, at: dt.datetime, agent_id: str) -> dict[str, float]:
        state = self._state(row)
        paid = self._paid(row, state, at)
        refunded = state == "order_refunded" or self._is_refunded(row)
        valid = paid is not False and not refunded and state not in ("order_cancelled", "order_abnormal")
        amount = self._amount(row)
        values: dict[str, float] = {}
        if paid is not None or state is not None:
            values["valid_order_share"] = float(valid)
        if state is not None:
            values["abnormal_order_share"] = float(state == "order_abnormal")
        if paid is not None:
            values["payment_rate"] = float(paid or refunded)
        if (paid or refunded) and (self.has("order_status") or self.has("refunded")):
            values["refund_rate"] = float(refunded)
        if valid and amount is not None:
            values["order_amount"] = amount
            customer = self.text(row, "customer")
            if customer is None:
                values["average_order_value"] = amount
            else:
                key = (agent_id, self.day_of(at), hash(customer))
                self._spent[key] = self._spent.get(key, 0.0) + amount
        return values

    def _state(self, row: Row) -> str | None:
        text = self.text(row, "order_status")
        found = find_state(text, "order") if text else None
        if text and found is None:
            raise self.place(row, "order_status").error(
                N_("The state {text} is not known."),
                hint=N_("Write paid, unpaid, completed, cancelled, refunded or abnormal."),
                text=text,
            )
        return found

    def _paid(self, row: Row, state: str | None, placed_at: dt.datetime) -> bool | None:
        text = self.text(row, "paid")
        if text is not None:
            known = find_state(text, "order")
            return known == "order_paid" if known in ("order_paid", "order_unpaid") else bool(self.flag(row, "paid"))
        if self.has("paid_at"):
            return self.later(row, "paid_at", placed_at) is not None
        if state in ("order_paid", "order_refunded"):
            return True
        return False if state == "order_unpaid" else None

    def _is_refunded(self, row: Row) -> bool:
        text = self.text(row, "refunded")
        if text is None:
            return False
        return find_state(text, "order") == "order_refunded" or bool(self.flag(row, "refunded"))

    def _amount(self, row: Row) -> float | None:
        text = self.text(row, "amount")
        if text is None:
            return None
        amount = parse_number(text, self.place(row, "amount"))
        if amount < 0:
            raise self.place(row, "amount").error(
                N_("The amount {text} is negative."),
                hint=N_("Mark refunds in the column of the status or of refunds, and give the amount of the order."),
                text=text,
            )
        return amount
