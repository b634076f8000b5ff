"""Every step of every machine, and files that are no machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa_pipeline.appraisal.workflow import (
    Attempt,
    Person,
    check_step,
    get_workflow,
    read_workflow,
    same_person,
    shipped,
)
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import ConfigurationError, Conflict, NotAllowed, NotFound

AGENT, SUPERVISOR, QA, HR, ADMIN = StaffRole
OFFICE = {HR, ADMIN}
STAFF = {SUPERVISOR, HR, ADMIN}
JUDGES = {QA, SUPERVISOR, HR, ADMIN}

# machine -> step: (from, to, roles, whom, needs a reason, guards)
EXPECTED: dict[str, dict[str, tuple[set[str], str, set[StaffRole], str, bool, tuple[str, ...]]]] = {
    "period": {
        "open": ({"planning"}, "open", STAFF, "any", False, ()),
        "close": ({"open"}, "closed", OFFICE, "any", False, ("period_over", "evaluations_current")),
        "reopen": ({"closed", "evaluated"}, "open", OFFICE, "any", True, ()),
        "evaluate": ({"closed"}, "evaluated", OFFICE, "any", False, ("evaluations_as_closed",)),
        "publish": ({"evaluated"}, "published", OFFICE, "any", False, ("evaluations_as_closed",)),
        "correct": (
            {"published", "appeals_closed", "applied"},
            "reopened",
            OFFICE,
            "any",
            True,
            ("result_published", "no_undecided_appeal"),
        ),
        "publish_correction": ({"reopened"}, "published", OFFICE, "any", False, ("result_changed",)),
        "close_appeals": (
            {"published"},
            "appeals_closed",
            OFFICE,
            "any",
            False,
            ("no_open_appeal", "no_correction_due", "appeal_window_over"),
        ),
        "apply": ({"appeals_closed"}, "applied", OFFICE, "any", False, ("proposals_decided",)),
    },
    "goal_plan": {
        "propose": ({"draft"}, "proposed", STAFF, "any", False, ("period_running",)),
        "confirm": ({"proposed", "disputed"}, "confirmed", {AGENT}, "concerned", False, ("period_running",)),
        "dispute": ({"proposed"}, "disputed", {AGENT}, "concerned", True, ("period_running",)),
        "withdraw": ({"proposed", "confirmed", "disputed"}, "withdrawn", STAFF, "any", True, ()),
    },
    "talk": {
        "invite": ({"drafted"}, "planned", {SUPERVISOR}, "other", False, ()),
        "hold": ({"planned"}, "held", {SUPERVISOR}, "other", False, ()),
        "reopen": ({"held"}, "planned", {SUPERVISOR}, "other", True, ()),
        "acknowledge": ({"held"}, "acknowledged", {AGENT}, "concerned", False, ()),
    },
    "appeal": {
        "file": ({"draft"}, "filed", {AGENT}, "concerned", True, ("in_window", "item_open")),
        "take": ({"filed"}, "under_review", JUDGES, "other", False, ()),
        "decide": ({"filed", "under_review"}, "decided", JUDGES, "other", True, ()),
        "accept": ({"decided"}, "final", {AGENT}, "concerned", False, ()),
        "escalate": ({"decided"}, "second_instance", {AGENT}, "concerned", True, ("in_time",)),
        "decide_finally": ({"second_instance"}, "final", JUDGES, "other", True, ()),
        "withdraw": ({"filed", "under_review", "second_instance"}, "withdrawn", {AGENT}, "concerned", False, ()),
        "expire": ({"decided"}, "expired", OFFICE, "any", False, ("too_late",)),
    },
    "proposal": {
        "approve": ({"proposed"}, "approved", STAFF, "other", False, ("no_open_appeal",)),
        "decline": ({"proposed"}, "declined", STAFF, "other", True, ()),
    },
    "calibration_session": {
        "close": ({"open"}, "closed", {QA}, "any", False, ("reviews_in",)),
        "cancel": ({"open"}, "cancelled", {QA}, "any", True, ()),
    },
}
STEPS = [(machine, step) for machine, steps in EXPECTED.items() for step in steps]


def good_attempt(machine: str, step: str) -> Attempt:
    roles = EXPECTED[machine][step][2]
    concerned = EXPECTED[machine][step][3] == "concerned"
    return Attempt(
        actor="A01" if concerned else "Lin",
        role=sorted(roles)[0],
        reason="because",
        concerned="A01",
        involved=("Wang",),
    )


def test_the_table_holds_every_machine_and_step() -> None:
    known = {machine: [step.id for step in workflow.steps] for machine, workflow in shipped().items()}
    assert {machine: known[machine] for machine in EXPECTED} == {
        machine: list(steps) for machine, steps in EXPECTED.items()
    }


@pytest.mark.parametrize(("machine", "step_id"), STEPS)
def test_a_step_is_possible_from_its_states_only(machine: str, step_id: str) -> None:
    workflow = get_workflow(machine)
    step = workflow.get_step(step_id)
    from_states, to_state, _, person, needs_reason, guards = EXPECTED[machine][step_id]
    assert (step.to_state, step.person, step.needs_reason, step.guards) == (
        to_state,
        Person(person),
        needs_reason,
        guards,
    )
    for state in workflow.states:
        if state.id in from_states:
            check_step(workflow, step, state.id, "it", good_attempt(machine, step_id))
        else:
            with pytest.raises(Conflict, match=f"'{state.name.en}'"):
                check_step(workflow, step, state.id, "it", good_attempt(machine, step_id))


@pytest.mark.parametrize(("machine", "step_id"), STEPS)
def test_a_step_is_for_its_roles_only(machine: str, step_id: str) -> None:
    workflow = get_workflow(machine)
    step = workflow.get_step(step_id)
    attempt = good_attempt(machine, step_id)
    for role in StaffRole:
        asked = replace(attempt, role=role)
        if role in EXPECTED[machine][step_id][2]:
            check_step(workflow, step, step.from_states[0], "it", asked)
        else:
            with pytest.raises(NotAllowed, match=role.value):
                check_step(workflow, step, step.from_states[0], "it", asked)


@pytest.mark.parametrize(("machine", "step_id"), STEPS)
def test_a_step_asks_for_name_reason_and_the_right_person(machine: str, step_id: str) -> None:
    workflow = get_workflow(machine)
    step = workflow.get_step(step_id)
    attempt = good_attempt(machine, step_id)
    whom = EXPECTED[machine][step_id][3]
    # whom the table names -> who is refused: the agent, an earlier judge, a stranger
    refused = {"any": set(), "concerned": {"Wang", "Lin"}, "other": {"A01", " wang "}}[whom]
    for actor in ("A01", " wang ", "Lin", "Wang"):
        asked = replace(attempt, actor=actor)
        if any(same_person(actor, one) for one in refused):
            with pytest.raises(NotAllowed):
                check_step(workflow, step, step.from_states[0], "it", asked)
        else:
            check_step(workflow, step, step.from_states[0], "it", asked)
    with pytest.raises(NotAllowed, match="name"):
        check_step(workflow, step, step.from_states[0], "it", replace(attempt, actor="  "))
    if step.needs_reason:
        with pytest.raises(NotAllowed, match="reason"):
            check_step(workflow, step, step.from_states[0], "it", replace(attempt, reason=" "))


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(NotFound) as caught:
        get_workflow("contract")
    assert "appeal" in caught.value.render_hint()
    with pytest.raises(NotFound) as caught:
        get_workflow("appeal").get_step("forget")
    assert "escalate" in caught.value.render_hint()
    with pytest.raises(NotFound):
        get_workflow("appeal").get_state("lost")


GOOD = """\
schema: 1
id: door
name: {zh: 门, en: Door}
initial: shut
states:
  - {id: shut, name: {zh: 关, en: shut}}
  - {id: gone, name: {zh: 拆, en: gone}, final: true}
