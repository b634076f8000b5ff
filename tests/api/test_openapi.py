"""The OpenAPI document: good enough that clients are generated from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate

from api.operations import operation_id, summary_of

_VERBS = {"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{_VERBS[method]} {path}", operation


def test_every_operation_has_a_readable_id_of_its_own(document: dict[str, Any]) -> None:
    ids = Counter(operation["operationId"] for _, operation in operations(document))
    assert [each for each, count in ids.items() if count > 1] == []
    assert [each for each in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", each) or "_api_v" in each] == []


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(tags.values())
    wrong = []
    for name, operation in operations(document):
        codes = operation["responses"].keys()
        succeeds = [code for code in codes if code.startswith("2")]
        if (
            len(operation.get("summary", "")) < 8
            or not operation.get("description")
            or [tag for tag in operation["tags"] if tag not in tags]
            or len(operation["tags"]) != 1
            or not {"401", "403", "404", "409", "422", "429"} <= codes
            or not succeeds
        ):
            wrong.append(name)
    assert wrong == []


def test_every_success_has_a_model_or_a_stated_content(document: dict[str, Any]) -> None:
    wrong = []
    for name, operation in operations(document):
        for code, answer in operation["responses"].items():
            content = answer.get("content", {})
            if code.startswith("2") and code != "204" and not any(one.get("schema") for one in content.values()):
                wrong.append(name)
    assert wrong == []


def test_every_failure_is_the_one_document(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for code, answer in operation["responses"].items():
            if code in ("401", "403", "404", "409"):
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorDocument"), (name, code)


def test_models_and_their_fields_are_described(document: dict[str, Any]) -> None:
    silent = [name for name, model in document["components"]["schemas"].items() if not model.get("description")]
    # What FastAPI makes itself, and enumerations, whose values speak.
    assert [each for each in silent if document["components"]["schemas"][each].get("type") == "object"] == []


def test_it_says_how_one_signs_in(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/api/v1/health"]["get"]["security"] == []


def test_files_are_described_as_files(document: dict[str, Any]) -> None:
    body = document["paths"]["/api/v1/kpis/imports"]["post"]["requestBody"]
    assert body["content"]["multipart/form-data"]["schema"]["properties"]["file"]["format"] == "binary"


@pytest.mark.parametrize(
    ("method", "path", "name", "wanted"),
    [
        ("GET", "/contacts", "contacts", "list_contacts"),
        ("GET", "/contacts/{contact_id:path}", "contact", "get_contact"),
        ("GET", "/contacts/{contact_id}/reviews", "of_contact", "list_contact_reviews"),
        ("GET", "/batches/{job_id}", "x", "get_batch"),
        ("GET", "/", "overview", "get_start"),
        ("POST", "/users", "add", "add_user"),
        ("POST", "/me/tokens", "make_token", "make_token"),
        ("POST", "/periods/{period}/close", "close", "close_period"),
        ("POST", "/calibration/sessions", "open_", "open_calibration_session"),
    ],
)
def test_ids_of_operations(method: str, path: str, name: str, wanted: str) -> None:
    assert operation_id(method, path, name) == wanted


def test_the_first_sentence_is_the_summary() -> None:
    def told() -> None:
        """Decide on an appeal. The published
        result stays.

        More.
        """

    assert summary_of(told) == "Decide on an appeal"
    assert summary_of(lambda: None) is None


def test_each_schema_has_a_name_of_its_own(app: FastAPI) -> None:
    """Of two documents with one name FastAPI makes names with the modules in them, which client generators refuse."""
    assert [name for name in app.openapi()["components"]["schemas"] if "__" in name] == []


def test_the_document_is_valid(app: FastAPI) -> None:
    validate(app.openapi())


def test_no_body_takes_what_nobody_reads(document: dict[str, Any]) -> None:
    # A key with a typing error would be lost in silence.
    schemas = document["components"]["schemas"]

    def open_ones(schema: Any, seen: frozenset[str]) -> set[str]:
        found: set[str] = set()
        if isinstance(schema, list):
            return found.union(*(open_ones(each, seen) for each in schema))
        if not isinstance(schema, dict):
            return found
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            named = schemas[name]
            if named.get("type") == "object" and named.get("additionalProperties", True) is True:
                found.add(name)
            found |= open_ones(named, seen | {name})
        return found.union(*(open_ones(each, seen) for each in schema.values()))

    bodies = [
        operation["requestBody"]["content"]
        for path in document["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    assert len(bodies) > 50
    assert open_ones(bodies, frozenset()) == set()
