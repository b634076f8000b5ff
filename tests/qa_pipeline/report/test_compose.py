"""What the report of a period says, from domain values alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from qa_pipeline.appraisal.teams import TeamMean, TeamResult
from qa_pipeline.domain.annotation import ContactReason
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Flag, Inspection, Outcome
from qa_pipeline.report.compose import ReportInputs, compose
from qa_pipeline.report.contact_rows import findings_behind
from qa_pipeline.report.data import ProblemRow, ReportData
from qa_pipeline.report.rulebook import Rulebook
from tests import factories

RULES = Rulebook(scorecards=[factories.scorecard()], indicators=factories.INDICATORS, templates=[factories.template()])


def make(inspected: Sequence[tuple[Contact, Inspection]] = (), **changes: Any) -> ReportData:
    inputs = ReportInputs(
        period="2026-10",
        language="en",
        zone="Asia/Shanghai",
        generated_at=datetime(2026, 11, 2, tzinfo=UTC),
        rulebook=RULES,
        inspected=inspected,
    )
    return compose(replace(inputs, **changes))


def call(contact_id: str, points: float | None, **of_contact: Any) -> tuple[Contact, Inspection]:
    return factories.contact(contact_id, **of_contact), factories.inspection(contact_id, score=factories.score(points))


def test_overview_counts_contacts_scores_and_passes() -> None:
    report = make([call("a", 90.0), call("b", 70.0), call("c", None)])
    overview = report.overview
    assert (overview.contacts_count, overview.scored_count) == (3, 2)
    assert overview.mean_points == 80.0  # (90 + 70) / 2; the unscored one is no zero
    assert (overview.passed.count, overview.passed.total) == (1, 2)  # passing needs 80
    assert overview.audio_s == 735.0  # 3 x 245


def test_teams_are_apart_and_contacts_without_team_come_last() -> None:
    report = make([call("a", 90.0, team="B"), call("b", 70.0, team=None), call("c", 80.0, team="A", agent_id="A02")])
    assert [(team.team, team.agents_count, team.mean_points) for team in report.teams] == [
        ("A", 1, 80.0),
        ("B", 1, 90.0),
        (None, 1, 70.0),
    ]


def test_distribution_puts_100_into_the_last_bin_and_leaves_unscored_out() -> None:
    report = make([call("a", 100.0), call("b", 90.0), call("c", 89.9), call("d", 0.0), call("e", None)])
    counts = [each.count for each in report.distribution]
    assert counts == [1, 0, 0, 0, 0, 0, 0, 0, 1, 2]


def test_criteria_count_every_outcome_and_only_determined_ones_make_the_share() -> None:
    outcomes = [Outcome.MET, Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED]
    inspected = [
        (
            factories.contact(f"c{number}"),
            factories.inspection(f"c{number}", findings=(factories.finding("greeting", outcome),)),
        )
        for number, outcome in enumerate(outcomes)
    ]
    (row,) = make(inspected).criteria
    assert (row.criterion, row.section) == ("Greeting", "Opening")
    assert dict(row.counts) == {
        Outcome.MET: 2,
        Outcome.PARTLY_MET: 1,
        Outcome.NOT_MET: 0,
        Outcome.NOT_APPLICABLE: 1,
        Outcome.UNDETERMINED: 1,
    }
    assert (row.met.count, row.met.total) == (2, 3)


def test_flags_list_lowest_score_first_and_unscored_last() -> None:
    inspected = [call("high", 60.0), call("none", None), call("low", 10.0)]
    flagged = [(contact, replace(judged, flags=(Flag.LOW_SCORE,))) for contact, judged in inspected]
    (group,) = make(flagged).flagged
    assert (group.flag, group.contacts) == (Flag.LOW_SCORE, ("low", "high", "none"))


def test_a_red_line_is_explained_by_the_fatal_finding_alone() -> None:
    report = make(factories.month_of_contacts())
    row = next(row for row in report.contacts if Flag.RED_LINE in row.flags)
    (finding,) = findings_behind(Flag.RED_LINE, row)
    assert finding.criterion == "No abuse of the customer"
    assert finding.reason == "A forbidden phrase was said: 你有病吧"
    assert finding.evidence[0].start_s == 125.0


def test_agents_come_by_group_and_inside_it_by_team_and_name_not_by_total() -> None:
    evaluations = [
        factories.evaluation("A02", 90.0),
        factories.evaluation("A01", 80.0),
        factories.evaluation("A03", 70.0, group="above"),
        factories.evaluation("A05", None),
    ]
    report = make(evaluations=evaluations, agents=factories.agents())
    assert [agent.agent_id for agent in report.agents] == ["A03", "A02", "A01", "A05"]  # 李强 before 王芳


def test_an_agent_with_contacts_but_no_evaluation_is_shown_as_not_evaluated() -> None:
    (agent,) = make([call("a", 90.0)]).agents
    assert (agent.label, agent.group, agent.total, agent.mean_points) == ("王芳", "none", None, 90.0)


def test_evaluations_open_into_dimensions_items_and_targets() -> None:
    (agent,) = make(evaluations=[factories.evaluation("A01", 96.0)]).agents
    assert [dimension.name for dimension in agent.dimensions] == ["Performance", "Ability", "Attitude"]
    handle_time = agent.dimensions[0].items[1]
    assert (handle_time.name, handle_time.unit) == ("Average handle time", "s")
    assert (handle_time.target_low, handle_time.target) == (180.0, 600.0)
    assert agent.template == "Front-line agent v1"


def test_results_older_than_the_rules_on_disk_keep_their_ids() -> None:
    judged = factories.inspection("a", scorecard_id="retired", scorecard_version=7)
    report = make([(factories.contact("a"), judged)])
    assert report.criteria[0].scorecard == "retired v7"
    assert report.criteria[0].criterion == "greeting"


def test_thin_evidence_is_said_in_the_notes() -> None:
    report = make([call("a", 90.0, agent_id=None)], evaluations=[factories.evaluation("A01", None)])
    text = " ".join(report.notes)
    assert "Contacts that name no agent: 1." in text
    assert "Agents with too little evidence for a grade or a group: 1." in text


def test_what_was_not_scored_is_counted_by_status() -> None:
    pending = ProblemRow(contact_id=None, path="x.mp3", status="pending", type="NeedsModel", message="m", hint="h")
    report = make(problems=[pending, replace(pending, path="y.wav", status="failed")])
    assert (report.overview.pending_count, report.overview.failed_count) == (1, 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_names_are_in_the_readers_language(language: str) -> None:
    report = make([call("a", 90.0)], language=language)
    assert report.criteria[0].criterion == {"zh": "开场问候", "en": "Greeting"}[language]


def test_the_reason_of_a_contact_comes_with_its_sentence() -> None:
    contact, judged = call("C-1", 80.0)
    why = ContactReason(category="退款", confidence=0.8, utterance=1, quote="我要退钱")
    known, unknown = make([(contact, replace(judged, contact_reason=why)), call("C-2", 80.0)]).contacts
    assert (known.contact_reason, known.contact_reason_quote) == ("退款", "我要退钱")
    assert (unknown.contact_reason, unknown.contact_reason_quote) == (None, "")


SITE = TeamMean(value=77.5, ci95=(76.0, 79.0), n_contacts=800, n_reviews=100, method="ppi")
OF_TEAM = TeamMean(value=74.0, ci95=(70.0, 78.0), n_contacts=280, n_reviews=35, method="model")


def test_site_and_teams_carry_the_estimate_from_machine_and_reviews() -> None:
    results = [TeamResult(team=None, points=SITE, passed=None), TeamResult(team="A", points=OF_TEAM, passed=None)]
    report = make([call("a", 70.0, team="A"), call("b", 80.0, team=None)], teams=results)
    estimate = report.overview.points_estimate
    assert estimate is not None and estimate.ci95 is not None
    assert (estimate.value, estimate.ci95.low, estimate.method, estimate.n_reviews) == (77.5, 76.0, "ppi", 100)
    # The site's result is not that of the contacts without a team.
    assert [(team.team, team.points_estimate and team.points_estimate.value) for team in report.teams] == [
        ("A", 74.0),
        (None, None),
    ]
    assert any("had they reviewed every contact" in note for note in report.notes)


def test_where_the_machine_stands_alone_nothing_is_said_to_be_estimated() -> None:
    alone = replace(SITE, method="machine", n_reviews=0)
    report = make([call("a", 70.0)], teams=[TeamResult(team=None, points=alone, passed=None)])
    assert not any("had they reviewed every contact" in note for note in report.notes)


def test_an_agent_has_a_range_of_places_and_what_it_rests_on() -> None:
    evaluated = factories.evaluation(
        "A01", 96.0, places=(3, 17, 20), above_average=0.62, basis="estimated", team="二组"
    )
    (agent,) = make(evaluations=[evaluated], agents=factories.agents()).agents
    assert agent.places is not None
    assert (agent.places.low, agent.places.high, agent.places.of) == (3, 17, 20)
    assert (agent.above_average, agent.basis) == (0.62, "estimated")
    # The team of the period, not the latest known.
    assert agent.team == "二组"


def test_opposing_indicators_of_the_same_evaluation_are_named() -> None:
    opposing = {"csat": ("average_handle_time", "nps"), "average_handle_time": ("csat",)}
    indicators = [replace(each, opposing=opposing.get(each.id, ())) for each in factories.INDICATORS]
    rules = Rulebook(indicators=indicators, templates=[factories.template()])
    (agent,) = make(evaluations=[factories.evaluation("A01", 96.0)], rulebook=rules).agents
    # Nobody measures the net promoter score here.
    assert {item.indicator: item.opposing for item in agent.dimensions[0].items} == {
        "csat": ("average_handle_time",),
        "average_handle_time": ("csat",),
    }
