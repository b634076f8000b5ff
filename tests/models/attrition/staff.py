"""Small tables of staff, written as files, and a site whose exits follow a known hazard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.attrition.staff_table import StaffTable, read_staff_table
from models.attrition.table_mapping import TableMapping, read_table_mapping

PANEL = """
schema: 1
title: {zh: 面板, en: Panel}
kind: panel
person: [id]
month: month
left: {column: left, filled: true}
"""


def mapping_of(folder: Path, features: str, head: str = PANEL) -> TableMapping:
    """Write and read a mapping; ``features``: lines of YAML below ``features:``."""
    path = folder / "mapping.yaml"
    indented = "".join(f"  {line}\n" for line in features.strip().splitlines())
    path.write_text(f"{head.strip()}\nfeatures:\n{indented}", encoding="utf-8")
    return read_table_mapping(path)


def table_of(folder: Path, lines: Sequence[str], mapping: TableMapping) -> StaffTable:
    """Write lines of CSV and read them."""
    path = folder / "staff.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_staff_table(path, mapping)


def site(people: int, months: int, seed: int, weight: float = 1.2) -> list[str]:
    """Return a panel as CSV: each month a workload, and log odds of leaving next month of ``weight`` x workload - 3."""
    random = np.random.default_rng(seed)
    lines = ["id,month,left,workload"]
    for person in range(people):
        level = random.normal()
        for month in range(months):
            workload = level + random.normal() * 0.5
            lines.append(f"P{person},{named(month)},,{workload:.4f}")
            if random.random() < 1 / (1 + np.exp(3 - weight * workload)):
                lines.append(f"P{person},{named(month + 1)},yes,{random.normal():.4f}")
                break
    return lines


def named(month: int) -> str:
    """Return the name of a month, counted from January 2024."""
    return f"{2024 + month // 12}-{month % 12 + 1:02d}"
