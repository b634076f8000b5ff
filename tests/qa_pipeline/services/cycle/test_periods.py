"""Periods from their opening to their end, and every refusal on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from qa_pipeline.domain.cycle import Proposal, ProposalKind, StaffRole
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import ConfigurationError, Conflict, NotAllowed, NotFound
from qa_pipeline.services.cycle import periods
from qa_pipeline.services.cycle.advance import advance
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.services.cycle.results import PeriodState, correct_result, read_period, read_versions
from qa_pipeline.store import Store, Transaction
from tests.factories import evaluation
from tests.qa_pipeline.services.cycle.sites import (
    AFTER,
    BEFORE,
    DURING,
    LINE,
    PERIOD,
    PUBLISHED,
    by,
    close,
    computed,
    fill,
    october,
    publish,
)

TIMES = Times()
LATER = PUBLISHED + timedelta(days=20)


def better_a05(_tx: Transaction, _period: str) -> list[Evaluation]:
    """Today's inputs after A05's reviews came in."""
    return [replace(one, n_reviews=4) if one.agent_id == "A05" else one for one in october(a05_total=73.0)]


def shown(store: Store) -> PeriodState:
    return read_period(store, PERIOD, compute=computed, times=TIMES)


def test_the_whole_way(store: Store) -> None:
    published = publish(store)
    assert [(one.agent_id, one.version) for one in published] == [
        (agent_id, 1) for agent_id in ("A01", "A02", "A04", "A05", "A06")
    ]
    assert shown(store).appeals_until == PUBLISHED.date() + timedelta(days=7)
    assert periods.finish_period(store, PERIOD, by("Chen"), LATER, TIMES) == "appeals_closed"
    assert periods.apply_period(store, PERIOD, by("Chen"), LATER) == "applied"
    found = shown(store)
    assert [step.name for step in found.steps] == ["open", "close", "evaluate", "publish", "close_appeals", "apply"]
    assert (found.state, found.steps_possible, found.published_count) == ("applied", ["correct"], 5)


def test_a_period_is_done_when_people_have_decided_what_follows(kept: Store) -> None:
    publish(kept)
    periods.finish_period(kept, PERIOD, by("Chen"), LATER, TIMES)
    proposal = Proposal(
        id="star-1",
        period=PERIOD,
        kind=ProposalKind.BADGE,
        subject="A01",
        name="star",
        title=Text(zh="服务之星", en="Service star"),
        evidence=(),
        figures=(),
        points=None,
        due_on=None,
        rules="site@1",
        proposed_at=LATER,
    )
    with kept.transaction() as tx:
        tx.proposals.add_all(PERIOD, [proposal])
    with pytest.raises(Conflict, match="1 proposals of 2026-10 wait for a decision: star-1"):
        periods.apply_period(kept, PERIOD, by("Chen"), LATER)
    with kept.transaction() as tx:
        advance(tx, "proposal", "star-1", "decline", by("Chen", reason="not this month"), LATER)
    assert periods.apply_period(kept, PERIOD, by("Chen"), LATER) == "applied"


def test_nothing_follows_from_a_low_result_that_people_have_not_looked_at(kept: Store) -> None:
    held = {one.agent_id: one.no_consequence for one in publish(kept)}
    # A05: 62 points, one review; A06: 65 points with three reviews; A04: no total.
    assert [agent_id for agent_id, reason in held.items() if reason] == ["A04", "A05"]
    reason = held["A05"]
    assert reason is not None and reason.params == {"line": 70.0, "needed": 3, "count": 1}


@pytest.mark.parametrize("day", ["2026-10-15T02:00:00+00:00", "2026-10-31T15:59:00+00:00"])
def test_a_period_that_runs_is_not_closed(kept: Store, day: str) -> None:
    fill(kept)
    periods.open_period(kept, PERIOD, by("Chen"), BEFORE)
    with pytest.raises(Conflict, match="until 2026-10-31"):
        periods.close_period(kept, PERIOD, by("Chen"), datetime.fromisoformat(day), computed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda listed: [*listed, evaluation("A09")], "1 agents of 2026-10 are not evaluated: A09"),
        (lambda listed: [replace(listed[0], fingerprint="new"), *listed[1:]], "have changed since: A01"),
        (lambda listed: listed[1:], "rest on nothing any more: A01"),
    ],
)
def test_missing_and_stale_evaluations_keep_it_open(kept: Store, change, message: str) -> None:
    fill(kept)
    periods.open_period(kept, PERIOD, by("Chen"), BEFORE)
    with pytest.raises(Conflict, match=message) as caught:
        periods.close_period(kept, PERIOD, by("Chen"), AFTER, lambda _tx, _period: change(october()))
    assert "callqa evaluate --period 2026-10" in caught.value.render_hint()
    assert shown(kept).state == "open"


def test_a_period_that_was_evaluated_again_is_not_published(store: Store) -> None:
    fill(store)
    close(store)
    with store.transaction() as tx:
        tx.evaluations.put(evaluation("A02", 99.0))
    with pytest.raises(Conflict, match="evaluated again"):
        periods.publish_period(store, PERIOD, by("Chen"), PUBLISHED, LINE)
    periods.reopen_period(store, PERIOD, by("Chen", reason="a late survey"), PUBLISHED)
    with store.transaction() as tx:
        tx.evaluations.put(october()[1])
    periods.close_period(store, PERIOD, by("Chen"), PUBLISHED, computed)
    assert len(periods.publish_period(store, PERIOD, by("Chen"), PUBLISHED, LINE)) == 5


def test_inputs_that_change_after_closing_do_not_change_what_is_published(kept: Store) -> None:
    publish(kept)
    found = read_period(kept, PERIOD, compute=better_a05, times=TIMES)
    assert (found.changed, found.outdated) == (("A05",), None)
    (only,) = read_versions(kept, "A05", PERIOD)
    assert only.publication.evaluation == october()[3]


def test_a_correction_is_the_next_version_with_what_changed(store: Store) -> None:
    publish(store)
    found = correct_result(
        store, "A05", PERIOD, by("Chen", reason="reviews came late"), LATER, compute=better_a05, line=LINE
    )
    assert (found.publication.version, found.publication.reason) == (2, "reviews came late")
    assert found.publication.no_consequence is None
    whole = {change.field: (change.before, change.after) for change in found.changes if change.indicator is None}
    # 62 -> 73 points; the factory's interval is five points to either side.
    assert whole == {
        "total": (62.0, 73.0),
        "n_reviews": (1, 4),
        "ci95_low": (57.0, 68.0),
        "ci95_high": (67.0, 78.0),
    }
    items = {(change.indicator, change.field) for change in found.changes if change.indicator is not None}
    assert items == {
        (indicator, "attainment_points")
        for indicator in ("csat", "average_handle_time", "script_compliance", "service_attitude_score")
    }
    first, second = read_versions(store, "A05", PERIOD)
    assert (first.publication.evaluation.total, second.changes) == (62.0, found.changes)
    state = read_period(store, PERIOD, compute=better_a05, times=TIMES)
    assert [step.name for step in state.steps][-2:] == ["correct", "publish_correction"]
    assert (state.state, state.changed) == ("published", ())
    # The time for appeals runs anew.
    assert state.appeals_until == LATER.date() + timedelta(days=7)


def test_corrections_need_a_change_a_reason_and_a_publication(kept: Store) -> None:
    publish(kept)
    with pytest.raises(Conflict, match="nothing to correct"):
        correct_result(kept, "A05", PERIOD, by("Chen", reason="x"), LATER, compute=computed, line=LINE)
    with pytest.raises(Conflict, match="nothing to correct"):
        correct_result(kept, "A05", PERIOD, by("Chen", reason="x"), LATER, compute=lambda _tx, _period: [], line=LINE)
    with pytest.raises(NotAllowed, match="reason"):
        correct_result(kept, "A05", PERIOD, by("Chen"), LATER, compute=better_a05, line=LINE)
    with pytest.raises(NotFound, match="A09"):
        correct_result(kept, "A09", PERIOD, by("Chen", reason="x"), LATER, compute=better_a05, line=LINE)
    with pytest.raises(NotAllowed, match="agent"):
        correct_result(kept, "A05", PERIOD, by("A05", StaffRole.AGENT, "x"), LATER, compute=better_a05, line=LINE)
    with pytest.raises(NotFound):
        read_versions(kept, "A09", PERIOD)
    assert len(read_versions(kept, "A05", PERIOD)) == 1


def test_the_time_for_appeals_is_not_cut_short(kept: Store) -> None:
    publish(kept)
    # Published on 3 November in Shanghai: filing ends with 10 November there, which is 16:00 UTC.
    with pytest.raises(Conflict, match="until 2026-11-10"):
        periods.finish_period(kept, PERIOD, by("Chen"), datetime.fromisoformat("2026-11-10T15:59:59+00:00"), TIMES)
    periods.finish_period(kept, PERIOD, by("Chen"), datetime.fromisoformat("2026-11-10T16:00:00+00:00"), TIMES)


@pytest.mark.parametrize("step", ["close", "publish", "finish", "apply", "correct", "reopen"])
def test_nothing_is_done_out_of_turn(kept: Store, step: str) -> None:
    fill(kept)
    who = by("Chen", reason="why not")
    with pytest.raises(Conflict, match="planning"):
        if step == "close":
            periods.close_period(kept, PERIOD, who, AFTER, computed)
        elif step == "publish":
            periods.publish_period(kept, PERIOD, who, AFTER, LINE)
        elif step == "finish":
            periods.finish_period(kept, PERIOD, who, AFTER, TIMES)
        elif step == "apply":
            periods.apply_period(kept, PERIOD, who, AFTER)
        elif step == "correct":
            correct_result(kept, "A05", PERIOD, who, AFTER, compute=computed, line=LINE)
        else:
            periods.reopen_period(kept, PERIOD, who, AFTER)


def test_a_period_is_opened_once_and_must_be_one(kept: Store) -> None:
    for period in ("2026-10", "2026-Q4", "2026"):
        assert periods.open_period(kept, period, by("Chen"), BEFORE) == "open"
    with pytest.raises(Conflict, match="open"):
        periods.open_period(kept, PERIOD, by("Chen"), BEFORE)
    with pytest.raises(ConfigurationError):
        periods.open_period(kept, "2026-13", by("Chen"), BEFORE)
    with pytest.raises(NotAllowed, match="qa"):
        periods.open_period(kept, "2027-01", by("Lin", StaffRole.QA), BEFORE)


def test_a_period_before_anything_happened_can_be_shown(kept: Store) -> None:
    def nothing(_tx: Transaction, period: str) -> list[Evaluation]:
        raise NotFound("There are neither inspected contacts nor indicator values in {period}.", period=period)

    found = read_period(kept, PERIOD, compute=nothing, times=TIMES)
    assert (found.state, found.evaluated_count, found.appeals_until, found.steps_possible) == (
        "planning",
        0,
        None,
        ["open"],
    )
    assert found.outdated is not None and found.outdated.agents == ()


def test_what_is_missing_is_shown_before_closing(kept: Store) -> None:
    fill(kept)
    periods.open_period(kept, PERIOD, by("Chen"), DURING)
    found = read_period(
        kept, PERIOD, compute=lambda _tx, _period: [*better_a05(_tx, _period), evaluation("A09")], times=TIMES
    )
    assert found.outdated is not None
    # Only A05's total differs, and with it its fingerprint.
    assert (found.outdated.missing, found.outdated.stale, found.outdated.surplus) == (("A09",), ("A05",), ())
