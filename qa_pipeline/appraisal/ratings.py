"""One value per agent and rated indicator from the ratings of several people. Pure.

The mean of each class of raters (self, manager, peers ...) enters with the weight of the class; a class that is missing
leaves its weight to the others. Ratings by managers are centred first: how strict a manager is says nothing about the
agents. Self ratings are known to be lenient and are not centred.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import TypeVar

from qa_pipeline.appraisal.inspected import PRIOR_DF
from qa_pipeline.domain.cycle import Rating
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import RaterClass
from qa_pipeline.errors import N_

# Whoever rates a colleague or the own manager is to be safe from being recognised.
ANONYMOUS = frozenset((RaterClass.PEER, RaterClass.REPORT))
MIN_ANONYMOUS = 3
# The same step for this many agents is a level and no judgement: level and strictness cannot be told apart.
MIN_UNIFORM = 3
_SWEEPS = 50
_SETTLED = 1e-9  # on a scale of 1 to 5
_Key = TypeVar("_Key", bound=Hashable)
_MISSING = {
    RaterClass.SELF: N_("{indicator}: there is no self rating; its weight goes to the other raters."),
    RaterClass.MANAGER: N_("{indicator}: no manager has rated; the weight goes to the other raters."),
    RaterClass.PEER: N_("{indicator}: no peer has rated; the weight goes to the other raters."),
    RaterClass.REPORT: N_("{indicator}: nobody of the own team has rated; the weight goes to the other raters."),
    RaterClass.SERVED: N_("{indicator}: none of the people served has rated; the weight goes to the other raters."),
    RaterClass.EXTERNAL: N_("{indicator}: nobody from outside has rated; the weight goes to the other raters."),
}
_WITHHELD = {
    RaterClass.PEER: N_(
        "{indicator}: {count} peers have rated, and fewer than {needed} could be recognised; the weight goes to the "
        "other raters."
    ),
    RaterClass.REPORT: N_(
        "{indicator}: {count} people of the own team have rated, and fewer than {needed} could be recognised; the "
        "weight goes to the other raters."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMean:
    """What one class of raters says about one agent and indicator.

    ``mean`` of the ratings as given, and ``counted``, after centring; both None while fewer than three people of an
    anonymous class have rated, and then they do not count. ``weight`` of the template and ``effective_weight`` after
    missing classes, in percent.
    """

    rater_class: RaterClass
    n: int
    mean: float | None
    counted: float | None
    weight: float
    effective_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRating:
    """The value of one agent on one rated indicator.

    ``n``: raters who count. ``se``: standard error from how far raters of the same agent lie apart, None when nobody
    was rated by two; ``df``: its degrees of freedom.
    """

    value: float
    n: int
    se: float | None
    df: float | None
    classes: tuple[ClassMean, ...]
    notes: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """One rating that counts, with its value after centring."""

    rating: Rating
    value: float


def merge_ratings(
    indicator: str, ratings: Iterable[Rating], weights: Mapping[RaterClass, float]
) -> Mapping[str, MergedRating]:
    """Merge all ratings of one period on one indicator, by agent; who has none that counts is absent.

    The variance of ratings of one agent is that within agents after the mean of each class, moderated towards all
    agents' as in :func:`qa_pipeline.appraisal.inspected.summarise`; that of the value follows from the weights.

    Parameters
    ----------
    ratings : iterable of Rating
        In force, one per agent and rater.
    weights : mapping
        Percent by class of raters; classes without a weight do not count.
    """
    weighed = [rating for rating in ratings if rating.rater_class in weights]
    uniform = find_uniform(weighed)
    by_agent: dict[str, dict[RaterClass, list[_Counted]]] = defaultdict(lambda: defaultdict(list))
    for rating, value in zip(weighed, centre(weighed), strict=True):
        by_agent[rating.agent_id][rating.rater_class].append(_Counted(rating, value))
    counting = {
        agent_id: {each: found for each, found in classes.items() if is_open(each, len(found))}
        for agent_id, classes in by_agent.items()
    }
    counting = {agent_id: classes for agent_id, classes in counting.items() if classes}
    spread = _Spread.of(counting)
    return {
        agent_id: _merge(indicator, agent_id, by_agent[agent_id], counting[agent_id], weights, spread, uniform)
        for agent_id in sorted(counting)
    }


def is_open(rater_class: RaterClass, n: int) -> bool:
    """Whether `n` people of a class may be seen and count without anybody being recognised."""
    return n >= MIN_ANONYMOUS if rater_class in ANONYMOUS else n > 0


def find_uniform(ratings: Iterable[Rating]) -> frozenset[str]:
    """Return the managers who gave all of three or more agents the same value on this indicator."""
    values = _by_manager(ratings)
    return frozenset(rater for rater, found in values.items() if len(found) >= MIN_UNIFORM and len(set(found)) == 1)


def centre(ratings: Sequence[Rating]) -> Sequence[float]:
    """Return the values of ratings on one indicator, those of managers without the manager's strictness; in order.

    A manager's ratings move by the manager's mean over the own agents less the mean of all managers' ratings, times
    b / (b + w / n) with n agents rated, w the variance within and b that between managers (by moments, as in a one-way
    analysis of variance): two agents say little about a manager, and managers who hardly differ are hardly moved.
    Who gives three or more agents the same value contributes the mean of all: that says nothing about any of them.
    """
    values = _by_manager(ratings)
    if not values:
        return [rating.value for rating in ratings]
    everything = [value for found in values.values() for value in found]
    site = fmean(everything)
    within, between = _variances(list(values.values()), site)
    uniform = find_uniform(ratings)
    moves = {}
    for rater, found in values.items():
        noise = within / len(found)
        share = 1.0 if rater in uniform else (between / (between + noise) if between > 0 else 0.0)
        moves[rater] = share * (site - fmean(found))
    return [
        rating.value + (moves[rating.rater_id] if rating.rater_class is RaterClass.MANAGER else 0.0)
        for rating in ratings
    ]


def _by_manager(ratings: Iterable[Rating]) -> Mapping[str, list[float]]:
    values: dict[str, list[float]] = defaultdict(list)
    for rating in ratings:
        if rating.rater_class is RaterClass.MANAGER:
            values[rating.rater_id].append(rating.value)
    return values


def _variances(groups: Sequence[Sequence[float]], site: float) -> tuple[float, float]:
    """Return the variance within and between groups; (0, 0) where there is no telling them apart."""
    count = sum(len(group) for group in groups)
    if len(groups) < 2 or count == len(groups):
        return 0.0, 0.0
    means = [fmean(group) for group in groups]
    inside = sum((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group)
    outside = sum(len(group) * (mean - site) ** 2 for group, mean in zip(groups, means, strict=True))
    within = inside / (count - len(groups))
    size = count - sum(len(group) ** 2 for group in groups) / count
    return within, max(0.0, (outside - (len(groups) - 1) * within) / size)


@dataclass(frozen=True, slots=True)
class _Spread:
    """How far raters of one agent lie apart. ``pooled``: variance over all agents with its ``df``, None without any."""

    squares: Mapping[str, float]
    pooled: float | None
    df: int

    @classmethod
    def of(cls, counting: Mapping[str, Mapping[RaterClass, Sequence[_Counted]]]) -> _Spread:
        rows = [
            (agent_id, rater_class, one.value)
            for agent_id, classes in counting.items()
            for rater_class, found in classes.items()
            for one in found
        ]
        of_agent: dict[str, float] = dict.fromkeys(counting, 0.0)
        of_class: dict[RaterClass, float] = dict.fromkeys((row[1] for row in rows), 0.0)
        # Least squares of agent + class by turns: a class may have rated better agents than another.
        for _ in range(_SWEEPS):
            of_agent = _means((agent_id, value - of_class[each]) for agent_id, each, value in rows)
            before = of_class
            of_class = _means((each, value - of_agent[agent_id]) for agent_id, each, value in rows)
            if all(abs(of_class[each] - before[each]) < _SETTLED for each in of_class):
                break
        squares: dict[str, float] = defaultdict(float)
        for agent_id, each, value in rows:
            squares[agent_id] += (value - of_agent[agent_id] - of_class[each]) ** 2
        df = len(rows) - len(of_agent) - len(of_class) + 1
        return cls(squares, sum(squares.values()) / df if df > 0 else None, df)

    def error(self, agent_id: str, n: int, factor: float) -> tuple[float | None, float | None]:
        """Return standard error and degrees of freedom of a weighed mean; `factor` is the sum of squared weights."""
        if self.pooled is None:
            return None, None
        freedom = PRIOR_DF + n - 1
        variance = (PRIOR_DF * self.pooled + self.squares[agent_id]) / freedom
        return sqrt(variance * factor), float(min(self.df, freedom))


def _means(pairs: Iterable[tuple[_Key, float]]) -> dict[_Key, float]:
    found: dict[_Key, list[float]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: fmean(values) for key, values in found.items()}


def _merge(
    indicator: str,
    agent_id: str,
    given: Mapping[RaterClass, Sequence[_Counted]],
    counting: Mapping[RaterClass, Sequence[_Counted]],
    weights: Mapping[RaterClass, float],
    spread: _Spread,
    uniform: frozenset[str],
) -> MergedRating:
    whole = sum(weights[each] for each in counting)
    classes = []
    for each, weight in weights.items():
        found, counted = given.get(each, ()), counting.get(each, ())
        classes.append(
            ClassMean(
                rater_class=each,
                n=len(found),
                mean=fmean(one.rating.value for one in counted) if counted else None,
                counted=fmean(one.value for one in counted) if counted else None,
                weight=weight,
                effective_weight=100 * weight / whole if counted else 0.0,
            )
        )
    shares = [(one, one.effective_weight / 100) for one in classes if one.counted is not None]
    n = sum(one.n for one, _ in shares)
    se, df = spread.error(agent_id, n, sum(share**2 / one.n for one, share in shares))
    return MergedRating(
        value=sum(share * (one.counted or 0.0) for one, share in shares),
        n=n,
        se=se,
        df=df,
        classes=tuple(classes),
        notes=tuple(_notes(indicator, classes, counting, uniform)),
    )


def _notes(
    indicator: str,
    classes: Sequence[ClassMean],
    counting: Mapping[RaterClass, Sequence[_Counted]],
    uniform: frozenset[str],
) -> Iterable[Reason]:
    for one in classes:
        if one.n == 0:
            yield Reason(message=_MISSING[one.rater_class], params={"indicator": indicator})
        elif one.counted is None:
            params: dict[str, str | int | float] = {"indicator": indicator, "count": one.n, "needed": MIN_ANONYMOUS}
            yield Reason(message=_WITHHELD[one.rater_class], params=params)
    for rater in sorted({one.rating.rater_id for one in counting.get(RaterClass.MANAGER, ())} & uniform):
        message = N_(
            "{indicator}: {rater} gave everybody the same value, which tells nobody apart; it counts as the mean of "
            "all managers' ratings."
        )
        yield Reason(message=message, params={"indicator": indicator, "rater": rater})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRating:
    """What may be seen of ratings: one of a named rater, or those of an anonymous class together.

    ``rater_id``: None for an anonymous class. ``value``: the rating or the mean of ``n``, None while somebody could be
    recognised; then there are no ``comments`` either.
    """

    agent_id: str
    period: str
    indicator: str
    rater_class: RaterClass
    rater_id: str | None
    n: int
    value: float | None
    comments: tuple[str, ...]


def show_ratings(ratings: Iterable[Rating]) -> Sequence[ShownRating]:
    """Return what may be seen of ratings in force, by agent, period, indicator and class.

    Comments of an anonymous class come in alphabetical order, not in that of the raters.
    """
    named: list[ShownRating] = []
    together: dict[tuple[str, str, str, RaterClass], list[Rating]] = defaultdict(list)
    for rating in ratings:
        key = (rating.agent_id, rating.period, rating.indicator, rating.rater_class)
        if rating.rater_class in ANONYMOUS:
            together[key].append(rating)
        else:
            named.append(_shown(key, rating.rater_id, [rating]))
    shown = [*named, *(_shown(key, None, found) for key, found in together.items())]
    order = list(RaterClass)
    return sorted(
        shown,
        key=lambda one: (one.agent_id, one.period, one.indicator, order.index(one.rater_class), one.rater_id or ""),
    )


def _shown(key: tuple[str, str, str, RaterClass], rater_id: str | None, found: Sequence[Rating]) -> ShownRating:
    agent_id, period, indicator, rater_class = key
    is_shown = is_open(rater_class, len(found))
    return ShownRating(
        agent_id=agent_id,
        period=period,
        indicator=indicator,
        rater_class=rater_class,
        rater_id=rater_id,
        n=len(found),
        value=fmean(rating.value for rating in found) if is_shown else None,
        comments=tuple(sorted(rating.comment for rating in found if rating.comment)) if is_shown else (),
    )
