"""Files that callers send, kindly and not: what is taken, under which name, and what is refused with which status."""

import io
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from openpyxl import Workbook

from api import errors, uploads
from api.metrics import Metrics
from api.options import ServiceOptions, Site
from api.rulebook_watch import RulebookWatch
from api.sources import Sources
from api.uploads import TABLES, FileKind, Upload, UploadLimits, harmless_name, one_upload, receive
from qa_pipeline.errors import TableError
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.conftest import ZONE

CSV = b"agent,month,aht\nA01,2026-10,301.5\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 40


def workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["agent", "aht"])
    book.save(out)
    return out.getvalue()


def bomb(unpacked_mb: int) -> bytes:
    """Return a workbook of some kilobytes that unpacks to many megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<workbook/>")
        with packed.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            for _ in range(unpacked_mb):
                strings.write(b"\0" * (1 << 20))
    return out.getvalue()


def other_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("../../etc/passwd", b"root")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """A server that takes one table of 64 KiB, or three files of any kind with 100 KiB together."""
    store = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE)
    app = FastAPI()
    site = Site(home=folder)
    app.state.sources = Sources(
        store=store,
        artifacts=ArtifactFolder(folder / "artifacts"),
        rules=RulebookWatch(Rulebook(), site),
        site=site,
        options=ServiceOptions(),
    )
    app.state.metrics = Metrics()
    errors.install(app)
    one = one_upload(TABLES, lambda _: UploadLimits(file_bytes=64 << 10))

    @app.post("/api/table")
    def table(upload: Annotated[Upload, Depends(one)]) -> dict[str, Any]:
        with upload.named():
            if upload.path.read_bytes().startswith(b"refuse"):
                raise TableError("No header.", file=str(upload.path), row=1)
        return upload.model_dump(mode="json") | {"in_uploads": upload.path.is_relative_to(folder / "uploads")}

    @app.post("/api/several")
    async def several(request: Request) -> list[dict[str, Any]]:
        kept = folder / "kept"
        kept.mkdir(exist_ok=True)
        limits = UploadLimits(file_bytes=64 << 10, files=3, total_bytes=100 << 10)
        target = kept / str(len(list(kept.iterdir())))
        target.mkdir()
        return [
            each.model_dump(mode="json")
            for each in await receive(request, target, kinds=dict.fromkeys(FileKind, ()), limits=limits)
        ]

    yield TestClient(app, raise_server_exceptions=False)
    store.close()


FORM = {"content-type": "multipart/form-data; boundary=x"}
NO_FILE = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'


def send(client: TestClient, name: str, content: bytes, address: str = "/api/table", **headers: str) -> Any:
    return client.post(address, files={"file": (name, content)}, headers=headers)


def test_a_table_arrives_whole_and_leaves_nothing_behind(client: TestClient, folder: Path) -> None:
    answer = send(client, "十月.csv", CSV)
    assert answer.json() == {
        "name": "十月.csv",
        "kind": "text",
        "size_bytes": len(CSV),
        "sha256": sha256(CSV).hexdigest(),
        "in_uploads": True,
    }
    assert list((folder / "uploads").iterdir()) == []
    assert send(client, "book.xlsx", workbook()).json()["kind"] == "workbook"
    assert send(client, "wide.csv", "坐席,月份\nA01,2026-10\n".encode("utf-16")).json()["kind"] == "text"
    assert send(client, "gb.csv", "坐席,月份\nA01,2026-10\n".encode("gb18030")).json()["kind"] == "text"


@pytest.mark.parametrize(
    ("name", "content", "status", "kind"),
    [
        ("empty.csv", b"", 422, "InputError"),
        ("large.csv", b"a,b\n" * (17 << 10), 413, "TooLarge"),  # 68 KiB
        ("bomb.xlsx", bomb(300), 413, "TooLarge"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, 415, "WrongContent"),
        ("program.xlsx", b"MZ\x90\0", 415, "WrongContent"),
        ("archive.xlsx", other_zip(), 415, "WrongContent"),
        ("half.xlsx", workbook()[:800], 415, "WrongContent"),
        ("book.csv", workbook(), 415, "WrongContent"),
        ("table.xlsx", CSV, 415, "WrongContent"),
        ("table.csv.gz", b"\x1f\x8b\x08" + b"\0" * 50, 415, "WrongContent"),
        ("page.html", b"<script>alert(1)</script>", 415, "WrongContent"),
        ("call.wav", WAV, 415, "WrongContent"),
    ],
)
def test_what_is_no_table_of_this_size_is_refused(
    client: TestClient, folder: Path, name: str, content: bytes, status: int, kind: str
) -> None:
    answer = send(client, name, content)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
    assert answer.json()["error"]["hint"] and str(folder) not in answer.text
    assert list((folder / "uploads").iterdir()) == []


def test_a_stated_length_is_refused_before_anything_is_read(client: TestClient) -> None:
    answer = client.post(
        "/api/table",
        content=b"",
        headers={"content-type": "multipart/form-data; boundary=x", "content-length": "9" * 12},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/csv", CSV, 415),
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"", 415),
        ("multipart/form-data; boundary=x", b"", 422),
        ("multipart/form-data; boundary=x", b"--y\r\nno form", 422),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b',
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
            422,
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"".join(b"H%d: v\r\n" % n for n in range(99)), 422),
        ("multipart/form-data; boundary=x", b"--x\r\nHeader: " + b"v" * 50_000, 422),
    ],
)
def test_a_damaged_request_is_told_so(client: TestClient, content_type: str, body: bytes, status: int) -> None:
    answer = client.post("/api/table", content=body, headers={"content-type": content_type})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/cron.d/table.csv", "table.csv"),
        ("C:\\Users\\li\\表.csv", "表.csv"),
        ("..", "upload"),
        ("", "upload"),
        (".hidden.csv", "hidden.csv"),
        ("a\0b\n.csv", "ab.csv"),
        ("\u202evsc.exe", "vsc.exe"),
        ("<b>|name?.csv", "_b__name_.csv"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_names_become_harmless(sent: str, kept: str) -> None:
    assert harmless_name(sent) == kept


def test_errors_about_the_file_tell_its_name_alone(client: TestClient, folder: Path) -> None:
    answer = send(client, "../t.csv", b"refuse,this\n")
    assert answer.json()["error"] == {
        "type": "TableError",
        "message": "No header.",
        "hint": "",
        "file": "t.csv",
        "row": 1,
    }


def test_several_files_keep_their_names_and_have_limits_together(client: TestClient) -> None:
    twice = [("file", ("a.wav", WAV)), ("file", ("a.wav", WAV)), ("file", ("b.txt", b"words"))]
    answer = client.post("/api/several", files=twice)
    assert [(each["name"], each["kind"]) for each in answer.json()] == [
        ("a.wav", "audio"),
        ("a.wav", "audio"),
        ("b.txt", "text"),
    ]
    many = client.post("/api/several", files=[*twice, ("file", ("c.txt", b"words"))])
    assert many.status_code == 413
    large = client.post("/api/several", files=[("file", (f"{n}.txt", b"x" * (60 << 10))) for n in range(2)])
    assert large.status_code == 413


def test_a_full_disk_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads._Form, "_open", full)
    answer = send(client, "t.csv", CSV)
    assert answer.status_code == 507, answer.text
