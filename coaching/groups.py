"""Agents in groups for talks: by the level of the published result and the kind of gap. No order inside a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from coaching.basis import find_bases
from coaching.talks import Drafting
from qa_pipeline.domain.coaching_plan import GapKind, PlanFocus
from qa_pipeline.domain.period import period_days
from qa_pipeline.report.agent_rows import GROUP_ORDER
from qa_pipeline.store import Transaction

NOT_PUBLISHED = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedAgent:
    """An agent and what there is to work on, None where no gap is proven."""

    agent_id: str
    focus: PlanFocus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkGroup:
    """Agents who can be prepared for together. ``level``: above, within, below, insufficient, none (not published)."""

    level: str
    gap_kind: GapKind | None
    agents: Sequence[GroupedAgent]


def find_groups(
    tx: Transaction, period: str, drafting: Drafting, within: Collection[str] | None = None
) -> Sequence[TalkGroup]:
    """Return the groups of a period, of these agents where they are given: by level, then by kind of gap.

    Agents stand in them who have a published result or a proven gap; inside a group by their ids, which tells nothing
    of who is better.

    Raises
    ------
    ConfigurationError
        `period` is no month, quarter or year.
    """
    period_days(period)
    levels = {one.agent_id: one.evaluation.group for one in tx.publications.latest(period, within)}
    bases = find_bases(tx, period, drafting, within)
    found: dict[tuple[str, GapKind | None], list[GroupedAgent]] = {}
    for agent_id in sorted(levels.keys() | bases.keys()):
        basis = bases.get(agent_id)
        key = (levels.get(agent_id, NOT_PUBLISHED), basis.gap_kind if basis else None)
        found.setdefault(key, []).append(GroupedAgent(agent_id=agent_id, focus=basis.focus if basis else None))
    kinds = [*GapKind, None]
    order = sorted(found, key=lambda key: (GROUP_ORDER.index(key[0]), kinds.index(key[1])))
    return [TalkGroup(level=level, gap_kind=kind, agents=found[level, kind]) for level, kind in order]
