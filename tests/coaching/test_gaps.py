"""Proven gaps: who falls short, by how much, and which moments show it."""

from dataclasses import replace

from coaching.gaps import MINIMUM_COUNT, Gap, find_gaps, find_strength
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.inspection import Evidence, Finding, Inspection, Outcome
from tests import factories

MET, NOT_MET, OPEN = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED


def calls(agent_id: str, outcomes: list[Outcome], criterion_id: str = "greeting") -> list[tuple[Contact, Inspection]]:
    return [
        judged(f"{agent_id}-{number}", agent_id, factories.finding(criterion_id, outcome))
        for number, outcome in enumerate(outcomes)
    ]


def judged(contact_id: str, agent_id: str | None, *findings: Finding) -> tuple[Contact, Inspection]:
    return factories.contact(contact_id, agent_id=agent_id), factories.inspection(contact_id, findings=findings)


def only_gap(inspected: list[tuple[Contact, Inspection]], agent_id: str = "A") -> Gap:
    (gap,) = find_gaps(inspected)[agent_id]
    return gap


def test_a_gap_is_the_distance_from_the_upper_end_to_the_site() -> None:
    gap = only_gap(calls("A", [NOT_MET] * 10) + calls("B", [MET] * 30))
    # Wilson of 0 of 10: upper end = z^2 / (10 + z^2) = 3.841459 / 13.841459 = .277533. Site: 30 of 40 = .75.
    assert (gap.met.count, gap.met.total, gap.site_ratio) == (0, 10, 0.75)
    assert abs(gap.proven_ratio - (0.75 - 0.277533)) < 1e-6
    assert gap.key == ("zh-telephone", 1, "greeting")


def test_what_chance_explains_is_no_gap() -> None:
    # 6 of 10 has the upper end .8318; the site has 30 of 40 = .75.
    assert find_gaps(calls("A", [MET] * 6 + [NOT_MET] * 4) + calls("B", [MET] * 24 + [NOT_MET] * 6)) == {}


def test_too_few_determined_contacts_prove_nothing() -> None:
    few = [NOT_MET] * (MINIMUM_COUNT - 1) + [OPEN] * 20
    assert find_gaps(calls("A", few) + calls("B", [MET] * 500)) == {}


def test_one_slip_is_an_incident_and_no_habit() -> None:
    # 11 of 12: upper end .9851, below the site's 1011 of 1012 = .9990; but it happened once.
    inspected = calls("A", [MET] * 11 + [NOT_MET]) + calls("B", [MET] * 1000)
    assert find_gaps(inspected) == {}


def test_a_single_agent_is_the_site_and_has_no_gap() -> None:
    assert find_gaps(calls("A", [NOT_MET] * 50)) == {}


def test_contacts_without_an_agent_belong_to_nobody() -> None:
    nobody = [judged(f"n{number}", None, factories.finding("greeting", NOT_MET)) for number in range(20)]
    assert find_gaps(nobody + calls("B", [MET] * 20)) == {}


def test_at_most_two_behaviours_largest_first() -> None:
    shares = {"greeting": 0, "identity_check": 2, "closing": 4}
    own = [
        judged(
            f"a{number}",
            "A",
            *(factories.finding(key, MET if number < met else NOT_MET) for key, met in shares.items()),
        )
        for number in range(12)
    ]
    others = [judged(f"b{number}", "B", *(factories.finding(key) for key in shares)) for number in range(100)]
    assert [gap.key[2] for gap in find_gaps(own + others)["A"]] == ["greeting", "identity_check"]


def test_examples_prefer_a_quote_then_certainty_and_show_the_own_good_side() -> None:
    quoted = factories.finding("greeting", MET, confidence=0.6, evidence=[factories.quote("您好")])
    sure = factories.finding("greeting", MET, confidence=0.99)
    own = [judged("good", "A", quoted), judged("sure", "A", sure), *calls("A", [NOT_MET] * 10)]
    gap = only_gap(own + calls("B", [MET] * 60))
    assert gap.good is not None
    assert (gap.good.contact.id, gap.good.evidence) == ("good", quoted.evidence[0])
    assert gap.improve is not None
    assert (gap.improve.contact.id, gap.improve.evidence) == ("A-9", None)  # all equal: the last id


def test_versions_of_a_scorecard_are_not_mixed() -> None:
    second = [(contact, replace(found, scorecard_version=2)) for contact, found in calls("A", [NOT_MET] * 10)]
    assert find_gaps(second + calls("B", [MET] * 30)) == {}


def quoted(contact_id: str, agent_id: str, criterion_id: str, outcome: Outcome) -> tuple[Contact, Inspection]:
    said = Evidence(quote="您好，很高兴为您服务", utterance=0, role=Role.AGENT, start_s=1.0, end_s=3.0)
    return judged(contact_id, agent_id, replace(factories.finding(criterion_id, outcome), evidence=(said,)))


def test_a_strength_is_met_most_surely_beside_the_site_and_can_be_heard() -> None:
    inspected = [
        *(quoted(f"A-g{number}", "A", "greeting", MET) for number in range(10)),
        *(quoted(f"A-c{number}", "A", "closing", MET) for number in range(2)),
        *(quoted(f"B-g{number}", "B", "greeting", NOT_MET) for number in range(10)),
        *(quoted(f"B-c{number}", "B", "closing", NOT_MET) for number in range(2)),
        # Never broken, but nothing was said that shows it.
        *calls("A", [MET] * 500, "no_abuse"),
    ]
    found = find_strength(inspected, "A")
    # Wilson's lower end of 10 of 10 is 10 / (10 + z^2) = .722, of 2 of 2 it is .342; the site has .5 of both.
    assert found is not None
    assert found[0] == ("zh-telephone", 1, "greeting")
    assert found[1].evidence is not None
    assert found[1].contact.id.startswith("A-g")
    assert find_strength(inspected, "B") is None  # has met nothing
    assert find_strength(inspected, "nobody") is None
