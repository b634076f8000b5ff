"""The error rate of diarisation against numbers derived by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.intake.rttm import SpokenSpan
from qa_pipeline.services.validate.diarization_error import ErrorTimes, diarization_errors

# A speaks 0-10, B 10-20.
REFERENCE = [("A", 0.0, 10.0), ("B", 10.0, 20.0)]


def spans(written: list[tuple[str, float, float]]) -> list[SpokenSpan]:
    return [SpokenSpan(speaker=speaker, start_s=start, end_s=end) for speaker, start, end in written]


def errors(
    reference: list[tuple[str, float, float]],
    found: list[tuple[str, float, float]],
    *,
    scored: tuple[float, float] = (0.0, 30.0),
    collar_s: float = 0.0,
    overlap: bool = True,
) -> ErrorTimes:
    (total,) = diarization_errors(spans(reference), spans(found), [scored], collar_s=collar_s, overlap=overlap)
    return total


def parts(times: ErrorTimes) -> list[float]:
    return [times.speech_s, times.miss_s, times.false_alarm_s, times.confusion_s]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Names do not matter.
        ([("1", 0, 10), ("0", 10, 20)], [20, 0, 0, 0]),
        # The change comes 2 s late: 10-12 goes to the wrong one.
        ([("x", 0, 12), ("y", 12, 20)], [20, 0, 0, 2]),
        # One speaker for all: mapped on either, the other's 10 s are confused.
        ([("x", 0, 20)], [20, 0, 0, 10]),
        # 8-10 is missed, 20-25 is nobody's speech.
        ([("x", 0, 8), ("y", 10, 25)], [20, 2, 5, 0]),
        # Nothing found: all of it is missed.
        ([], [20, 20, 0, 0]),
        # A third voice for 4-10 has nobody left to be mapped on: 6 s.
        ([("x", 0, 4), ("z", 4, 10), ("y", 10, 20)], [20, 0, 0, 4]),
    ],
)
def test_times_of_each_kind(found: list[tuple[str, float, float]], expected: list[float]) -> None:
    assert parts(errors(REFERENCE, found)) == pytest.approx(expected)


def test_the_collar_leaves_out_both_sides_of_every_border() -> None:
    # Borders at 0, 10, 20: 0.25 + 0.5 + 0.25 s of the speech are not scored. A change .2 s late lies in the collar,
    # of one 1 s late .75 s are left.
    late = errors(REFERENCE, [("x", 0, 10.2), ("y", 10.2, 20)], collar_s=0.25)
    assert parts(late) == pytest.approx([19, 0, 0, 0])
    later = errors(REFERENCE, [("x", 0, 11), ("y", 11, 20)], collar_s=0.25)
    assert parts(later) == pytest.approx([19, 0, 0, 0.75])


def test_two_at_once_count_twice_or_not_at_all() -> None:
    # B begins at 8 while A goes on to 10: 12 + 10 s of speech, of which one of two is heard for 2 s.
    both = [("A", 0.0, 10.0), ("B", 8.0, 20.0)]
    found = [("x", 0.0, 8.0), ("y", 8.0, 20.0)]
    assert parts(errors(both, found)) == pytest.approx([22, 2, 0, 0])
    assert parts(errors(both, found, overlap=False)) == pytest.approx([18, 0, 0, 0])


def test_only_what_is_to_be_scored_counts() -> None:
    found = [("x", 0.0, 12.0), ("y", 12.0, 29.0)]
    assert parts(errors(REFERENCE, found, scored=(5.0, 11.0))) == pytest.approx([6, 0, 0, 1])


def test_blocks_add_up_and_share_one_mapping() -> None:
    # In the second block alone, x would be mapped on B; over all it is A's, so the block is confused.
    found = [("x", 0.0, 9.0), ("y", 9.0, 14.0), ("x", 14.0, 15.0), ("y", 15.0, 20.0)]
    blocks = diarization_errors(spans(REFERENCE), spans(found), [(0.0, 20.0)], collar_s=0.0, overlap=True, block_s=5.0)
    assert [times.confusion_s for times in blocks] == pytest.approx([0, 1, 1, 0])
    assert sum(times.speech_s for times in blocks) == pytest.approx(20)


def test_nothing_to_compare() -> None:
    assert diarization_errors([], [], [], collar_s=0.25, overlap=False) == [ErrorTimes()]
    assert diarization_errors([], [], [], collar_s=0.25, overlap=False, block_s=10.0) == []


SPANS = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(0, 40), st.integers(1, 10)).map(
        lambda drawn: (drawn[0], drawn[1] / 2, (drawn[1] + drawn[2]) / 2)
    ),
    max_size=6,
)


@given(reference=SPANS, found=SPANS)
def test_algebra(reference: list[tuple[str, float, float]], found: list[tuple[str, float, float]]) -> None:
    itself = errors(reference, reference)
    assert itself.error_s == pytest.approx(0)
    there, back = errors(reference, found), errors(found, reference)
    # What one account misses the other adds; confusion is the same from both sides.
    assert (there.miss_s, there.false_alarm_s) == pytest.approx((back.false_alarm_s, back.miss_s))
    assert there.confusion_s == pytest.approx(back.confusion_s)
    assert there.miss_s + there.confusion_s <= there.speech_s + 1e-9
