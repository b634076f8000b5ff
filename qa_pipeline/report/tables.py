"""Counting over inspected contacts: teams, distribution of points, outcomes per criterion."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from qa_pipeline.appraisal.teams import TeamMean, TeamResult
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.report.data import AgentRow, Bin, ContactRow, Count, CriterionRow, Estimate, Interval, Share, TeamRow
from qa_pipeline.report.intervals import mean_points, wilson_share

BIN_POINTS = 10


def team_rows(
    rows: Iterable[ContactRow], agents: Sequence[AgentRow], results: Mapping[str | None, TeamResult]
) -> tuple[TeamRow, ...]:
    """Return one row per team with contacts, by name, with its estimates; contacts without a team come last.

    Its agents are those who belong to it and those who had a contact for it.
    """
    teams: dict[str | None, list[ContactRow]] = defaultdict(list)
    for row in rows:
        teams[row.team].append(row)
    return tuple(
        # Under None the results hold the whole site.
        _team_row(team, teams[team], agents, results.get(team) if team is not None else None)
        for team in sorted(teams, key=lambda team: (team is None, team or ""))
    )


def _team_row(
    team: str | None, rows: Sequence[ContactRow], agents: Sequence[AgentRow], result: TeamResult | None
) -> TeamRow:
    members = {agent.agent_id for agent in agents if agent.team == team}
    mean, interval = points_of(rows)
    return TeamRow(
        team=team,
        agents_count=len(members | {row.agent_id for row in rows if row.agent_id is not None}),
        contacts_count=len(rows),
        scored_count=sum(row.points is not None for row in rows),
        mean_points=mean,
        mean_ci95=interval,
        passed=passed_share(rows),
        red_line_count=red_line_count(rows),
        points_estimate=estimate_of(result.points if result else None),
        passed_estimate=estimate_of(result.passed if result else None),
    )


def estimate_of(mean: TeamMean | None) -> Estimate | None:
    """Return the mean of a team as the report shows it."""
    if mean is None:
        return None
    return Estimate(
        value=mean.value,
        ci95=Interval(low=mean.ci95[0], high=mean.ci95[1]) if mean.ci95 else None,
        method=mean.method,
        n_contacts=mean.n_contacts,
        n_reviews=mean.n_reviews,
    )


def points_of(rows: Iterable[ContactRow]) -> tuple[float | None, Interval | None]:
    """Return mean points with interval over the contacts that have points."""
    return mean_points([row.points for row in rows if row.points is not None])


def passed_share(rows: Iterable[ContactRow]) -> Share:
    """Return the share of scored contacts that passed."""
    decided = [row.passed for row in rows if row.passed is not None]
    return wilson_share(sum(decided), len(decided))


def red_line_count(rows: Iterable[ContactRow]) -> int:
    """Return how many contacts crossed at least one red line."""
    return sum(bool(row.fatal) for row in rows)


def distribution(rows: Iterable[ContactRow]) -> tuple[Bin, ...]:
    """Return a histogram of points 0-100 in bins of ten; 100 counts in the last bin."""
    counts: Counter[int] = Counter(
        min(int(row.points // BIN_POINTS), 100 // BIN_POINTS - 1) for row in rows if row.points is not None
    )
    return tuple(
        Bin(low=low, high=low + BIN_POINTS, count=counts[low // BIN_POINTS]) for low in range(0, 100, BIN_POINTS)
    )


def criterion_rows(rows: Iterable[ContactRow]) -> tuple[CriterionRow, ...]:
    """Return outcome counts per scorecard and criterion, in the order in which the scorecards judge them."""
    names: dict[tuple[str, str], CriterionRow] = {}
    counts: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for row in rows:
        for finding in row.findings:
            key = (row.scorecard, finding.criterion_id)
            counts[key][finding.outcome] += 1
            if key not in names:
                names[key] = CriterionRow(
                    scorecard=row.scorecard,
                    section=finding.section,
                    criterion_id=finding.criterion_id,
                    criterion=finding.criterion,
                    fatal=finding.fatal,
                    counts=(),
                    met=wilson_share(0, 0),
                )
    found = [
        CriterionRow(
            scorecard=row.scorecard,
            section=row.section,
            criterion_id=row.criterion_id,
            criterion=row.criterion,
            fatal=row.fatal,
            counts=tuple((outcome, counts[key][outcome]) for outcome in Outcome),
            met=met_share(counts[key]),
        )
        for key, row in names.items()
    ]
    # Stable: inside a scorecard the criteria keep the order of its findings.
    return tuple(sorted(found, key=lambda row: row.scorecard))


def met_share(counts: Counter[Outcome]) -> Share:
    """Return MET among determined outcomes (met, partly met, not met)."""
    determined = counts[Outcome.MET] + counts[Outcome.PARTLY_MET] + counts[Outcome.NOT_MET]
    return wilson_share(counts[Outcome.MET], determined)


def counted(labels: Iterable[str]) -> tuple[Count, ...]:
    """Return how often each label occurs, most frequent first."""
    return tuple(Count(label=label, count=count) for label, count in Counter(labels).most_common())
