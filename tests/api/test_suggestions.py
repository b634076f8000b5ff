"""Suggestions over HTTP: an agent proposes, somebody answers once, and both see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cycle_site import Service, copied


@pytest.fixture
def site(published_home: Path, tmp_path: Path) -> Iterator[Service]:
    yield from copied(published_home, tmp_path)


def test_from_the_proposal_to_what_was_done(site: Service) -> None:
    filed = site.post("agent", "/suggestions", {"title": "Transfer key", "text": "One key instead of three."}, 201)
    assert (filed["agent_id"], filed["state"], filed["answers"]) == ("A05", "filed", ["accepted", "declined"])
    path = f"/suggestions/{filed['id']}"
    assert site.get("supervisor", "/suggestions")["total"] == 1
    assert site.get("hr", path)["title"] == "Transfer key"
    for who in ("colleague", "stranger"):
        assert site.get(who, "/suggestions")["total"] == 0
        site.get(who, path, 404)
    for who in ("qa", "administrator"):
        site.get(who, "/suggestions", 403)
    said = {"state": "accepted", "answer": "We try it in team 2."}
    site.call("supervisor", "POST", f"{path}/answer", 428, json=said)
    site.call("supervisor", "POST", f"{path}/answer", json=said, headers={"if-match": '"1"'})
    # Two who answer the same version: the second is told.
    site.call("hr", "POST", f"{path}/answer", 412, json=said, headers={"if-match": '"1"'})
    site.call("hr", "POST", f"{path}/answer", 409, json=said, headers={"if-match": '"2"'})  # accepted already
    done = {"state": "done", "answer": "The key is there."}
    site.call("supervisor", "POST", f"{path}/answer", json=done, headers={"if-match": '"2"'})
    seen = site.get("agent", path)
    assert (seen["state"], seen["answer"], seen["answered_by"], seen["answers"]) == (
        "done",
        "The key is there.",
        "zhao",
        [],
    )
    site.post("agent", f"{path}/answer", said, 403)


def test_who_is_no_agent_and_empty_words_are_refused(site: Service) -> None:
    site.post("supervisor", "/suggestions", {"title": "Mine", "text": "As a supervisor."}, 403)
    site.post("agent", "/suggestions", {"title": "Empty", "text": ""}, 422)
