"""Documents of periods."""

from __future__ import annotations

from datetime import date

from api.listing import Document, ListDocument, Name, PlainText
from api.steps import StateDocument, StepDocument


class PeriodDocument(Document):
    """One period with its state and its counts."""

    period: str
    state: StateDocument
    contacts_count: int
    evaluations_count: int


class PeriodListDocument(ListDocument):
    """Some of ``total`` periods, newest first."""

    periods: tuple[PeriodDocument, ...]


class PeriodStepDocument(Document):
    """The state of a period after a step."""

    period: str
    state: StateDocument


class PublishedDocument(PeriodStepDocument):
    """What was published. ``no_consequence``: agents from whose results nothing may follow."""

    published_count: int
    no_consequence: tuple[str, ...]


class NewCorrection(Document):
    """Whose result is published anew, and why."""

    agent_id: Name
    reason: PlainText


class WaitingDocument(Document):
    """What hinders the next step, or asks for somebody: ids of agents, and of appeals.

    ``corrections_due``: agents with an upheld appeal that no version answers yet. ``changed_since_publication``: whose
    published result today's inputs would change. ``no_consequence``: from whose result nothing may follow.
    """

    not_evaluated: tuple[str, ...]
    inputs_changed: tuple[str, ...]
    without_inputs: tuple[str, ...]
    changed_since_publication: tuple[str, ...]
    no_consequence: tuple[str, ...]
    open_appeals: tuple[str, ...]
    overdue_appeals: tuple[str, ...]
    corrections_due: tuple[str, ...]


class PeriodStateDocument(Document):
    """Where a period stands. ``plans``: how many agents by the state of their goal plan."""

    period: str
    state: StateDocument
    first_on: date
    last_on: date
    possible_steps: tuple[StateDocument, ...]
    evaluated_count: int
    published_count: int
    plans: dict[str, int]
    appeals_count: int
    appeals_until: date | None
    waiting: WaitingDocument
    steps: tuple[StepDocument, ...]
