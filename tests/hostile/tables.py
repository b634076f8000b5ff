"""Tables: whole files that are none, and rows that cannot be taken; the good row beside them always is."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl import Workbook

from tests.hostile.case import INCOMPLETE, USAGE, Case, Verdict, each_alone, judge, run_command

KIND = "tables"


@dataclass(frozen=True, slots=True)
class Import:
    """A command that reads a table.

    Parameters
    ----------
    words : tuple of str
        The command.
    good : mapping of column to cell
        A row that is taken.
    wrong : mapping of column to cells
        What makes the row wrong, one cell at a time; the refusal must name that column.
    own : str
        The column in which each row needs a value of its own, lest two rows say the same thing twice.
    """

    words: tuple[str, ...]
    good: Mapping[str, str]
    wrong: Mapping[str, Sequence[str]]
    own: str = ""


# Dates that are no day, are two days, or are nowhere near a working life.
_DAYS = ("2026-02-30", "2026-13-01", "31/31/2026", "soon", "0000-00-00", "99999-01-01", "-1", "NaN", "2026-10")
_NUMBERS = ("many", "inf", "1e999", "--3", "1,2,3", "0x10", "5 apples", "=1+1", "9" * 400)
IMPORTS = {
    "kpi-wide": Import(
        ("kpi", "import"),
        {"agent": "A01", "period": "2026-10", "average_handle_time": "300", "csat": "80%", "csat n": "12"},
        {
            "period": ("2026-13", "2026-00", "never", "13/2026", "99999-10", "NaN"),
            "average_handle_time": (*_NUMBERS, "-5", "25:99:99"),
            "csat": (*_NUMBERS, "-1", "250%"),
            "csat n": ("-3", "many", "1e999"),
        },
        own="agent",
    ),
    "kpi-long": Import(
        ("kpi", "import"),
        {"agent": "A01", "period": "2026-10", "indicator": "csat", "value": "0.8", "n": "12", "sd": "0.1"},
        {
            "indicator": ("", "no such indicator", "csat\u202e", "=csat"),
            "value": ("much", "NaN", "inf", "1e999", "-7", "0.8.8"),
            "n": ("-1", "0.5.1"),
            "sd": ("-1", "much"),
            "period": ("soon", "2026-99"),
        },
        own="agent",
    ),
    "kpi-calls": Import(
        ("kpi", "import"),
        {"agent": "A01", "call id": "C1", "start time": "2026-10-01 09:00", "talk time": "120", "rating": "5"},
        {
            "start time": (*_DAYS[:-2], "2026-10-01 25:00"),
            "talk time": ("long", "-3", "1e999", "25:99:99"),
            "rating": ("6", "-1", "splendid", "1e999"),
            "agent": ("",),
        },
        own="call id",
    ),
    "assignments": Import(
        ("assignments", "import"),
        {"agent": "A01", "role": "front-line", "template": "", "from": "2026-05-01", "to": "2026-05-31"},
        {
            "from": _DAYS,
            "to": ("2026-02-30", "whenever", "2020-01-01", "2026-04-30"),
            "role": ("", "king", "front-line\u200b-x", "=role"),
            "template": ("no-such", "front-line@999", "front-line@x", "../../etc/passwd"),
            "agent": ("",),
        },
    ),
    "ratings": Import(
        ("ratings", "import"),
        {
            "agent": "A01",
            "period": "2026-10",
            "rater": "boss",
            "class": "manager",
            "indicator": "collaboration",
            "value": "4",
        },
        {
            "value": ("0", "6", "-1", "1e999", "good", "4,5,6", "=5"),
            "class": ("", "king", "self"),
            "period": ("2026-13", "soon", "2026-Q9"),
            "indicator": ("", "no such", "csat"),
            "rater": ("",),
            "agent": ("", "nobody"),
        },
    ),
    "incidents": Import(
        ("incidents", "import"),
        {
            "agent": "A01",
            "on": "2026-10-03",
            "kind": "negative",
            "title": "Hung up on a customer",
            "evidence": "Li",
            "by": "boss",
        },
        {
            "on": _DAYS[:-1],
            "kind": ("", "odd", "=1"),
            "title": ("",),
            "by": ("",),
            "agent": ("", "nobody"),
        },
    ),
    "objectives": Import(
        ("objectives", "import"),
        {
            "agent": "A01",
            "period": "2026-Q4",
            "objective": "Fewer calls again",
            "key result": "Share of repeats",
            "start": "12",
            "target": "8",
        },
        {
            "start": ("many", "NaN", "inf", "1e999"),
            "target": ("few", "NaN", "inf", "1e999", "12"),
            "period": ("2026-Q9", "soon", "2026-13"),
            "objective": ("",),
            "key result": ("",),
            "agent": ("", "nobody"),
        },
    ),
    "departures": Import(
        ("risk", "departures"),
        {"agent": "A01", "last_day": "2026-09-30", "kind": "voluntary"},
        {"last_day": (*_DAYS, ""), "kind": ("", "abducted", "=1"), "agent": ("", "nobody")},
    ),
    "figures": Import(
        ("risk", "figures"),
        {"agent": "A01", "month": "2026-10", "overtime_hours": "12"},
        {"month": ("2026-13", "soon", "", "99999-01"), "overtime_hours": ("many", "-4", "inf", "1e999", "9" * 400)},
    ),
    "reviews": Import(
        ("reviews", "import"),
        {"contact": "call", "reviewer": "li", "score": "85", "probability": "0.5", "blind": "no", "date": "2026-11-03"},
        {
            "contact": ("", "nobody's"),
            "reviewer": ("",),
            "score": ("101", "-1", "good", "1e999", "inf"),
            "probability": ("0", "1.5", "-0.1", "often", "1e999"),
            "blind": ("perhaps",),
            "date": _DAYS[:-2],
        },
        own="reviewer",
    ),
}


def drive(folder: Path) -> Iterator[Verdict]:
    """Import everything, each refused row beside a good one."""
    folder.mkdir(parents=True, exist_ok=True)
    _know_the_agent_and_a_contact(folder)
    for name, one in IMPORTS.items():
        yield from _rows(name, one, folder)
    yield from _metadata_rows(folder / "calls")
    for place, case in enumerate(_files()):
        words = list(IMPORTS.values())[place % len(IMPORTS)].words
        yield from each_alone([case], folder / "files", *words)
    yield from _metadata_files(folder / "calls")
    yield from _columns(folder / "columns")


def _know_the_agent_and_a_contact(folder: Path) -> None:
    path = folder / "staff.csv"
    path.write_text("agent,role,from\nA01,front-line,2026-01-01\n", encoding="utf-8")
    run_command("assignments", "import", path)
    call = folder / "call.txt"
    call.write_text("agent: Good morning.\ncustomer: My line is dead.\n", encoding="utf-8")
    run_command("score", call, "--workers", "0")


def _wrong_rows(one: Import) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield column, cell and whole row of each wrong row."""
    for column, texts in one.wrong.items():
        for text in texts:
            own = {one.own: f"{column}{text}"[:40]} if one.own else {}
            yield column, text, dict(one.good) | own | {column: text}


