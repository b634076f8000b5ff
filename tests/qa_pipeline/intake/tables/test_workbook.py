"""Workbooks that are small as a file and large to read."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from qa_pipeline.errors import TableError, TooLarge
from qa_pipeline.intake.tables.workbook import check_workbook, workbook_rows


def saved(path: Path, cells: dict[str, str]) -> Path:
    book = Workbook()
    for place, text in cells.items():
        book.active[place] = text
    book.save(path)
    return path


def with_part(path: Path, name: str, content: bytes) -> Path:
    """Write a workbook in which one part is another one."""
    plain = saved(path.with_name("plain.xlsx"), {"A1": "agent"})
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xl/sharedStrings.xml", b"<sst>" + b"<si><t/></si>" * 600_000 + b"</sst>"),  # 8 MB, 1,800,000 tags
        ("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * (17 << 20) + b"</t></si></sst>"),
        ("xl/worksheets/sheet1.xml", b"<c/>" * 11_000_000),
        ("xl/styles.xml", b"<xf/>" * 500_000),
        ("xl/media/image1.png", b"\0" * (33 << 20)),
    ],
)
def test_a_small_file_that_is_large_to_read_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(TooLarge, match="more than can be read"):
        check_workbook(with_part(tmp_path / "bomb.xlsx", name, content))


def test_cells_in_the_last_column_count_with_the_blank_ones_before(tmp_path: Path) -> None:
    # 200 rows x 16,384 columns are 3,276,800 cells.
    wide = saved(tmp_path / "wide.xlsx", {f"XFD{row}": "x" for row in range(1, 201)})
    with pytest.raises(TooLarge, match="more than can be read"):
        list(workbook_rows(wide))


def test_a_workbook_that_states_less_than_it_holds_is_no_workbook(tmp_path: Path) -> None:
    path = with_part(tmp_path / "lies.xlsx", "xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 1000 + b"</sst>")
    with zipfile.ZipFile(path) as packed:
        size_bytes = packed.getinfo("xl/sharedStrings.xml").file_size
    data = path.read_bytes()
    path.write_bytes(data.replace(size_bytes.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(TableError):
        check_workbook(path)


def test_an_ordinary_workbook_is_read(tmp_path: Path) -> None:
    assert list(workbook_rows(saved(tmp_path / "plain.xlsx", {"A1": "agent", "B2": "7"}))) == [["agent"], ["", "7"]]
