"""A site with October's contacts, whose cycle several people run through the API."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, open_store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app
from tests.conftest import ZONE
from tests.factories import CRITERIA, SECTIONS
from tests.qa_pipeline.services.cycle import sites

PERIOD = sites.PERIOD
PEOPLE = {
    "hr": an_account(StaffRole.HR, "chen"),
    "agent": an_account(StaffRole.AGENT, "liu", agent_id="A05"),
    "colleague": an_account(StaffRole.AGENT, "zhang", agent_id="A06"),
    "supervisor": an_account(StaffRole.SUPERVISOR, "zhao", teams=["二组"]),  # of A05 and A06
    "stranger": an_account(StaffRole.SUPERVISOR, "qian", teams=["一组"]),
    "qa": an_account(StaffRole.QA, "lin"),
    "narrow": an_account(StaffRole.QA, "sun", teams=["一组"]),
    "second": an_account(StaffRole.QA, "he"),
    "administrator": an_account(StaffRole.ADMINISTRATOR, "root"),
}


@dataclass
class Service:
    """The API over a store, as several people call it."""

    store: Store
    home: Path
    _clients: dict[str, TestClient] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app: FastAPI = make_app(self.store, ArtifactFolder(self.home / "artifacts"), self.home)

    def client(self, who: str) -> TestClient:
        """Return the client of a person."""
        if who not in self._clients:
            self._clients[who] = client_of(self.app, PEOPLE[who])
        return self._clients[who]

    def call(self, who: str, method: str, path: str, wanted: int = 200, **options: Any) -> Any:
        """Call the API as a person, and return the document."""
        headers: Mapping[str, str] = {"accept-language": "en"} | options.pop("headers", {})
        answer = self.client(who).request(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.status_code == wanted, (who, method, path, answer.status_code, answer.text)
        return answer.json()

    def get(self, who: str, path: str, wanted: int = 200) -> Any:
        """Read something as a person."""
        return self.call(who, "GET", path, wanted)

    def post(self, who: str, path: str, body: Mapping[str, Any] | None = None, wanted: int = 200) -> Any:
        """Change something as a person."""
        return self.call(who, "POST", path, wanted, json=dict(body or {}))


def card_text(version: int = 1, greeting: float = 10.0) -> str:
    """Return the scorecard of the tests as a file; ``greeting``: the weight of that criterion."""
    lines = [
        *("id: zh-telephone", f"version: {version}", "name: {zh: 中文电话服务评分卡, en: Chinese telephone}"),
        *("kind: call", "language: zh", "pass_points: 80", "min_coverage_ratio: 0.5", "sections:"),
    ]
    for section, name in SECTIONS.items():
        lines += [f"  - id: {section}", f"    name: {{zh: {name.zh}, en: {name.en}}}", "    criteria:"]
        for criterion, of, zh, en, weight, fatal in CRITERIA:
            if of == section:
                worth = greeting if criterion == "greeting" else weight
                lines += [
                    f"      - id: {criterion}",
                    f"        name: {{zh: {zh}, en: {en}}}",
                    f"        weight: {worth:g}",
                    f"        fatal: {str(fatal).lower()}",
                    "        check: {detector: phrase, any: [您好]}",
                ]
    return "\n".join(lines) + "\n"


def copied(made: Path, home: Path) -> Iterator[Service]:
    """Give the site of a folder, as a copy of its own."""
    shutil.copytree(made, home, dirs_exist_ok=True)
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    yield Service(store, home)
    store.close()


def published(store: Store, home: Path) -> Service:
    """Bring October to its published results, through the API."""
    sites.fill(store)
    service = Service(store, home)
    service.post("qa", "/scorecards", {"text": card_text()}, 201)
    service.post("hr", f"/periods/{PERIOD}/open")
    service.post("hr", "/evaluations", {"period": PERIOD})
    service.post("hr", f"/periods/{PERIOD}/close")
    service.post("hr", f"/periods/{PERIOD}/publish")
    return service
