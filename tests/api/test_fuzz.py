"""Requests made from the OpenAPI document, sensible and senseless: no answer that it does not describe, no failure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.router import ANYBODY, PERMISSION
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.api.conftest import RED_LINE_CALL, fill, make_app
from tests.conftest import ZONE

pytestmark = pytest.mark.fuzz

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KNOWN = {"contact_id": RED_LINE_CALL, "agent_id": "A01", "period": "2026-10", "scorecard_id": "phone-zh"}
PEOPLE = (
    an_account(StaffRole.QA),
    an_account(StaffRole.HR),
    an_account(StaffRole.ADMINISTRATOR),
    an_account(StaffRole.SUPERVISOR, teams=["一组"]),
    an_account(StaffRole.AGENT, agent_id="A01"),
)


def service() -> FastAPI:
    """Return the application over a filled store of its own."""
    folder = Path(tempfile.mkdtemp(prefix="callqa-fuzz-"))
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    return make_app(store, artifacts, folder)


def test_every_answer_is_described() -> None:
    app = service()
    credentials = {user.login: bearer(app.state.sources.store, user) for user in PEOPLE}
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    broken = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        rule = operation.definition.raw[PERMISSION]
        headers = {} if rule == ANYBODY else credentials[who_may(Permission(rule))]
        problem = try_out(operation, headers)
        if problem:
            broken[operation.label] = problem
    assert broken == {}


def try_out(operation: Any, headers: Mapping[str, str]) -> str | None:
    """Return what was wrong with one of the answers of an operation, None where nothing was."""

    @seed(1)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), is_known=st.booleans())
    def run(case: schemathesis.Case, is_known: bool) -> None:
        if is_known:  # ids that nothing has find nothing but 404
            case.path_parameters |= {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
        case.call_and_validate(base_url="http://localhost", headers=headers, checks=CHECKS)

    try:
        run()
    except (Exception, BaseExceptionGroup) as problem:  # noqa: BLE001 -- all operations are tried, then all problems told
        return "\n".join(str(each) for each in getattr(problem, "exceptions", [problem]))
    return None


def who_may(permission: Permission) -> str:
    """Return the login of the first person who has a permission."""
    return next(user.login for user in PEOPLE if find_reach(user, permission) is not None)
