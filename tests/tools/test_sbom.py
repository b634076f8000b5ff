"""A bill of the light set holds the light set, and the schema judges it without a network."""

from __future__ import annotations

import json
from typing import Any

from tools.sbom import ROOT_REF, find_fault, reduce


def component(name: str) -> dict[str, str]:
    return {
        "bom-ref": f"{name}==1",
        "name": name,
        "version": "1",
        "type": "library",
        "purl": f"pkg:pypi/{name.lower()}@1",
    }


BILL: dict[str, Any] = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"bom-ref": ROOT_REF, "name": "callqa", "version": "1", "type": "application"}},
    "components": [component(name) for name in ("Jinja2", "MarkupSafe", "pytest", "pluggy")],
    "dependencies": [
        {"ref": ROOT_REF, "dependsOn": ["Jinja2==1", "MarkupSafe==1", "pytest==1"]},
        {"ref": "Jinja2==1", "dependsOn": ["MarkupSafe==1", "pluggy==1"]},
        {"ref": "MarkupSafe==1"},
        {"ref": "pytest==1", "dependsOn": ["pluggy==1"]},
    ],
}


def test_packages_outside_the_set_are_left_out_with_all_that_points_to_them() -> None:
    light = reduce(BILL, {"jinja2", "markupsafe"}, {"jinja2"})
    assert [each["name"] for each in light["components"]] == ["Jinja2", "MarkupSafe"]
    assert light["dependencies"] == [
        {"ref": ROOT_REF, "dependsOn": ["Jinja2==1"]},
        {"ref": "Jinja2==1", "dependsOn": ["MarkupSafe==1"]},
        {"ref": "MarkupSafe==1"},
    ]
    assert light["metadata"] == BILL["metadata"]
    assert find_fault(json.dumps(light)) is None


def test_the_schema_finds_a_fault() -> None:
    fault = find_fault(json.dumps({**BILL, "components": [{"name": "no-type"}]}))
    assert fault is not None
    assert "type" in fault
