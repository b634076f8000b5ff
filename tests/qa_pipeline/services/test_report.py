"""The report of a month out of a real store, and its files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import ConfigurationError, InputError, NeedsModel, NotFound, StoreError, StoreReadOnly
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.report import build_report, check_format, write_report
from qa_pipeline.store import Store
from tests import factories

RULES = Rulebook(scorecards=[factories.scorecard()], indicators=factories.INDICATORS, templates=[factories.template()])


@pytest.fixture
def filled(store: Store) -> Store:
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for agent in factories.agents():
            tx.agents.put(agent)
        for contact, inspection in factories.month_of_contacts(per_agent=2):
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r")
        for evaluation in factories.month_of_evaluations():
            tx.evaluations.put(evaluation)
    return store


def test_a_month_is_read_whole(filled: Store) -> None:
    report = build_report(filled, "2026-10", "en", rulebook=RULES, now=datetime(2026, 11, 2, tzinfo=UTC))
    assert (report.overview.contacts_count, report.overview.evaluated_count) == (12, 6)
    assert report.zone == "Asia/Shanghai"
    assert report.agents[0].team == "一组"


def test_a_contact_belongs_to_the_month_of_the_sites_zone(store: Store) -> None:
    # 31 October 17:00 UTC is 1 November 01:00 in Shanghai.
    late = factories.contact("late", started_at=datetime(2026, 10, 31, 17, 0, tzinfo=UTC))
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        tx.contacts.put(late)
        tx.inspections.add(factories.inspection("late"), "r")
    assert build_report(store, "2026-11", "en", rulebook=RULES).contacts[0].contact_id == "late"
    with pytest.raises(NotFound) as caught:
        build_report(store, "2026-10", "en", rulebook=RULES)
    assert caught.value.render_hint() == "Months with contacts: 2026-11."


def test_problems_of_the_month_and_of_no_known_month_are_named_with_what_to_do(filled: Store) -> None:
    other_month = factories.contact("august", started_at=datetime(2026, 8, 5, tzinfo=UTC))
    with filled.transaction() as tx:
        tx.contacts.put(other_month)
        tx.problems.put("august.wav", "pending", NeedsModel("Not now."), "r", contact_id="august")
        tx.problems.put("b.wav", "failed", InputError("{n} bytes are too few.", n=3), "r")
        tx.problems.put("a.wav", "pending", NeedsModel("No engine.", hint="Install {what}.", what="Whisper"), "r")
    problems = build_report(filled, "2026-10", "en", rulebook=RULES).problems
    assert [(problem.path, problem.status, problem.message, problem.hint) for problem in problems] == [
        ("a.wav", "pending", "No engine.", "Install Whisper."),
        ("b.wav", "failed", "3 bytes are too few.", ""),
    ]


def test_an_empty_month_is_an_error_that_says_what_to_do(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        build_report(store, "2026-10", "en", rulebook=RULES)
    assert caught.value.render() == "Nothing was inspected or evaluated in 2026-10."
    assert "callqa score" in caught.value.render_hint()


@pytest.mark.parametrize("period", ["2026-13", "2026", "2026-1", "october", "2026-10-01", "", "２０２６-10"])
def test_only_months_are_periods(period: str) -> None:
    with pytest.raises(ConfigurationError):
        check_month(period)


@pytest.mark.parametrize("name", ["r.html", "r.xlsx", "r.csv", "r.json", "r.HTML"])
def test_the_extension_chooses_the_format_and_only_the_file_is_left(filled: Store, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "reports"
    size_bytes = write_report(build_report(filled, "2026-10", "zh", rulebook=RULES), folder / name)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).stat().st_size == size_bytes > 1000


def test_an_unknown_extension_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_format(Path("report.docx"))
    assert caught.value.render_hint() == "Give the file one of these extensions: .html, .xlsx, .csv, .json, .pdf."


def test_a_folder_in_the_place_of_the_file_is_left_alone(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "r.csv").mkdir()
    with pytest.raises(StoreError):
        write_report(build_report(filled, "2026-10", "en", rulebook=RULES), tmp_path / "r.csv")
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".csv", ".part")] == ["r.csv"]


def test_a_file_system_that_takes_no_files_is_named(filled: Store) -> None:
    report = build_report(filled, "2026-10", "en", rulebook=RULES)
    # Nobody, not even root, makes files in /proc; it answers ENOENT or EACCES depending on the kernel.
    with pytest.raises(StoreError) as caught:
        write_report(report, Path("/proc/report.csv"))
    assert caught.value.file == "/proc/report.csv"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that refuses even root")
def test_a_folder_that_may_not_be_written_asks_for_another_one(filled: Store) -> None:
    # Linux refuses new files in /sys with EACCES or EPERM to everybody.
    with pytest.raises(StoreReadOnly) as caught:
        write_report(build_report(filled, "2026-10", "en", rulebook=RULES), Path("/sys/r.csv"))
    assert caught.value.render() == "You may not write into the folder /sys."


def test_a_quarter_has_the_contacts_of_its_months_and_its_own_evaluations(filled: Store) -> None:
    month = build_report(filled, "2026-10", "en", rulebook=RULES)
    quarter = build_report(filled, "2026-Q4", "en", rulebook=RULES)
    assert [row.contact_id for row in quarter.contacts] == [row.contact_id for row in month.contacts]
    assert quarter.period == "2026-Q4"
    # The month was evaluated, the quarter was not.
    assert {agent.group for agent in quarter.agents} == {"none"}
    with pytest.raises(NotFound):
        build_report(filled, "2026-Q3", "en", rulebook=RULES)


def test_periods_list_quarters_before_their_months_with_all_their_contacts(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.evaluations.put(factories.evaluation(period="2026-Q4"))
        tx.evaluations.put(factories.evaluation(period="2026-11"))
    (whole,) = [each for each in list_periods(filled) if each.period == "2026-10"]
    found = [(each.period, each.contacts_count, each.is_month) for each in list_periods(filled)]
    assert found == [
        ("2026-Q4", whole.contacts_count, False),
        ("2026-11", 0, True),
        ("2026-10", whole.contacts_count, True),
    ]
