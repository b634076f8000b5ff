"""Drawing two waves, and comparing them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching.effect.verdict import Design
from coaching.effect.waiting_list import draw_waves, find_waiting_list_effect

_AGENTS = st.lists(st.text("ABC123", min_size=1, max_size=5), min_size=2, max_size=40, unique=True)


@given(_AGENTS, st.integers(0, 2**31), st.randoms(use_true_random=False))
def test_the_seed_alone_decides(agents: list[str], seed: int, random: object) -> None:
    first, second = draw_waves(agents, seed)
    assert sorted([*first, *second]) == sorted(agents)
    assert len(first) - len(second) in (0, 1)
    assert draw_waves(list(reversed(agents)), seed) == (first, second)


def test_anybody_can_draw_it_again() -> None:
    agents = ["A1", "A2", "A3", "A4", "A5"]
    order = sorted(agents, key=lambda agent: sha256(f"7:{agent}".encode()).hexdigest())
    assert draw_waves(agents, 7) == (tuple(sorted(order[:3])), tuple(sorted(order[3:])))


def test_each_half_of_the_seeds_puts_a_person_first() -> None:
    firsts = sum("A1" in draw_waves(["A1", "A2", "A3", "A4"], seed)[0] for seed in range(400))
    assert firsts == pytest.approx(200, abs=40)  # SD 10


def test_an_effect_by_hand() -> None:
    # Selected in month 3, first wave from 4, second from 7. Everybody's level before is 60, so it explains nothing.
    table = np.full((6, 8), 60.0)
    table[:3, 4:7] = np.array([64, 65, 66])[:, None]
    table[3:, 4:7] = np.array([60, 61, 62])[:, None]
    table[:, 7] = 99.0  # the second wave is coached by then: it does not count
    found = find_waiting_list_effect(table, [0, 1, 2], [3, 4, 5], selected_month=3, first_from=4, second_from=7)
    assert found is not None
    assert found.points == pytest.approx(4)
    # Residuals -1, 0, 1 twice: 4 over 3 degrees of freedom (6 people, 3 weights), times 1/3 + 1/3.
    assert found.se == pytest.approx(np.sqrt(4 / 3 * 2 / 3))
    assert found.df == 3
    assert found.design is Design.WAITING_LIST
    assert (found.coached_count, found.others_count, found.left_out_count) == (3, 3, 0)


def test_what_people_were_before_is_taken_into_account() -> None:
    # By luck of the draw the first wave was 10 points better before: afterwards each is 2 points better than before.
    before = np.array([70, 72, 74, 60, 62, 64], np.float64)
    table = np.repeat(before[:, None], 8, axis=1)
    table[:3, 4:] += 2.0
    found = find_waiting_list_effect(table, [0, 1, 2], [3, 4, 5], selected_month=3, first_from=4, second_from=7)
    assert found is not None
    assert found.points == pytest.approx(2)


def test_who_left_is_counted_and_two_people_tell_nothing() -> None:
    table = np.full((7, 8), 60.0) + np.arange(7)[:, None]
    table[6, 5:] = np.nan
    found = find_waiting_list_effect(table, [0, 1, 2], [3, 4, 5, 6], selected_month=3, first_from=4, second_from=7)
    assert found is not None
    assert (found.others_count, found.left_out_count) == (3, 0)  # who left was not coached
    found = find_waiting_list_effect(table, [0, 1, 2, 6], [3, 4, 5], selected_month=3, first_from=4, second_from=7)
    assert found is not None
    assert (found.coached_count, found.left_out_count) == (3, 1)
    assert find_waiting_list_effect(table, [0, 1], [3, 4, 5], selected_month=3, first_from=4, second_from=7) is None
