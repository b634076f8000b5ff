"""Several files of a month, the same again, corrected ones, and sources that say different things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.qa_pipeline.services.kpi_tables import NOW, figures, records, refused, write

HEAD = "Call ID,Agent,Start Time,Answered,Talk Time,Rating\n"
WEEK_1 = HEAD + "1,A1,2026-10-01 10:00,Y,60,5\n2,A1,2026-10-02 10:00,N,,\n3,A2,2026-10-02 10:00,Y,30,4\n"
WEEK_2 = HEAD + "4,A1,2026-10-08 10:00,Y,120,1\n5,A1,2026-10-08 11:00,Y,180,\n"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'kpi.db'}", ZONE)
    yield opened
    opened.close()


def test_weeks_add_up_to_the_month_on_both_databases(store: Store, tmp_path: Path) -> None:
    first = write(tmp_path, WEEK_1, "w1.csv")
    second = write(tmp_path, WEEK_2, "w2.csv")
    assert import_kpis(store, first, now=NOW).imported_count == 10
    result = import_kpis(store, second, now=NOW)
    assert (result.imported_count, result.replaced_count, refused(result)) == (5, 5, [])
    assert figures(store) == {
        "answer_rate": (0.75, 4),
        "average_handle_time": (120.0, 3),
        "calls_handled": (1.0, 3),  # 1, 0 and 2 calls on three days
        "csat": (0.5, 2),
        "satisfaction_rating": (3.0, 2),
    }
    assert records(store)["A1", "average_handle_time"].sd == pytest.approx(60.0)
    assert records(store)["A1", "csat"].source == "w1.csv + w2.csv"
    for path in (first, second):
        again = import_kpis(store, path, now=NOW)
        assert (again.imported_count, refused(again)) == (0, [])
    # A2 stands in the first week alone.
    assert figures(store, "A2")["csat"] == (1.0, 1)


def test_a_file_of_the_whole_month_replaces_its_weeks(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_1, "w1.csv"), now=NOW)
    import_kpis(kept, write(tmp_path, WEEK_2, "w2.csv"), now=NOW)
    before = figures(kept)
    whole = WEEK_1 + WEEK_2.removeprefix(HEAD)
    assert import_kpis(kept, write(tmp_path, whole, "month.csv"), now=NOW).imported_count == 0
    assert figures(kept) == before
    grown = whole + "6,A1,2026-10-09 10:00,Y,120,5\n"
    result = import_kpis(kept, write(tmp_path, grown, "month-later.csv"), now=NOW)
    assert refused(result) == []
    assert figures(kept)["csat"] == (0.666667, 3)
    assert records(kept)["A1", "csat"].source == "month-later.csv"


def test_days_in_common_are_refused_unless_asked_for(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_1, "w1.csv"), now=NOW)
    before = figures(kept)
    overlapping = HEAD + "2,A1,2026-10-02 10:00,N,,\n7,A1,2026-10-03 10:00,Y,90,\n8,A3,2026-10-03 10:00,Y,90,\n"
    path = write(tmp_path, overlapping, "days.csv")
    result = import_kpis(kept, path, now=NOW)
    assert refused(result) == [(2, "agent")]
    assert "w1.csv holds some of the same days already (2 rows, days 1 to 2)" in result.rejected[0].render()
    assert "--replace" in result.rejected[0].render_hint()
    assert figures(kept) == before
    assert figures(kept, "A3")["average_handle_time"] == (90.0, 1)  # nobody else's rows wait
    result = import_kpis(kept, path, replace=True, now=NOW)
    assert refused(result) == []
    # The ratings of the first file went with it.
    assert figures(kept) == {"answer_rate": (0.5, 2), "average_handle_time": (90.0, 1), "calls_handled": (0.5, 2)}


def test_a_file_with_fewer_rows_does_not_replace(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_2, "w2.csv"), now=NOW)
    result = import_kpis(kept, write(tmp_path, WEEK_2.rsplit("5,A1", 1)[0], "cut.csv"), now=NOW)
    assert refused(result) == [(2, "agent")]


def test_two_queues_of_the_same_days_add_up_by_their_ids(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_2, "queue-a.csv"), now=NOW)
    other = WEEK_2.replace("\n4,", "\n14,").replace("\n5,", "\n15,")
    assert refused(import_kpis(kept, write(tmp_path, other, "queue-b.csv"), now=NOW)) == []
    assert figures(kept)["average_handle_time"] == (150.0, 4)
    assert figures(kept)["calls_handled"] == (4.0, 1)


def test_a_corrected_cell_replaces(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_2), now=NOW)
    result = import_kpis(kept, write(tmp_path, WEEK_2.replace("120,1", "120,5")), now=NOW)
    assert (refused(result), result.replaced_count) == ([], 2)
    assert figures(kept)["csat"] == (1.0, 1)


def test_an_id_twice_counts_once_or_nowhere(kept: Store, tmp_path: Path) -> None:
    text = (
        HEAD + "1,A1,2026-10-01 10:00,Y,60,\n1,A1,2026-10-01 10:00,Y,60,\n"
        "2,A1,2026-10-01 10:00,Y,60,\n2,A1,2026-10-01 10:00,Y,90,\n"
    )
    result = import_kpis(kept, write(tmp_path, text), now=NOW)
    assert refused(result) == [(4, "Call ID"), (5, "Call ID")]
    assert [error.params["other_row"] for error in result.rejected] == [5, 4]
    assert figures(kept)["average_handle_time"] == (60.0, 1)


def test_sources_that_contradict_are_both_kept_and_said(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_2, "calls.csv"), now=NOW)
    path = write(tmp_path, "agent,period,csat,csat n\nA1,2026-10,80%,50\nA2,2026-10,80%,50\n", "crm.csv")
    result = import_kpis(kept, path, now=NOW)
    assert list(result.contradicted) == [("A1", "2026-10", "csat")]
    found = records(kept)["A1", "csat"]
    assert (found.value, found.n, found.source) == (0.8, 50, "crm.csv")
    assert [note.params["other_source"] for note in found.notes] == ["calls.csv"]
    # The calls come again with more ratings: still fewer than 50.
    more = WEEK_2 + "".join(f"{number},A1,2026-10-09 10:00,Y,60,1\n" for number in range(20, 40))
    assert list(import_kpis(kept, write(tmp_path, more, "calls2.csv"), now=NOW).contradicted) == [
        ("A1", "2026-10", "csat")
    ]
    assert records(kept)["A1", "csat"].n == 50
    import_kpis(kept, write(tmp_path, more, "calls2.csv"), replace=True, now=NOW)
    assert (records(kept)["A1", "csat"].n, records(kept)["A1", "csat"].notes) == (21, ())


def test_unknown_agents_of_an_export_are_refused_when_asked(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, WEEK_2, "w2.csv"), now=NOW)
    result = import_kpis(kept, write(tmp_path, WEEK_1, "w1.csv"), known_agents_only=True, now=NOW)
    assert refused(result) == [(4, "agent")]
    assert figures(kept)["average_handle_time"] == (120.0, 3)
    assert figures(kept, "A2") == {}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2"]), st.integers(1, 28), st.booleans(), st.integers(1, 900), st.integers(1, 5)
        ),
        min_size=1,
        max_size=25,
    ),
    st.lists(st.integers(0, 2), min_size=29, max_size=29),
)
def test_parts_of_a_file_give_the_same_as_the_whole(
    calls: list[tuple[str, int, bool, int, int]], file_of_day: list[int]
) -> None:
    rows = [
        (day, f"{number},{agent},2026-10-{day:02d} 10:00,{'Y' if answered else 'N'},{talk},{rating}\n")
        for number, (agent, day, answered, talk, rating) in enumerate(calls)
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        found: list[dict[str, dict[str, tuple[float, int | None]]]] = []
        for files in ([0] * 29, file_of_day):
            store = open_store(f"sqlite:///{folder / f'{len(found)}.db'}", ZONE)
            for number in sorted({files[day] for day, _ in rows}):
                text = HEAD + "".join(row for day, row in rows if files[day] == number)
                assert refused(import_kpis(store, write(folder, text, f"{number}.csv"), now=NOW)) == []
            found.append({agent: figures(store, agent) for agent in ("A1", "A2")})
            store.close()
    whole, together = found
    for agent in whole:
        assert whole[agent].keys() == together[agent].keys()
        for indicator in whole[agent]:
            assert together[agent][indicator] == pytest.approx(whole[agent][indicator])
