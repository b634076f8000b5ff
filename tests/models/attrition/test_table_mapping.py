"""Mappings of tables of staff: what is forbidden is refused by name, and what is missing is told."""

from pathlib import Path

import pytest

from models.attrition.table_mapping import FOLDER, find_forbidden, get_table_mapping
from qa_pipeline.errors import MappingError
from tests.models.attrition.staff import PANEL, mapping_of


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Age", "age"),
        ("birthDate", "age"),
        ("AGE_YEARS", "age"),
        ("年龄段", "age"),
        ("MaritalStatus", "family and marriage"),
        ("是否怀孕", "family and marriage"),
        ("sick_days", "health"),
        ("病假天数", "health"),
        ("voice_emotion", "emotion from voice or face"),
        ("工会会员", "union"),
        ("WechatMessages", "private messages and browsing"),
    ],
)
def test_forbidden_inputs_are_known_by_name(name: str, reason: str) -> None:
    found = find_forbidden(name)
    assert found is not None
    assert found.en == reason


@pytest.mark.parametrize(
    "name", ["average_handle_time", "Agent", "tenure", "pages", "manager", "overtime", "工龄", "stage"]
)
def test_other_names_are_not_taken_for_them(name: str) -> None:
    assert find_forbidden(name) is None


@pytest.mark.parametrize(
    ("features", "head", "told"),
    [
        ("x: {column: Gender, make: category, group: a}", PANEL, "Gender may not be an input"),
        ("age_band: {column: band, group: a}", PANEL, "age_band may not be an input"),
        ("x: {column: band, group: a}", PANEL + "protected: [band]\n", "band is protected"),
        ("x: {group: a}", PANEL, "Name one source of the feature x"),
        ("x: {column: load, make: slope, group: a}", PANEL, "The feature x needs window"),
        ("x: {from: tenure, make: log, group: a}", PANEL, "Tenure needs the day of hire"),
        ("x: {make: both, of: [y, z], group: a}", PANEL, "There is no feature y"),
        (
            "x: {column: load, make: place, group: a}",
            PANEL.replace("panel", "cross-section"),
            "needs a row for each month",
        ),
        ("x: {column: load, group: a}", PANEL.replace("month: month\n", ""), "A table of this kind needs month"),
        ("x: {column: load, group: a}", PANEL.replace("filled: true", "filled: false"), "Say either that the column"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(tmp_path: Path, features: str, head: str, told: str) -> None:
    with pytest.raises(MappingError, match=told) as caught:
        mapping_of(tmp_path, features, head)
    assert caught.value.file == str(tmp_path / "mapping.yaml")
    assert caught.value.row is not None


def test_those_that_ship_can_be_read_and_an_unknown_one_is_told() -> None:
    names = {path.stem for path in FOLDER.glob("*.yaml")}
    assert {get_table_mapping(name).title.en for name in names}
    assert names == {"ibm", "ola", "own", "turnover"}
    with pytest.raises(MappingError, match="no mapping of that name") as caught:
        get_table_mapping("nothing")
    assert "ibm, ola, own, turnover" in str(caught.value.render_hint())


def test_a_column_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, "x: {column: load, group: a}")
    with pytest.raises(MappingError, match="The table has no column load") as caught:
        mapping.check_headers(["id", "month", "left"], "staff.csv")
    assert caught.value.file == "staff.csv"
