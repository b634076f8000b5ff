"""Trying scorecards, lint warnings, saved views, topics and indicator values as JSON."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cycle_site import Service, card_text, copied


@pytest.fixture
def site(published_home: Path, tmp_path: Path) -> Iterator[Service]:
    yield from copied(published_home, tmp_path)


def test_a_check_tells_what_probably_does_not_judge_as_meant(site: Service) -> None:
    text = card_text(2).replace("any: [您好]", "any: [您好, 您好]", 1)
    found = site.post("qa", "/scorecards/check", {"text": text})
    assert found["valid"]
    assert found["errors"] == []
    assert found["warnings"]
    assert all(one["severity"] in ("error", "warning", "note") and one["hint"] for one in found["warnings"])


def test_a_text_is_tried_and_nothing_is_kept(site: Service) -> None:
    text = card_text(2, greeting=12)
    tried = site.post("qa", "/scorecards/try", {"text": text, "contacts": 5, "against_version": 1})
    # Contacts of this site have results and no words: each of the five is left out.
    assert (tried["key"], tried["contacts"], tried["left_out"]) == ("zh-telephone@2", 0, 5)
    assert tried["against"]["added"] == []
    assert site.get("qa", "/scorecards/zh-telephone")["version"] == 1
    site.post("qa", "/scorecards/try", {"text": text, "contacts": 101}, 422)
    site.post("qa", "/scorecards/try", {"text": "id: [", "contacts": 5}, 422)
    site.post("qa", "/scorecards/try", {"text": text, "against_version": 9}, 404)
    site.post("hr", "/scorecards/try", {"text": text}, 403)


def test_views_belong_to_who_saved_them(site: Service) -> None:
    wanted = {"name": "late", "path": "/contacts", "query": "period=2026-10&after=x&lang=en&flag=low_score"}
    view = site.post("qa", "/views", wanted, 201)
    assert view["query"] == "period=2026-10&flag=low_score"
    site.post("qa", "/views", wanted, 409)
    site.post("second", "/views", wanted, 201)
    site.post("qa", "/views", wanted | {"path": "https://elsewhere"}, 422)
    assert [one["name"] for one in site.get("qa", "/views")["views"]] == ["late"]
    answer = site.client("second").delete(f"/api/v1/views/{view['id']}")
    assert answer.status_code == 404
    assert site.client("qa").delete(f"/api/v1/views/{view['id']}").status_code == 204
    assert site.get("qa", "/views")["total"] == 0


def test_values_come_as_json(site: Service) -> None:
    row = {"agent_id": "A05", "period": "2026-09", "indicator": "average_handle_time", "value": 301.5, "n": 200}
    wrong = row | {"agent_id": "A06", "indicator": "no_such_thing"}
    body = {"source": "crm", "records": [row, wrong]}
    found = site.post("hr", "/kpis/records", body)
    assert (found["imported"], found["rejected_count"]) == (1, 1)
    assert site.post("hr", "/kpis/records", body)["unchanged"] == 1
    values = site.get("hr", "/kpis?period=2026-09&source=crm.jsonl")["values"]
    assert [(one["agent_id"], one["value"], one["n"]) for one in values] == [("A05", 301.5, 200)]
    assert site.get("hr", "/kpis?period=2026-09&source=other")["total"] == 0
    site.post("agent", "/kpis/records", body, 403)
    site.post("hr", "/kpis/records", {"source": "../x", "records": [row]}, 422)
    site.post("hr", "/kpis/records", {"source": "crm", "records": []}, 422)


def test_topics_need_a_month_and_an_engine(site: Service) -> None:
    site.get("qa", "/topics?period=soon", 422)
    told = site.get("qa", "/topics?period=2026-10", 409)["error"]
    assert "likeness" in told["message"]
    site.get("hr", "/topics?period=2026-10", 403)
