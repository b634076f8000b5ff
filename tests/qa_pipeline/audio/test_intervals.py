"""Laws of the interval algebra, checked against sets of whole seconds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.audio.intervals import (
    Intervals,
    complement,
    difference,
    intersection,
    longest,
    total_s,
    union,
)

SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda edges: (min(edges), max(edges))), max_size=8
)


def seconds(spans: list[tuple[int, int]] | Intervals) -> set[int]:
    return {second for start, end in spans for second in range(int(start), int(end))}


def assert_normal(spans: Intervals) -> None:
    edges = [edge for span in spans for edge in span]
    assert all(earlier < later for earlier, later in pairwise(edges))


@given(SPANS, SPANS)
def test_operations_are_those_of_sets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    for found, expected in (
        (union(left + right), seconds(left) | seconds(right)),
        (intersection(left, right), seconds(left) & seconds(right)),
        (difference(left, right), seconds(left) - seconds(right)),
        (complement(left, 5, 30), set(range(5, 30)) - seconds(left)),
    ):
        assert_normal(found)
        assert seconds(found) == expected
    assert total_s(left) == len(seconds(left))


@given(SPANS)
def test_speech_and_silence_fill_the_time(spans: list[tuple[int, int]]) -> None:
    assert total_s(spans) + total_s(complement(spans, 0, 40)) == 40


def test_gaps_can_be_closed() -> None:
    assert union([(5, 6), (0, 1), (2, 3)], 1.0) == ((0, 3), (5, 6))
    assert union([(0, 1), (1, 2)]) == ((0, 2),)


def test_longest() -> None:
    assert longest(((0, 1), (2, 4), (5, 7))) == (2, 4)
    assert longest(()) is None
