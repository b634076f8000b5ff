"""Where an agent provably falls short of the site, criterion by criterion. Pure; no rank and no risk in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Evidence, Finding, Inspection, Outcome
from qa_pipeline.report.data import Share
from qa_pipeline.report.tables import met_share

MINIMUM_COUNT = 5  # determined contacts of the agent; below, Wilson's interval is wider than any honest gap
MINIMUM_SHORTFALLS = 2  # once is an incident, not a habit
LIMIT = 2  # at most two behaviours at a time can be worked on

_DETERMINED = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET)
_SHORTFALLS = (Outcome.NOT_MET, Outcome.PARTLY_MET)

CriterionKey = tuple[str, int, str]  # scorecard id, scorecard version, criterion id


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One contact that shows a behaviour; ``evidence`` is a quote, or None when nothing was said to quote."""

    contact: Contact
    finding: Finding
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One criterion that an agent meets less often than the site.

    ``met``: MET among the agent's determined contacts with Wilson's 95 % interval. ``site_ratio``: the same share over
    all agents. ``proven_ratio``: how far even the upper end of the agent's interval stays below the site, 0-1.
    """

    key: CriterionKey
    met: Share
    site_ratio: float
    proven_ratio: float
    good: Example | None
    improve: Example | None


def find_gaps(
    inspected: Iterable[tuple[Contact, Inspection]], *, minimum: int = MINIMUM_COUNT, limit: int = LIMIT
) -> Mapping[str, tuple[Gap, ...]]:
    """Return the largest proven gaps of each agent, largest first; agents without one are left out.

    A gap is proven when the upper end of the agent's 95 % interval lies below the site's share and the agent fell
    short at least twice. The site's share includes the agent, which makes a proof slightly harder.

    Parameters
    ----------
    minimum : int
        Determined contacts that an agent needs on a criterion.
    limit : int
        Gaps per agent.
    """
    site, own = _count(inspected)
    found = {}
    for agent_id in sorted(own):
        gaps = [
            gap
            for key, pairs in own[agent_id].items()
            if len(pairs) >= minimum and (gap := _find_gap(key, pairs, site[key])) is not None
        ]
        if gaps:
            found[agent_id] = tuple(sorted(gaps, key=lambda gap: (-gap.proven_ratio, gap.key))[:limit])
    return found


def find_strength(
    inspected: Iterable[tuple[Contact, Inspection]], agent_id: str
) -> tuple[CriterionKey, Example] | None:
    """Return something that an agent does well, with a moment in which it can be heard.

    Among the criteria that the agent has met at least once with something said to quote, the one whose lower end of the
    95 % interval lies highest beside the site's share. It is a case and proves no habit: everybody has one.
    """
    site, own = _count(inspected)
    best: tuple[float, CriterionKey, Example] | None = None
    for key, pairs in own.get(agent_id, {}).items():
        met = met_share(Counter(finding.outcome for _, finding in pairs))
        whole = met_share(site[key])
        example = _best_example(pairs, (Outcome.MET,))
        if example is None or example.evidence is None or met.ci95 is None or whole.ratio is None:
            continue
        margin = met.ci95.low - whole.ratio
        if best is None or (margin, key) > best[:2]:
            best = (margin, key, example)
    return best[1:] if best else None


def _count(
    inspected: Iterable[tuple[Contact, Inspection]],
) -> tuple[Mapping[CriterionKey, Counter[Outcome]], Mapping[str, Mapping[CriterionKey, list[tuple[Contact, Finding]]]]]:
    """Return the determined outcomes of all agents by criterion, and the findings of each agent."""
    site: dict[CriterionKey, Counter[Outcome]] = defaultdict(Counter)
    own: dict[str, dict[CriterionKey, list[tuple[Contact, Finding]]]] = defaultdict(lambda: defaultdict(list))
    for contact, inspection in inspected:
        for finding in inspection.findings:
            if finding.outcome not in _DETERMINED or contact.agent_id is None:
                continue
            key = (inspection.scorecard_id, inspection.scorecard_version, finding.criterion_id)
            site[key][finding.outcome] += 1
            own[contact.agent_id][key].append((contact, finding))
    return site, own


def _find_gap(key: CriterionKey, pairs: list[tuple[Contact, Finding]], site: Counter[Outcome]) -> Gap | None:
    met = met_share(Counter(finding.outcome for _, finding in pairs))
    whole = met_share(site)
    if met.ci95 is None or whole.ratio is None or met.ci95.high >= whole.ratio:
        return None
    if met.total - met.count < MINIMUM_SHORTFALLS:
        return None
    return Gap(
        key=key,
        met=met,
        site_ratio=whole.ratio,
        proven_ratio=whole.ratio - met.ci95.high,
        good=_best_example(pairs, (Outcome.MET,)),
        improve=_best_example(pairs, _SHORTFALLS),
    )


def _best_example(pairs: Iterable[tuple[Contact, Finding]], outcomes: tuple[Outcome, ...]) -> Example | None:
    """Return the clearest example: with a quote if there is one, then the surest, then the newest."""
    examples = [
        Example(contact=contact, finding=finding, evidence=_quote_of(finding))
        for contact, finding in pairs
        if finding.outcome in outcomes
    ]
    return max(examples, key=_clearness, default=None)


def _quote_of(finding: Finding) -> Evidence | None:
    return next((piece for piece in finding.evidence if piece.quote), None)


def _clearness(example: Example) -> tuple[bool, float, float, str]:
    started_at = example.contact.started_at
    return (
        example.evidence is not None,
        example.finding.confidence,
        started_at.timestamp() if started_at else 0.0,
        example.contact.id,
    )
