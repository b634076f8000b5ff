"""What the site says about its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from qa_pipeline.errors import N_, ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOptions:
    """Options of intake.

    ``time_zone``: in which times without a zone are read. ``default_agent`` fills in where neither metadata nor file
    names name one; ``default_language`` does for recordings without a transcript, as words show their own.
    ``file_pattern``: see :mod:`qa_pipeline.intake.file_names`. ``now``: the present, for the refusal of far-future
    dates; None takes the clock. ``inside``: a folder that links may not lead out of; None lets them lead anywhere.
    """

    time_zone: str = "Asia/Shanghai"
    default_language: str | None = None
    default_agent: str | None = None
    file_pattern: str | None = None
    inside: Path | None = None
    now: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises
        ------
        ConfigurationError
            When there is no zone of that name.
        """
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
            raise ConfigurationError(
                N_("There is no time zone {zone}."),
                hint=N_("Write a zone such as {example}."),
                zone=self.time_zone,
                example="Asia/Shanghai",
            ) from problem
