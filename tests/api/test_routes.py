"""JSON under /api/v1."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import RED_LINE_CALL


def get(client: TestClient, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_health_reads_the_database(client: TestClient) -> None:
    assert get(client, "/health")["status"] == "ok"


def test_periods(client: TestClient) -> None:
    (october,) = get(client, "/periods?lang=en")["periods"]
    assert october == {
        "period": "2026-10",
        "state": {"id": "planning", "name": "planning"},
        "contacts_count": 73,
        "evaluations_count": 6,
    }


def test_contacts_come_in_pages(client: TestClient) -> None:
    page = get(client, "/contacts?limit=5&offset=70")
    assert (page["total"], page["offset"], page["limit"], len(page["contacts"])) == (73, 70, 5, 3)


def test_contacts_are_filtered(client: TestClient) -> None:
    (only,) = get(client, "/contacts?red_line=true&period=2026-10&agent_id=A06")["contacts"]
    assert (only["id"], only["points"], only["passed"]) == (RED_LINE_CALL, 0.0, False)
    assert only["flags"] == ["red_line", "angry_customer", "low_score"]
    assert get(client, "/contacts?since=2026-10-23T00:00:00Z&until=2026-10-23T02:00:00Z")["total"] == 1


def test_a_contact_has_transcript_evidence_and_no_file_names_of_the_server(client: TestClient) -> None:
    found = get(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    assert found["transcript"]["utterances"][14]["text"] == "你有病吧，爱投诉就去投诉。"
    (fatal,) = [finding for finding in found["inspection"]["findings"] if finding["outcome"] == "not_met"]
    assert (fatal["criterion"], fatal["fatal"], fatal["evidence"][0]["start_s"]) == (
        "No abuse of the customer",
        True,
        125.0,
    )
    assert "recordings/" not in str(found)
    assert "K-77" not in str(found)  # the customer's reference


def test_a_contact_has_the_moves_of_its_utterances(client: TestClient) -> None:
    first, second, *_ = get(client, f"/contacts/{RED_LINE_CALL}")["transcript"]["utterances"]
    assert first["moves"] == [{"move": "greeting", "confidence": 0.9, "quote": "第0句"}]
    assert second["moves"] == []


def test_a_contact_has_the_hints_of_abuse_of_its_utterances(client: TestClient) -> None:
    first, second, *_ = get(client, f"/contacts/{RED_LINE_CALL}")["transcript"]["utterances"]
    assert (first["abuse_probability"], second["abuse_probability"]) == (None, 0.97)


def test_a_contact_that_waits_has_no_inspection_and_an_id_may_hold_a_slash(client: TestClient) -> None:
    found = get(client, "/contacts/waiting/1")
    assert (found["contact"]["id"], found["contact"]["inspected"], found["inspection"]) == ("waiting/1", False, None)


def test_names_follow_the_language_asked_for_and_the_address_wins(client: TestClient) -> None:
    def first_name(query: str, header: str) -> str:
        answer = client.get(f"/api/v1/contacts/{RED_LINE_CALL}{query}", headers={"accept-language": header})
        return str(answer.json()["inspection"]["findings"][0]["criterion"])

    assert first_name("", "zh-CN,zh;q=0.9,en;q=0.8") == "开场问候"
    assert first_name("", "de,en;q=0.5,zh;q=0.4") == "Greeting"
    assert first_name("?lang=en", "zh") == "Greeting"


def test_evaluations_open_into_items(client: TestClient) -> None:
    found = get(client, "/evaluations?period=2026-10")["evaluations"]
    assert (found[0]["basis"], found[0]["places"]) == ("machine", None)
    assert [(each["agent_id"], each["total"]) for each in found][:2] == [("A01", 104.0), ("A02", 96.5)]
    assert found[0]["ci95"] == [99.0, 109.0]
    assert found[0]["dimensions"][0]["items"][0]["name"] == "Customer satisfaction"
    assert found[3]["notes"] == ["Only 3 contacts of at least 5."]


def test_problems_say_what_to_do(client: TestClient) -> None:
    (problem,) = get(client, "/problems")["problems"]
    assert (problem["path"], problem["status"], problem["hint"]) == ("waiting.mp3", "pending", "Install one.")


def test_the_report_is_there_as_data(client: TestClient) -> None:
    assert get(client, "/reports/2026-10")["overview"]["contacts_count"] == 72


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/contacts/unknown", 404, "NotFound"),
        ("/reports/2026-11", 404, "NotFound"),
        ("/reports/2026-13", 422, "ConfigurationError"),
        ("/evaluations?period=x", 422, "ConfigurationError"),
        ("/evaluations", 422, "InvalidRequest"),
        ("/contacts?limit=0", 422, "InvalidRequest"),
        ("/contacts?limit=100000", 422, "InvalidRequest"),
        ("/contacts?offset=99999999999999999999", 422, "InvalidRequest"),
        ("/contacts?kind=fax", 422, "InvalidRequest"),
        ("/contacts?period=2026-1", 422, "InvalidRequest"),
        ("/contacts?text=%00", 422, "InputError"),
        ("/contacts/%00", 422, "InputError"),
        ("/contacts?since=2026-10-01T00:00:00", 422, "InvalidRequest"),  # no zone
        ("/contacts?lang=fr", 200, None),
        ("/health?lang=fr", 200, None),
        ("/problems?lang=fr", 422, "InvalidRequest"),
        ("/nowhere", 404, "HttpError"),
    ],
)
def test_every_failing_answer_has_the_one_envelope(
    client: TestClient, path: str, status: int, kind: str | None
) -> None:
    document = get(client, path, status)
    if kind is not None:
        assert set(document) == {"error"}
        assert document["error"]["type"] == kind
        assert {"message", "hint"} <= set(document["error"])


def test_nothing_can_be_written(client: TestClient) -> None:
    answer = client.post("/api/v1/contacts", json={})
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "HttpError")
    assert answer.headers["allow"] == "GET"


def test_search_returns_sentences_with_highlights(client: TestClient) -> None:
    page = get(client, "/search?q=快递 OR 没有这个词&role=customer")
    assert (page["total"], page["unindexed_count"]) == (1, 71)
    (found,) = page["contacts"]
    assert (found["contact"]["id"], found["hits_count"]) == (RED_LINE_CALL, 1)
    assert found["hits"] == [
        {
            "utterance": 3,
            "role": "customer",
            "start_s": 12.0,
            "end_s": 15.5,
            "text": "我的快递三天了还没有到！",
            "highlights": [[2, 4]],
        }
    ]
    assert get(client, "/search?q=快递&agent_id=A01")["total"] == 0


def test_search_needs_a_query_that_can_be_read(client: TestClient) -> None:
    get(client, "/search", 422)
    error = get(client, '/search?q="快递', 422)["error"]
    assert (error["type"], error["field"]) == ("InputError", "query")
