"""The error tree crosses processes and languages."""

from __future__ import annotations

import pickle

import pytest

from qa_pipeline import errors
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import CallqaError, Message, RowError
from qa_pipeline.i18n import translator


def all_errors() -> list[type[CallqaError]]:
    found = [CallqaError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", all_errors())
def test_every_error_survives_pickling_and_stands_in_the_drawing(kind: type[CallqaError]) -> None:
    error = kind("A {thing}.", hint="Do {thing}.", file="f.csv", row=3, field="start", thing="test")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.as_dict()) == (kind, error.as_dict())
    assert kind.__name__ in (errors.__doc__ or "")


def test_document_of_the_contract() -> None:
    error = RowError("No date: {text}", hint="Write 2026-10-03.", file="m.csv", row=7, field="start", text="abc")
    assert error.as_dict() == {
        "type": "RowError",
        "message": "No date: abc",
        "hint": "Write 2026-10-03.",
        "file": "m.csv",
        "row": 7,
        "field": "start",
    }
    assert str(error) == "m.csv: row 7 field start: No date: abc"


def test_a_translation_is_filled_with_the_same_values() -> None:
    error = CallqaError("{count} rows", count=3)
    assert error.render({"{count} rows": "共 {count} 行"}.__getitem__) == "共 3 行"


def test_text_with_braces_of_its_own_stays_readable() -> None:
    assert CallqaError("Bad JSON: {").render() == "Bad JSON: {"


def test_a_message_inside_a_message_is_translated_too() -> None:
    zh = {"No {name}{nearest}.": "没有 {name}{nearest}。", " ({other}?)": "（{other}？）"}
    error = CallqaError("No {name}{nearest}.", name="tabel", nearest=Message(" ({other}?)", {"other": "table"}))
    assert error.render() == str(error) == "No tabel (table?)."
    assert error.render(lambda text: zh[text]) == "没有 tabel（table？）。"
    assert pickle.loads(pickle.dumps(error)).render() == "No tabel (table?)."


def test_names_of_both_languages_and_lists_of_them_follow_the_reader() -> None:
    take, decide = Text(zh="受理", en="Take up"), Text(zh="初审答复", en="Decide")
    error = CallqaError("{step}: possible are {known}.", step=take, known=(take, decide, "x"))
    assert error.render() == "Take up: possible are Take up, Decide, x."
    # The sentence has no Chinese here, its parts have; the comma between them is the catalogue's.
    assert error.render(translator("zh")) == "受理: possible are 受理、初审答复、x."
    assert error.render(translator("en")) == error.render()
    assert pickle.loads(pickle.dumps(error)).render(translator("zh")) == error.render(translator("zh"))
