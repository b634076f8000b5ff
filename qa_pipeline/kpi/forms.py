"""Which forms of tables there are, and what their columns are called, in data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from qa_pipeline.errors import TemplateError
from qa_pipeline.resources import read_yaml

WORDS = Path(__file__).parent / "forms.yaml"


class Form(StrEnum):
    """What one row of a KPI table is."""

    LONG = "long"  # one value: agent, period, indicator, value
    WIDE = "wide"  # one agent and period, a column per indicator
    CALLS = "calls"  # one call
    TICKETS = "tickets"  # one ticket
    SURVEYS = "surveys"  # one answered survey
    ORDERS = "orders"  # one order or enquiry
    ATTENDANCE = "attendance"  # one shift


# What one row of a finished table holds; all others have a row per thing that happened.
FINISHED = frozenset((Form.LONG, Form.WIDE))
ID_FIELDS = {Form.CALLS: "call_id", Form.TICKETS: "ticket_id", Form.SURVEYS: "survey_id", Form.ORDERS: "order_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column: what it means, and what people write above it."""

    meaning: str
    headers: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWords:
    """One form with a row per thing.

    ``needs``: of each group one column must be there. ``known_by``: a table with one column of each group has the form.
    ``gives``: formula by indicator.
    """

    row: str
    day: str
    needs: Sequence[Sequence[str]]
    known_by: Sequence[Sequence[str]]
    fields: Mapping[str, Field]
    gives: Mapping[str, str]

    @property
    def aliases(self) -> Mapping[str, Sequence[str]]:
        """What people write above each column, by field."""
        return {name: field.headers for name, field in self.fields.items()}


@cache
def form_words() -> Mapping[Form, FormWords]:
    """Return the forms with a row per thing, in the order of the file."""
    data = read_yaml(WORDS, TemplateError).data
    return {
        Form(name): FormWords(
            **{**words, "fields": {field: Field(**known) for field, known in words["fields"].items()}}
        )
        for name, words in data.items()
    }
