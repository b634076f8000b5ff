"""What a period report says, as frozen values: codes for programs, words already in the reader's language.

Every renderer draws from this one value, so the page, the workbook and the JSON document cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.domain.annotation import CourseEvent
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.inspection import Flag, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval in the unit of the value it belongs to."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``count`` of ``total`` with Wilson's 95 % interval; ``ratio`` and interval are None without a total."""

    count: int
    total: int
    ratio: float | None
    ci95: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many contacts carry a label, such as an engine or a scorecard."""

    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What reviews of all contacts would say on average, from the machine on all and people on a few.

    ``method``: "ppi" (the machine's mean corrected by random reviews), "model" (mean of the agents' estimates) or
    "machine" (the machine alone, whose bias is not in the interval). Points for scores, 0-1 for pass rates.
    """

    value: float
    ci95: Interval | None
    method: str
    n_contacts: int
    n_reviews: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The period in one glance. ``scored_count``: contacts with points; ``audio_s``: hours listened to, in seconds.

    ``points_estimate`` and ``passed_estimate``: of the whole site; None where reviews were not put together with the
    machine's scores, as for quarters and years.
    """

    contacts_count: int
    scored_count: int
    agents_count: int
    evaluated_count: int
    audio_s: float
    mean_points: float | None
    mean_ci95: Interval | None
    passed: Share
    red_line_count: int
    flagged_count: int
    pending_count: int
    failed_count: int
    engines: tuple[Count, ...]
    scorecards: tuple[Count, ...]
    qualities: tuple[Count, ...]
    points_estimate: Estimate | None = None
    passed_estimate: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """One team; ``team`` is None for contacts whose metadata name none. Estimates as in :class:`Overview`."""

    team: str | None
    agents_count: int
    contacts_count: int
    scored_count: int
    mean_points: float | None
    mean_ci95: Interval | None
    passed: Share
    red_line_count: int
    points_estimate: Estimate | None = None
    passed_estimate: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One indicator's part in an evaluation; ``value`` and targets in ``unit``, ``attainment_points`` 0-120.

    ``target_low`` is set when the target is a range. ``opposing``: indicators of the same evaluation that suffer when
    this one is chased, to be looked at together with it.
    """

    indicator: str
    name: str
    unit: str
    value: float | None
    n: int | None
    target: float | None
    target_low: float | None
    attainment_points: float | None
    se_points: float | None
    weight: float
    effective_weight: float
    source: str | None
    contacts: tuple[str, ...]
    opposing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionRow:
    """One dimension of an evaluation with its items."""

    id: str
    name: str
    points: float | None
    weight: float
    effective_weight: float
    items: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRow:
    """One moment of a contact that shows a behaviour; ``quote`` is empty when nothing was said to quote."""

    contact_id: str
    started_at: datetime | None
    quote: str
    role: Role | None
    start_s: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusRow:
    """One behaviour worth coaching, with the agent's share, the site's share, two moments and a suggestion."""

    criterion_id: str
    criterion: str
    met: Share
    site_ratio: float
    action: str
    practice: str
    if_then: str
    good: ExampleRow | None
    improve: ExampleRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where somebody stands among ``of`` people with a total: the place lies between ``low`` and ``high`` at 95 %."""

    low: int
    high: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """One agent: evaluation (absent values are None), own contacts, dimensions, coaching focus.

    ``group`` is "above", "within", "below", "insufficient", or "none" when the period was not evaluated. ``basis``: who
    judged the contacts, "machine", "reviewed" or "estimated"; None without any. ``above_average``:
    probability of being above the average of all.
    """

    agent_id: str
    name: str | None
    team: str | None
    total: float | None
    ci95: Interval | None
    grade: str | None
    group: str
    template: str | None
    n_contacts: int
    n_reviews: int
    mean_points: float | None
    mean_ci95: Interval | None
    passed: Share
    red_line_count: int
    dimensions: tuple[DimensionRow, ...]
    notes: tuple[str, ...]
    focus: tuple[FocusRow, ...]
    places: Places | None = None
    above_average: float | None = None
    basis: str | None = None

    @property
    def items(self) -> dict[str, ItemRow]:
        """All items with a value by indicator."""
        found = (item for dimension in self.dimensions for item in dimension.items)
        return {item.indicator: item for item in found if item.value is not None}

    @property
    def label(self) -> str:
        """Name if known, else id."""
        return self.name or self.agent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A quote with its speaker and time, or a measured value with its name."""

    quote: str
    role: Role | None
    utterance: int | None
    start_s: float | None
    end_s: float | None
    measure: str | None
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One criterion's outcome on one contact with its reason in words."""

    criterion_id: str
    criterion: str
    section: str
    fatal: bool
    outcome: Outcome
    confidence: float
    reason: str
    evidence: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningPointRow:
    """A turn of the customer's sentiment with the sentence that shows it; ``before`` and ``after`` -1..1."""

    event: CourseEvent
    utterance: int
    quote: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """One inspected contact with all its findings; ``satisfaction`` 0-2."""

    contact_id: str
    kind: ContactKind
    agent_id: str | None
    agent_name: str | None
    team: str | None
    queue: str | None
    started_at: datetime | None
    language: str
    scorecard: str
    points: float | None
    range_points: Interval | None
    coverage_ratio: float
    passed: bool | None
    fatal: tuple[str, ...]
    flags: tuple[Flag, ...]
    undetermined_count: int
    engine: str
    quality: str
    roles_by: str | None
    diarizer: str
    diarization_confidence: float | None
    rater: str
    duration_s: float | None
    sentiment_start: float | None
    sentiment_end: float | None
    turning_points: tuple[TurningPointRow, ...]
    contact_reason: str | None
    contact_reason_quote: str
    satisfaction: float | None
    satisfaction_ci95: Interval | None
    attitude_value: float | None
    findings: tuple[FindingRow, ...]

    @property
    def agent_label(self) -> str:
        """Agent's name if known, else id, else empty."""
        return self.agent_name or self.agent_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagGroup:
    """Contacts that carry one flag, lowest points first."""

    flag: Flag
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Contacts with ``low`` <= points < ``high``; the last bin holds 100 too."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRow:
    """Outcomes of one criterion over all contacts of the period; ``met`` counts MET among determined ones."""

    scorecard: str
    section: str
    criterion_id: str
    criterion: str
    fatal: bool
    counts: tuple[tuple[Outcome, int], ...]
    met: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """What was not scored and why; ``status`` is "pending" or "failed"."""

    contact_id: str | None
    path: str
    status: str
    type: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """A period report. ``zone`` names the site's time zone; all times are aware UTC."""

    period: str
    language: str
    zone: str
    generated_at: datetime
    overview: Overview
    teams: tuple[TeamRow, ...]
    agents: tuple[AgentRow, ...]
    distribution: tuple[Bin, ...]
    flagged: tuple[FlagGroup, ...]
    criteria: tuple[CriterionRow, ...]
    contacts: tuple[ContactRow, ...]
    problems: tuple[ProblemRow, ...]
    notes: tuple[str, ...]
