"""Machine and people together: estimated from many reviews, replaced by few, the machine alone without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from qa_pipeline.appraisal.estimated import MonthInspected, ReviewedContact, combine
from qa_pipeline.appraisal.inspected import JudgedContact
from qa_pipeline.appraisal.teams import find_team_results

INDICATORS = {
    "points": "inspection_score",
    "passed": "inspection_pass_rate",
    "script": "script_compliance",
    "attitude": "service_attitude_score",
}
AGENTS, CONTACTS = 10, 20


def judged(contact_id: str, agent_id: str | None, values: Mapping[str, float], team: str = "one") -> JudgedContact:
    return JudgedContact(
        contact_id=contact_id,
        agent_id=agent_id,
        team=team,
        language="zh",
        case="call",
        started_at=None,
        fingerprints=(contact_id,),
        review_count=0,
        values=values,
    )


def review(contact_id: str, reviewer: str, values: Mapping[str, float], *, targeted: bool = False) -> ReviewedContact:
    return ReviewedContact(
        contact_id=contact_id,
        reviewer=reviewer,
        targeted=targeted,
        inclusion_probability=None,
        values=values,
        fingerprint=f"{reviewer} of {contact_id}",
    )


def site() -> list[JudgedContact]:
    """Ten agents with twenty contacts each; the machine's points are 60 to 78 by agent, with a spread of 6 within."""
    random = np.random.default_rng(5)
    return [
        judged(f"C{agent}-{number:02d}", f"A{agent}", {"points": 60 + 2 * agent + 6 * random.standard_normal()})
        for agent in range(AGENTS)
        for number in range(CONTACTS)
    ]


def reviews(contacts: list[JudgedContact], per_agent: int, shift: float = 10.0) -> list[ReviewedContact]:
    """The first contacts of each agent by two people in turn: `shift` points above the machine, one 3 stricter."""
    found = []
    for place, one in enumerate(contacts):
        if place % CONTACTS < per_agent:
            strict = place % 2 == 1
            points = one.values["points"] + shift - 6 * strict
            found.append(review(one.contact_id, "strict" if strict else "mild", {"points": points}))
    return found


def together(contacts: list[JudgedContact], found: list[ReviewedContact]) -> MonthInspected:
    return combine(contacts, found, {one.contact_id: one.values for one in found}, INDICATORS)


def points_of(month: MonthInspected, agent_id: str) -> float:
    return month.inspected[agent_id].measures["points"].value


def test_without_reviews_the_machine_stands_alone_and_it_is_said() -> None:
    contacts = site()
    month = together(contacts, [])
    assert (month.basis, month.estimates) == ("machine", {})
    assert points_of(month, "A3") == pytest.approx(np.mean([one.values["points"] for one in contacts[60:80]]))
    assert ["No person has reviewed" in note.message for note in month.notes] == [True]


def test_few_reviews_replace_the_machine_on_their_contacts_alone() -> None:
    contacts = [judged(f"C{number}", "A1", {"points": points}) for number, points in enumerate((50.0, 80.0, 80.0))]
    month = together(contacts, [review("C0", "mild", {"points": 89.0})])
    assert month.basis == "reviewed"
    # (89 + 80 + 80) / 3
    assert points_of(month, "A1") == pytest.approx(83.0)
    assert month.inspected["A1"].review_count == 1
    assert month.inspected["A1"].measures["points"].contacts == ("C1", "C2", "C0")
    assert [dict(note.params) for note in month.notes] == [{"count": 1, "needed": 20}]


def test_from_twenty_reviews_on_they_correct_the_machine_everywhere() -> None:
    contacts = site()
    month = together(contacts, reviews(contacts, 4))
    assert (month.basis, list(month.estimates)) == ("estimated", ["points"])
    for agent in range(AGENTS):
        own = contacts[agent * CONTACTS : (agent + 1) * CONTACTS]
        # The two people are 10 and 4 above the machine, the panel 7.
        expected = np.mean([one.values["points"] for one in own]) + 7
        assert points_of(month, f"A{agent}") == pytest.approx(expected, abs=0.2)
    assert month.estimates["points"].severities == pytest.approx({"mild": 3.0, "strict": -3.0}, abs=0.1)
    assert all(found.measures["points"].sufficient for found in month.inspected.values())
    assert month.notes == ()


def test_a_language_that_the_machine_hears_badly_is_not_held_against_those_who_speak_it() -> None:
    # The machine takes another 15 points from the five who speak English; people find nothing of it.
    plain = site()
    heard = [
        replace(one, language="en", values={"points": one.values["points"] - 15}) if one.agent_id > "A4" else one
        for one in plain
        if one.agent_id is not None
    ]
    fair, month = together(plain, reviews(plain, 2)), together(heard, reviews(plain, 2))
    lost = [points_of(fair, f"A{agent}") - points_of(month, f"A{agent}") for agent in range(AGENTS)]
    assert lost == pytest.approx([0.0] * AGENTS, abs=0.5)


def test_an_agent_without_two_random_reviews_is_estimated_and_marked() -> None:
    contacts = site()
    found = [one for one in reviews(contacts, 4) if not one.contact_id.startswith("C0-")]
    marked = [review(f"C0-{number:02d}", "mild", {"points": 60.0}, targeted=True) for number in range(3)]
    month = together(contacts, [*found, *marked, *reviews(contacts, 1)[:1]])
    assert not month.inspected["A0"].measures["points"].sufficient
    assert month.inspected["A0"].review_count == 4
    assert month.inspected["A1"].measures["points"].sufficient


