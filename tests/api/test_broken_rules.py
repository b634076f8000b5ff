"""A rule file of the site that somebody has broken: the others go on, and nobody learns where it lies."""

from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account, bearer


def test_a_broken_scorecard_leaves_the_others_in_the_list(store: Store, tmp_path: Path) -> None:
    site = Site(home=tmp_path)
    rules = Rulebook(scorecards=site.cards(), indicators=[], templates=[])
    app = create_app(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "artifacts"),
        rulebook=rules,
        site=site,
        options=ServiceOptions(),
    )
    client = TestClient(
        app, base_url="http://localhost", headers=bearer(store, an_account(StaffRole.AGENT, agent_id="A01"))
    )
    before = client.get("/api/v1/scorecards").json()
    site.scorecards.mkdir()
    (site.scorecards / "mine.yaml").write_text("schema: 1\nid: [", encoding="utf-8")
    answer = client.get("/api/v1/scorecards")
    assert (answer.status_code, answer.json()) == (200, before)
    assert before["total"] >= 3  # those that ship
    error = client.get("/api/v1/scorecards/phone-zh").json()["error"]
    assert error["file"] == "mine.yaml"
    assert str(tmp_path) not in str(error)
