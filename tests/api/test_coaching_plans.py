"""Coaching plans through the API: one behaviour, begun by the agent, practised in short sessions, ended in words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from tests.api.cycle_site import PERIOD, Service, copied

NEW = {"agent_id": "A05", "period": PERIOD}


@pytest.fixture(scope="module")
def service(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="module")
def drafted(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.post("supervisor", "/coaching-plans", NEW, 201)
    return found


def content(plan: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what a plan says, as the page sends it back."""
    named = ("gap_kind", "behaviour", "practice", "if_then", "reached", "follow_up_on")
    goal = {"words": plan["goal"]["words"], "due_on": plan["goal"]["due_on"]}
    return {name: plan[name] for name in named} | {"goal": goal} | more


def put(service: Service, who: str, path: str, version: str, body: dict[str, Any], wanted: int = 200) -> Any:
    return service.call(who, "PUT", path, wanted, json=body, headers={"if-match": f'"{version}"'})


def test_the_draft_stands_on_a_proven_gap(service: Service, drafted: dict[str, Any]) -> None:
    focus = drafted["focus"]
    assert focus["kind"] == "criterion"
    assert focus["ci95"][1] < focus["site_ratio"]
    # The goal is half of the way from the agent's share to the site's.
    now = round(focus["count"] / focus["total"], 2)
    assert drafted["goal"]["from_value"] == now
    assert drafted["goal"]["to_value"] == pytest.approx(now + (focus["site_ratio"] - now) / 2, abs=0.011)
    assert [one["day"] for one in drafted["sessions"]] == [0, 3, 10, 24]
    assert drafted["behaviour"]
    assert drafted["improve"]["contact_id"]
    # Within a week of the publication.
    assert drafted["due_on"] is not None
    assert not {"risk", "rank", "places", "band"} & set(drafted)


def test_a_plan_from_the_draft_to_its_end(service: Service, drafted: dict[str, Any]) -> None:
    path = f"/coaching-plans/{drafted['id']}"
    service.post("supervisor", "/coaching-plans", NEW, 409)  # one behaviour at a time
    # The agent does not see a draft; strangers never see anything.
    assert service.get("agent", "/coaching-plans")["total"] == 0
    service.get("agent", path, 404)
    service.get("stranger", path, 404)
    empty = put(service, "supervisor", path, drafted["version"], content(drafted, if_then=" "))
    service.post("supervisor", f"{path}/offer", wanted=422)
    edited = put(service, "supervisor", path, empty["version"], content(drafted, if_then="If silence, then I say why."))
    put(service, "supervisor", path, drafted["version"], content(drafted), 412)
    service.post("supervisor", f"{path}/offer")
    (listed,) = service.get("agent", "/coaching-plans")["plans"]
    assert listed["id"] == drafted["id"]
    assert listed["started_on"] is None
    seen = service.get("agent", path)
    assert seen["if_then"] == edited["if_then"]
    answered = put(service, "agent", f"{path}/answer", seen["version"], {"agent_notes": "Ten minutes a day, please."})
    put(service, "supervisor", f"{path}/answer", answered["version"], {"agent_notes": "x"}, 403)
    session = {"day": 0, "held_on": "2026-11-01"}
    service.post("supervisor", f"{path}/sessions", session, 409)  # it has not begun
    service.post("colleague", f"{path}/acknowledge", wanted=404)
    begun = service.post("agent", f"{path}/acknowledge")
    start = date.fromisoformat(begun["started_on"])
    planned = [date.fromisoformat(one["planned_on"]) for one in begun["sessions"]]
    assert planned == [start + timedelta(days=day) for day in (0, 3, 10, 24)]
    assert begun["goal"]["due_on"] == (start + timedelta(days=31)).isoformat()
    held = service.post("supervisor", f"{path}/sessions", session | {"held_on": begun["started_on"], "note": "Twice."})
    assert (held["held_count"], held["sessions"][0]["note"]) == (1, "Twice.")
    before = (start - timedelta(days=1)).isoformat()
    for wrong in ({"day": 5, "held_on": begun["started_on"]}, {"day": 3, "held_on": before}):
        service.post("supervisor", f"{path}/sessions", wrong, 422)
    service.post("agent", f"{path}/sessions", session, 403)
    service.post("supervisor", f"{path}/close", wanted=422)  # without what was reached
    now = service.get("supervisor", path)
    reached = content(now, reached="He says why he is silent.", follow_up_on="2026-12-20")
    put(service, "supervisor", path, now["version"], reached)
    done = service.post("supervisor", f"{path}/close")
    assert [step["step"]["id"] for step in done["steps"]] == ["offer", "acknowledge", "close"]
    put(service, "supervisor", path, done["version"], reached, 409)
    # A plan of this period was there; the next one is of another.
    service.post("supervisor", "/coaching-plans", NEW, 409)


