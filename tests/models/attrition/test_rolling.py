"""Rolling validation: nothing of the future is used, and too few exits give no probability."""

from pathlib import Path

import numpy as np
import pytest

from models.attrition.panel import build_panel
from models.attrition.rolling import first_origin, roll
from models.attrition.validation import validate_risk
from qa_pipeline.errors import InputError
from tests.models.attrition.staff import mapping_of, named, site, table_of

FEATURES = "load: {column: workload, group: workload}"


def test_what_happens_later_changes_no_earlier_prediction(tmp_path: Path) -> None:
    lines = site(250, 20, seed=1)
    mapping = mapping_of(tmp_path, FEATURES)
    panel = build_panel(table_of(tmp_path, lines, mapping), mapping)
    whole = roll(panel, 2)
    last = 2024 * 12 + 16
    cut = [line for line in lines[1:] if line.split(",")[1] <= named(last - 2024 * 12)]
    shorter = roll(build_panel(table_of(tmp_path, [lines[0], *cut], mapping), mapping), 2)
    months = sorted(set(shorter.month.tolist()) & set(whole.month.tolist()))
    assert max(shorter.month) == last - 2  # who stays for two months more is not known later
    assert len(months) >= 3
    for month in months:
        told = [
            dict(zip(found.person[found.month == month], found.probabilities[found.month == month], strict=True))
            for found in (whole, shorter)
        ]
        assert told[0].keys() == told[1].keys()
        assert np.allclose(list(told[0].values()), list(told[1].values()), atol=1e-12)


def test_the_first_month_comes_after_a_year_or_two_thirds(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, FEATURES)
    for months, wanted in ((20, 12), (9, 6)):
        lines = ["id,month,left,workload", *(f"A,{named(month)},,1" for month in range(months))]
        panel = build_panel(table_of(tmp_path, lines, mapping), mapping)
        assert first_origin(panel) - 2024 * 12 == wanted


def test_fewer_than_thirty_exits_give_no_probability(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, FEATURES)
    path = tmp_path / "staff.csv"
    path.write_text("\n".join(site(15, 20, seed=1)) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="fewer than 30 exits"):
        validate_risk(path, mapping)
    path.write_text("id,month,left,workload\nA,2024-01,,1\nA,2024-02,,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="fewer than 30 exits"):
        validate_risk(path, mapping)  # nobody left at all


def test_a_known_hazard_is_found_and_a_leak_is_pointed_out(tmp_path: Path) -> None:
    lines = site(400, 20, seed=2)
    path = tmp_path / "staff.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = validate_risk(path, mapping_of(tmp_path, FEATURES))
    low, high = report.metrics["slope"].ci95 or (0.0, 0.0)
    assert low < 1 < high
    assert report.metrics["auc"].value > 0.6
    assert sum(month.exits for month in report.per_month) == report.exits
    assert not report.notes
    # A column that is written when somebody gives notice tells it all.
    gone = {line.split(",")[0] for line in lines if ",yes," in line}
    first_leak = [f"{line},{int(line.split(',')[0] in gone)}" for line in lines[1:]]
    path.write_text("\n".join([lines[0] + ",notice", *first_leak]) + "\n", encoding="utf-8")
    leaky = validate_risk(
        path, mapping_of(tmp_path, FEATURES + "\nnotice: {column: notice, group: a}"), horizon_months=3
    )
    assert leaky.metrics["auc"].value > report.metrics["auc"].value
