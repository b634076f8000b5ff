"""Three months of indicators for twenty agents: drawn around one hidden quality per agent, so that they agree."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import Workbook

MONTHS = ("2026-08", "2026-09", "2026-10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One indicator: its mean over the staff, what one unit of quality moves, and how it is written.

    ``sample``: the count it rests on as a share of the calls handled; 0 = a plain number without a count.
    ``noise``: spread of what is no share, in its own unit.
    """

    zh: str
    en: str
    mean: float
    per_quality: float
    sample: float = 0.0
    noise: float = 0.0


SHARES = (
    Measure(zh="接通率", en="Answer rate", mean=0.915, per_quality=0.022, sample=1.08),
    Measure(zh="首次解决率", en="First contact resolution", mean=0.79, per_quality=0.045, sample=0.55),
    Measure(zh="重复来电率", en="Repeat contact rate", mean=0.11, per_quality=-0.025, sample=0.55),
    Measure(zh="客户满意度", en="Customer satisfaction", mean=0.84, per_quality=0.05, sample=0.22),
    Measure(zh="投诉率", en="Complaint rate", mean=0.035, per_quality=-0.014, sample=1.0),
)
NUMBERS = (
    Measure(zh="平均通话时长(秒)", en="Average handle time (s)", mean=330, per_quality=-25, noise=22),
    Measure(zh="平均应答时间(秒)", en="Average speed of answer (s)", mean=16, per_quality=-2.5, noise=2.5),
    Measure(zh="服务改进建议数", en="Improvement proposals", mean=1.2, per_quality=0.6, noise=0.8),
    Measure(zh="流程违规次数", en="Process violations", mean=1.3, per_quality=-0.9, noise=0.7),
)


def draw_month(
    agents: Sequence[Mapping[str, Any]], month: int, seed: int, leads: Collection[str]
) -> list[dict[str, Any]]:
    """Return one row per agent: shares as (value, count), numbers plain, keyed by the English header.

    The `leads` have the values of their whole teams, except for what they do themselves.
    """
    draw = np.random.default_rng([seed, month])
    rows = []
    for agent in agents:
        quality = agent["quality"] + agent["drift"] * month + draw.normal(0, 0.15)
        calls = int(draw.normal(620, 60))
        row: dict[str, Any] = {"agent": agent, "Calls handled": calls}
        for measure in SHARES:
            count = int(calls * measure.sample)
            share = float(np.clip(measure.mean + measure.per_quality * quality, 0.005, 0.995))
            row[measure.en] = (int(draw.binomial(count, share)) / count, count)
        for measure in NUMBERS:
            value = measure.mean + measure.per_quality * quality + draw.normal(0, measure.noise)
            row[measure.en] = round(max(0.0, value))
        row["Attendance"] = round(float(min(1.0, draw.normal(0.975 + 0.008 * quality, 0.012))), 3)
        rows.append(row)
    return [_of_team(row, rows) if row["agent"]["id"] in leads else row for row in rows]


def _of_team(lead: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    members = [row for row in rows if row["agent"]["team"] == lead["agent"]["team"]]
    calls = sum(row["Calls handled"] for row in members)
    whole = {**lead, "Calls handled": calls}
    for measure in SHARES:
        count = sum(row[measure.en][1] for row in members)
        whole[measure.en] = (sum(share * n for share, n in (row[measure.en] for row in members)) / count, count)
    for name in ("Average handle time (s)", "Average speed of answer (s)"):
        whole[name] = round(sum(row[name] * row["Calls handled"] for row in members) / calls)
    return whole


def table(rows: Sequence[Mapping[str, Any]], period: str, chinese: bool, as_text: bool) -> list[list[Any]]:
    """Return the wide table with its header row; with `as_text`, shares are written with a percent sign."""
    head = ["工号", "姓名", "班组", "月份"] if chinese else ["agent_id", "agent_name", "team", "period"]
    head += ["通话量" if chinese else "Calls handled"]
    for measure in SHARES:
        name = measure.zh if chinese else measure.en
        head += [name, f"{name}样本数" if chinese else f"{name} n"]
    head += [measure.zh if chinese else measure.en for measure in NUMBERS]
    head += ["出勤率" if chinese else "Attendance rate"]
    body = []
    for row in rows:
        agent = row["agent"]
        line = [agent["id"], agent["name"], agent["team"], period, row["Calls handled"]]
        for measure in SHARES:
            share, count = row[measure.en]
            line += [f"{share:.1%}" if as_text else round(share, 4), count]
        line += [row[measure.en] for measure in NUMBERS]
        line += [f"{row['Attendance']:.1%}" if as_text else row["Attendance"]]
        body.append(line)
    return [head, *body]


def write_csv(rows: Sequence[Sequence[Any]], path: Path, encoding: str) -> None:
    """Write a table as CSV in the encoding that a spreadsheet program of that language would choose."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def write_xlsx(rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Write a table as a workbook of one sheet."""
    book = Workbook()
    book.properties.created = dt.datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 -- the format knows no zone
    sheet = book.active
    sheet.title = "KPI"
    for row in rows:
        sheet.append(row)
    sheet.freeze_panes = "E2"
    book.save(path)
