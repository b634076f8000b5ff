"""The posts of a simulated centre and who holds them, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from coaching.effect.waiting_list import draw_waves
from coaching.simulation.figures import Work, draw_figures
from coaching.simulation.leaving import Standing, draw_leavers
from coaching.simulation.settings import CentreSettings, Coaching
from qa_pipeline.domain.period import period_days
from qa_pipeline.domain.risk import DepartureKind

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SITE_POINTS = 75.0
LEVEL_SD, TEAM_SD = 5.0, 1.0
DRIFT_KEPT, DRIFT_STEP = 0.95, 0.7  # an agent's slow ups and downs: first-order autoregressive, SD 2.2
MONTH_SD = 3.3  # fortune of a month, gone in the next
CONTACT_SD = 20.0  # of one judged contact
NEWCOMER_MONTHS = 1.5  # after which a newcomer's gap has fallen to .37 of it
MEAN_TENURE_MONTHS = 24.0
DAYS_OF_MONTH = 30.4375
LOW_CSAT = 0.8
_LOAD_KEPT = 0.7
_MEMORY_MONTHS = 6
_RAISE_CHANCE = 0.25  # per month, once a year has gone by


@dataclass(slots=True, kw_only=True)
class Person:
    """One person who ever worked here; months are places from 0. ``wave``: 0 while nobody has selected them."""

    team: int
    hired_on: date
    left_on: date | None = None
    left_kind: DepartureKind | None = None
    selected_month: int = -1
    wave: int = 0
    coached_from: int = -1


def agent_id_of(place: int) -> str:
    """Return the id of somebody by the order of coming, from 0."""
    return f"S{place + 1:04d}"


class Floor:
    """A centre at work.

    ``people``: all who came. ``held``: who held a post in a month, shape (posts, months), -1 for nobody. ``figures``:
    arrays by name, shape (posts, months), NaN where a post was empty.
    """

    def __init__(self, settings: CentreSettings, months: Sequence[str]) -> None:
        self.people: list[Person] = []
        self.held = np.full((settings.agents, settings.months), -1, np.int64)
        self.figures: dict[str, Floats] = {}
        self._settings = settings
        self._days = [period_days(month) for month in months]
        self._chosen_at = tuple(settings.selection_months) or (settings.months // 2,)
        self._random = np.random.default_rng(settings.seed)
        self._team = np.arange(settings.agents) % settings.teams
        self._team_points = TEAM_SD * self._random.standard_normal(settings.teams)
        self._load = self._random.standard_normal(settings.teams)
        self._holder = np.full(settings.agents, -1, np.int64)
        self._leaving: list[DepartureKind | None] = [None] * settings.agents
        self._level, self._frailty, self._drift, self._pace_s, self._tenure, self._raised_ago, self._streak = np.zeros(
            (7, settings.agents)
        )
        self._memory = np.full((settings.agents, _MEMORY_MONTHS), np.nan)

    def live(self, month: int) -> None:
        """Let a month pass: some have gone, others come, all work, some are selected, some decide to go."""
        empty = np.flatnonzero(self._holder < 0)
        self._let_go(month)
        self._hire(empty, month)
        posts = np.flatnonzero(self._holder >= 0)
        self.held[posts, month] = self._holder[posts]
        self._work(posts, month)
        if self._settings.coaching is not Coaching.NONE and month in self._chosen_at:
            self._select(posts, month)
        if month + 1 < self._settings.months:
            self._decide_leaving(posts, month)

    def _let_go(self, month: int) -> None:
        first_on, last_on = self._days[month]
        for post, kind in enumerate(self._leaving):
            if kind is not None:
                person = self.people[self._holder[post]]
                person.left_on = first_on + timedelta(days=int(self._random.integers((last_on - first_on).days)))
                person.left_kind = kind
                self._holder[post] = -1
                self._leaving[post] = None

    def _hire(self, posts: npt.NDArray[np.intp], month: int) -> None:
        """Fill posts: with people of any tenure in the first month, with newcomers later."""
        random, count, first_on = self._random, len(posts), self._days[month][0]
        if month == 0:
            ago = random.exponential(MEAN_TENURE_MONTHS, count)
            days = [first_on - timedelta(days=1 + round(DAYS_OF_MONTH * tenure)) for tenure in ago]
        else:
            days = [first_on + timedelta(days=int(day)) for day in random.integers(0, 10, count)]
        self._holder[posts] = np.arange(len(self.people), len(self.people) + count)
        self.people += [Person(team=int(team), hired_on=day) for team, day in zip(self._team[posts], days, strict=True)]
        self._tenure[posts] = [max((first_on - day).days, 0) / DAYS_OF_MONTH for day in days]
        self._level[posts] = LEVEL_SD * random.standard_normal(count)
        self._frailty[posts] = self._settings.frailty_sd * random.standard_normal(count)
        self._drift[posts] = DRIFT_STEP / np.sqrt(1 - DRIFT_KEPT**2) * random.standard_normal(count)
        self._pace_s[posts] = 330.0 + 40.0 * random.standard_normal(count)
        self._raised_ago[posts] = np.minimum(self._tenure[posts], random.integers(0, 18, count)).round()
        self._memory[posts] = np.nan
        self._streak[posts] = 0.0

    def _work(self, posts: npt.NDArray[np.intp], month: int) -> None:
        """Draw what everybody's month was, and what was observed of it."""
        random, teams = self._random, self._team[posts]
        self._load = _LOAD_KEPT * self._load + np.sqrt(1 - _LOAD_KEPT**2) * random.standard_normal(len(self._load))
        first_on, last_on = self._days[month]
        starts = np.array([max(self.people[holder].hired_on, first_on) for holder in self._holder[posts]], "M8[D]")
        true = self._true_points(posts, month)
        work = Work(
            true_points=true,
            planned_days=np.busday_count(starts, last_on + timedelta(days=1)).astype(np.float64),
            load=self._load[teams] + 0.5 * random.standard_normal(len(posts)),
            frailty=self._frailty[posts],
            pace_s=self._pace_s[posts],
            calls_a_month=self._settings.calls_a_month,
        )
        found = draw_figures(work, random)
        se = CONTACT_SD / np.sqrt(found["calls"])
        observed = np.clip(true + se * random.standard_normal(len(posts)), 0.0, 100.0)
        raised = (self._raised_ago[posts] >= 12) & (random.random(len(posts)) < _RAISE_CHANCE)
        self._raised_ago[posts] = np.where(raised, 0.0, self._raised_ago[posts] + 1)
        found |= {"true_points": true, "quality_points": observed, "quality_se": se}
        found["months_since_raise"] = self._raised_ago[posts]
        for name, values in found.items():
            if name not in self.figures:
                self.figures[name] = np.full(self.held.shape, np.nan)
            self.figures[name][posts, month] = values
        self._memory = np.column_stack([self._memory[:, 1:], np.full(len(self._memory), np.nan)])
        self._memory[posts, -1] = observed
        self._streak[posts] = np.where(found["csat"] < LOW_CSAT, self._streak[posts] + 1, 0.0)
        self._tenure[posts] += 1

    def _true_points(self, posts: npt.NDArray[np.intp], month: int) -> Floats:
        random, settings = self._random, self._settings
        self._drift[posts] = DRIFT_KEPT * self._drift[posts] + DRIFT_STEP * random.standard_normal(len(posts))
        coached_from = np.array([self.people[holder].coached_from for holder in self._holder[posts]])
        is_coached = (coached_from >= 0) & (coached_from <= month)
        points = (
            SITE_POINTS
            + self._team_points[self._team[posts]]
            + self._level[posts]
            + self._drift[posts]
            + MONTH_SD * random.standard_normal(len(posts))
            - settings.newcomer_points * np.exp(-self._tenure[posts] / NEWCOMER_MONTHS)
            + settings.coaching_effect_points * is_coached
        )
        return np.asarray(points, np.float64)

    def _select(self, posts: npt.NDArray[np.intp], month: int) -> None:
        """Select the lowest of the month whom nobody has selected before; draw who of them is coached when."""
        settings = self._settings
        waves = 2 if settings.coaching is Coaching.WAITING_LIST else 1
        free = [post for post in posts if self.people[self._holder[post]].wave == 0]
        points = self.figures["quality_points"][free, month]
        count = waves * round(settings.coached_share * len(posts))
        chosen = np.array(free, np.intp)[np.argsort(points, kind="stable")[:count]]
        ids = [agent_id_of(int(self._holder[post])) for post in chosen]
        second = draw_waves(ids, settings.seed)[1] if waves > 1 else ()
        for agent_id, post in zip(ids, chosen, strict=True):
            person = self.people[self._holder[post]]
            person.selected_month = month
            person.wave = 2 if agent_id in second else 1
            person.coached_from = month + 1 + (settings.second_wave_after_months if person.wave == 2 else 0)

    def _decide_leaving(self, posts: npt.NDArray[np.intp], month: int) -> None:
        standing = Standing(
            frailty=self._frailty[posts],
            memory=self._memory[posts],
            low_csat_streak=self._streak[posts],
            overtime_h=self.figures["overtime_h"][posts, month],
            tenure_months=self._tenure[posts],
            months_since_raise=self._raised_ago[posts],
        )
        settings = self._settings
        kinds = draw_leavers(standing, settings.monthly_exit_ratio, settings.frailty_sd, self._random)
        for post, kind in zip(posts, kinds, strict=True):
            self._leaving[post] = kind
