"""Ratings and critical incidents in a real store: importing, replacing, forms, and their part in an evaluation."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qa_pipeline.appraisal.ratings import show_ratings
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import Incident, IncidentKind, Rating, StaffRole
from qa_pipeline.domain.performance import Agent, RaterClass
from qa_pipeline.errors import ConfigurationError, Conflict, InputError, NotAllowed, NotFound, TableError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.incidents import add_incident, find_incidents, identify, import_incidents, withdraw_incident
from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.services.ratings import RatingImport, add_rating, import_ratings, observe_ratings, write_sheet
from qa_pipeline.store import Store

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
HEADER = "被评人,月份,评分人,关系,指标,评分,说明\n"


@pytest.fixture
def staffed(store: Store) -> Store:
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A1", name="王芳"))
        tx.agents.put(Agent(id="A2", name="李雷"))
    return store


def load(store: Store, folder: Path, rows: str, header: str = HEADER) -> RatingImport:
    path = folder / "ratings.csv"
    path.write_text(header + rows, encoding="utf-8")
    return import_ratings(store, path, NOW)


def counts(result: RatingImport) -> tuple[int, int, int, int, int]:
    return (
        result.added_count,
        result.replaced_count,
        result.unchanged_count,
        result.waiting_count,
        len(result.rejected),
    )


def incident(indicator: str | None = None, **changes: str) -> Incident:
    found = Incident(
        id="",
        agent_id=changes.get("agent_id", "A1"),
        happened_on=date.fromisoformat(changes.get("day", "2026-10-12")),
        kind=IncidentKind.BAD,
        title=changes.get("title", "未回电"),
        evidence=changes.get("evidence", "客户二次来电"),
        contacts=(),
        indicator=indicator,
        recorded_by=changes.get("recorded_by", "王主管"),
        recorded_at=NOW,
    )
    return identify(found)


def test_a_table_is_kept_once_and_a_changed_value_stays_in_the_history(staffed: Store, tmp_path: Path) -> None:
    rows = "A1,2026年10月,王主管,上级,团队协作,4,\nA1,2026-10,王芳,自评,collaboration,3,\n"
    assert counts(load(staffed, tmp_path, rows)) == (2, 0, 0, 0, 0)
    assert counts(load(staffed, tmp_path, rows)) == (0, 0, 2, 0, 0)
    assert counts(load(staffed, tmp_path, rows.replace("团队协作,4", "团队协作,3"))) == (0, 1, 1, 0, 0)
    with staffed.reading() as tx:
        assert {(one.rater_id, one.rater_class, one.value) for one in tx.ratings.list("2026-10", "A1")} == {
            ("王主管", RaterClass.MANAGER, 3),
            ("王芳", RaterClass.SELF, 3),
        }
        assert [(one.rating.value, one.superseded_at) for one in tx.ratings.history()] == [
            (4, NOW),
            (3, None),
            (3, None),
        ]
        assert tx.ratings.list("2026-09") == []


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("A9,2026-10,王主管,上级,collaboration,4,", "被评人", "not known"),
        (",2026-10,王主管,上级,collaboration,4,", "被评人", "empty"),
        ("A1,2026-10,,上级,collaboration,4,", "评分人", "empty"),
        ("A1,十月,王主管,上级,collaboration,4,", "月份", "no month"),
        ("A1,2026-10,王主管,上级,满意度,4,", "指标", "counted, not rated"),
        ("A1,2026-10,王主管,上级,勤奋,4,", "指标", "no rated indicator"),
        ("A1,2026-10,王主管,上级,collaboration,5.5,", "评分", "outside of 1 to 5"),
        ("A1,2026-10,王主管,上级,collaboration,0,", "评分", "outside of 1 to 5"),
        ("A1,2026-10,王主管,上级,collaboration,四,", "评分", "not understood"),
        ("A1,2026-10,王主管,上级,collaboration,,很好", "评分", "empty"),
        ("A1,2026-10,王主管,邻居,collaboration,4,", "关系", "no class of raters"),
        ("A1,2026-10,王主管,,collaboration,4,", "关系", "missing"),
        ("A1,2026-10,A2,自评,collaboration,4,", "关系", "self rating"),
        ("A1,2026-10,a1,同事,collaboration,4,", "关系", "as somebody else"),
        ("A1,2026-10,王芳,上级,collaboration,4,", "关系", "as somebody else"),
        ("A2,2026-10,王主管,上级,collaboration,3,", "评分", "Row 2 has another rating"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place_and_the_rest_goes_on(
    staffed: Store, tmp_path: Path, row: str, field: str, words: str
) -> None:
    result = load(staffed, tmp_path, f"A2,2026-10,王主管,上级,collaboration,4,\n{row}\n")
    assert counts(result) == (1, 0, 0, 0, 1)
    (error,) = result.rejected
    assert (error.row, error.field) == (3, field)
    assert words in error.render()
    assert error.hint


def test_a_table_without_a_needed_column_is_refused(staffed: Store, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="value"):
        load(staffed, tmp_path, "A1,2026-10,m,上级,learning\n", header="被评人,月份,评分人,关系,指标\n")


def test_a_poor_or_top_rating_wants_a_comment_or_an_incident(staffed: Store, tmp_path: Path) -> None:
    rows = (
        "A1,2026-10,m,上级,collaboration,2,\nA1,2026-10,m,上级,learning,5,\nA1,2026-10,m,上级,service_spirit,2,未回电\n"
    )
    assert [warning.row for warning in load(staffed, tmp_path, rows).warnings] == [2, 3]
    add_incident(staffed, incident(), NOW)
    # A bad incident bears out the 2 and not the 5.
    assert [warning.row for warning in load(staffed, tmp_path, rows).warnings] == [3]
    rating = Rating(
        agent_id="A1",
        period="2026-10",
        rater_id="m2",
        rater_class=RaterClass.MANAGER,
        indicator="learning",
        value=5,
        comment="",
        source="add",
        rated_at=NOW,
    )
    assert add_rating(staffed, rating) == ("added", True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_form_is_filled_in_and_read_back(staffed: Store, tmp_path: Path, language: str) -> None:
    path = tmp_path / "form.csv"
    args = (["A1", "A2"], "2026-10", RaterClass.MANAGER, path)
    # Two agents by the front-line template, which rates three things.
    assert write_sheet(staffed, *args, language=language, rater="王主管") == 6
    assert counts(import_ratings(staffed, path, NOW)) == (0, 0, 0, 6, 0)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows[:4]:
        row[-2] = "4"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    assert counts(import_ratings(staffed, path, NOW)) == (4, 0, 0, 2, 0)
    anchor = shipped()["professional_ability"].anchors[3].in_language(language)
    assert anchor in rows[0]


def test_a_form_that_nobody_can_fill_in_is_refused(staffed: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Nothing is rated"):
        write_sheet(staffed, ["A1"], "2026-10", RaterClass.PEER, tmp_path / "form.csv", language="en")
    with pytest.raises(ConfigurationError, match=r"no \.pdf file"):
        write_sheet(staffed, ["A1"], "2026-10", RaterClass.SELF, tmp_path / "form.pdf", language="en")
    with pytest.raises(NotFound):
        write_sheet(staffed, ["A9"], "2026-10", RaterClass.SELF, tmp_path / "form.csv", language="en")


def test_peers_are_shown_together_and_from_three_on(staffed: Store, tmp_path: Path) -> None:
    rows = [f"A1,2026-10,p{n},同事,collaboration,{n},意见{n}\n" for n in (3, 2, 4)]
    load(staffed, tmp_path, "".join(rows[:2]))
    with staffed.reading() as tx:
        (one,) = show_ratings(tx.ratings.list())
    assert (one.rater_id, one.n, one.value, one.comments) == (None, 2, None, ())
    load(staffed, tmp_path, "".join(rows))
    with staffed.reading() as tx:
        (one,) = show_ratings(tx.ratings.list())
    assert (one.rater_id, one.n, one.value, one.comments) == (None, 3, 3, ("意见2", "意见3", "意见4"))


def test_ratings_and_incidents_become_values_of_the_evaluation(staffed: Store, tmp_path: Path) -> None:
    load(staffed, tmp_path, "A1,2026-10,m,上级,collaboration,3,\nA1,2026-10,A1,自评,collaboration,5,好\n")
    add_incident(staffed, incident(indicator="collaboration"), NOW)
    add_incident(staffed, incident(indicator="service_spirit", title="另一件"), NOW)
    template = get_template("front-line", shipped())
    with staffed.reading() as tx:
        found = observe_ratings(tx, "2026-10", template)
        assert observe_ratings(tx, "2026-09", template) == {}
    (observed,) = found["A1"].values()
    # .3 x 5 + .7 x 3
    assert observed.value == pytest.approx(3.6)
    assert (observed.n, observed.source) == (2, "rating")
    assert [note.params for note in observed.notes] == [{"indicator": "collaboration", "good": 0, "bad": 1}]


def test_a_withdrawn_incident_stays_on_record_and_counts_no_more(staffed: Store) -> None:
    one = incident()
    assert add_incident(staffed, one, NOW)
    assert not add_incident(staffed, one, NOW)
    withdraw = Attempt(actor="李经理", role=StaffRole.SUPERVISOR, reason="核实后未来电")
    with pytest.raises(NotAllowed):
        withdraw_incident(staffed, one.id, Attempt(actor="A1", role=StaffRole.SUPERVISOR, reason="不实"), NOW)
    withdraw_incident(staffed, one.id, withdraw, NOW)
    with pytest.raises(Conflict):
        withdraw_incident(staffed, one.id, withdraw, NOW)
    with pytest.raises(NotFound):
        withdraw_incident(staffed, "incident-none", withdraw, NOW)
    with staffed.reading() as tx:
        assert find_incidents(tx, "2026-10") == {}
        assert tx.incidents.list("A1", since=date(2026, 10, 12), until=date(2026, 10, 12)) == [one]
        assert tx.incidents.list(since=date(2026, 10, 13)) == []


@pytest.mark.parametrize(
    ("changes", "kind", "field"),
    [
        ({"agent_id": "A9"}, NotFound, "agent"),
        ({"day": "2026-11-03"}, InputError, "day"),
        ({"evidence": " "}, InputError, "evidence"),
        ({"title": " "}, InputError, "title"),
        ({"recorded_by": "王芳"}, InputError, "by"),
    ],
)
def test_an_incident_needs_a_known_agent_a_day_and_evidence(
    staffed: Store, changes: dict[str, str], kind: type[Exception], field: str
) -> None:
    with pytest.raises(kind) as caught:
        add_incident(staffed, incident(None, **changes), NOW)
    assert getattr(caught.value, "field", None) == field


def test_a_table_of_incidents_is_kept_once_and_wrong_rows_are_named(staffed: Store, tmp_path: Path) -> None:
    path = tmp_path / "incidents.csv"
    path.write_text(
        "工号,日期,类型,事件,证据,联系编号,指标,记录人\n"
        "A1,2026/10/3,负面,未回电,客户二次来电,,服务意识,王主管\n"
        "A1,2026-10-04,中性,x,y,,,王主管\n"
        "A1,2026-10-05,好,x,y,C9,,王主管\n"
        "A1,2026-10-06,好,x,y,,满意度,王主管\n"
        "A1,31日,好,x,y,,,王主管\n",
        encoding="utf-8",
    )
    first = import_incidents(staffed, path, NOW)
    assert (first.added_count, first.unchanged_count) == (1, 0)
    assert [(error.row, error.field) for error in first.rejected] == [
        (3, "类型"),
        (4, "联系编号"),
        (5, "指标"),
        (6, "日期"),
    ]
    second = import_incidents(staffed, path, NOW)
    assert (second.added_count, second.unchanged_count) == (0, 1)
    with staffed.reading() as tx:
        ((found,),) = find_incidents(tx, "2026-10").values()
    assert (found.kind, found.indicator, found.happened_on) == (IncidentKind.BAD, "service_spirit", date(2026, 10, 3))


def test_a_finished_figure_of_a_rated_indicator_is_no_indicator_value(staffed: Store, tmp_path: Path) -> None:
    path = tmp_path / "kpi.csv"
    path.write_text("工号,月份,团队协作,满意率\nA1,2026-10,4.2,91%\n", encoding="utf-8")
    result = import_kpis(staffed, path)
    assert result.imported_count == 1
    assert [(error.row, error.field) for error in result.rejected] == [(2, "团队协作")]
