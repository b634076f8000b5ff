"""``scorecards calibrate``: from people's labels to what a confidence is worth at this site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.text import TextEngine
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.scoring.confidence import Calibration, criterion_key
from qa_pipeline.scoring.confidence_fit import (
    CRITERION_MIN,
    LabelledFinding,
    calibration_card,
    fit_calibration,
)
from qa_pipeline.services.validate.labelled_contacts import compare_labels

# Below this no curve says more than the rule itself did.
LABELS_MIN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedRule:
    """A criterion that does not decide one outcome any more: of ``n`` such findings ``wrong`` were wrong."""

    scorecard: str
    criterion_id: str
    outcome: Outcome
    n: int
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A calibration with what it came of. ``own_count``: criteria with a curve of their own."""

    calibration: Calibration
    silenced: Sequence[SilencedRule]
    own_count: int
    left_out: Sequence[RowError]


def calibrate_rules(
    path: Path, cards: Sequence[Scorecard], engines: Sequence[TextEngine], error_limit: float
) -> Calibrated:
    """Learn from a table of ``callqa validate compliance`` how often each rule is right.

    Raises
    ------
    TableError
        The table cannot be used, or holds too few labels on which the rules decided, or of one contact alone.
    """
    compared = compare_labels(path, cards, engines)
    decided = [item for item in compared.findings if item.finding.outcome is not Outcome.UNDETERMINED]
    contacts = {item.contact for item in decided}
    if len(decided) < LABELS_MIN or len(contacts) < 2:
        raise TableError(
            N_("There are {n} labels of {contacts} contacts on which the rules decided; {least} of two are the least."),
            hint=N_("Label more contacts; a criterion gets a curve of its own from {own} labels on."),
            file=str(path),
            n=len(decided),
            contacts=len(contacts),
            least=LABELS_MIN,
            own=CRITERION_MIN,
        )
    findings = [
        LabelledFinding(
            contact=item.contact,
            key=criterion_key(item.criterion),
            detector=item.criterion.check.detector,
            outcome=item.finding.outcome,
            confidence=item.finding.confidence,
            right=item.finding.outcome is item.label,
        )
        for item in decided
    ]
    made_of = {"cards": ", ".join(f"{card.key} {card.digest[:12]}" for card in compared.cards)}
    fitted = fit_calibration(findings, error_limit)
    calibration = replace(fitted, card=made_of | calibration_card(findings, error_limit))
    silenced = [
        SilencedRule(
            scorecard=card.key,
            criterion_id=criterion.id,
            outcome=outcome,
            n=curve.silent_n,
            wrong=curve.silent_wrong,
        )
        for card in compared.cards
        for criterion in card.criteria
        for outcome, curve in calibration.criteria.get(criterion_key(criterion), {}).items()
        if curve.silent_to is not None
    ]
    return Calibrated(
        calibration=calibration,
        silenced=silenced,
        own_count=len(calibration.criteria),
        left_out=compared.left_out,
    )
