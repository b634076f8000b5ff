"""``scorecards lint``: what is probably wrong with a card, from its file alone and from what it says of contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.inspection import Finding, Outcome
from qa_pipeline.domain.scorecard import Criterion
from qa_pipeline.engines.text import TextEngine, judging_models
from qa_pipeline.errors import N_, Message, ScorecardError
from qa_pipeline.resources import read_yaml
from qa_pipeline.scorecards import check_scorecard, read_scorecard
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.judged import DETERMINED, judge_view
from qa_pipeline.services.rules.lint_checks import lint_checks
from qa_pipeline.services.rules.lint_wordings import lint_wordings
from qa_pipeline.services.rules.remarks import CardSource, Remark, Severity
from qa_pipeline.services.rules.sample import LeftOut, Sample, fitting

# A share counts as never (or always) when its whole 95 % interval lies below (above) this: with nothing seen that
# takes 72 contacts, so that a small sample accuses nobody.
RARE = 0.05
# Two criteria say the same when the lower end of the interval of phi reaches this.
SAME_PHI = 0.9
_PHI_CONTACTS = 30
_DRAWS = 500
# One criterion takes more time than this, and more than a quarter of the card's: worth a look.
SLOW_MS = 5.0
_SLOW_RATIO = 0.25
_Reason = tuple[str, tuple[tuple[str, str | int | float], ...]]
FILE_RULE = "file"  # of what is wrong with the file itself
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(slots=True, kw_only=True)
class Linted:
    """Remarks on one card, gravest first. ``n``: contacts it was tried on, None without a sample."""

    path: Path
    key: str = ""
    remarks: tuple[Remark, ...] = ()
    n: int | None = None
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def has_errors(self) -> bool:
        """Whether something can never judge rightly."""
        return any(remark.severity is Severity.ERROR for remark in self.remarks)


def lint_scorecard(
    path: Path, engines: Sequence[TextEngine], sample: Sample | None = None, limit: int | None = None
) -> Linted:
    """Return what is probably wrong with the card in a file; with a sample also what only contacts show."""
    mistakes = check_scorecard(path)
    if mistakes:
        found = tuple(Remark(severity=Severity.ERROR, rule=FILE_RULE, problem=mistake) for mistake in mistakes)
        return Linted(path=path, remarks=found)
    card = read_scorecard(path)
    source = CardSource(card, read_yaml(path, ScorecardError))
    remarks = [*lint_wordings(source), *lint_checks(source, [engine.kind for engine in engines])]
    linted = Linted(path=path, key=card.key)
    if sample is not None:
        seen = _Seen(source)
        models = judging_models([card], engines)
        for item in fitting(sample, card, linted.left_out, limit):
            judged = judge_view(item.view, card, models)
            seen.add(judged.findings, judged.seconds)
        linted.n = seen.n
        remarks += seen.remarks()
    linted.remarks = tuple(sorted(remarks, key=lambda remark: (_ORDER.index(remark.severity), remark.problem.row or 0)))
    return linted


class _Seen:
    """Outcomes and times of every criterion over the sample."""

    def __init__(self, source: CardSource) -> None:
        self._source = source
        self._criteria = tuple(source.card.criteria)
        self._rows: list[tuple[Outcome, ...]] = []
        self._reasons: list[Counter[_Reason]] = [Counter() for _ in self._criteria]
        self._seconds = np.zeros(len(self._criteria))

    @property
    def n(self) -> int:
        """Contacts so far."""
        return len(self._rows)

    def add(self, findings: Sequence[Finding], seconds: Sequence[float]) -> None:
        self._rows.append(tuple(finding.outcome for finding in findings))
        self._seconds += seconds
        for finding, reasons in zip(findings, self._reasons, strict=True):
            if finding.outcome is Outcome.UNDETERMINED:
                reasons[finding.reason.message, tuple(finding.reason.params.items())] += 1

    def remarks(self) -> Iterator[Remark]:
        if not self._rows:
            return
        for place, criterion in enumerate(self._criteria):
            outcomes = [row[place] for row in self._rows]
            yield from self._open(criterion, outcomes, self._reasons[place])
            yield from self._rates(criterion, [outcome for outcome in outcomes if outcome in DETERMINED])
        yield from self._same()
        yield from self._slow()

    def _open(self, criterion: Criterion, outcomes: Sequence[Outcome], reasons: Counter[_Reason]) -> Iterator[Remark]:
        """Yield where a criterion hardly ever decides."""
        keys = self._source.criterion_keys[criterion.id]
        n = len(outcomes)
        undetermined = Share(outcomes.count(Outcome.UNDETERMINED), n)
        away = Share(outcomes.count(Outcome.NOT_APPLICABLE), n)
        if undetermined.ci95[0] >= 1 - RARE:
            message, params = reasons.most_common(1)[0][0]
            yield self._source.remark(
                Severity.WARNING,
                "undecided",
                keys,
                N_("{criterion} was undetermined in {count} of {n} contacts: {reason}"),
                N_("Such contacts may lack what it asks for, such as times; leave it out of this card then."),
                criterion=criterion.id,
                count=undetermined.count,
                n=n,
                reason=Message(message, dict(params)),
            )
        elif away.ci95[0] >= 1 - RARE:
            yield self._source.remark(
                Severity.NOTE,
                "no-occasion",
                (*keys, "applies_when"),
                N_("The occasion for {criterion} arose in {count} of {n} contacts."),
                N_("Look at the words under applies_when, or leave it for the rare case."),
                criterion=criterion.id,
                count=n - away.count,
                n=n,
            )

    def _rates(self, criterion: Criterion, decided: Sequence[Outcome]) -> Iterator[Remark]:
        """Yield where a criterion decides the same for everybody."""
        keys = self._source.criterion_keys[criterion.id]
        met = Share(decided.count(Outcome.MET), len(decided))
        low, high = met.ci95
        if high <= RARE:
            yield self._source.remark(
                Severity.WARNING,
                "never-met",
                keys,
                N_("{criterion} was met in {count} of {n} contacts that it decided (95 % interval up to {high} %)."),
                N_("Look at what is said instead: callqa scorecards try shows examples."),
                criterion=criterion.id,
                count=met.count,
                n=met.n,
                high=f"{100 * high:.0f}",
            )
        elif low >= 1 - RARE and not _forbids(criterion):
            yield self._source.remark(
                Severity.WARNING,
                "always-met",
                keys,
                N_("{criterion} was met in {count} of {n} contacts that it decided, so it tells nobody apart."),
                N_("Its wordings may hit anything; ask for more, or give the weight to something else."),
                criterion=criterion.id,
                count=met.count,
                n=met.n,
            )

    def _same(self) -> Iterator[Remark]:
        """Yield pairs of criteria of which one would do."""
        for (place, one), (other_place, other) in combinations(enumerate(self._criteria), 2):
            counts = np.zeros((2, 2))
            for row in self._rows:
                if row[place] in DETERMINED and row[other_place] in DETERMINED:
                    counts[int(row[place] is Outcome.MET), int(row[other_place] is Outcome.MET)] += 1
            interval = phi_interval(counts)
            if counts.sum() >= _PHI_CONTACTS and interval is not None and interval[0] >= SAME_PHI:
                yield self._source.remark(
                    Severity.WARNING,
                    "same",
                    self._source.criterion_keys[other.id],
                    N_("{one} and {other} say the same in {n} contacts (phi {phi}, 95 % interval from {low})."),
                    N_("One of them would do; together they count one thing twice."),
                    one=one.id,
                    other=other.id,
                    n=int(counts.sum()),
                    phi=f"{phi(counts):.2f}",
                    low=f"{interval[0]:.2f}",
                )

    def _slow(self) -> Iterator[Remark]:
        each_ms = 1000 * self._seconds / self.n
        for criterion, spent_ms in zip(self._criteria, each_ms, strict=True):
            if spent_ms > SLOW_MS and spent_ms > _SLOW_RATIO * each_ms.sum():
                yield self._source.remark(
                    Severity.NOTE,
                    "slow",
                    self._source.criterion_keys[criterion.id],
                    N_("{criterion} takes {spent} ms a contact of {all} ms for the whole card."),
                    N_("Fewer phrases, or tolerant: false, make it faster."),
                    criterion=criterion.id,
                    spent=f"{spent_ms:.1f}",
                    all=f"{each_ms.sum():.1f}",
                )


def _forbids(criterion: Criterion) -> bool:
    """Whether a criterion is met by default, as one that forbids words or a red line is."""
    return criterion.fatal or "none" in criterion.check.params or criterion.check.detector in ("not", "abuse")


def phi(counts: npt.NDArray[np.float64]) -> float:
    """Return the correlation of two yes-no answers from their 2 x 2 table; NaN where one never varies."""
    across, down = counts.sum(axis=1), counts.sum(axis=0)
    spread = np.sqrt(across.prod() * down.prod())
    return float((counts[0, 0] * counts[1, 1] - counts[0, 1] * counts[1, 0]) / spread) if spread else float("nan")


def phi_interval(counts: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the percentile bootstrap 95 % interval of phi, None where phi is not defined.

    One disagreement is added in each of the two fields, so that perfect agreement of few contacts is not certain.
    """
    if np.isnan(phi(counts)):
        return None
    smoothed = counts + np.array([[0.0, 0.5], [0.5, 0.0]])
    random = np.random.default_rng(0)
    drawn = random.multinomial(int(counts.sum()), (smoothed / smoothed.sum()).ravel(), size=_DRAWS)
    values = [phi(table.reshape(2, 2).astype(np.float64)) for table in drawn]
    known = [value for value in values if not np.isnan(value)]
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