transitions:
  - {id: remove, name: {zh: 拆除, en: Remove}, from: [shut], to: gone, roles: [hr]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("roles: [hr]", "roles: [janitor]", "must be one of", 9),
        ("roles: [hr]", "roles: [hr], guards: [moon_is_full]", "must be one of", 9),
        ("roles: [hr]", "roles: []", "names none under roles", 9),
        ("to: gone", "to: burnt", "no state burnt", 9),
        ("from: [shut]", "from: [ajar]", "no state ajar", 9),
        ("initial: shut", "initial: open", "no state open", 4),
        ("id: remove, ", "", "transitions[0].id is missing", 9),
        ("id: gone,", "id: shut,", "stands here twice", 7),
        (", final: true", "", "not final", 7),
        ("name: {zh: 门, en: Door}", "name: {en: Door}", "name.zh is missing", 3),
        ("id: door", "id: door\nlock: yes", "no key lock", 3),
        (
            "transitions:\n",
            "  - {id: lost, name: {zh: 失, en: lost}, final: true}\ntransitions:\n",
            "No step leads to the state lost",
            8,
        ),
        (
            "roles: [hr]}\n",
            "roles: [hr]}\n  - {id: back, name: {zh: 回, en: Back}, from: [gone], to: shut, roles: [hr]}\n",
            "a step leaves it",
            7,
        ),
        ("schema: 1", "schema: 2", "schema", 1),
    ],
)
def test_a_file_that_is_no_machine_is_refused(tmp_path: Path, old: str, new: str, message: str, line: int) -> None:
    path = tmp_path / "door.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_workflow(path).initial == "shut"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_workflow(path)
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.row) == (str(path), line)
