"""Why a person should look at a contact."""

from __future__ import annotations

from collections.abc import Sequence

from qa_pipeline.domain.annotation import Annotation, CourseEvent
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Finding, Flag, Outcome, Score
from qa_pipeline.domain.listening import AudioStatus, Listening
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality


def flags_of(
    findings: Sequence[Finding],
    score: Score,
    card: Scorecard,
    annotation: Annotation,
    transcript: Transcript,
    listening: Listening | None,
) -> tuple[Flag, ...]:
    """Return the flags of one inspected contact, gravest first.

    ``POSSIBLE_RED_LINE``: a red line is undetermined although words that may cross it were seen, so that somebody has
    to look even where the points settle the rest.
    ``ABSTAINED``: there are no points, or what is undetermined decides between pass and fail. Sentiment and abuse
    raise a flag only over a trusted transcript: poor recognition must not look like an angry customer, so there are no
    turning points in others.
    """
    events = {point.event for point in annotation.turning_points}
    raised = {
        Flag.RED_LINE: bool(score.fatal),
        Flag.POSSIBLE_RED_LINE: any(_may_cross(finding, card) for finding in findings),
        Flag.ANGRY_CUSTOMER: CourseEvent.LEFT_ANGRY in events,
        Flag.POSSIBLE_ABUSE: transcript.quality is TranscriptQuality.TRUSTED and _may_abuse(annotation, transcript),
        Flag.LOW_SCORE: score.passed is False,
        Flag.ABSTAINED: _hangs_on_undetermined(score, card),
        Flag.POOR_RECOGNITION: transcript.quality is TranscriptQuality.UNUSABLE,
        Flag.ROLES_SWAPPED: transcript.roles_swapped,
        Flag.AUDIO_INCOMPLETE: listening is not None and listening.status is not AudioStatus.OK,
        Flag.CLOCKS_DIFFER: listening is not None and not listening.clocks_agree,
        Flag.RECOVERED: CourseEvent.RECOVERED in events,
    }
    return tuple(flag for flag, is_raised in raised.items() if is_raised)


def _may_cross(finding: Finding, card: Scorecard) -> bool:
    is_open = finding.outcome is Outcome.UNDETERMINED and any(part.quote for part in finding.evidence)
    # On a criterion on hold, words that the machine took for keeping the rule were seen: they cross nothing.
    is_open = is_open and finding.withheld is not Outcome.MET
    return is_open and any(item.fatal for item in card.criteria if item.id == finding.criterion_id)


def _may_abuse(annotation: Annotation, transcript: Transcript) -> bool:
    """Whether something that the agent said may be abusive; what a customer says is no matter of the agent."""
    agents = {said.index for said in transcript.utterances if said.role is Role.AGENT}
    return any(hint.utterance in agents for hint in annotation.abuse)


def _hangs_on_undetermined(score: Score, card: Scorecard) -> bool:
    if score.points is None:
        return True
    if score.range_points is None:
        return False
    lowest, highest = score.range_points
    return lowest < card.pass_points <= highest
