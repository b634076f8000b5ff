"""Goals are proposed, confirmed or disputed, and results say where that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.performance import Agent, Template
from qa_pipeline.errors import ConfigurationError, Conflict, NotAllowed, NotFound
from qa_pipeline.services.cycle.periods import open_period
from qa_pipeline.services.cycle.plans import Proposed, answer_plan, find_unconfirmed, list_plans, propose_plans
from qa_pipeline.store import Store
from tests.qa_pipeline.services.cycle.sites import AFTER, BEFORE, DURING, PERIOD, TEMPLATES, agent, by, close, fill

MANAGER = by("Wu", StaffRole.SUPERVISOR)


@pytest.fixture
def site(kept: Store) -> Store:
    return with_agents(kept)


@pytest.fixture
def both(store: Store) -> Store:
    """The same site on each database."""
    return with_agents(store)


def with_agents(store: Store) -> Store:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A01"))
        tx.agents.put(Agent(id="A02", role="online_shop"))
    return store


def propose(store: Store, agents: Sequence[str] | None = None, template: str | None = None) -> Sequence[Proposed]:
    return propose_plans(store, PERIOD, agents, MANAGER, BEFORE, templates=TEMPLATES, template_id=template)


def template(template_id: str) -> Template:
    return next(one for one in TEMPLATES if one.id == template_id)


def notes(store: Store, template_id: str = "front-line") -> dict[str, str]:
    with store.reading() as tx:
        found = find_unconfirmed(tx, PERIOD, template(template_id), ["A01", "A02"])
    return {agent_id: reason.message.format(**reason.params) for agent_id, reason in found.items()}


def states(store: Store) -> dict[str, str]:
    with store.reading() as tx:
        return {one.plan.agent_id: one.state for one in list_plans(tx, PERIOD)}


def test_everybody_is_offered_the_template_of_the_role(site: Store) -> None:
    found = propose(site)
    assert [(one.plan.agent_id, one.plan.template_id, one.is_new) for one in found] == [
        ("A01", "front-line", True),
        ("A02", "online-shop", True),
    ]
    assert states(site) == {"A01": "proposed", "A02": "proposed"}
    assert [one.is_new for one in propose(site)] == [False, False]
    with site.reading() as tx:
        assert len(tx.plans.list(PERIOD)) == 2


def test_a_confirmed_plan_is_kept_with_its_time(site: Store) -> None:
    propose(site, ["A01"], "front-line")
    found = answer_plan(site, PERIOD, "A01", "confirm", agent("a01"), DURING)
    assert (found.state, found.latest.at, found.latest.actor) == ("confirmed", DURING, "a01")
    assert [one.is_new for one in propose(site, ["A01"], "front-line")] == [False]
    assert notes(site) == {"A02": "The indicators were not put before the agent for this period."}


def test_a_disputed_plan_says_why_and_can_be_settled(both: Store) -> None:
    propose(both)
    answer_plan(both, PERIOD, "A01", "dispute", agent("A01", "the target is too high"), DURING)
    assert notes(both)["A01"] == "The agent disputes the indicators of this period: the target is too high"
    # The same indicators again, after a talk, are a new plan; the disputed one is withdrawn.
    (again,) = propose(both, ["A01"])
    assert again.is_new and again.replaces is not None
    with both.reading() as tx:
        steps = tx.transitions.list("goal_plan", again.replaces)
    assert [step.name for step in steps] == ["propose", "dispute", "withdraw"]
    answer_plan(both, PERIOD, "A01", "confirm", agent("A01"), DURING)
    assert "A01" not in notes(both)


def test_another_template_replaces_a_plan(site: Store) -> None:
    propose(site, ["A01"])
    (found,) = propose(site, ["A01"], "new-hire")
    assert found.replaces is not None
    answer_plan(site, PERIOD, "A01", "confirm", agent("A01"), DURING)
    version = template("new-hire").version, template("front-line").version
    expected = "The agent has confirmed new-hire@{}, and this result is by front-line@{}.".format(*version)
    assert notes(site)["A01"] == expected
    assert "A01" not in notes(site, "new-hire")


def test_without_any_plan_in_the_period_no_result_says_so(site: Store) -> None:
    assert notes(site) == {}


def test_what_is_proposed_and_not_answered_is_said_with_its_date(site: Store) -> None:
    propose(site, ["A01"])
    expected = "The agent has not confirmed the indicators of this period; they were proposed on 2026-09-28."
    assert notes(site)["A01"] == expected


def test_a_late_confirmation_is_said(site: Store) -> None:
    propose(site, ["A01"])
    # 16:30 UTC on the last day is half past midnight of the next one in Shanghai.
    answer_plan(site, PERIOD, "A01", "confirm", agent("A01"), datetime.fromisoformat("2026-10-31T16:30:00+00:00"))
    assert notes(site)["A01"].startswith("The agent confirmed the indicators on 2026-11-01 only")


def test_a_withdrawn_plan_is_none(site: Store) -> None:
    propose(site, ["A01"])
    answer_plan(site, PERIOD, "A01", "withdraw", by("Wu", StaffRole.SUPERVISOR, "on leave"), DURING)
    assert notes(site)["A01"] == "The indicators were not put before the agent for this period."
    with pytest.raises(Conflict, match="withdrawn"):
        answer_plan(site, PERIOD, "A01", "confirm", agent("A01"), DURING)
    assert [one.is_new for one in propose(site, ["A01"])] == [True]


def test_nobody_answers_for_somebody_else(site: Store) -> None:
    propose(site)
    for actor in (agent("A02"), by("A01", StaffRole.SUPERVISOR)):
        with pytest.raises(NotAllowed):
            answer_plan(site, PERIOD, "A01", "confirm", actor, DURING)
    with pytest.raises(NotAllowed, match="reason"):
        answer_plan(site, PERIOD, "A01", "dispute", agent("A01"), DURING)
    with pytest.raises(NotAllowed):
        propose_plans(site, PERIOD, ["A01"], agent("A01"), BEFORE, templates=TEMPLATES, template_id="new-hire")
    assert states(site) == {"A01": "proposed", "A02": "proposed"}


def test_what_is_not_there_is_named(site: Store) -> None:
    with pytest.raises(NotFound, match="A77"):
        propose(site, ["A77"])
    with pytest.raises(NotFound, match="night-desk"):
        propose(site, ["A01"], "night-desk")
    with pytest.raises(NotFound, match="No goals"):
        answer_plan(site, PERIOD, "A01", "confirm", agent("A01"), DURING)
    with pytest.raises(ConfigurationError):
        propose_plans(site, "October", None, MANAGER, BEFORE, templates=TEMPLATES)


def test_goals_are_agreed_before_the_period_is_closed(site: Store) -> None:
    fill(site)
    propose(site, ["A01"])
    close(site)
    with pytest.raises(Conflict, match="closed"):
        answer_plan(site, PERIOD, "A01", "confirm", agent("A01"), AFTER)
    with pytest.raises(Conflict, match="closed"):
        propose(site, ["A02"])


def test_plans_of_one_period_are_not_those_of_another(both: Store) -> None:
    propose(both)
    open_period(both, "2026-Q4", by("Chen"), BEFORE)
    propose_plans(both, "2026-Q4", ["A01"], MANAGER, BEFORE, templates=TEMPLATES)
    with both.reading() as tx:
        assert [one.plan.period for one in list_plans(tx, None, "A01")] == ["2026-10", "2026-Q4"]