def test_hr_follows_plans_without_words_of_contacts(service: Service, drafted: dict[str, Any]) -> None:
    seen = service.get("hr", f"/coaching-plans/{drafted['id']}")
    assert (seen["good"], seen["improve"]) == (None, None)
    service.post("hr", "/coaching-plans", NEW, 403)
    service.get("qa", "/coaching-plans", 403)
    service.get("administrator", "/coaching-plans", 403)


def test_who_has_no_proven_gap_gets_none_invented(service: Service) -> None:
    service.post("supervisor", "/coaching-plans", {"agent_id": "A06", "period": "2025-01"}, 404)
    service.post("supervisor", "/coaching-plans", {"agent_id": "A05", "period": "soon"}, 422)
    service.post("supervisor", "/coaching-plans", {"agent_id": "A01", "period": PERIOD}, 404)  # of another team


def test_a_draft_that_was_given_up_stays_the_coach_s(
    published_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for site in copied(published_home, tmp_path_factory.mktemp("given-up")):
        plan = site.post("supervisor", "/coaching-plans", NEW, 201)
        path = f"/coaching-plans/{plan['id']}"
        site.post("supervisor", f"{path}/cancel", {"reason": "Too much at once."})
        assert site.get("supervisor", "/coaching-plans")["total"] == 1
        assert site.get("agent", "/coaching-plans")["total"] == 0
        site.get("agent", path, 404)
        again = site.post("supervisor", "/coaching-plans", NEW, 201)  # what was given up stands in nobody's way
        site.post("supervisor", f"/coaching-plans/{again['id']}/offer")
        site.post("supervisor", f"/coaching-plans/{again['id']}/cancel", {"reason": "Leaves the team."})
        assert [one["id"] for one in site.get("agent", "/coaching-plans")["plans"]] == [again["id"]]


def word_file(service: Service, who: str, path: str, wanted: int = 200, form: str = "docx") -> str:
    """Return what stands in the cells and lines of a Word file; empty where none is given."""
    answer = service.client(who).get(f"/api/v1{path}/file?format={form}", headers={"accept-language": "en"})
    assert answer.status_code == wanted, answer.text
    if wanted != 200:
        return ""
    assert answer.headers["content-disposition"].endswith('-en.docx"')
    document = Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(line.text for line in document.paragraphs), *cells])


def test_plans_and_talks_are_taken_to_the_table_as_files(
    published_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for site in copied(published_home, tmp_path_factory.mktemp("papers")):
        plan = site.post("supervisor", "/coaching-plans", NEW, 201)
        path, contact = f"/coaching-plans/{plan['id']}", plan["improve"]["contact_id"]
        paper = word_file(site, "supervisor", path)
        assert plan["behaviour"] in paper
        assert contact in paper
        talk = site.post("supervisor", "/talks", NEW, 201)
        outline = word_file(site, "supervisor", f"/talks/{talk['id']}")
        assert "3. Why this result?" in outline
        assert talk["outline"]["aim"] in outline
        for each in (path, f"/talks/{talk['id']}"):
            assert contact not in word_file(site, "hr", each)  # personnel reads no contacts
            for who in ("agent", "stranger"):
                word_file(site, who, each, 404)  # a draft, and a plan of another team
            word_file(site, "qa", each, 403)
            word_file(site, "supervisor", each, 422, form="exe")
        site.post("supervisor", f"{path}/offer")
        assert contact in word_file(site, "agent", path)
        assert site.client("agent").get(f"/coaching/{plan['id']}/callqa.docx?lang=zh").status_code == 200
        assert site.client("agent").get(f"/coaching/{plan['id']}/callqa.exe").status_code == 404
        assert site.client("supervisor").get(f"/talks/{talk['id']}/callqa.docx").status_code == 200
