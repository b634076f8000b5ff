"""Who reviews which contact: claims of the queue, and calibration sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from qa_pipeline.domain.review import Selection


class ClaimPurpose(StrEnum):
    """What a claim is for; a contact has one open claim of each, of calibration one for each member."""

    FIRST = "first"
    DOUBLE = "double"  # the second, blind review by somebody else
    CALIBRATION = "calibration"


class ClaimEnd(StrEnum):
    """How a claim ended."""

    REVIEWED = "reviewed"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A contact that somebody has taken to review it, until ``expires_at`` unless it is renewed.

    It keeps how the contact was chosen (``selection``, ``inclusion_probability`` in (0, 1], ``sample_id``), so that the
    review that comes of it says the same. ``blind``: whoever holds it has not seen what the machine found, and must not
    before the review is in. ``session_id``: the calibration session that it is for.
    """

    id: str
    contact_id: str
    purpose: ClaimPurpose
    claimant: str
    selection: Selection
    inclusion_probability: float | None = None
    sample_id: str | None = None
    session_id: str | None = None
    blind: bool = False
    claimed_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    end: ClaimEnd | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSession:
    """Named people who review the contacts of one calibration sample blind, until the session is closed.

    ``members``: their names as in reviews. ``ends_at``: from when on it may be closed although reviews are missing.
    Its state is that of its latest step in the log.
    """

    id: str
    sample_id: str
    title: str
    members: tuple[str, ...]
    leader: str
    opened_at: datetime
    ends_at: datetime
