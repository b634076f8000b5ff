"""The audit of groups: what is tested, what is suppressed, what is read from outside the database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa_pipeline.appraisal.gaps import GapVerdict
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.listening import AudioStatus, ChannelLayout, Listening
from qa_pipeline.errors import TableError
from qa_pipeline.services.calibration.group_file import read_groups
from qa_pipeline.services.calibration.groupings import make_groupings
from qa_pipeline.services.calibration.groups import audit_groups, from_file
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.qa_pipeline.services.calibration.site import CARD, CRITERION, MET, add_contact, add_points, start


def test_a_machine_that_is_harder_on_a_queue_is_found(store: Store, tmp_path: Path) -> None:
    start(store)
    add_points(store, seed=7, unfair_points=6.0, shared=3)
    ways = make_groupings(store, ArtifactFolder(tmp_path))
    chosen = [ways["queue"], ways["team"], ways["tenure"], ways["line"]]
    found = audit_groups(store, "2026-10", [CARD], chosen, 3.0)
    queue, team, tenure, line = found.groupings
    assert (found.review_count, found.blind_count) == (300, 300)  # one of each contact, the shared ones too
    assert queue.names == ("A", "B")
    assert queue.audit is not None
    hard = queue.audit.groups[1]
    assert hard.verdict is GapVerdict.GAP
    assert hard.ci95[0] < -6 < hard.ci95[1]
    assert (hard.n, hard.agent_count) == (100, 20)
    assert team.audit is None  # one team only
    assert tenure.unknown_count == 300  # all were there when the data begin
    assert line.unknown_count == 300  # nobody has listened


def test_small_cells_are_not_shown(store: Store, tmp_path: Path) -> None:
    start(store)
    add_points(store, seed=8)
    table = tmp_path / "groups.csv"
    rows = ["agent,dialect,site"]
    # Nine agents of one group are 45 contacts, and still too few people; the rest is in two groups.
    rows += [f"G{n:03d},{'small' if n < 9 else 'north' if n % 2 else 'south'}," for n in range(60)]
    table.write_text("\n".join(rows), encoding="utf-8")
    columns, problems = read_groups(table)
    assert problems == []
    dialect, empty = audit_groups(store, "2026-10", [CARD], [from_file(each) for each in columns], 3.0).groupings
    assert (dialect.names, dialect.suppressed_count) == (("north", "south"), 1)
    assert dialect.audit is not None
    assert {each.group for each in dialect.ratios} == {"north", "south"}
    assert (empty.names, empty.unknown_count) == ((), 300)


def test_groups_of_contacts_need_no_ten_agents(store: Store, tmp_path: Path) -> None:
    start(store)
    add_points(store, seed=9, agents=8, per_agent=10)
    table = tmp_path / "lines.csv"
    table.write_text(
        "Contact,line\n"
        + "\n".join(f"P-{a:03d}-{n:03d},{'old' if n < 4 else 'new'}" for a in range(8) for n in range(10)),
        encoding="utf-8",
    )
    columns, _ = read_groups(table)
    (line,) = audit_groups(store, "2026-10", [CARD], [from_file(each) for each in columns], 3.0).groupings
    assert line.names == ("new", "old")
    assert line.suppressed_count == 0


def test_rows_of_a_group_file_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("agent,dialect\nA1,north\n,south\nA1,south\nA2,\n", encoding="utf-8")
    (column,), problems = read_groups(table)
    assert column.groups == {"A1": "north"}
    assert [(one.row, one.field) for one in problems] == [(3, "agent"), (4, "agent")]
    table.write_text("name,dialect\nA1,north\n", encoding="utf-8")
    with pytest.raises(TableError):
        read_groups(table)


def _listening(narrow_band: bool) -> Listening:
    return Listening(
        duration_s=60.0,
        sample_rate_hz=8000,
        channel_count=1,
        layout=ChannelLayout.MONO,
        status=AudioStatus.OK,
        narrow_band=narrow_band,
        channels=(),
    )


def test_lines_recognition_and_tenure_are_known_from_the_store(store: Store, tmp_path: Path) -> None:
    start(store)
    folder = ArtifactFolder(tmp_path)
    with store.transaction() as tx:
        for number, (agent, on) in enumerate((("old", "2026-03-02"), ("new", "2026-09-01"), ("old", "2026-10-05"))):
            contact_id = f"C-{number}"
            add_contact(tx, contact_id, {CRITERION: MET}, on=on, agent_id=agent)
            if number < 2:
                tx.artifacts.put(contact_id, {"listen": f"{number}" * 64})
                folder.write(_listening(number == 0), "listen", f"{number}" * 64)
        add_contact(tx, "C-9", {CRITERION: MET}, on="2026-10-06", agent_id="moved")
        tx.assignments.put(
            Assignment(
                agent_id="moved",
                role="front-line",
                team=None,
                template_id=None,
                valid_from=date(2026, 1, 1),
                valid_to=None,
                source="test",
            )
        )
    ways = make_groupings(store, folder)
    with store.reading() as tx:
        found = {contact.id: (contact, inspection) for contact, inspection in tx.inspections.list()}
    told = {name: [ways[name].of(*found[key]) for key in sorted(found)] for name in ways}
    assert told["line"] == ["narrow_band", "wide_band", None, None]
    assert told["recognition"] == ["trusted"] * 4
    assert told["language"] == ["zh"] * 4
    # Who was there when the data begin may have come long before, until three months have passed.
    assert told["tenure"] == [None, "under_3_months", "3_months_or_more", "3_months_or_more"]
