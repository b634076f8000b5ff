"""What is told of the rows of a table that were refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.imports import rejected_rows
from qa_pipeline.errors import RowError
from tests.api.cycle_site import Service, copied


@pytest.fixture(scope="module")
def service(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("imports"))


def test_of_a_table_without_end_the_first_thousand_refused_rows_are_told() -> None:
    errors = [RowError("This is no number.", hint="Mend it.", row=row) for row in range(2, 5000)]
    shown = rejected_rows(errors, str)
    assert len(shown) == 1000 and shown[0].row == 2 and shown[-1].row == 1001


@pytest.mark.parametrize("language", ["zh", "en"])
def test_refused_rows_are_told_in_the_language_of_the_address(service: Service, language: str) -> None:
    files = {"file": ("figures.csv", b"agent,month,csat\nA05,2026-11,many\n")}
    answer = service.client("hr").post(f"/api/v1/kpis/imports?lang={language}", files=files)
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["rejected"]
    assert (row["row"], row["field"]) == (2, "csat") and "many" in row["message"]
    assert any("\u4e00" <= each <= "\u9fff" for each in row["message"]) == (language == "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rating_sheet_comes_in_the_language_of_the_address(service: Service, language: str) -> None:
    path = f"/api/v1/rating-sheet?period=2026-10&agent_id=A05&lang={language}"
    assert service.client("supervisor").get(path).status_code == 200