def _rows(name: str, one: Import, folder: Path) -> Iterator[Verdict]:
    """Import one table with the good row first and one wrong cell in each row behind it."""
    rows = list(_wrong_rows(one))
    path = folder / f"{name}.csv"
    path.write_bytes(_csv([one.good, *(row for _, _, row in rows)]))
    printed = run_command(*one.words, path)
    rejected = {item["row"]: item | {"type": "RowError"} for item in printed.document.get("rejected", ())}
    for place, (column, text, _) in enumerate(rows, start=3):
        case = Case(name=f"{name} {column} {text[:20]!r}", error="RowError", row=place, field=column)
        if printed.crash or printed.code != INCOMPLETE:
            reason = printed.crash or f"exit code {printed.code}: {printed.document}"
            yield Verdict(case, reason, crashed=bool(printed.crash))
        elif 2 in rejected:
            yield Verdict(case, f"the good row beside it was not taken: {rejected[2]}")
        else:
            yield judge(case, rejected.get(place))


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


METADATA = {
    "started_at": (*_DAYS[:-2], "2026-10-01 25:61"),
    "direction": ("sideways", "=in", "1e999"),
    "language": ("klingonish", "zz-zz-zz-zz", "=zh", "\u202ezh"),
    "channel_map": ("agent,agent", "left", "a,b,c", "agent,customer,agent"),
    "role": ("boss",),
}


