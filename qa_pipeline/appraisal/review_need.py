"""How much a contact needs a person, and why. Pure.

Points add up over signs. Those of flags are the weights by which risk samples are drawn, so that queue and samples mean
the same by risk. The others are set beside them: a contact is looked at because somebody may be wronged (red line,
abuse, anger), then because the machine is not sure, then because figures rest on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_pipeline.appraisal.sampling import FLAG_WEIGHTS
from qa_pipeline.domain.inspection import Finding, Flag, Inspection, Outcome, Reason
from qa_pipeline.errors import N_

# A low score of 0 points comes before one just below the line, by as much as a flag for a low score weighs itself.
LOST_POINTS = 2.0
# What a person has to judge because the machine does not: held criteria have no judge at all until somebody looks.
HELD_POINTS = 1.5
# Each undetermined criterion is a question; many of them are mostly one question, such as a bad line.
UNDETERMINED_POINTS, UNDETERMINED_POINTS_MAX = 0.2, 1.0
# Near the line, one finding that is hardly better than a guess may decide between pass and fail.
CLOSE_POINTS, NEAR_LINE_POINTS, LOW_CONFIDENCE = 2.0, 5.0, 0.6
# Between a red line (8) and any single other flag (4): the item has a deadline, and somebody waits.
APPEAL_POINTS = 6.0
# Without drawn contacts no figure holds; they come after red lines and before single flags.
SAMPLE_POINTS = 5.0
# A session waits for its slowest member, and everybody else with it.
CALIBRATION_POINTS = 7.0

_FULL_POINTS = 100.0
_FLAG_REASONS = {
    Flag.RED_LINE: N_("A red line was crossed."),
    Flag.POSSIBLE_RED_LINE: N_("A red line may have been crossed."),
    Flag.POSSIBLE_ABUSE: N_("Something that the agent said may be abusive."),
    Flag.ANGRY_CUSTOMER: N_("The customer left angry."),
    Flag.ABSTAINED: N_("What is undetermined decides between pass and fail."),
    Flag.POOR_RECOGNITION: N_("The words were recognised poorly."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One reason to look at a contact, with what it adds to the order (above 0)."""

    points: float
    reason: Reason


def machine_signs(inspection: Inspection, pass_points: float | None) -> tuple[Sign, ...]:
    """Return the signs of risk and uncertainty that an inspection shows, gravest first.

    Parameters
    ----------
    pass_points : float or None
        0-100, from where on the scorecard's contacts pass; None where the card is not at hand any more.
    """
    signs = [
        Sign(points=FLAG_WEIGHTS[flag], reason=Reason(message=message))
        for flag, message in _FLAG_REASONS.items()
        if flag in inspection.flags
    ]
    signs += _low_score(inspection)
    signs += _open_questions(inspection.findings)
    signs += _close_call(inspection, pass_points)
    return tuple(sorted(signs, key=lambda sign: -sign.points))


def review_need(inspection: Inspection, pass_points: float | None) -> float:
    """Return the points of all signs that an inspection shows; 0 where nothing asks for a person."""
    return sum_points(machine_signs(inspection, pass_points))


def sum_points(signs: Sequence[Sign]) -> float:
    """Return the points of signs together, exact to what is kept and compared."""
    return round(sum(sign.points for sign in signs), 3)


def appeal_sign() -> Sign:
    """Return the sign of a contact on which an appeal is open."""
    return Sign(points=APPEAL_POINTS, reason=Reason(message=N_("An appeal on it is open.")))


def sample_sign(sample_id: str) -> Sign:
    """Return the sign of a contact that was drawn and waits for its review."""
    return Sign(
        points=SAMPLE_POINTS, reason=Reason(message=N_("Drawn in the sample {sample}."), params={"sample": sample_id})
    )


def second_sign(sample_id: str) -> Sign:
    """Return the sign of a contact that was drawn for a second, blind review."""
    return Sign(
        points=SAMPLE_POINTS,
        reason=Reason(
            message=N_("Drawn in the sample {sample} for a second look by somebody else."), params={"sample": sample_id}
        ),
    )


def calibration_sign(ends_on: str) -> Sign:
    """Return the sign of a contact that all members of a calibration session review."""
    return Sign(
        points=CALIBRATION_POINTS,
        reason=Reason(message=N_("For your calibration session, until {day}."), params={"day": ends_on}),
    )


def coverage_reason(review_count: int) -> Reason:
    """Return how well the agent's month is covered; it orders contacts that need a person equally."""
    return Reason(message=N_("Random reviews of the agent in this month: {count}."), params={"count": review_count})


def _low_score(inspection: Inspection) -> list[Sign]:
    points = inspection.score.points
    if Flag.LOW_SCORE not in inspection.flags or points is None:
        return []
    lost = LOST_POINTS * (_FULL_POINTS - points) / _FULL_POINTS
    message = N_("{points} points are too few to pass.")
    reason = Reason(message=message, params={"points": round(points)})
    return [Sign(points=FLAG_WEIGHTS[Flag.LOW_SCORE] + lost, reason=reason)]


def _open_questions(findings: Sequence[Finding]) -> list[Sign]:
    held = sum(finding.withheld is not None for finding in findings)
    undetermined = sum(finding.outcome is Outcome.UNDETERMINED for finding in findings) - held
    signs = []
    if held:
        message = N_("Criteria on hold that only a person can judge: {count}.")
        signs.append(Sign(points=HELD_POINTS, reason=Reason(message=message, params={"count": held})))
    if undetermined:
        message = N_("Criteria that the machine could not determine: {count}.")
        points = min(UNDETERMINED_POINTS * undetermined, UNDETERMINED_POINTS_MAX)
        signs.append(Sign(points=points, reason=Reason(message=message, params={"count": undetermined})))
    return signs


def _close_call(inspection: Inspection, pass_points: float | None) -> list[Sign]:
    points = inspection.score.points
    if points is None or pass_points is None or abs(points - pass_points) > NEAR_LINE_POINTS:
        return []
    judged = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET)
    unsure = sum(each.outcome in judged and each.confidence < LOW_CONFIDENCE for each in inspection.findings)
    if not unsure:
        return []
    message = N_("{points} points lie near the line of {line}, and findings of low confidence decide: {count}.")
    params = {"points": round(points), "line": round(pass_points), "count": unsure}
    return [Sign(points=CLOSE_POINTS, reason=Reason(message=message, params=params))]
