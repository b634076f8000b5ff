"""Whatever form a report has, it tells of nobody whom its reader may not see."""

from __future__ import annotations

import io
import re
from html import unescape
from zipfile import ZipFile

import pytest
from fastapi import FastAPI

from qa_pipeline.domain.cycle import StaffRole
from tests import factories
from tests.accounts import an_account
from tests.api.conftest import client_of

TEAM = "一组"
OWN = [one for one in factories.agents() if one.team == TEAM]
FOREIGN = [one for one in factories.agents() if one.team != TEAM]


def words_of(content: bytes, form: str) -> str:
    """Return everything that stands in a file; of a workbook that of all its parts, hidden ones too."""
    if form != "xlsx":
        return content.decode("utf-8-sig")
    with ZipFile(io.BytesIO(content)) as book:
        parts = [book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels"))]
        return unescape("\n".join(parts))  # where lxml is installed, letters are written as references


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("form", ["html", "xlsx", "csv", "json"])
@pytest.mark.parametrize("address", ["/reports/2026-10/callqa.{form}", "/api/v1/reports/2026-10/file?format={form}"])
def test_a_supervisors_report_names_nobody_of_other_teams(app: FastAPI, address: str, form: str, language: str) -> None:
    path = address.format(form=form)
    path += f"{'&' if '?' in path else '?'}lang={language}"
    supervisor = client_of(app, an_account(StaffRole.SUPERVISOR, teams=[TEAM])).get(path)
    analyst = client_of(app, an_account(StaffRole.QA)).get(path)
    assert (supervisor.status_code, analyst.status_code) == (200, 200)
    narrow, wide = words_of(supervisor.content, form), words_of(analyst.content, form)
    # Ids of contacts end with those of their agents, so this finds both; cells are called A1 and A10, not A01.
    assert set(re.findall(r"\bA0\d\b", wide)) == {one.id for one in (*OWN, *FOREIGN)}
    assert set(re.findall(r"\bA0\d\b", narrow)) == {one.id for one in OWN}
    for one in FOREIGN:
        assert one.name and one.name not in narrow and one.name in wide
    assert all(team not in narrow for team in {str(one.team) for one in FOREIGN})


def test_the_report_is_sent_packed_to_who_takes_it_packed(app: FastAPI) -> None:
    client = client_of(app, an_account(StaffRole.QA))
    packed = client.get("/reports/2026-10?lang=en", headers={"accept-encoding": "gzip"})
    plain = client.get("/reports/2026-10?lang=en", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    # The clock in its head may have moved on.
    assert packed.text[-10_000:] == plain.text[-10_000:]
