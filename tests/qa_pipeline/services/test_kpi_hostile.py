"""Whatever stands in the cells: rows count, are repeated, or are refused with row and hint, and nothing breaks."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from random import Random

import pytest

from qa_pipeline.kpi.forms import Form, form_words
from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.store import open_store
from tests.conftest import ZONE
from tests.qa_pipeline.services.kpi_tables import NOW, records

NASTY = (
    *("", "-", "N/A", "#DIV/0!", "0", "-1", "1e308", "NaN", "inf", "９２％", "1,234.5", "3:30", "25:99:99", "是", "²"),
    *("2026-13-41", "0001-01-01", "46296.5", "99999.9", "31/31/2026", "12:00", "1790812800", "9999-12-31 23:59:59"),
    *("合计", "已解决", "迟到", "非常满意", "1-5", "0-0", "😀", "x" * 5000, "2026-12-24", "1990-01-01"),
)
DATES = ("2026-10-01", "2026-10-02 08:00")


@pytest.mark.parametrize("form", form_words())
def test_no_cell_breaks_an_import(form: Form, tmp_path: Path) -> None:
    fields = form_words()[form].fields
    store = open_store(f"sqlite:///{tmp_path / 'kpi.db'}", ZONE)
    path = tmp_path / "table.csv"
    for seed in range(25):
        random = Random(seed)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["agent", *fields])
            for number in range(20):
                dated = [name.endswith("_at") or name == "date" for name in fields]
                cells = [random.choice(DATES if is_date and random.random() < 0.8 else NASTY) for is_date in dated]
                writer.writerow([f"A{number % 3}", *cells])
        result = import_kpis(store, path, form=form, replace=True, now=NOW)
        again = import_kpis(store, path, form=form, now=NOW)
        assert all(error.row and error.render() and error.render_hint() for error in result.rejected)
        assert (again.imported_count, len(again.rejected)) == (0, len(result.rejected))
    assert all(one.n and math.isfinite(one.value) for one in records(store).values())
    store.close()
