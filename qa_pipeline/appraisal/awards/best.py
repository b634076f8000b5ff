"""The best agent and the best team, where somebody can be told apart from the others. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from statistics import fmean

from qa_pipeline.appraisal.awards.certainty import Candidate, compare
from qa_pipeline.appraisal.awards.figures import TOTAL, Sure, interval, total_of
from qa_pipeline.appraisal.awards.result import Maker, Result, said_basis, said_total
from qa_pipeline.appraisal.awards.rules import Best, BestAgent, BestTeam
from qa_pipeline.appraisal.evaluate import INSUFFICIENT
from qa_pipeline.appraisal.notes import listed
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.errors import N_

Awarded = tuple[Sequence[Proposal], Reason | None]


def propose_best_agents(maker: Maker, results: Sequence[Result]) -> Iterator[Awarded]:
    """Yield the best agents by template, for totals by different templates are not compared."""
    rule = maker.rules.best_agent
    by_template: dict[str, list[Result]] = defaultdict(list)
    for result in results if rule is not None else ():
        by_template[result.evaluation.template_id].append(result)
    for template_id, members in sorted(by_template.items()):
        assert rule is not None, "without the rule there is nobody"
        yield _best_of_template(maker, rule, template_id, members)


def _best_of_template(maker: Maker, rule: BestAgent, template_id: str, members: Sequence[Result]) -> Awarded:
    compared = {
        result.agent_id: (result, sure)
        for result in members
        # A total that rests on too little is compared with nobody's.
        if result.evaluation.group != INSUFFICIENT
        and (sure := total_of(result.evaluation, maker.rules.min_known_percent)) is not None
    }
    field = [Candidate(id=key, value=sure.points, se=sure.se) for key, (_, sure) in compared.items()]
    where = {"template": template_id}
    group, note = _group(field, rule, where, maker.period)
    doubt = _doubt(rule, template_id, [compared[agent_id][0] for agent_id in group], members, compared)
    if doubt is not None:
        return (), doubt
    evidence = _best_evidence(field, group)
    proposals = [
        maker.make(
            ProposalKind.BEST_AGENT,
            agent_id,
            f"best-agent-{template_id}",
            rule.name.text,
            [
                said_total(N_("{points} points in total{interval}."), compared[agent_id][0].evaluation),
                said_basis(compared[agent_id][0]),
                *evidence,
            ],
            [compared[agent_id][1].figure],
            points=rule.points or None,
        )
        for agent_id in group
    ]
    return proposals, note


def _doubt(
    rule: BestAgent, template_id: str, first: Sequence[Result], members: Sequence[Result], compared: Collection[str]
) -> Reason | None:
    """Return why the first get no award, or None: nobody may have stood above them unseen, and people have looked."""
    if not first:
        return None
    least = min(result.evaluation.total or 0.0 for result in first)
    unseen = [
        result.agent_id
        for result in members
        if result.agent_id not in compared and (result.evaluation.total or 0.0) >= least
    ]
    if unseen:
        message = N_(
            "Best agent by the template {template}: no award, for too little is known of how sure the totals of others "
            "are: {names}."
        )
        return Reason(message=message, params={"template": template_id, "names": listed(unseen)})
    if any(result.evaluation.n_reviews < rule.min_reviews for result in first):
        message = N_("Best agent by the template {template}: fewer than {needed} reviews by people, so no award.")
        return Reason(message=message, params={"template": template_id, "needed": rule.min_reviews})
    return None


def propose_best_teams(maker: Maker, results: Sequence[Result]) -> Iterator[Awarded]:
    """Yield the best team by the mean of its members' distances from the mean of all with the same template."""
    rule = maker.rules.best_team
    if rule is None:
        return
    known = [
        (result.evaluation, sure)
        for result in results
        if (sure := total_of(result.evaluation, maker.rules.min_known_percent)) is not None
    ]
    by_template: dict[str, list[float]] = defaultdict(list)
    for evaluation, sure in known:
        by_template[evaluation.template_id].append(sure.points)
    means = {template_id: fmean(points) for template_id, points in by_template.items()}
    teams: dict[str, list[tuple[float, Sure]]] = defaultdict(list)
    for evaluation, sure in known:
        if evaluation.team is not None:
            teams[evaluation.team].append((sure.points - means[evaluation.template_id], sure))
    sizes = Counter(result.evaluation.team for result in results)
    field = [
        Candidate(
            id=team,
            value=fmean(distance for distance, _ in members),
            se=math.hypot(*(sure.se for _, sure in members)) / len(members),
        )
        for team, members in sorted(teams.items())
        if len(members) >= rule.min_members
    ]
    group, note = _group(field, rule, {}, maker.period)
    evidence = _best_evidence(field, group)
    chosen = [one for one in field if one.id in group]
    yield [_team_proposal(maker, rule, one, teams[one.id], sizes[one.id], evidence) for one in chosen], note


def _team_proposal(
    maker: Maker,
    rule: BestTeam,
    found: Candidate,
    members: Sequence[tuple[float, Sure]],
    size: int,
    evidence: Sequence[Reason],
) -> Proposal:
    mean = fmean(sure.points for _, sure in members)
    low, high = interval(mean, found.se)
    said = Reason(
        message=N_(
            "Mean total of {count} of {of} members: {points} points, 95 % interval {low} to {high}; {distance} against "
            "the mean of all with the same templates."
        ),
        params={
            "count": len(members),
            "of": size,
            "points": round(mean, 1),
            "low": round(low, 1),
            "high": round(high, 1),
            "distance": f"{found.value:+.1f}",
        },
    )
    figure = Figure(of=TOTAL, period=maker.period, points=mean, ci95=(low, high), n=len(members))
    return maker.make(
        ProposalKind.BEST_TEAM,
        found.id,
        "best-team",
        rule.name.text,
        [said, *evidence],
        [figure],
        points=rule.points or None,
    )


def _group(
    field: Sequence[Candidate], rule: Best, where: Mapping[str, str], period: str
) -> tuple[Sequence[str], Reason | None]:
    """Return who gets the award, one or some who share it; nobody where too many cannot be told apart, and why."""
    if len(field) < rule.min_count:
        if not field:
            return (), None
        message = (
            N_("Best agent by the template {template}: {count} can be compared, {needed} are needed.")
            if where
            else N_("Best team: {count} can be compared, {needed} are needed.")
        )
        return (), Reason(message=message, params={**where, "count": len(field), "needed": rule.min_count})
    found = compare(field, sure_ratio=rule.sure_ratio, seed=int(sha256(period.encode()).hexdigest()[:8], 16))
    if len(found.group) <= rule.most_shared and len(found.group) < len(field):
        return found.group, None
    message = (
        N_("Best agent by the template {template}: no award, for {count} of {of} cannot be told apart: {names}.")
        if where
        else N_("Best team: no award, for {count} of {of} cannot be told apart: {names}.")
    )
    params: dict[str, str | int] = {**where, "count": len(found.group), "of": len(field), "names": listed(found.group)}
    return (), Reason(message=message, params=params)


def _best_evidence(field: Sequence[Candidate], group: Sequence[str]) -> list[Reason]:
    if len(group) == 1:
        message = N_("Told apart from all {count} others that can be compared.")
        return [Reason(message=message, params={"count": len(field) - 1})]
    message = N_(
        "Cannot be told apart: {names}. They share the award; the {count} others are told apart from the first."
    )
    return [Reason(message=message, params={"names": listed(group), "count": len(field) - len(group)})]
