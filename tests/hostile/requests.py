"""Requests that are broken, lie or reach for what is not theirs: the answer is a stated refusal in the envelope."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.api.conftest import RED_LINE_CALL, fill, make_app
from tests.conftest import ZONE
from tests.hostile.case import Case, Verdict, judge

KIND = "requests"
API = "/api/v1"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=x"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request and the refusal that it must get. ``field``: what the refusal must name, where it is known."""

    name: str
    method: str
    path: str
    status: int
    error: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    field: str | None = None


def drive(folder: Path) -> Iterator[Verdict]:
    """Send all of them to the real application over a filled store; it must still answer afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    app = make_app(store, artifacts, folder)
    for request in _requests():
        role = StaffRole.HR if "/kpi" in request.path or "imports" in request.path else StaffRole.ADMINISTRATOR
        role = StaffRole.QA if "/contacts" in request.path or "/search" in request.path else role
        yield _send(app, store, role, request)
    alive = TestClient(app, base_url="http://127.0.0.1:8000").get(f"{API}/health")
    store.close()
    assert alive.status_code == 200, "the application answers no more"


def _send(app: FastAPI, store: Any, role: StaffRole, request: Request) -> Verdict:
    case = Case(name=request.name, error=request.error, field=request.field)
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    headers = bearer(store, an_account(role, f"hostile-{role.value}")) | dict(request.headers)
    answer = client.request(request.method, request.path, content=request.content, headers=headers)
    if answer.status_code >= 500:
        return Verdict(case, f"status {answer.status_code}: {answer.text[:300]}", crashed=True)
    if answer.status_code != request.status:
        return Verdict(case, f"status {answer.status_code} instead of {request.status}: {answer.text[:300]}")
    try:
        return judge(case, answer.json().get("error"))
    except ValueError:
        return Verdict(case, f"no JSON: {answer.text[:200]}")


def _requests() -> Iterator[Request]:
    yield from _bodies()
    yield from _types()
    yield from _addresses()
    yield from _parameters()
    yield from _uploads()
    yield from _tokens()


def _hook(**change: Any) -> bytes:
    return json.dumps({"name": "Chat", "url": "https://example.com/", "kinds": ["appeal.filed"]} | change).encode()


# Sound JSON that the description of the address does not allow.
_OF_THE_SCHEMA = frozenset(
    ("nothing", "null", "list", "text", "number", "name-of-list", "name-of-object", "name-of-bool", "name-of-number",
     "name-of-null", "name-empty", "name-too-long", "kinds-of-text", "kinds-of-unknown", "kinds-of-none", "no-url")
)  # fmt: skip


def _bodies() -> Iterator[Request]:
    """JSON that is none, too deep, too large or of the wrong shape."""
    bodies: dict[str, tuple[bytes, str | None]] = {
        "nothing": (b"", None),
        "cut": (_hook()[:-5], None),
        "trailing": (_hook() + b"}", None),
        "two": (_hook() * 2, None),
        "comment": (b'{"name": "a" /* b */}', None),
        "quotes": (b"{'name': 'a'}", None),
        "no-utf-8": (b'{"name": "\xff\xfe"}', None),
        "null": (b"null", None),
        "list": (b"[]", None),
        "text": (b'"name"', None),
        "number": (b"7", None),
        "huge-number": (b"9" * 5000, None),
        "endless": (b"[" * 100_000, None),
        "deep-list": (b"[" * 900 + b"]" * 900, None),
        "deep-object": (b'{"name":' * 900 + b"1" + b"}" * 900, None),
        "nan-name": (b'{"name": NaN}', "name"),
        "infinite-name": (b'{"name": -Infinity}', "name"),
        "number-over-all": (b'{"name": 1e999}', "name"),
        "nul-name": (_hook(name="a\0b"), "name"),
        "half-a-pair": (_hook(name="\ud800"), "name"),
        "name-of-list": (_hook(name=["a"]), "name"),
        "name-of-object": (_hook(name={"a": 1}), "name"),
        "name-of-bool": (_hook(name=True), "name"),
        "name-of-number": (_hook(name=7), "name"),
        "name-of-null": (_hook(name=None), "name"),
        "name-too-long": (_hook(name="x" * 20_000), None),
        "name-empty": (_hook(name=""), "name"),
        "kinds-of-text": (_hook(kinds="appeal.filed"), "kinds"),
        "kinds-of-unknown": (_hook(kinds=["no.such"]), None),
        "kinds-of-none": (_hook(kinds=[]), "kinds"),
        "no-url": (_hook(url=None), "url"),
        "url-of-file": (_hook(url="file:///etc/passwd"), "url"),
        "url-of-script": (_hook(url="javascript:alert(1)"), "url"),
        "url-of-metadata": (_hook(url="https://169.254.169.254/latest/meta-data"), "url"),
        "url-of-loopback": (_hook(url="https://127.0.0.1/"), "url"),
        "url-of-loopback-6": (_hook(url="https://[::1]/"), "url"),
        "url-with-newline": (_hook(url="https://example.com/\r\nX-Evil: 1"), "url"),
        "url-with-password": (_hook(url="https://a:b@example.com/"), "url"),
        "url-of-no-host": (_hook(url="https:///"), "url"),
        "url-of-bad-port": (_hook(url="https://example.com:99999/"), "url"),
        "url-unclosed": (_hook(url="https://[::1"), "url"),
    }
    for name, (content, told) in bodies.items():
        error = "InvalidRequest" if name in _OF_THE_SCHEMA else "InputError"
        yield Request(f"body {name}", "POST", f"{API}/webhooks", 422, error, content, JSON, told)


def _types() -> Iterator[Request]:
    """Content of another type than the address takes."""
    for kind in (
        "", "text/plain", "text/html", "application/xml", "application/x-www-form-urlencoded", "text/json",
        "multipart/form-data; boundary=x", "application/octet-stream", "application/jsonx", "*/*", "application",
        "application/x-yaml", "application/x-python-pickle", ";" * 500,
    ):  # fmt: skip
        headers = {"content-type": kind}
        yield Request(f"type {kind[:40]!r}", "POST", f"{API}/webhooks", 415, "WrongContent", _hook(), headers)
    long = _hook(name="x" * (3 << 20))
    yield Request("3 MB", "POST", f"{API}/webhooks", 413, "HttpError", long, JSON)
    stated = JSON | {"content-length": "9" * 15}
    yield Request("a petabyte stated", "POST", f"{API}/webhooks", 413, "HttpError", b"", stated)


def _addresses() -> Iterator[Request]:
    """Addresses of nothing, of other folders, of other methods."""
    for path in (
        "/contacts/..%2f..%2fetc%2fpasswd", "/contacts/%2e%2e%2f%2e%2e%2fcallqa.db", "/contacts/....//",
        "/contacts/C:%5cWindows", "/contacts/%ff%fe", "/contacts/'%20OR%201=1--",
        "/contacts/%F0%9F%98%80", "/contacts/%E2%80%AE", "/contacts/-1", "/webhooks/no-such",
    ):  # fmt: skip
        yield Request(f"address {path[:50]!r}", "GET", API + path, 404, "NotFound")
    for path in ("/nowhere", "//contacts", "/contacts/a%0d%0aX-Evil:%201"):
        yield Request(f"address {path!r}", "GET", API + path, 404, "HttpError")
    long = "/contacts/" + "x" * 5000
    yield Request("address of 5000 signs", "GET", API + long, 422, "InvalidRequest", field="contact_id")
    for path in ("/contacts/a%00b", "/webhooks/%00"):
        yield Request(f"address {path!r}", "GET", API + path, 422, "InputError")
    for method in ("DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "BREW"):
        yield Request(f"method {method}", method, f"{API}/health", 405, "HttpError")


def _parameters() -> Iterator[Request]:
    """Parameters that are none, or hold no such value."""
    for query in (
        "limit=-1", "limit=0", "limit=1e9", "limit=many", "limit=99999999999999999999", "limit=NaN",
        "limit=1&limit=-2", "agnet_id=A01", "agent_id=%00", "a[b]=c", "$where=1", "__proto__[x]=1",
        "offset=0;limit=1", "limit=0x10", "limit=1.5", "limit=%F0%9F%98%80",
    ):  # fmt: skip
        name = query.split("=")[0]
        error = "InvalidRequest" if name in ("limit", "offset") else "InputError"
        yield Request(
            f"parameter {query}", "GET", f"{API}/contacts?{query}", 422, error, field=None if "%" in name else name
        )


def _part(name: str, content: bytes, disposition: str = "") -> bytes:
    head = disposition or f'form-data; name="file"; filename="{name}"'
    return b"--x\r\nContent-Disposition: " + head.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n"


def _uploads() -> Iterator[Request]:
    """Files that are sent broken, or are none of a kind that is taken."""
    path = f"{API}/kpis/imports"
    kinds = {"content-type": "multipart/form-data"}
    yield Request("upload without a boundary", "POST", path, 415, "WrongContent", b"", kinds)
    for name, content, status, error in (
        ("table.csv", b"", 422, "InputError"),
        ("table.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), 415, "WrongContent"),
        ("table.xlsx", b"agent,period\n", 415, "WrongContent"),
        ("table.csv", b"PK\x03\x04" + bytes(99), 415, "WrongContent"),
        ("table.exe", b"MZ" + bytes(99), 415, "WrongContent"),
        ("table.csv.gz", b"\x1f\x8b\x08" + bytes(30), 415, "WrongContent"),
        ("table.html", b"<script>alert(1)</script>", 415, "WrongContent"),
        ("../../../table.csv", b"no,columns\n1,2\n", 422, "TableError"),
        ("C:\\table.csv", b"agent,agent\n1,2\n", 422, "TableError"),
    ):
        yield Request(f"upload {name} {content[:8]!r}", "POST", path, status, error, _part(name, content), FORM)
    for name, body in {
        "cut": _part("t.csv", b"agent,period\n")[:-9],
        "of no part": b"--x--\r\n",
        "of another boundary": b"--y\r\n\r\n--y--\r\n",
        "without a name": _part("", b"a,b\n", "form-data"),
        "of a field": _part("", b"a,b\n", 'form-data; name="other"'),
        "of 99 heads": b"--x\r\n" + b"".join(b"H%d: v\r\n" % n for n in range(99)),
        "of a long head": b"--x\r\nHeader: " + b"v" * 50_000,
    }.items():
        yield Request(f"upload {name}", "POST", path, 422, "InputError", body, FORM)


def _tokens() -> Iterator[Request]:
    """Nobody, or somebody else, at the door."""
    for value in (
        "", "Bearer", "Bearer ", "Bearer null", "Bearer " + "x" * 8000, "Basic cm9vdDpyb290", "Digest a=b",
        "Bearer ../../etc/passwd", "Bearer ' OR 1=1 --", "Bearer eyJhbGciOiJub25lIn0.e30.", "bearer\tx", "Bearer %00",
    ):  # fmt: skip
        headers = {"authorization": value}
        path = f"{API}/contacts/{RED_LINE_CALL}"
        yield Request(f"token {value[:30]!r}", "GET", path, 401, "SignInNeeded", b"", headers)
