"""Who may do what, and on whose rows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.access import EVERYTHING, GRANTS, Permission, Reach, Rows, find_reach, get_reach
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import NotAllowed, NotFound
from tests.accounts import an_account

ROLES = st.sampled_from(StaffRole)
PERMISSIONS = st.sampled_from(Permission)
TEAMS = st.lists(st.sampled_from(["red", "blue", "green"]), unique=True)


def test_every_permission_says_who_has_it() -> None:
    assert set(GRANTS) == set(Permission)
    assert all(GRANTS.values())


@pytest.mark.parametrize(
    ("role", "permission", "rows"),
    [
        # The roles of the field: what each must never see.
        (StaffRole.HR, Permission.AUDIO_LISTEN, None),
        (StaffRole.HR, Permission.CONTACTS_READ, None),
        (StaffRole.ADMINISTRATOR, Permission.EVALUATIONS_READ, None),
        (StaffRole.ADMINISTRATOR, Permission.CONTACTS_READ, None),
        (StaffRole.AGENT, Permission.EVALUATIONS_READ, None),  # before publication
        (StaffRole.AGENT, Permission.RESULTS_READ, Rows.OWN),
        (StaffRole.AGENT, Permission.AUDIO_LISTEN, Rows.OWN),
        (StaffRole.SUPERVISOR, Permission.CONTACTS_READ, Rows.TEAMS),
        (StaffRole.QA, Permission.CONTACTS_READ, Rows.SITE),
        (StaffRole.QA, Permission.USERS_MANAGE, None),
        (StaffRole.HR, Permission.AUDIT_READ, None),
        (StaffRole.ADMINISTRATOR, Permission.AUDIT_READ, Rows.ALL),
    ],
)
def test_what_roles_are_granted(role: StaffRole, permission: Permission, rows: Rows | None) -> None:
    assert GRANTS[permission].get(role) is rows


def test_a_supervisor_reaches_the_teams_of_the_account_and_the_own_rows() -> None:
    lead = an_account(StaffRole.SUPERVISOR, agent_id="L1", teams=["red"])
    reach = get_reach(lead, Permission.CONTACTS_READ)
    assert reach == Reach(teams=frozenset({"red"}), agent_id="L1")
    assert reach.covers("A1", "red")
    assert reach.covers("L1", "leads")
    assert not reach.covers("A1", "blue")
    assert not reach.covers("A1", None)
    assert not reach.covers(None, None)


def test_a_supervisor_without_a_team_reaches_nobody() -> None:
    with pytest.raises(NotAllowed):
        get_reach(an_account(StaffRole.SUPERVISOR), Permission.CONTACTS_READ)


def test_a_qa_analyst_reaches_the_site_or_the_teams_that_the_account_names() -> None:
    assert get_reach(an_account(StaffRole.QA), Permission.CONTACTS_READ) == EVERYTHING
    assert get_reach(an_account(StaffRole.QA, teams=["red"]), Permission.CONTACTS_READ) == Reach(
        teams=frozenset({"red"})
    )


def test_an_agent_without_an_agent_id_reaches_nothing() -> None:
    assert find_reach(an_account(StaffRole.AGENT), Permission.RESULTS_READ) is None


def test_whoever_is_inspected_sees_the_own_rows_whatever_the_role() -> None:
    reach = get_reach(an_account(StaffRole.ADMINISTRATOR, agent_id="D1"), Permission.CONTACTS_READ)
    assert reach == Reach(agent_id="D1")


def test_a_row_out_of_reach_is_as_if_it_were_not_there() -> None:
    with pytest.raises(NotFound):
        Reach(agent_id="A1").check("A2", "red", subject="C-1")
    Reach(agent_id="A1").check("A1", "red", subject="C-1")


@given(ROLES, PERMISSIONS, TEAMS, st.sampled_from([None, "A1"]))
def test_scopes_and_closed_accounts_only_ever_take_away(
    role: StaffRole, permission: Permission, teams: list[str], agent_id: str | None
) -> None:
    user = an_account(role, agent_id=agent_id, teams=teams)
    whole = find_reach(user, permission)
    assert find_reach(user, permission, [permission.value]) == whole
    assert find_reach(user, permission, ["something.else"]) is None
    closed = replace(user, is_active=False)
    assert find_reach(closed, permission) is None


@given(ROLES, PERMISSIONS, TEAMS, TEAMS)
def test_more_teams_never_reach_fewer_rows_except_for_a_whole_site(
    role: StaffRole, permission: Permission, some: list[str], more: list[str]
) -> None:
    if not some:
        return
    narrow = find_reach(an_account(role, teams=some), permission)
    wide = find_reach(an_account(role, teams=sorted({*some, *more})), permission)
    assert (narrow is None) == (wide is None)
    if narrow and wide:
        assert narrow.everything == wide.everything
        assert narrow.teams <= wide.teams
