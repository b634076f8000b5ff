"""Documents of appeals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.listing import Document, ListDocument, Name, PlainText
from api.steps import StateDocument, StepDocument
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.cycle import AppealOutcome
from qa_pipeline.domain.inspection import Outcome


class NewAppeal(Document):
    """An appeal on one item: a contact with a criterion, or an indicator. ``statement``: what is wrong with it."""

    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]
    statement: PlainText
    contact_id: Name | None = None
    criterion_id: Name | None = None
    indicator: Name | None = None


class NewDecision(Document):
    """What an instance decides. ``verdict`` or ``points``: what the contact is judged instead, where it is upheld."""

    instance: Literal[1, 2] = 1
    outcome: AppealOutcome
    reason: PlainText
    verdict: Outcome | None = None
    points: Annotated[float, Field(ge=0, le=100)] | None = None


class AppealDecisionDocument(Document):
    """What one instance decided and why."""

    instance: int
    outcome: AppealOutcome
    reason: str
    by: str
    at: datetime
    verdict: Outcome | None
    points: float | None


class AppealDocument(Document):
    """One appeal.

    ``is_open``: the item is not settled, so nothing may follow from the result. ``due_on``: the day by which an answer
    is due now. ``open_until``: until when the agent may ask for the second instance. Whoever may yet decide on it is
    told neither ``contested`` nor earlier decisions.
    """

    id: str
    agent_id: str
    period: str
    version: int
    contact_id: str | None
    criterion_id: str | None
    indicator: str | None
    indicator_name: str | None
    contested: Outcome | None
    statement: str
    filed_at: datetime
    state: StateDocument
    is_open: bool
    due_on: date | None
    is_overdue: bool
    open_until: datetime | None
    decisions: tuple[AppealDecisionDocument, ...]
    steps: tuple[StepDocument, ...]


class AppealListDocument(ListDocument):
    """Some of ``total`` appeals."""

    appeals: tuple[AppealDocument, ...]


class AppealableDocument(Document):
    """An item that can be appealed: a criterion not wholly met on a contact, or an indicator."""

    contact_id: str | None
    criterion_id: str | None
    indicator: str | None
    indicator_name: str | None
    outcome: Outcome | None
    appeal_id: str | None
    appeal_state: StateDocument | None


class AppealableListDocument(ListDocument):
    """Some of ``total`` items, indicators first."""

    items: tuple[AppealableDocument, ...]


class SaidDocument(Document):
    """Masked words of one speaker."""

    role: Role
    start_s: float | None
    end_s: float | None
    text: str


class SheetDocument(Document):
    """What is needed to judge an item anew, without names and without what anybody has judged.

    ``source`` and ``n``: of an indicator. ``contacts``: those behind it, in no order that tells anything.
    """

    id: str
    contact_id: str | None
    criterion_id: str | None
    criterion_name: str | None
    scorecard_id: str | None
    indicator: str | None
    indicator_name: str | None
    source: str | None
    n: int | None
    contacts: tuple[str, ...]
    statement: str
    utterances: tuple[SaidDocument, ...]


class HeldCriterionDocument(Document):
    """A criterion that does not score by itself since this decision."""

    scorecard_id: str
    criterion_id: str


class DecidedAppealDocument(Document):
    """An appeal after a decision. ``correction_is_due``: the result has to be published anew."""

    appeal: AppealDocument
    correction_is_due: bool
    holds: tuple[HeldCriterionDocument, ...]
