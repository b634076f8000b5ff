"""The four files that people take away."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from qa_pipeline.appraisal.teams import TeamMean, TeamResult
from qa_pipeline.domain.inspection import Flag, Reason
from qa_pipeline.report.compose import ReportInputs, compose
from qa_pipeline.report.csv import render_csv
from qa_pipeline.report.data import ProblemRow, ReportData
from qa_pipeline.report.excel import render_excel
from qa_pipeline.report.html import FLAGGED_SHOWN, render_html
from qa_pipeline.report.json import render_json
from qa_pipeline.report.labels import chance_text, clock_text, measure_text, percent_text, value_text
from qa_pipeline.report.rulebook import Rulebook
from tests import factories

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil","x")'


def month(language: str = "en", **changes: object) -> ReportData:
    inputs = ReportInputs(
        period="2026-10",
        language=language,
        zone="Asia/Shanghai",
        generated_at=datetime(2026, 11, 2, tzinfo=UTC),
        rulebook=Rulebook(
            scorecards=[factories.scorecard()], indicators=factories.INDICATORS, templates=[factories.template()]
        ),
        inspected=factories.month_of_contacts(),
        evaluations=factories.month_of_evaluations(),
        agents=factories.agents(),
    )
    return compose(replace(inputs, **changes))  # type: ignore[arg-type]


def hostile() -> ReportData:
    """One contact whose every free text attacks the reader."""
    contact = factories.contact("=1+1", agent_name=SCRIPT, team=FORMULA, queue="@x")
    judged = factories.inspection(
        "=1+1",
        findings=(
            factories.finding(
                reason=Reason(message="Heard: {phrase}", params={"phrase": SCRIPT}),
                evidence=[factories.quote(f'{SCRIPT}"><img src=x onerror=alert(1)>')],
            ),
        ),
        flags=factories.month_of_contacts()[0][1].flags,
    )
    return month(inspected=[(contact, judged)], evaluations=[], agents=[])


def test_html_is_one_self_contained_page() -> None:
    page = render_html(month()).decode()
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|@import|url\(|https?://(?!www\.w3\.org)", page)
    assert not re.search(r"\sstyle=|\son\w+=", page)  # a strict content security policy shows it unharmed
    assert len(page) < 150_000


def test_html_escapes_names_quotes_and_reasons() -> None:
    page = render_html(hostile()).decode()
    assert SCRIPT not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_html_opens_totals_into_items_and_flags_into_quotes_with_times() -> None:
    page = render_html(month()).decode()
    assert "Script compliance" in page
    assert "你有病吧，爱投诉就去投诉。" in page
    assert "02:05" in page  # 125 s
    assert 'lang="zh-CN"' in render_html(month("zh")).decode()


def test_html_charts_stand_beside_their_figures() -> None:
    page = render_html(month()).decode()
    histogram, table = page.split('<svg class="histogram"')[1].split("</svg>", 1)
    drawn = re.findall(r'bar-count"[^>]*>(\d+)<', histogram)
    listed = re.findall(r'<td class="num">(\d+)</td>', table.split("</table>")[0])
    assert drawn == [count for count in listed if count != "0"]
    assert sum(map(int, listed)) == 70  # 72 contacts, two of which could not be determined


def test_html_of_an_empty_month_says_so() -> None:
    page = render_html(month(inspected=[], evaluations=[], agents=[])).decode()
    assert "No contact was inspected in this period." in page
    assert "Everything that was handed in has been scored." in page


def test_html_shows_a_limited_number_per_flag_and_says_so() -> None:
    many = factories.month_of_contacts(per_agent=90)
    report = month(inspected=many)
    page = render_html(report).decode()
    low = next(group for group in report.flagged if group.flag == "low_score")
    assert len(low.contacts) > FLAGGED_SHOWN
    assert f"Shown are the {FLAGGED_SHOWN} with the lowest scores of {len(low.contacts)}" in page


def test_html_links_contacts_to_their_own_page_when_told() -> None:
    page = render_html(month(), contact_link="/contacts/{contact_id}?lang=zh").decode()
    assert 'href="/contacts/20261003-A06?lang=zh"' in page


def test_workbook_has_all_sheets_in_both_languages() -> None:
    book = load_workbook(io.BytesIO(render_excel(month())))
    assert book.sheetnames == ["Overview", "Teams", "Agents", "Items", "Contacts", "Findings", "Flagged", "Not scored"]
    contacts = book["Contacts"]
    assert isinstance(contacts, Worksheet)
    assert contacts.max_row == 1 + 72
    assert contacts.freeze_panes == "A2"


def test_workbook_stores_formulas_as_text() -> None:
    book = load_workbook(io.BytesIO(render_excel(hostile())))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    attacks = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "@"))]
    assert {cell.value for cell in attacks} == {"=1+1", FORMULA, "@x"}
    assert all(cell.quotePrefix for cell in attacks)


def test_workbook_keeps_numbers_as_numbers() -> None:
    contacts = load_workbook(io.BytesIO(render_excel(month())))["Contacts"]
    header = [cell.value for cell in contacts[1]]
    first = dict(zip(header, (cell.value for cell in contacts[2]), strict=True))
    # A01's first call: greets, number 0: 95 - 0 - 0 - 0 points.
    assert (first["Contact"], first["Score"], first["Passed"]) == ("20261000-A01", 95, "yes")


def test_csv_has_a_mark_for_excel_and_a_column_per_criterion() -> None:
    content = render_csv(month())
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 72
    red = next(row for row in rows if row["Contact"] == "20261003-A06")
    assert (red["No abuse of the customer (no_abuse)"], red["Red lines"]) == ("not met", "No abuse of the customer")
    assert red["Start"] == "2026-10-07 14:30"  # 01:30 UTC + 6 days + 5 h = 06:30 UTC, 14:30 in Shanghai


def test_every_contact_says_what_its_roles_rest_on() -> None:
    told_apart = {"roles_by": "diarization", "diarizer": "resemblyzer@0.1.4", "diarization_confidence": 0.934}
    unsure = told_apart | {"roles_by": "none", "diarization_confidence": 0.3}
    inspected = [
        (factories.contact(name), factories.inspection(name, flags=(Flag.LOW_SCORE,), **basis))
        for name, basis in (("told", told_apart), ("unsure", unsure), ("typed", {}), ("old", {"roles_by": None}))
    ]
    report = month(inspected=inspected, evaluations=[], agents=[])
    rows = list(csv.DictReader(io.StringIO(render_csv(report).decode("utf-8-sig"))))
    by_id = {row["Contact"]: row["Roles"] for row in rows}
    assert by_id["told"] == "one channel: voices told apart by resemblyzer@0.1.4 (confidence 0.93), roles by wording"
    assert "cannot tell two voices apart (confidence 0.30, 0.80 is needed)" in by_id["unsure"]
    assert (by_id["typed"], by_id["old"]) == ("roles as the transcript names them", "")
    page = render_html(report).decode()
    assert page.count("one channel: ") == 2
    contacts = json.loads(render_json(report))["contacts"]
    assert {row["contact_id"]: row["diarization_confidence"] for row in contacts}["told"] == 0.934


def test_csv_neutralises_formulas() -> None:
    (row,) = csv.DictReader(io.StringIO(render_csv(hostile()).decode("utf-8-sig")))
    assert (row["Contact"], row["Team"], row["Queue"]) == ("'=1+1", f"'{FORMULA}", "'@x")


def test_negative_numbers_stay_numbers_in_csv() -> None:
    row = next(csv.DictReader(io.StringIO(render_csv(month()).decode("utf-8-sig"))))
    assert row["Customer's sentiment at the start"] == "-0.55"


def test_json_is_the_report_itself() -> None:
    report = month()
    document = json.loads(render_json(report))
    assert document["overview"]["contacts_count"] == 72
    assert document["flagged"][0] == {"flag": "red_line", "contacts": ["20261003-A06"]}
    assert len(document["contacts"]) == 72


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.0, "00:00"), (125.9, "02:05"), (3600.0, "1:00:00"), (59.999, "00:59")]
)
def test_clock(seconds: float | None, text: str) -> None:
    assert clock_text(seconds) == text


def test_values_carry_their_unit() -> None:
    assert value_text(0.855, "ratio", str) == "85.5%"
    assert value_text(312.0, "s", str) == "312 s"
    assert value_text(1234.5, "count", str) == "1,234.5"
    assert value_text(None, "s", str) == "–"
    assert percent_text(1.0) == "100%"
    assert measure_text("silence_ratio", 0.08, str) == "8%"
    assert measure_text("agent_interruptions_count", 3.0, str) == "3"


def test_html_shows_a_contact_with_several_flags_once_and_names_it_under_the_others() -> None:
    page = render_html(month()).decode()
    assert page.count("你有病吧，爱投诉就去投诉。") == 1
    assert page.count("shown above: Red line") == 2  # the call is also flagged for the customer's anger and its score


def test_problems_are_shown_by_file_name_and_keep_their_path() -> None:
    problem = ProblemRow(
        contact_id=None, path="/data/calls/night/a.wav", status="failed", type="NotAudio", message="m", hint="h"
    )
    report = month(problems=[problem])
    assert '<th scope="row" class="path" title="/data/calls/night/a.wav">a.wav</th>' in render_html(report).decode()
    sheet = load_workbook(io.BytesIO(render_excel(report)))["Not scored"]
    assert sheet["A2"].value == "/data/calls/night/a.wav"
    assert json.loads(render_json(report))["problems"][0]["path"] == "/data/calls/night/a.wav"


def test_raters_are_named_and_criteria_listed_in_chinese_typography() -> None:
    book = load_workbook(io.BytesIO(render_excel(month("zh"))))
    contacts = [[cell.value for cell in row] for row in book["会话"].iter_rows()]
    assert {row[contacts[0].index("判定方")] for row in contacts[1:]} == {"机器"}
    page = render_html(month("zh")).decode()
    assert "（72）" in page
    assert not re.search(r"[\u4e00-\u9fff] \(\d", page)


def test_notes_of_evaluations_name_indicators_and_dimensions() -> None:
    noted = factories.evaluation(
        notes=(
            Reason(
                message="{indicator} of {dimension} is missing.", params={"indicator": "csat", "dimension": "ability"}
            ),
        )
    )
    rows = month(evaluations=[noted]).agents
    template, csat = factories.template(), next(found for found in factories.INDICATORS if found.id == "csat")
    ability = next(found for found in template.dimensions if found.id == "ability")
    notes = next(row.notes for row in rows if row.agent_id == noted.agent_id)
    assert notes == (f"{csat.name.en} of {ability.name.en} is missing.",)


TEAMS = (
    TeamResult(
        team=None,
        points=TeamMean(value=81.5, ci95=(79.0, 84.0), n_contacts=72, n_reviews=31, method="ppi"),
        passed=TeamMean(value=0.62, ci95=(0.5, 0.74), n_contacts=72, n_reviews=31, method="ppi"),
    ),
    TeamResult(
        team="一组",
        points=TeamMean(value=83.0, ci95=(78.0, 88.0), n_contacts=36, n_reviews=12, method="model"),
        passed=None,
    ),
)
PLACED = (
    factories.evaluation("A01", 104.0, group="above", places=(1, 2, 2), above_average=0.9999, basis="estimated"),
    factories.evaluation("A02", 90.0, places=(1, 2, 2), above_average=0.31, n_reviews=5),
)


def test_page_and_workbook_show_estimates_with_how_they_were_made() -> None:
    report = month(teams=TEAMS)
    page = render_html(report).decode()
    assert "Estimated quality" in page and "81.5" in page and "79.0–84.0" in page
    assert "machine, corrected by random reviews" in page
    sheet = load_workbook(io.BytesIO(render_excel(report)))["Teams"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    of = rows[0].index
    assert [row[of("Team")] for row in rows[1:]] == ["All contacts", "English desk", "一组", "二组"]
    first = rows[3]
    assert (first[of("Estimated quality")], first[of("95% from")], first[of("Reviews")]) == (83.0, 78.0, 12)
    assert first[of("How it was estimated")] == "agents' estimates together"
    assert rows[2][of("Estimated quality")] is None


def test_without_reviews_the_page_shows_the_mean_and_no_estimate() -> None:
    alone = replace(TEAMS[0], points=replace(TEAMS[0].points, method="machine", n_reviews=0))
    assert "Estimated quality" not in render_html(month(teams=[alone])).decode()


def test_a_place_is_a_range_everywhere_and_agents_come_by_group() -> None:
    report = month(evaluations=PLACED)
    page = render_html(report).decode()
    assert "between place 1 and 2 of 2" in page
    # Of 1,000 draws nothing is certain.
    assert "&gt;99%" in page and "31%" in page
    rows = [
        [cell.value for cell in row] for row in load_workbook(io.BytesIO(render_excel(report)))["Agents"].iter_rows()
    ]
    assert not any("rank" in title.lower() for title in rows[0])
    placed = {row[0]: row[rows[0].index("Place, 95% range")] for row in rows[1:]}
    assert placed["A02"] == "between place 1 and 2 of 2"
    assert placed["A03"] is None
    assert json.loads(render_json(report))["agents"][0]["places"] == {"low": 1, "high": 2, "of": 2}


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "<1%"), (0.0099, "<1%"), (0.5, "50%"), (0.99, "99%"), (1.0, ">99%")]
)
def test_chances_are_never_certain(probability: float, text: str) -> None:
    assert chance_text(probability) == text