def test_a_measure_that_everybody_rates_the_same_is_not_estimated() -> None:
    contacts = [replace(one, values={**one.values, "attitude": 3.0 + 0.01 * place}) for place, one in enumerate(site())]
    found = [replace(one, values={**one.values, "attitude": 5.0}) for one in reviews(contacts, 4)]
    month = together(contacts, found)
    assert list(month.estimates) == ["points"]
    # Four of the twenty contacts of A0 are 5, the other sixteen as the machine has them: 3.04 to 3.19, mean 3.115.
    assert month.inspected["A0"].measures["attitude"].value == pytest.approx((4 * 5 + 16 * 3.115) / 20)
    assert [note.params["indicator"] for note in month.notes] == ["service_attitude_score"]


def test_one_reviewer_and_a_reviewer_of_one_figure_are_named() -> None:
    contacts = site()
    alone = [replace(one, reviewer="mild") for one in reviews(contacts, 4)]
    assert [note.params for note in together(contacts, alone).notes] == [{"reviewer": "mild"}]
    same = [one if one.reviewer == "mild" else replace(one, values={"points": 90.0}) for one in reviews(contacts, 4)]
    assert [note.params for note in together(contacts, same).notes] == [
        {"reviewer": "strict", "count": 20, "value": 90.0}
    ]


def test_a_machine_that_gives_everybody_the_same_leaves_the_reviews() -> None:
    contacts = [replace(one, values={"points": 70.0}) for one in site()]
    random = np.random.default_rng(2)
    found = [
        replace(one, values={"points": 60 + 3 * int(one.contact_id[1]) + random.standard_normal()})
        for one in reviews(contacts, 4)
    ]
    month = together(contacts, found)
    assert points_of(month, "A9") > points_of(month, "A0") + 20


def test_estimates_stay_on_the_scale() -> None:
    contacts = site()
    month = together(contacts, reviews(contacts, 4, shift=50.0))
    assert max(points_of(month, f"A{agent}") for agent in range(AGENTS)) == 100.0


def test_reviews_of_contacts_that_name_no_agent_count_for_nobody() -> None:
    contacts = [*site(), judged("stray", None, {"points": 10.0})]
    month = together(contacts, [review("stray", "mild", {"points": 90.0})])
    assert (month.basis, len(month.inspected)) == ("machine", AGENTS)


def test_a_team_with_thirty_random_reviews_is_corrected_and_a_small_one_takes_its_agents() -> None:
    contacts = [replace(one, team="large" if one.agent_id != "A0" else "small") for one in site()]
    found = reviews(contacts, 4)
    month = together(contacts, found)
    results = find_team_results(contacts, found, month.estimates)
    assert [(one.team, one.points.method, one.points.n_reviews) for one in results] == [
        (None, "ppi", 40),
        ("large", "ppi", 36),
        ("small", "model", 4),
    ]
    machine = np.mean([one.values["points"] for one in contacts])
    # Both people's severities are taken off, so that everybody is 7 above the machine; how far the reviewed contacts
    # differ from the others is believed by the tuned weight of 1 / (1 + 40 / 200) only.
    drawn = np.mean([one.values["points"] for place, one in enumerate(contacts) if place % CONTACTS < 4])
    assert results[0].points.value == pytest.approx(drawn + 7 + (machine - drawn) / 1.2, abs=0.05)
    assert results[2].points.value == pytest.approx(points_of(month, "A0"))
    assert results[2].points.ci95 is not None and results[2].points.ci95[0] < results[2].points.value


def test_targeted_reviews_do_not_move_a_team() -> None:
    contacts = site()
    found = reviews(contacts, 4)
    awful = [review(one.contact_id, "mild", {"points": 0.0}, targeted=True) for one in contacts[10::20]]
    plain, marked = (find_team_results(contacts, some, {})[0].points for some in (found, [*found, *awful]))
    assert marked == plain


def test_who_changes_the_team_counts_for_each_with_the_contacts_of_that_time() -> None:
    contacts = [
        judged("C1", "A1", {"points": 60.0}, team="one"),
        judged("C2", "A1", {"points": 80.0}, team="two"),
        judged("C3", "A2", {"points": 90.0}, team="two"),
    ]
    results = {one.team: one.points for one in find_team_results(contacts, [], {})}
    assert {team: (mean.value, mean.n_contacts, mean.method) for team, mean in results.items()} == {
        None: (pytest.approx(76.6667, abs=1e-4), 3, "machine"),
        "one": (60.0, 1, "machine"),
        "two": (85.0, 2, "machine"),
    }
    assert results["one"].ci95 is None


def test_two_equal_contacts_of_a_small_team_are_no_certainty() -> None:
    small = [judged(f"S{number}", "A1", {"points": 80.0, "passed": 1.0}, team="small") for number in range(2)]
    large = [
        judged(f"L{number}", "A2", {"points": points, "passed": 0.0}, team="large")
        for number, points in enumerate((60.0, 65.0, 70.0))
    ]
    found = next(one for one in find_team_results([*small, *large], [], {}) if one.team == "small")
    # Within: (0 + 50) / (1 + 2) = 16.667. Moderated: (4 x 16.667 + 0) / (4 + 1) = 13.333, over two contacts 6.667;
    # its root 2.582 times t(.975, 1) = 12.706 is 32.8.
    assert found.points.ci95 == pytest.approx((80 - 32.81, 100.0), abs=0.01)
    assert found.passed is not None and found.passed.ci95 is not None
    assert found.passed.ci95[0] < 0.5


def test_no_contacts_are_no_teams() -> None:
    assert find_team_results([], [], {}) == []
    assert find_team_results([judged("C1", "A1", {"script": 0.5})], [], {}) == []
