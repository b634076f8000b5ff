"""Assignments in a real store: importing, replacing, withdrawing, and asking for a period."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import ConfigurationError, Conflict, NotFound, TableError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.assignments import add_assignment, find_templates, withdraw_assignment
from qa_pipeline.services.assignments_import import AssignmentImport, import_assignments
from qa_pipeline.store import Store

TABLE = """工号,姓名,岗位,班组,考核方案,生效日期,截止日期
A01,王芳,一线坐席,一组,,2026-01-01,
A01,王芳,技术支持,二组,,2026-05-15,至今
A02,李雷,组长,二组,,2026/1/1,2026年6月30日
"""


def load(store: Store, folder: Path, text: str, *, known_agents_only: bool = False) -> AssignmentImport:
    path = folder / "assignments.csv"
    path.write_text(text, encoding="utf-8")
    return import_assignments(store, path, known_agents_only=known_agents_only)


def counts(result: AssignmentImport) -> tuple[int, int, int, int]:
    return result.added_count, result.replaced_count, result.unchanged_count, len(result.rejected)


def an_assignment(since: str = "2026-01-01", until: str | None = None, role: str = "front-line") -> Assignment:
    return Assignment(
        agent_id="A01",
        role=role,
        team=None,
        template_id=None,
        valid_from=date.fromisoformat(since),
        valid_to=date.fromisoformat(until) if until else None,
        source="zhang",
    )


def test_a_table_is_kept_once_and_gives_templates_and_teams(store: Store, tmp_path: Path) -> None:
    first = load(store, tmp_path, TABLE)
    assert counts(first) == (3, 0, 0, 0)
    assert first.new_agents == ["A01", "A02"]
    assert counts(load(store, tmp_path, TABLE)) == (0, 0, 3, 0)
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A03", role="网店客服"))
        found = find_templates(tx, "2026-05", ["A01", "A02", "A03", "A04"], list_templates(shipped()))
        assert tx.agents.find("A01") == Agent(id="A01", name="王芳", team="一组", role="front-line")
    assert {agent: (one.template.id, one.team, one.basis.value) for agent, one in found.items()} == {
        "A01": ("technical-support", "二组", "assignment"),
        "A02": ("team-lead", "二组", "assignment"),
        "A03": ("online-shop", None, "role"),
        "A04": ("front-line", None, "front_line"),
    }


def test_a_row_with_the_same_first_day_replaces_and_the_history_stays(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, TABLE)
    again = load(
        store,
        tmp_path,
        TABLE.replace("2026-05-15", "2026-04-20").replace(",,2026-01-01,\n", ",,2026-01-01,2026-04-10\n"),
    )
    # The changed row of 1 January replaces; the row of 20 April is new and is ended by the one of 15 May in force.
    assert counts(again) == (1, 1, 1, 0)
    with store.reading() as tx:
        starts = [(one.valid_from.isoformat(), one.valid_to) for one in tx.assignments.list("A01")]
        history = tx.assignments.history("A01")
    assert starts == [("2026-01-01", date(2026, 4, 10)), ("2026-04-20", None), ("2026-05-15", None)]
    assert [one.superseded_by for one in history] == ["assignments.csv", None, None, None]
    assert history[0].superseded_at is not None and history[0].assignment.valid_to is None


def test_a_shortened_row_makes_room_for_the_next_whatever_their_order(store: Store, tmp_path: Path) -> None:
    header = "agent,role,from,to\n"
    load(store, tmp_path, header + "A01,front-line,2026-01-01,2026-12-31\n")
    changed = header + "A01,team-lead,2026-05-01,\nA01,front-line,2026-01-01,2026-04-30\n"
    assert counts(load(store, tmp_path, changed)) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("A09,pilot,,2026-01-01,", "role", "no template for the role pilot"),
        ("A09,,no-such,2026-01-01,", "template", "no template with the id no-such"),
        ("A09,,,2026-01-01,", "role", "The role is missing"),
        ("A09,team-lead,,2026-02-01,2026-01-31", "to", "before the first day"),
        ("A09,team-lead,,,", "from", "The day is missing"),
        ("A09,team-lead,,yesterday,", "from", "yesterday is no date"),
        ("A09,team-lead,,2026-02-30,", "from", "does not exist"),
        ("A09,team-lead,,2026-01-01,03/04/2026", "to", "day or with the month first"),
        (",team-lead,,2026-01-01,", "agent", "agent is missing"),
        ("A01,team-lead,,2026-03-31,", "from", "days overlap"),
        ("A01,team-lead,,2026-01-01,2026-03-31", "from", "Row 2 says something else"),
        (f"{'x' * 201},team-lead,,2026-01-01,", "agent", "more than 200 characters"),
    ],
)
def test_a_wrong_row_is_refused_alone(store: Store, tmp_path: Path, row: str, field: str, message: str) -> None:
    text = f"agent,role,template,from,to\nA01,front-line,,2026-01-01,2026-03-31\n{row}\nA02,agent,,2026-01-01,\n"
    result = load(store, tmp_path, text)
    assert counts(result) == (2, 0, 0, 1)
    refused = result.rejected[0]
    assert (refused.row, refused.field) == (3, field)
    assert message in refused.render() and refused.render_hint()


def test_day_first_is_told_by_the_columns(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, "agent,role,from,to\nA01,agent,03/04/2026,25/04/2026\n")
    with store.reading() as tx:
        assert tx.assignments.list()[0].valid_from == date(2026, 4, 3)


def test_agents_unknown_so_far_are_refused_on_demand(store: Store, tmp_path: Path) -> None:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A02"))
    result = load(store, tmp_path, TABLE, known_agents_only=True)
    assert counts(result) == (1, 0, 0, 2)
    assert "A01 is not known" in result.rejected[0].render()


def test_a_table_of_something_else_is_refused_whole(store: Store, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no column for: from, role"):
        load(store, tmp_path, "agent,csat\nA01,0.9\n")


def test_one_is_added_by_hand_and_wrong_ones_are_told(store: Store) -> None:
    added = add_assignment(store, an_assignment(until="2026-03-31"))
    assert (added.outcome, added.is_new_agent) == ("added", True)
    assert add_assignment(store, an_assignment(until="2026-03-31")).outcome == "unchanged"
    with pytest.raises(Conflict, match="overlap"):
        add_assignment(store, an_assignment("2026-03-01"))
    with pytest.raises(ConfigurationError, match="before the first day"):
        add_assignment(store, an_assignment("2026-04-02", "2026-04-01"))
    with pytest.raises(NotFound, match="pilot"):
        add_assignment(store, an_assignment("2026-04-02", role="pilot"))


def test_a_withdrawn_one_counts_no_more_and_stays_with_who_did_it(store: Store) -> None:
    add_assignment(store, an_assignment())
    withdraw_assignment(store, "A01", date(2026, 1, 1), "li")
    with store.reading() as tx:
        assert tx.assignments.list() == []
        assert tx.assignments.history("A01")[0].superseded_by == "li"
    with pytest.raises(NotFound, match="no assignment from 2026-01-01"):
        withdraw_assignment(store, "A01", date(2026, 1, 1), "li")


def test_own_templates_give_roles_too(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    shipped_one = Path("qa_pipeline/resources/templates/back-office.yaml").read_text(encoding="utf-8")
    own = shipped_one.replace("id: back-office", "id: night-desk", 1).replace(
        "role: back-office", "role: night-desk", 1
    )
    (folder / "night.yaml").write_text(own, encoding="utf-8")
    path = tmp_path / "a.csv"
    path.write_text("agent,role,from\nA01,Night desk,2026-01-01\n", encoding="utf-8")
    assert import_assignments(store, path, templates=folder).added_count == 1