def _metadata_rows(folder: Path) -> Iterator[Verdict]:
    """Score calls whose rows of the metadata are wrong, and one whose row is right."""
    folder.mkdir(exist_ok=True)
    good = {"file": "good.txt", "agent": "A01"} | dict.fromkeys(METADATA, "")
    wrong = [(field, text) for field, texts in METADATA.items() for text in texts]
    rows = [good, *({**good, "file": f"m{place}.txt", field: text} for place, (field, text) in enumerate(wrong))]
    rows += [good, good | {"file": "gone.txt"}, good | {"file": ""}]
    for place, row in enumerate(rows):
        if row["file"] not in ("", "gone.txt"):
            words = f"agent: Good morning, number {place}.\ncustomer: My line is dead.\n"
            (folder / row["file"]).write_text(words, encoding="utf-8")
    table = folder / "metadata.csv"
    table.write_bytes(_csv(rows))
    printed = run_command("score", folder, "--metadata", table, "--workers", "0")
    told = {item["row"]: item for item in printed.document.get("failed", ()) if "row" in item}
    done = [contact["id"] for contact in printed.document.get("contacts", ())]
    expected = [*wrong, ("file", "good.txt"), ("file", "gone.txt"), ("file", "")]
    for place, (field, text) in enumerate(expected, start=3):
        case = Case(name=f"metadata {field} {text!r}", error="RowError", row=place, field=field)
        if printed.crash or done != ["good"]:
            reason = printed.crash or f"the good call beside it was not judged alone: {done}, {printed.document}"
            yield Verdict(case, reason, crashed=bool(printed.crash))
        else:
            yield judge(case, told.get(place))


def _metadata_files(folder: Path) -> Iterator[Verdict]:
    """Score a good call with a metadata table that cannot be used at all."""
    for place, case in enumerate(_files()):
        if place % 3 == 0:
            own = replace(case, name=f"metadata-{case.name}")
            yield from each_alone([own], folder.parent / "metadata", "score", str(folder), "--metadata")
    mapping = {
        "no-file.csv": "agent,team\nA01,B\n",
        "agent-twice.csv": "file,agent id,Agent ID,agent_id\ngood.txt,A01,A02,A03\n",
        "only-a-title.csv": "Calls of October\n",
    }
    for name, text in mapping.items():
        case = Case(name=name, content=text.encode(), error="MappingError")
        yield from each_alone([case], folder.parent / "metadata", "score", str(folder), "--metadata", code=USAGE)


def _columns(folder: Path) -> Iterator[Verdict]:
    """Tables without a column that is needed, and with one twice."""
    needed = {
        "kpi-wide": ("agent", "period"),
        "kpi-long": ("agent",),
        "kpi-calls": ("agent",),
        "assignments": ("agent", "from"),
        "ratings": ("agent", "period", "rater", "indicator", "value"),
        "incidents": ("agent", "on", "kind", "title", "by"),
        "objectives": ("agent", "period", "objective", "key result", "start", "target"),
        "departures": ("agent", "last_day", "kind"),
        "figures": ("agent", "month"),
        "reviews": ("contact", "reviewer"),
    }
    for name, columns in needed.items():
        one = IMPORTS[name]
        for column in columns:
            kept = {key: value for key, value in one.good.items() if key != column}
            case = Case(name=f"{name}-without-{column}.csv", content=_csv([kept]), error="TableError")
            yield from each_alone([case], folder, *one.words)
        column = columns[0]
        lines = _csv([one.good]).decode().splitlines()
        twice = "\n".join(f"{line},{end}" for line, end in zip(lines, (column, "x"), strict=True))
        case = Case(name=f"{name}-{column}-twice.csv", content=twice.encode(), error="TableError", row=1)
        yield from each_alone([case], folder, *one.words)
        near = "\n".join(f"{line},{end}" for line, end in zip(lines, (column.upper() + " ", "x"), strict=True))
        case = Case(name=f"{name}-{column}-twice-nearly.csv", content=near.encode(), error="MappingError")
        yield from each_alone([case], folder, *one.words, code=USAGE)


