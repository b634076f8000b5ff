"""Why a person should look at a contact."""

from __future__ import annotations

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Flag, Score
from qa_pipeline.domain.listening import AudioStatus, Listening
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality

# On the -1..1 scale. A customer who ends clearly below neutral left angry; one sentence far down is enough to look,
# unless the contact ended well.
ANGRY_END = -0.4
ANGRY_LOWEST = -0.85


def flags_of(
    score: Score, card: Scorecard, annotation: Annotation, transcript: Transcript, listening: Listening | None
) -> tuple[Flag, ...]:
    """Return the flags of one inspected contact, gravest first.

    ``ABSTAINED``: there are no points, or what is undetermined decides between pass and fail. Sentiment and abuse
    raise a flag only over a trusted transcript: poor recognition must not look like an angry customer.
    """
    raised = {
        Flag.RED_LINE: bool(score.fatal),
        Flag.ANGRY_CUSTOMER: transcript.quality is TranscriptQuality.TRUSTED and _is_angry(annotation),
        Flag.POSSIBLE_ABUSE: transcript.quality is TranscriptQuality.TRUSTED and _may_abuse(annotation, transcript),
        Flag.LOW_SCORE: score.passed is False,
        Flag.ABSTAINED: _hangs_on_undetermined(score, card),
        Flag.POOR_RECOGNITION: transcript.quality is TranscriptQuality.UNUSABLE,
        Flag.ROLES_SWAPPED: transcript.roles_swapped,
        Flag.AUDIO_INCOMPLETE: listening is not None and listening.status is not AudioStatus.OK,
        Flag.CLOCKS_DIFFER: listening is not None and not listening.clocks_agree,
    }
    return tuple(flag for flag, is_raised in raised.items() if is_raised)


def _may_abuse(annotation: Annotation, transcript: Transcript) -> bool:
    """Whether something that the agent said may be abusive; what a customer says is no matter of the agent."""
    agents = {said.index for said in transcript.utterances if said.role is Role.AGENT}
    return any(hint.utterance in agents for hint in annotation.abuse)


def _is_angry(annotation: Annotation) -> bool:
    course = next((course for course in annotation.courses if course.role is Role.CUSTOMER), None)
    if course is None:
        return False
    ended_angry = course.end is not None and course.end <= ANGRY_END
    was_furious = course.lowest is not None and course.lowest <= ANGRY_LOWEST
    recovered = course.end is not None and course.end > 0
    return ended_angry or (was_furious and not recovered)


def _hangs_on_undetermined(score: Score, card: Scorecard) -> bool:
    if score.points is None:
        return True
    if score.range_points is None:
        return False
    lowest, highest = score.range_points
    return lowest < card.pass_points <= highest
