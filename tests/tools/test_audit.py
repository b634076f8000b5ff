"""What the audit makes of pip-audit's reports, of a service that knows, one that does not, and one that is away."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.audit import IGNORED, Ignored, expired, judge, main, read_ignored
from tools.installed import ROOT
from tools.lock import LOCK

TODAY = date(2026, 12, 1)
FLAW = {
    "id": "PYSEC-2018-28",
    "fix_versions": ["2.20.0"],
    "aliases": ["CVE-2018-18074", "GHSA-x84v-xcm2-53pg"],
    "description": "The Requests package before 2.20.0 sends an HTTP Authorization header to an http URI.",
}
UNFIXED = {"id": "X-1", "fix_versions": [], "aliases": [], "description": "s"}
# As `pip-audit --format json --aliases on` writes it.
REPORT = {
    "dependencies": [
        {"name": "idna", "version": "3.20", "vulns": []},
        {
            "name": "requests",
            "version": "2.19.0",
            "vulns": [FLAW, {**FLAW, "id": "X-1", "aliases": [], "fix_versions": []}],
        },
        {"name": "own", "skip_reason": "Dependency not found on PyPI and could not be audited: own (1.0)"},
    ],
    "fixes": [],
}


def ignored(id: str, expires: date = date(2027, 1, 1)) -> Ignored:
    return Ignored(id=id, reason="never called", expires=expires)


def test_vulnerabilities_and_what_was_skipped_are_named() -> None:
    assert list(judge(REPORT, [], TODAY)) == [
        "requests 2.19.0: PYSEC-2018-28, CVE-2018-18074, GHSA-x84v-xcm2-53pg; fixed in 2.20.0",
        "requests 2.19.0: X-1; no fix yet",
        "own: not audited: Dependency not found on PyPI and could not be audited: own (1.0)",
    ]


@pytest.mark.parametrize("name", ["PYSEC-2018-28", "CVE-2018-18074"])
def test_a_reviewed_vulnerability_counts_again_when_its_entry_expires(name: str) -> None:
    lines = list(judge({"dependencies": REPORT["dependencies"][:2]}, [ignored(name)], TODAY))
    assert lines == ["requests 2.19.0: X-1; no fix yet"]
    over = [ignored(name, expires=TODAY)]
    assert len(list(judge({"dependencies": REPORT["dependencies"][:2]}, over, TODAY))) == 2
    assert list(expired(over, TODAY)) == [f"{IGNORED}: {name} expired on 2026-12-01; look again (never called)"]
    assert list(expired(over, date(2026, 11, 30))) == []


def test_a_clean_report_is_content() -> None:
    assert list(judge({"dependencies": [REPORT["dependencies"][0]], "fixes": []}, [], TODAY)) == []


@pytest.mark.parametrize(
    "entry",
    [
        'id = "A"\nreason = "b"',
        'id = "A"\nreason = ""\nexpires = 2027-01-01',
        'id = "A"\nreason = "b"\nexpires = "soon"',
    ],
)
def test_an_entry_needs_a_reason_and_a_date(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "ignored.toml"
    path.write_text(f"[[ignored]]\n{entry}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="id, reason and expires"):
        read_ignored(path)


def test_the_list_of_this_checkout_can_be_read() -> None:
    assert all(entry.reason for entry in read_ignored(ROOT / IGNORED))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that locks two packages, one of them for Windows alone, and ignores nothing."""
    (tmp_path / "tools").mkdir()
    (tmp_path / IGNORED).write_text("", encoding="utf-8")
    (tmp_path / LOCK).write_text("idna==3.20\nrequests==2.19.0 ; sys_platform == 'win32'\n", encoding="utf-8")
    return tmp_path


def ignore(project: Path, name: str, expires: str) -> None:
    text = f'[[ignored]]\nid = "{name}"\nreason = "never called"\nexpires = {expires}\n'
    (project / IGNORED).write_text(text, encoding="utf-8")


def test_a_service_that_is_away_is_said_in_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens: connections are refused
        away = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert main(["--service", away], root=project) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(f"audit NOT done, nobody was asked: {away}: ConnectError")
        assert main(["--service", away, "--must-reach"], root=project) == 1
        capsys.readouterr()
        ignore(project, "CVE-2018-18074", expires="2020-01-01")
        assert main(["--service", away], root=project) == 1
        assert "CVE-2018-18074 expired on 2020-01-01" in capsys.readouterr().out


class Osv(BaseHTTPRequestHandler):
    """Answers as OSV does to a query of one version."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.server.known.get((query["package"]["name"], query["version"]), {})).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def flaw(name: str, version: str, id: str, fixed: str) -> dict[tuple[str, str], Any]:
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }
    known = {
        "schema_version": "1.7.0",
        "id": id,
        "summary": "s",
        "published": "2018-10-09T17:29:00Z",
        "affected": [affected],
    }
    return {(name, version): {"vulns": [known]}}


@pytest.fixture
def osv() -> Iterator[Any]:
    """A service that knows the canary and one flaw of requests 2.19.0."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    server.status = 200
    server.known = flaw("jinja2", "2.4.1", "PYSEC-2014-8", "2.7.2") | flaw(
        "requests", "2.19.0", "PYSEC-2018-28", "2.20.0"
    )
    server.address = f"http://127.0.0.1:{server.server_port}/v1/query"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_pip_audit_asks_for_all_locked_packages_of_all_systems(
    project: Path, osv: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--service", osv.address], root=project) == 1
    assert capsys.readouterr().out.splitlines() == [
        "audit done: 2 locked packages",
        "requests 2.19.0: PYSEC-2018-28; fixed in 2.20.0",
    ]


def test_a_mirror_that_knows_nothing_is_no_clean_answer(
    project: Path, osv: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.known = {}
    assert main(["--service", osv.address, "--must-reach"], root=project) == 1
    assert "knows nothing of a release with known vulnerabilities" in capsys.readouterr().out
    osv.status = 404
    assert main(["--service", osv.address], root=project) == 0
    assert "audit NOT done" in capsys.readouterr().out
