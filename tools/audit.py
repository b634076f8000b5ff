"""Ask whether vulnerabilities are known of any locked package, by pip-audit and the service OSV.

Usage::

    python -m tools.audit                # exit 1 if there are any; says so and exits 0 where OSV cannot be asked
    python -m tools.audit --must-reach   # for a release: exit 1 also where OSV cannot be asked

Looked-into vulnerabilities stand in ``tools/audit_ignored.toml``; an expired entry fails, reached or not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2

from tools.installed import ROOT
from tools.lock import LOCK, read_lock

SERVICE = "https://api.osv.dev/v1/query"
IGNORED = "tools/audit_ignored.toml"
# A release with vulnerabilities that everybody knows. Mirrors and proxies that answer "not found" or nothing at all
# would otherwise read as "no vulnerability": pip-audit ends well then.
CANARY = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Ignored:
    """A vulnerability that somebody looked into; it counts again on the day `expires` and after."""

    id: str
    reason: str
    expires: date


def read_ignored(path: Path) -> list[Ignored]:
    """Return the reviewed list.

    Raises
    ------
    ValueError
        If an entry lacks id, reason or expiry date, or has anything else.
    """
    entries = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("ignored", ()):
        if entry.keys() != {"id", "reason", "expires"} or not entry["reason"] or type(entry["expires"]) is not date:
            raise ValueError(f"{path.name}: an entry has id, reason and expires (a date), nothing else: {entry}")
        entries.append(Ignored(**entry))
    return entries


def expired(ignored: Sequence[Ignored], today: date) -> Iterator[str]:
    """Yield a line for each entry whose time is over."""
    for entry in ignored:
        if entry.expires <= today:
            yield f"{IGNORED}: {entry.id} expired on {entry.expires}; look again ({entry.reason})"


def judge(report: Mapping[str, Any], ignored: Sequence[Ignored], today: date) -> Iterator[str]:
    """Yield a line for each vulnerability of pip-audit's JSON report that is not ignored, and for what it skipped."""
    known = {entry.id for entry in ignored if entry.expires > today}
    for package in report["dependencies"]:
        if "skip_reason" in package:
            yield f"{package['name']}: not audited: {package['skip_reason']}"
        for found in package.get("vulns", ()):
            if known.isdisjoint({found["id"], *found["aliases"]}):
                names = ", ".join((found["id"], *found["aliases"]))
                fixed = f"fixed in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "no fix yet"
                yield f"{package['name']} {package['version']}: {names}; {fixed}"


def find_obstacle(service: str) -> str | None:
    """Return why the service cannot be asked, or None if it answers and knows the canary."""
    try:
        response = httpx2.post(service, json=CANARY, timeout=TIMEOUT_S)
        response.raise_for_status()
        known = bool(response.json().get("vulns"))
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None if known else "it answers, but knows nothing of a release with known vulnerabilities"


def run_pip_audit(lock: Path, service: str) -> dict[str, Any]:
    """Return pip-audit's report on all locked packages, of this and of other systems.

    Raises
    ------
    RuntimeError
        If pip-audit gave none; with its last line.
    """
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        # Without markers: a package that only other systems install is audited too.
        pins.write_text("".join(f"{name}=={version}\n" for name, version in read_lock(lock).items()))
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
        command += ["--vulnerability-service", "osv", "--osv-url", service, "--timeout", str(TIMEOUT_S)]
        command += ["--format", "json", "--aliases", "on", "--progress-spinner", "off"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"pip-audit: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}") from None
    return report


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description="Audit the lock.")
    parser.add_argument("--must-reach", action="store_true", help="fail where the service cannot be asked")
    parser.add_argument("--service", default=SERVICE, help="address of an OSV query service")
    options = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    try:
        ignored = read_ignored(root / IGNORED)
    except ValueError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    problems = list(expired(ignored, today))
    obstacle = find_obstacle(options.service)
    if obstacle:
        sys.stdout.write(f"audit NOT done, nobody was asked: {options.service}: {obstacle}\n")
    else:
        try:
            report = run_pip_audit(root / LOCK, options.service)
            problems += judge(report, ignored, today)
            sys.stdout.write(f"audit done: {len(report['dependencies'])} locked packages\n")
        except RuntimeError as error:
            problems.append(str(error))
    sys.stdout.writelines(f"{line}\n" for line in problems)
    return 1 if problems or (obstacle and options.must_reach) else 0


if __name__ == "__main__":
    sys.exit(main())
