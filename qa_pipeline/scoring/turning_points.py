"""Where the sentiment of a party turned in a contact, and whether the customer left angry or recovered.

One rule for all of it, so that findings, flags and pages cannot disagree:

- A party's sentences are cut into stretches by their sentiment, so that the squared error around the means of the
  stretches is least, where each cut costs ``PENALTY`` x ln(sentences) times the variance of single sentences (the
  modified BIC of Zhang and Siegmund 2007). A stretch has two sentences at least. A cut stays when it shifts the mean
  by ``SHIFT_MIN``, and by ``SHIFT_WITHOUT_ONE_MIN`` when the sentence that speaks most for it is left out on either
  side: one over-confident sentence makes no turn. Each cut is IMPROVED or WORSENED.
- A sentence is angry when its wording is (resources/lexicons/anger.yaml) and the sentiment model does not contradict,
  or when the abuse model hints at it and it is negative. Negative alone is no anger: people tell of problems politely.
- The customer left angry when an angry sentence is among the last third, the sentiment of that third is below
  ``ANGRY_END`` and nothing friendly follows the angry sentence.
- The customer recovered when there was anger, or a stretch below ``UPSET_STRETCH`` that no single sentence makes,
  before the last third, and that third is friendly: above ``FRIENDLY_END``, ``RECOVERY_MIN`` better, without anger.

Anger that somebody else is reported or quoted with is not the customer's. Nothing is found in a transcript that is not
trusted. The figures behind the constants stand in docs/sentiment.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.annotation import AbuseHint, CourseEvent, Sentiment, TurningPoint
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.scoring.anger_lexicon import anger_lexicon
from qa_pipeline.scoring.courses import EDGE_MIN, PARTIES, UTTERANCES_MIN
from qa_pipeline.scoring.match import Passage
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.reported_speech import ReportedSpeech

# Spread of the sentiment of single sentences around a steady mood: the median within real chats.
NOISE = 0.25
_MEDIAN_OF_DIFFERENCES = 0.954  # median of |a - b| for a, b normal with standard deviation 1
PENALTY = 3.0
SIDE_MIN = 2
SHIFT_MIN = 0.4
SHIFT_WITHOUT_ONE_MIN = 0.25

CONTRADICTED_FROM = 0.2
INSULT_MAX = -0.3
ANGRY_END = -0.1
UPSET_STRETCH = -0.5
UPSET_WITHOUT_ONE = -0.3
FRIENDLY_END = 0.15
RECOVERY_MIN = 0.3

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Voice:
    """One party's sentences with their sentiment, in order; ``angry``: places of those that are."""

    said: tuple[Utterance, ...]
    scores: Scores
    angry: tuple[int, ...]

    @property
    def edge(self) -> int:
        """Place where the last third begins."""
        return len(self.said) - max(EDGE_MIN, len(self.said) // 3)


def find_turning_points(
    transcript: Transcript, sentiments: Sequence[Sentiment], abuse: Sequence[AbuseHint] = ()
) -> tuple[TurningPoint, ...]:
    """Return the turning points of agent and customer, in the order of the utterances.

    Parameters
    ----------
    transcript : Transcript
        Masked.
    sentiments : sequence of Sentiment
        Of the same transcript, in its order.
    abuse : sequence of AbuseHint
        Of the same transcript.

    Returns
    -------
    tuple of TurningPoint
        None over a transcript that is not trusted. A party with fewer than four sentences has no turn, but a customer
        with two may leave angry, and with three recover: wording alone tells anger.
    """
    if transcript.quality is not TranscriptQuality.TRUSTED:
        return ()
    found: list[TurningPoint] = []
    for role in PARTIES:
        voice = _voice_of(role, transcript, sentiments, abuse)
        if len(voice.said) >= UTTERANCES_MIN:
            found += _turns(role, voice)
        if role is Role.CUSTOMER and len(voice.said) >= EDGE_MIN:
            found += _departure(voice)
    return tuple(sorted(found, key=lambda point: (point.utterance, point.event)))


def cuts_of(scores: Scores) -> tuple[int, ...]:
    """Return the places, ascending, at which a new stretch of sentiment begins; see the module."""
    cuts = _best_cuts(scores)
    while cuts:
        borders = (0, *cuts, len(scores))
        shifts = [
            _certain_shift(scores[start:cut], scores[cut:end])
            for start, cut, end in zip(borders, borders[1:], borders[2:], strict=False)
        ]
        weakest = int(np.argmin(shifts))
        if shifts[weakest] >= 0:
            break
        cuts = cuts[:weakest] + cuts[weakest + 1 :]
    return tuple(cuts)


def _best_cuts(scores: Scores) -> list[int]:
    """Return the cuts with the least squared error around the means of the stretches plus a price for each cut.

    Exact, by dynamic programming over the place of the last cut: optimal partitioning (Jackson et al. 2005).
    """
    count = len(scores)
    if count < 2 * SIDE_MIN:
        return []
    # Neighbours in one stretch differ by sqrt(2) times the noise; the median shuns those with a cut between them.
    noise = max(NOISE, float(np.median(np.abs(np.diff(scores)))) / _MEDIAN_OF_DIFFERENCES)
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    squares = np.concatenate([[0.0], np.cumsum(scores**2)])
    costs = np.full(count + 1, np.inf)
    costs[0] = 0.0
    last = np.zeros(count + 1, dtype=np.intp)
    price = PENALTY * np.log(count) * noise**2
    for end in range(SIDE_MIN, count + 1):
        starts = np.arange(end - SIDE_MIN + 1)
        errors = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        totals = costs[starts] + errors + np.where(starts > 0, price, 0.0)
        last[end] = totals.argmin()
        costs[end] = totals[last[end]]
    cuts: list[int] = []
    place = int(last[count])
    while place > 0:
        cuts.append(place)
        place = int(last[place])
    return cuts[::-1]


def _certain_shift(before: Scores, after: Scores) -> float:
    """Return by how much a shift passes the least one, also without the sentence that speaks most for it."""
    if after.mean() < before.mean():
        before, after = -before, -after
    shift = after.mean() - before.mean()
    without_best = _mean_without(after, int(after.argmax())) - before.mean()
    without_worst = after.mean() - _mean_without(before, int(before.argmin()))
    return float(min(shift - SHIFT_MIN, min(without_best, without_worst) - SHIFT_WITHOUT_ONE_MIN))


def _mean_without(scores: Scores, place: int) -> float:
    return float((scores.sum() - scores[place]) / (len(scores) - 1))


def _turns(role: Role, voice: _Voice) -> list[TurningPoint]:
    borders = (0, *cuts_of(voice.scores), len(voice.said))
    found = []
    for start, cut, end in zip(borders, borders[1:], borders[2:], strict=False):
        before, after = float(voice.scores[start:cut].mean()), float(voice.scores[cut:end].mean())
        event = CourseEvent.IMPROVED if after > before else CourseEvent.WORSENED
        if event is CourseEvent.IMPROVED and cut in voice.angry:
            continue  # calmer perhaps, but nobody would sign that anger is a change for the better
        found.append(_point(event, role, voice.said[cut], before, after))
    return found


def _departure(voice: _Voice) -> list[TurningPoint]:
    """Return what the customer left with: anger, a recovery, or neither."""
    edge = voice.edge
    end = float(voice.scores[edge:].mean())
    before = float(voice.scores[:edge].mean()) if edge else end
    late = [place for place in voice.angry if place >= edge]
    if late:
        last = late[-1]
        makes_up = len(voice.scores) > last + 1 and voice.scores[last + 1 :].max() >= FRIENDLY_END
        if end > ANGRY_END or makes_up:
            return []
        return [_point(CourseEvent.LEFT_ANGRY, Role.CUSTOMER, voice.said[last], before, end)]
    upset = _upset_level(voice)
    if upset is None or end < FRIENDLY_END or end - upset < RECOVERY_MIN:
        return []
    best = edge + int(voice.scores[edge:].argmax())
    return [_point(CourseEvent.RECOVERED, Role.CUSTOMER, voice.said[best], upset, end)]


def _upset_level(voice: _Voice) -> float | None:
    """Return the mean sentiment of the stretch before the last third in which the customer was upset, if any."""
    borders = (0, *(cut for cut in cuts_of(voice.scores) if cut < voice.edge), voice.edge)
    angry = [place for place in voice.angry if place < voice.edge]
    levels = [
        float(voice.scores[start:stop].mean())
        for start, stop in pairwise(borders)
        if _is_upset(voice.scores[start:stop]) or any(start <= place < stop for place in angry)
    ]
    return min(levels, default=None)


def _is_upset(stretch: Scores) -> bool:
    if len(stretch) < SIDE_MIN:
        return False
    return bool(stretch.mean() <= UPSET_STRETCH and _mean_without(stretch, int(stretch.argmin())) <= UPSET_WITHOUT_ONE)


def _point(event: CourseEvent, role: Role, said: Utterance, before: float, after: float) -> TurningPoint:
    return TurningPoint(event=event, role=role, utterance=said.index, quote=said.text, before=before, after=after)


def _voice_of(
    role: Role, transcript: Transcript, sentiments: Sequence[Sentiment], abuse: Sequence[AbuseHint]
) -> _Voice:
    score_of = {each.utterance: each.score for each in sentiments}
    said = tuple(each for each in transcript.utterances if each.role is role and each.index in score_of)
    scores = np.array([score_of[each.index] for each in said], dtype=np.float64)
    hinted = {hint.utterance for hint in abuse}
    worded = _worded_angrily(said) if role is Role.CUSTOMER else frozenset()
    angry = tuple(
        place
        for place, each in enumerate(said)
        if (place in worded and scores[place] < CONTRADICTED_FROM)
        or (role is Role.CUSTOMER and each.index in hinted and scores[place] <= INSULT_MAX)
    )
    return _Voice(said=said, scores=scores, angry=angry)


def _worded_angrily(said: Sequence[Utterance]) -> frozenset[int]:
    """Return the places of sentences with words of anger that are the speaker's own."""
    lexicon = anger_lexicon()
    passage = Passage(said, [fold(each.text) for each in said])
    reported = ReportedSpeech(passage, lexicon.reported)
    hits = passage.find_all(lexicon.phrases, tolerant=False, unless=lexicon.unless)
    return frozenset(hit.place for hit in hits if not reported.covers(hit))
