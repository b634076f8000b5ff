"""What kind of centre is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_, ConfigurationError


class Coaching(StrEnum):
    """Who is coached: nobody, the lowest of a month, or the lowest in two waves whose order is drawn."""

    NONE = "none"
    LOWEST = "lowest"
    WAITING_LIST = "waiting_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    """What kind of centre.

    ``agents``: posts; who leaves is replaced in the month after, so more people appear. ``calls_a_month``: judged
    contacts of an agent. ``monthly_exit_ratio``: share that leaves of their own will per month, about. ``frailty_sd``:
    of the logarithm of the hazard that no column explains. ``newcomer_points``: how far somebody begins below their
    level. ``coached_share``: of those at work, per wave. ``coaching_effect_points``: on the true points, in every month
    from the first coached one on. ``selection_months``: at whose end people are selected, as places from 0; empty is
    once, in the middle. Whoever was selected once is not selected again. ``second_wave_after_months``: how much later
    the second wave is coached. ``team_names``: one for each team, "Team 1" and so on where there are none.
    """

    agents: int = 120
    teams: int = 6
    months: int = 24
    first_month: str = "2024-01"
    calls_a_month: float = 60.0
    monthly_exit_ratio: float = 0.03
    frailty_sd: float = 0.8
    newcomer_points: float = 3.0
    coaching: Coaching = Coaching.NONE
    coached_share: float = 0.1
    coaching_effect_points: float = 3.0
    selection_months: Sequence[int] = ()
    second_wave_after_months: int = 5
    seed: int = 1
    team_names: Sequence[str] = ()


def check_settings(settings: CentreSettings) -> None:
    """Raise ConfigurationError when a setting is out of its range."""
    check_month(settings.first_month)
    ranges: Sequence[tuple[str, float, float, float]] = (
        ("agents", settings.agents, 10, 100_000),
        ("teams", settings.teams, 1, settings.agents),
        ("months", settings.months, 1, 240),
        ("calls_a_month", settings.calls_a_month, 1, 100_000),
        ("monthly_exit_ratio", settings.monthly_exit_ratio, 0, 0.5),
        ("frailty_sd", settings.frailty_sd, 0, 3),
        ("coached_share", settings.coached_share, 0, 0.5),
        ("second_wave_after_months", settings.second_wave_after_months, 1, 240),
        ("team_names", len(settings.team_names) or settings.teams, settings.teams, settings.teams),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise ConfigurationError(
                N_("{name} is {value}, which no simulated centre can have."),
                hint=N_("Give a value from {low} to {high}."),
                field=name,
                name=name,
                value=value,
                low=low,
                high=high,
            )
