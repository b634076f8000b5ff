"""``scorecards try``: what a card says of a sample of contacts, with examples, and what a new version would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from qa_pipeline.domain.inspection import Evidence, Finding, Outcome, Reason
from qa_pipeline.domain.scorecard import Criterion, Scorecard
from qa_pipeline.engines.text import TextEngine, judging_models
from qa_pipeline.ports import JudgingModels
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.judged import DETERMINED, Judged, judge_view, warm_up
from qa_pipeline.services.rules.sample import LeftOut, Sample, SampledContact, fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One finding to look at."""

    contact_id: str
    reason: Reason
    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(slots=True, kw_only=True)
class CriterionTrial:
    """What one criterion said of all contacts. ``examples``: by outcome, those with different words first."""

    criterion: Criterion
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    confidence_sum: float = 0.0
    seconds: float = 0.0
    examples: dict[Outcome, list[Example]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Contacts judged."""
        return self.outcomes.total()

    @property
    def determined_count(self) -> int:
        """Contacts on which the criterion decided."""
        return sum(self.outcomes[outcome] for outcome in DETERMINED)

    @property
    def hit_rate(self) -> Share:
        """The share of MET where the criterion decided."""
        return Share(self.outcomes[Outcome.MET], self.determined_count)

    @property
    def applicable(self) -> Share:
        """The share of contacts for which there was an occasion, known or not."""
        return Share(self.n - self.outcomes[Outcome.NOT_APPLICABLE], self.n)

    @property
    def mean_confidence(self) -> float | None:
        """Mean over the findings that decided."""
        return self.confidence_sum / self.determined_count if self.determined_count else None


@dataclass(slots=True, kw_only=True)
class CardTrial:
    """A card over the sample. ``points``: of the contacts that have a score; ``fatal``: broken red lines."""

    card: Scorecard
    criteria: tuple[CriterionTrial, ...]
    n: int = 0
    points: list[float] = field(default_factory=list)
    passed_count: int = 0
    fatal: Counter[str] = field(default_factory=Counter)
    judge_s: float = 0.0

    @property
    def passed(self) -> Share:
        """The share that passed of those with a score."""
        return Share(self.passed_count, len(self.points))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange:
    """Contacts for which a criterion says something else; ``contact_ids``: the first of ``count``."""

    criterion_id: str
    before: Outcome
    after: Outcome
    count: int
    contact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changes from ``before`` to the card that is tried.

    ``added`` and ``removed``: criteria that only one of them has. ``moved_count``: contacts with other points;
    ``passes``/``fails``: contacts that pass now and did not, and the other way round.
    """

    before: CardTrial
    changes: tuple[OutcomeChange, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed_count: int
    moved_count: int
    mean_change_points: float | None
    passes: tuple[str, ...]
    fails: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Result of trying a card. ``read_s``: what reading and annotating took, None where that had been done before."""

    trial: CardTrial
    left_out: LeftOut
    comparison: Comparison | None = None
    read_s: float | None = None

    def expected_s(self, contacts: int, processes: int) -> float | None:
        """Return the seconds that so many such contacts would take, None without a sample."""
        if not self.trial.n:
            return None
        return (self.trial.judge_s + (self.read_s or 0.0)) / self.trial.n * contacts / max(processes, 1)


def try_scorecard(
    sample: Sample,
    card: Scorecard,
    engines: Sequence[TextEngine],
    *,
    against: Scorecard | None = None,
    calibration: Calibration | None = None,
    limit: int | None = None,
    example_count: int = 2,
) -> Trial:
    """Judge a sample by a card; nothing is kept.

    Parameters
    ----------
    sample : iterable
        Of `sample_of_files` or `sample_of_store`; contacts that the card is not made for are counted.
    against : Scorecard, optional
        What the card is compared with, usually its earlier version.
    limit : int, optional
        The most contacts to judge.
    example_count : int
        The most examples of each outcome of each criterion.
    """
    models = judging_models([card, *([against] if against else [])], engines)
    left_out = LeftOut()
    trial = _Running(card, example_count)
    before = _Running(against, 0) if against else None
    versus = _Versus(card, against) if against else None
    read_s: float | None = None
    for item in _warmed(fitting(sample, card, left_out, limit), card, models):
        view = item.view
        judged = judge_view(view, card, models, calibration)
        trial.add(item.contact.id, judged)
        if item.read_s is not None:
            read_s = (read_s or 0.0) + item.read_s
        if against and before and versus:
            other = judge_view(view, against, models, calibration)
            before.add(item.contact.id, other)
            versus.add(item.contact.id, other, judged)
    comparison = versus.result(before.trial) if versus and before else None
    return Trial(trial=trial.trial, left_out=left_out, comparison=comparison, read_s=read_s)


def _warmed(items: Iterator[SampledContact], card: Scorecard, models: JudgingModels) -> Iterator[SampledContact]:
    first = list(islice(items, 1))
    warm_up([item.view for item in first], card, models)
    return chain(first, items)


class _Running:
    """Sums of one card over the sample."""

    def __init__(self, card: Scorecard, example_count: int) -> None:
        self.trial = CardTrial(card=card, criteria=tuple(CriterionTrial(criterion=item) for item in card.criteria))
        self._example_count = example_count

    def add(self, contact_id: str, judged: Judged) -> None:
        trial = self.trial
        trial.n += 1
        trial.judge_s += sum(judged.seconds)
        trial.fatal.update(judged.score.fatal)
        if judged.score.points is not None:
            trial.points.append(judged.score.points)
            trial.passed_count += bool(judged.score.passed)
        for entry, finding, seconds in zip(trial.criteria, judged.findings, judged.seconds, strict=True):
            entry.outcomes[finding.outcome] += 1
            entry.seconds += seconds
            if finding.outcome in DETERMINED:
                entry.confidence_sum += finding.confidence
            self._show(entry, contact_id, finding)

    def _show(self, entry: CriterionTrial, contact_id: str, finding: Finding) -> None:
        shown = entry.examples.setdefault(finding.outcome, [])
        if finding.outcome is Outcome.NOT_APPLICABLE or len(shown) >= self._example_count:
            return
        example = Example(
            contact_id=contact_id,
            reason=finding.reason,
            confidence=finding.confidence,
            evidence=finding.evidence,
        )
        # The same words again teach nobody anything.
        if all(_words_of(example) != _words_of(other) for other in shown):
            shown.append(example)


def _words_of(example: Example) -> tuple[object, ...]:
    quotes = tuple(part.quote for part in example.evidence[:1])
    return (example.reason.message, *quotes)


class _Versus:
    """Differences between two cards over the sample."""

    _SHOWN = 5

    def __init__(self, card: Scorecard, against: Scorecard) -> None:
        now, then = [item.id for item in card.criteria], [item.id for item in against.criteria]
        self._added = tuple(name for name in now if name not in then)
        self._removed = tuple(name for name in then if name not in now)
        self._changes: dict[tuple[str, Outcome, Outcome], list[str]] = {}
        self._changed = 0
        self._moves: list[float] = []
        self._passes: list[str] = []
        self._fails: list[str] = []

    def add(self, contact_id: str, before: Judged, after: Judged) -> None:
        was = {finding.criterion_id: finding.outcome for finding in before.findings}
        differs = False
        for finding in after.findings:
            old = was.get(finding.criterion_id)
            if old is not None and old is not finding.outcome:
                self._changes.setdefault((finding.criterion_id, old, finding.outcome), []).append(contact_id)
                differs = True
        self._changed += differs
        if before.score.points is not None and after.score.points is not None:
            self._moves.append(after.score.points - before.score.points)
        if after.score.passed and before.score.passed is False:
            self._passes.append(contact_id)
        if before.score.passed and after.score.passed is False:
            self._fails.append(contact_id)

    def result(self, before: CardTrial) -> Comparison:
        changes = sorted(self._changes.items(), key=lambda item: -len(item[1]))
        return Comparison(
            before=before,
            changes=tuple(
                OutcomeChange(
                    criterion_id=name, before=old, after=new, count=len(ids), contact_ids=tuple(ids[: self._SHOWN])
                )
                for (name, old, new), ids in changes
            ),
            added=self._added,
            removed=self._removed,
            changed_count=self._changed,
            moved_count=sum(abs(move) > 1e-9 for move in self._moves),
            mean_change_points=sum(self._moves) / len(self._moves) if self._moves else None,
            passes=tuple(self._passes),
            fails=tuple(self._fails),
        )


def distribution(points: Sequence[float], step: float = 10.0) -> Mapping[str, int]:
    """Return how many scores lie in each step of points; 100 belongs to the last."""
    edges = [step * place for place in range(int(100 / step))]
    counts = {f"{low:g}-{low + step:g}": 0 for low in edges}
    names = list(counts)
    for value in points:
        counts[names[min(int(value / step), len(names) - 1)]] += 1
    return counts
