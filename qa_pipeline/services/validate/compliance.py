"""How well the rules of a scorecard agree with the outcomes that people gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.text import EMBEDDED_TEXT, TextEngine
from qa_pipeline.scoring.confidence import Calibration, brier, expected_calibration_error
from qa_pipeline.services.validate.labelled_contacts import compare_labels
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

_OUTCOMES = tuple(Outcome)
_UNDETERMINED = _OUTCOMES.index(Outcome.UNDETERMINED)
# Points of the abstention curve: per cent of the labelled criteria that are still decided.
_COVERAGES = (50, 60, 70, 80, 90)

Codes = npt.NDArray[np.intp]
Values = npt.NDArray[np.float64]


def validate_compliance(
    path: Path,
    cards: Sequence[Scorecard],
    engines: Sequence[TextEngine] = EMBEDDED_TEXT,
    calibration: Calibration | None = None,
) -> ValidationReport:
    """Compare the rules with people's labels, contact by contact and criterion by criterion.

    Parameters
    ----------
    path : Path
        JSONL: ``contact`` {``utterances``: [{``role``, ``text``, ``start_s``, ``end_s``}], optional
        ``language``}, ``scorecard`` (id, or id@version), ``labels`` {criterion id: outcome}.
    cards : sequence of Scorecard
        The cards that rows may name.
    engines : sequence of TextEngine
        Engines that read words; loaded only when a label asks for them.
    calibration : Calibration, optional
        What the site's labels say of the rules; measure it on other labels than it was learned from.

    Returns
    -------
    ValidationReport
        Over the labelled criteria, n being their count: ``accuracy`` and Cohen's ``kappa`` where the rules decided,
        ``abstained`` the share where they did not; ``ece`` and ``brier`` of their confidences; ``accuracy_at_80`` and
        its like, the accuracy when only the 80 % of which the rules are surest are decided. Labels ``undetermined``
        are left out: a person who cannot tell is no yardstick. Intervals by bootstrap over contacts; per criterion in
        ``groups``.

    Raises
    ------
    TableError
        When the file is no such table or no row can be used.
    """
    compared = compare_labels(path, cards, engines, calibration)
    names = [item.criterion.id for item in compared.findings]
    truth = np.array([_OUTCOMES.index(item.label) for item in compared.findings], dtype=np.intp)
    found = np.array([_OUTCOMES.index(item.finding.outcome) for item in compared.findings], dtype=np.intp)
    confidences = np.array([item.finding.confidence for item in compared.findings])
    groups = [item.contact for item in compared.findings]
    statistics = _statistics(truth, found, confidences)
    return ValidationReport(
        task="compliance",
        n=len(names),
        engine="rules: " + ", ".join(sorted(card.key for card in compared.cards)),
        metrics={name: measured(each, len(truth), groups=groups) for name, each in statistics.items()},
        notes=(rows_left_out(compared.left_out),) if compared.left_out else (),
        groups=_per_criterion(names, truth, found, confidences),
    )


def _statistics(truth: Codes, found: Codes, confidences: Values) -> Mapping[str, Callable[[Indices], float]]:
    decided = found != _UNDETERMINED
    right = (truth == found).astype(np.float64)

    def of_decided(figure: Callable[[Values, Values], float]) -> Callable[[Indices], float]:
        return lambda rows: figure(confidences[rows][decided[rows]], right[rows][decided[rows]])

    def at(coverage: int) -> Callable[[Indices], float]:
        return lambda rows: accuracy_at(coverage / 100, confidences[rows], right[rows], decided[rows])

    return {
        "kappa": lambda rows: agreement(truth[rows], found[rows])[1],
        "accuracy": lambda rows: agreement(truth[rows], found[rows])[0],
        "abstained": lambda rows: float(np.mean(~decided[rows])),
        "ece": of_decided(expected_calibration_error),
        "brier": of_decided(brier),
        **{f"accuracy_at_{coverage}": at(coverage) for coverage in _COVERAGES},
    }


def accuracy_at(coverage: float, confidences: Values, right: Values, decided: npt.NDArray[np.bool_]) -> float:
    """Return the accuracy over the share `coverage` (0-1) of all rows that the rules are surest of.

    Rows of equal confidence count by their mean, so that their order does not matter; NaN when the rules decided less.
    """
    wanted = coverage * len(right)
    if decided.sum() < wanted or not wanted:
        return float("nan")
    values, places = np.unique(-confidences[decided], return_inverse=True)
    counts = np.bincount(places, minlength=len(values))
    hits = np.bincount(places, weights=right[decided], minlength=len(values))
    taken = np.clip(wanted - np.concatenate([[0.0], np.cumsum(counts)[:-1]]), 0, counts)
    return float((taken * hits / counts).sum() / wanted)


def _per_criterion(
    names: Sequence[str], truth: Codes, found: Codes, confidences: Values
) -> Mapping[str, Mapping[str, Metric]]:
    groups: dict[str, Mapping[str, Metric]] = {}
    for name in dict.fromkeys(names):
        rows = np.array([index for index, other in enumerate(names) if other == name], dtype=np.intp)
        accuracy, kappa = agreement(truth[rows], found[rows])
        sure = confidences[rows][found[rows] != _UNDETERMINED]
        groups[name] = {
            "n": Metric(value=float(len(rows))),
            "kappa": Metric(value=kappa),
            "accuracy": Metric(value=accuracy),
            "abstained": Metric(value=float(np.mean(found[rows] == _UNDETERMINED))),
            "confidence": Metric(value=float(sure.mean()) if sure.size else float("nan")),
        }
    return groups


def agreement(truth: Codes, found: Codes) -> tuple[float, float]:
    """Return accuracy and Cohen's kappa over the rows that the rules decided; NaN where they are not defined.

    kappa = (p_o - p_e) / (1 - p_e) with p_e from both margins (Cohen 1960); undefined when both always say the same.
    """
    decided = found != _UNDETERMINED
    if not decided.any():
        return float("nan"), float("nan")
    counts = np.zeros((len(_OUTCOMES), len(_OUTCOMES)))
    np.add.at(counts, (truth[decided], found[decided]), 1)
    shares = counts / counts.sum()
    observed = float(np.trace(shares))
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return observed, (observed - expected) / (1 - expected) if expected < 1 else float("nan")
