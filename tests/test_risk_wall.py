"""The purpose wall: what the risk module knows stands in its own tables and on its own routes, and nowhere else."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from api.v1 import risk_documents
from qa_pipeline.access import GRANTS, Permission, Rows
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store, risk_tables
from qa_pipeline.store.tables import metadata
from tests.api.conftest import make_app
from tests.conftest import ZONE

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "callqa", "coaching", "models", "qa_pipeline")
# Who may know of the tables, or of what computes from them: the module itself, its face, what deletes, exports and
# erases a person's data, and the demo that fills it.
ALLOWED = re.compile(
    r"^(coaching/risk/|models/attrition/|coaching/simulation/|qa_pipeline/(domain|store)/risk"
    r"|qa_pipeline/store/(repositories|schema)\.py"
    r"|qa_pipeline/services/(retention|people)/|api/v1/risk|api/pages/risk|api/app\.py|api/v1/__init__\.py"
    r"|callqa/cli/(risk|validate_risk|main)|callqa/site_wiring\.py|callqa/demo/)"
)
NAMED = re.compile(
    r"\b(coaching\.risk|models\.attrition|risk_tables|store\.risk|domain\.risk|api\.v1\.risk)\b|\btx\.risk\b"
)


def sources() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_nothing_else_knows_the_module_or_its_tables() -> None:
    found = [name for name, text in sources() if NAMED.search(text) and not ALLOWED.match(name)]
    assert found == []


def test_the_check_sees_who_reads_it() -> None:
    """The same check over a line that pays by risk."""
    assert NAMED.search("from coaching.risk.runs import latest_list")
    assert NAMED.search("low = [one for one in tx.risk.predictions(run.id)]")
    for name in ("qa_pipeline/services/proposals.py", "qa_pipeline/appraisal/consequences.py", "api/v1/team.py"):
        assert not ALLOWED.match(name)


def test_ratings_results_and_proposals_have_no_word_of_it() -> None:
    """No field of what is stored or sent about pay, ratings, rosters and talks is called by it."""
    words = re.compile(r"attrition|\brisk_(band|score|prediction)|probability_of_leaving")
    parts = ("qa_pipeline/appraisal", "qa_pipeline/services/cycle", "qa_pipeline/report", "qa_pipeline/kpi")
    for name, text in sources():
        if name.startswith((*parts, "coaching/talks", "coaching/plans", "coaching/outline", "coaching/groups")):
            names = [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
            assert not [each for each in names if words.search(each)], name


def test_only_personnel_has_it_and_everybody_their_own() -> None:
    assert GRANTS[Permission.RISK_READ] == {StaffRole.HR: Rows.ALL}
    assert GRANTS[Permission.RISK_MANAGE] == {StaffRole.HR: Rows.ALL}
    assert GRANTS[Permission.RISK_OWN] == {StaffRole.AGENT: Rows.OWN}


def test_its_tables_are_joined_to_no_other() -> None:
    own = {name for name in metadata.tables if name.startswith("risk_")}
    assert {table.name for table in vars(risk_tables).values() if isinstance(table, Table)} == own
    for name, table in metadata.tables.items():
        for key in table.foreign_keys:
            assert name not in own
            assert key.column.table.name not in own
        if name not in own:
            assert not [column.name for column in table.columns if re.search(r"risk|attrition|leaving", column.name)]


def test_no_other_route_sends_its_documents(tmp_path: Path) -> None:
    """Followed through all that a route takes or sends."""
    store = open_store(f"sqlite:///{tmp_path / 'callqa.db'}", ZONE)
    found = make_app(store, ArtifactFolder(tmp_path / "artifacts"), tmp_path).openapi()
    store.close()
    schemas = found["components"]["schemas"]
    told = {
        name for name in schemas if getattr(vars(risk_documents).get(name), "__module__", "") == risk_documents.__name__
    }
    assert {"SupportDocument", "PersonRiskDocument", "OwnRiskDocument"} <= told
    senders = {path.split("/")[3] for path, methods in found["paths"].items() if reached(methods, schemas) & told}
    assert senders == {"risk"}


def reached(part: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of all schemas to which a part of the description refers, also by way of others."""
    names: set[str] = set()
    waiting = [part]
    while waiting:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(waiting.pop())):
            if name not in names:
                names.add(name)
                waiting.append(schemas[name])
    return names
