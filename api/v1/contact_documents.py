"""What is answered on the inspections of a contact."""

from __future__ import annotations

from datetime import datetime

from api.listing import Document
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.report.data import ContactRow, FindingRow


class InspectionDocument(Document):
    """One inspection with its findings and their evidence; ``in_force``: the newest one."""

    id: int
    scorecard_id: str
    scorecard_version: int
    created_at: datetime
    in_force: bool
    withheld: dict[str, Outcome]
    result: ContactRow


class InspectionListDocument(Document):
    """All inspections of a contact, the newest first; none is ever changed."""

    contact_id: str
    total: int
    inspections: tuple[InspectionDocument, ...]


class EffectiveDocument(Document):
    """What counts for a contact: the newest inspection with what people have decided since.

    ``reviewers``: who has a part in it, empty when the machine alone has judged; null for those who may not know.
    """

    contact_id: str
    inspection_id: int
    points: float | None
    passed: bool | None
    machine_points: float | None
    fatal: tuple[str, ...]
    undetermined_count: int
    coverage_ratio: float
    script_ratio: float | None
    attitude_value: float | None
    reviews_count: int
    reviewers: tuple[str, ...] | None
    findings: tuple[FindingRow, ...]
