"""The forms of tables as data."""

from __future__ import annotations

import pytest

from qa_pipeline.errors import MappingError
from qa_pipeline.intake.tables import normalise_header
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.forms import Form, form_words
from qa_pipeline.kpi.mapping import find_scale, get_mapping, list_mappings


@pytest.mark.parametrize("form", form_words())
def test_no_header_means_two_columns_and_all_names_exist(form: Form) -> None:
    words = form_words()[form]
    owners: dict[str, str] = {}
    for name, field in words.fields.items():
        for header in {normalise_header(header) for header in (name, *field.headers)}:
            assert owners.setdefault(header, name) == name, header
    assert {name for group in (*words.needs, *words.known_by) for name in group} <= words.fields.keys()
    assert words.gives.keys() <= shipped().keys()


def test_shipped_mappings_name_columns_that_their_form_has() -> None:
    found = list_mappings(shipped())
    assert {"calls-zh", "tickets-zh", "tickets-utc", "survey-csat", "survey-nps", "survey-index"} <= found.keys()
    for name, mapping in found.items():
        assert mapping.form is not None and mapping.title is not None and mapping.optional, name
        known = {"agent", "agent_name", "team", *form_words()[mapping.form].fields}
        assert {use.field for use in mapping.uses.values() if use} <= known, name


def test_a_mapping_is_a_name_or_a_file() -> None:
    assert get_mapping("tickets-utc", shipped()).zone is not None
    with pytest.raises(MappingError, match="no such file: tickets-fr"):
        get_mapping("tickets-fr", shipped())


@pytest.mark.parametrize(
    ("text", "scale"),
    [("1-5", (1, 5)), ("0-10", (0, 10)), ("5分制", (1, 5)), ("10", None), ("5-1", None), ("1分制", None), ("", None)],
)
def test_scales(text: str, scale: tuple[float, float] | None) -> None:
    assert find_scale(text) == scale
