"""Bills of materials of the light and the full set: build/sbom-light.json and build/sbom-full.json, CycloneDX 1.6.

Usage::

    python -m tools.sbom

They hold what is installed beside this Python. With SOURCE_DATE_EPOCH set they carry that time, without it none, so
that the same installation gives the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tools.installed import FULL, ROOT, find_installed, read_project

ROOT_REF = "root-component"


def read_environment(root: Path = ROOT) -> dict[str, Any]:
    """Return the bill of everything that is installed beside this Python."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", "pyproject.toml"]
    command += ["--spec-version", "1.6", "--output-reproducible", "--no-validate", "--output-file", "-"]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE)
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def reduce(bill: Mapping[str, Any], names: Collection[str], direct: Collection[str]) -> dict[str, Any]:
    """Return a bill with the packages of `names` alone; the project itself depends on those of `direct`.

    All names are normal names (``python-docx``).
    """
    components = [each for each in bill["components"] if canonicalize_name(each["name"]) in names]
    refs = {each["bom-ref"]: canonicalize_name(each["name"]) for each in components}
    dependencies = []
    for entry in bill["dependencies"]:
        if entry["ref"] in refs or entry["ref"] == ROOT_REF:
            on = [ref for ref in entry.get("dependsOn", ()) if ref in refs]
            if entry["ref"] == ROOT_REF:
                on = [ref for ref in on if refs[ref] in direct]
            dependencies.append({"ref": entry["ref"], **({"dependsOn": on} if on else {})})
    return {**bill, "components": components, "dependencies": dependencies}


def find_fault(text: str) -> str | None:
    """Return what the CycloneDX 1.6 schema finds wrong in a bill, or None."""
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return str(fault) if fault else None


def main(root: Path = ROOT) -> int:
    """Write both bills and return the exit code."""
    project, bill = read_project(root), read_environment(root)
    everything = [each for requirements in project.requirements.values() for each in requirements]
    (root / "build").mkdir(exist_ok=True)
    for title, extra, asked in (("light", "", project.requirements[""]), ("full", FULL, everything)):
        direct = {canonicalize_name(each.name) for each in asked}
        reduced = reduce(bill, find_installed(project, extra).keys(), direct)
        text = json.dumps(reduced, indent=1, sort_keys=True) + "\n"
        path = root / "build" / f"sbom-{title}.json"
        fault = find_fault(text)
        if fault:
            sys.stdout.write(f"{path.name}: {fault}\n")
            return 1
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(root)}: {len(reduced['components'])} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
