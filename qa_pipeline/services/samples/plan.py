"""What a sample is drawn by, in words that can be stored and read again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.review import Selection
from qa_pipeline.errors import N_, ConfigurationError

# Three random reviews per agent and month, 5 % scored twice, ten calls that all reviewers see: docs/reviews.md.
PER_AGENT = 3
DOUBLE_SHARE = 0.05
RISK_SHARE = 0.05
CALIBRATION_COUNT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """How many contacts of which kind to draw. Exactly one of ``per_agent``, ``count`` and ``share`` is set.

    ``share``: of the frame, rounded up. The filters keep contacts out of the frame; None asks for nothing.
    """

    selection: Selection
    per_agent: int | None = None
    count: int | None = None
    share: float | None = None
    queue: str | None = None
    team: str | None = None
    contact_kind: ContactKind | None = None
    min_duration_s: float | None = None

    def as_pairs(self) -> tuple[tuple[str, str], ...]:
        """Return what is set, without the selection, as text."""
        values = (
            ("per_agent", self.per_agent),
            ("count", self.count),
            ("share", self.share),
            ("queue", self.queue),
            ("team", self.team),
            ("contact_kind", self.contact_kind.value if self.contact_kind else None),
            ("min_duration_s", self.min_duration_s),
        )
        return tuple((name, str(value)) for name, value in values if value is not None)

    def size_of(self, frame_count: int) -> int:
        """Return how many contacts of a frame are drawn when not by agent."""
        wanted = self.count if self.share is None else math.ceil(self.share * frame_count)
        assert wanted is not None, "make_plan sets one"
        return min(wanted, frame_count)


def read_plan(selection: Selection, pairs: tuple[tuple[str, str], ...]) -> SamplePlan:
    """Return the plan behind :meth:`SamplePlan.as_pairs`."""
    kinds: dict[str, type[Any]] = {
        "per_agent": int,
        "count": int,
        "share": float,
        "contact_kind": ContactKind,
        "min_duration_s": float,
    }
    return SamplePlan(selection=selection, **{name: kinds.get(name, str)(value) for name, value in pairs})


def make_plan(
    selection: Selection,
    *,
    per_agent: int | None = None,
    count: int | None = None,
    share: float | None = None,
    queue: str | None = None,
    team: str | None = None,
    contact_kind: ContactKind | None = None,
    min_duration_s: float | None = None,
) -> SamplePlan:
    """Return a checked plan; without a size the usual one of its kind.

    Raises
    ------
    ConfigurationError
        Nothing is drawn by that selection, more than one size is given, or a size is none.
    """
    if selection not in (Selection.RANDOM, Selection.RISK, Selection.DOUBLE, Selection.CALIBRATION):
        raise ConfigurationError(
            N_("Contacts are not drawn by {selection}."),
            hint=N_("Choose random, risk, double or calibration."),
            field="kind",
            selection=selection.value,
        )
    given = [
        name for name, value in (("per_agent", per_agent), ("count", count), ("share", share)) if value is not None
    ]
    if len(given) > 1 or (per_agent is not None and selection is not Selection.RANDOM):
        raise ConfigurationError(
            N_("Give one of --per-agent, --count and --share; --per-agent only with random."),
            hint=N_("Leave all out for the usual size."),
            field=given[-1].replace("_", "-"),
        )
    if not given:
        per_agent = PER_AGENT if selection is Selection.RANDOM else None
        count = CALIBRATION_COUNT if selection is Selection.CALIBRATION else None
        share = {Selection.RISK: RISK_SHARE, Selection.DOUBLE: DOUBLE_SHARE}.get(selection)
    _check_size("per-agent", per_agent, 1, math.inf)
    _check_size("count", count, 1, math.inf)
    _check_size("share", share, 0, 1)
    _check_size("min-duration", min_duration_s, 0, math.inf)
    return SamplePlan(
        selection=selection,
        per_agent=per_agent,
        count=count,
        share=share,
        queue=queue,
        team=team,
        contact_kind=contact_kind,
        min_duration_s=min_duration_s,
    )


def _check_size(name: str, value: float | None, lowest: float, highest: float) -> None:
    # A share of 0 draws nothing; a NaN is no number.
    if value is None or (lowest <= value <= highest and value > 0):
        return
    raise ConfigurationError(
        N_("{value} is no usable {name}."),
        hint=N_("A share lies above 0 and at most at 1; the others are numbers above 0."),
        field=name,
        value=value,
        name=name,
    )