def _files() -> Iterator[Case]:
    """Files that are no table, whatever is to be read from them."""
    words = b"agent,period,csat\nA01,2026-10,0.8\n"
    contents: dict[str, bytes] = {
        "empty.csv": b"",
        "blank.csv": b"\r\n \r\n,,,\r\n",
        "bom.csv": b"\xef\xbb\xbf",
        "bom-16.csv": b"\xff\xfe",
        "half-of-utf-16.csv": b"\xff\xfe" + words.decode().encode("utf-16-le")[:-1],
        "no-encoding.csv": b"agent,period\n\xff\xff\x81,\xfe\n" * 9,
        "two-encodings.csv": "坐席,月份\n".encode() + "张三,十月\n".encode("gb18030"),
        "nuls.csv": bytes(400),
        "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "workbook.csv": _workbook([["agent", "period"], ["A01", "2026-10"]]),
        "quotes-in-header.csv": b'"agent"x,period\nA01,2026-10\n',
        "open-quote.csv": b'"agent,period\nA01,2026-10\n' * 3,
        "header-twice.csv": b"agent,period,csat,csat\nA01,2026-10,1,0\n",
        "nothing.tsv": b"\t\t\t\n\t\t\n",
        "not-packed.csv.gz": words,
        "half-packed.csv.gz": b"\x1f\x8b\x08\x00" + bytes(40),
        "cut-packed.csv.gz": gzip.compress(words * 50)[:-20],
        "wrong-sum.csv.gz": gzip.compress(words)[:-8] + bytes(8),
        "empty.jsonl": b"\n\n",
        "numbers.jsonl": b"1\n2\n",
        "lists.jsonl": b'["agent"]\n["A01"]\n',
        "broken.jsonl": b'{"agent": "A01"\n',
        "deep.jsonl": b"[" * 200_000,
        "deep-objects.jsonl": b'{"a":' * 100_000,
        "digits.jsonl": b'{"agent": ' + b"9" * 5000 + b"}\n",
        "one-document.json": b'[{"agent": "A01"}]',
        "words.pdf": b"%PDF-1.7\n",
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "sheet.ods": _zip({"content.xml": b"<x/>"}),
        "text.xlsx": words,
        "empty.xlsx": b"",
        "locked.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage".ljust(600, b"\0"),
        "cut.xlsx": _workbook([["agent"], ["A01"]])[:900],
        "no-rows.xlsx": _workbook([]),
        "blank-rows.xlsx": _workbook([["", ""]] * 20),
        "hidden.xlsx": _workbook([["agent", "period"], ["A01", "2026-10"]], hidden=True),
        "header-twice.xlsx": _workbook([["agent", "agent"], ["A01", "A02"]]),
        "no-workbook-part.xlsx": _zip({"xl/worksheets/sheet1.xml": b"<worksheet/>"}),
        "no-sheet.xlsx": _with_part("xl/worksheets/sheet1.xml", None),
        "broken-sheet.xlsx": _with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c"),
        "broken-workbook.xlsx": _with_part("xl/workbook.xml", b"<workbook"),
        "broken-styles.xlsx": _with_part("xl/styles.xml", b"<styleSheet><cellXfs><xf"),
        "no-types.xlsx": _with_part("[Content_Types].xml", None),
        "entities.xlsx": _with_part("xl/workbook.xml", _ENTITIES),
        "outside.xlsx": _with_part("xl/workbook.xml", _OUTSIDE),
        "document.xlsx": _zip({"word/document.xml": b"<w:document/>", "[Content_Types].xml": b"<Types/>"}),
        "climbing.xlsx": _zip({"../../../../tmp/climbed.xml": b"<x/>"}),
        "packed-in-itself.xlsx": _zip({"xl/workbook.xlsx": _zip({"xl/workbook.xml": b"<x/>"})}),
        "locked-part.xlsx": _locked(_workbook([["agent"], ["A01"]])),
    }
    for name, content in contents.items():
        yield Case(name=name, content=content, error="TableError")
    for name, content in {
        "bomb.xlsx": _with_part("xl/sharedStrings.xml", b"<sst>" + b"<si><t/></si>" * 600_000 + b"</sst>"),
        "zeros.xlsx": _with_part("xl/media/image1.png", bytes(33 << 20)),
    }.items():
        yield Case(name=name, content=content, error="TooLarge")


_ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><workbook>&j;</workbook>"
)
_OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><workbook>&a;</workbook>'


def _workbook(rows: Sequence[list[str]], *, hidden: bool = False) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    if hidden:
        sheet.sheet_state = "hidden"
        book.create_sheet("nothing")
    book.save(out)
    return out.getvalue()


def _zip(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def _with_part(name: str, content: bytes | None) -> bytes:
    """Return a workbook in which one part is another one, or missing."""
    with zipfile.ZipFile(io.BytesIO(_workbook([["agent", "period"], ["A01", "2026-10"]]))) as packed:
        parts = {each: packed.read(each) for each in packed.namelist() if each != name}
    return _zip(parts if content is None else parts | {name: content})


def _locked(content: bytes) -> bytes:
    """Return a zip file whose parts say that they are encrypted."""
    found = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = found.find(mark)
        while at >= 0:
            found[at + offset] |= 1
            at = found.find(mark, at + 4)
    return bytes(found)
