from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.errors import RowError, TableError
from qa_pipeline.services.validate.move_table import read_move_table
from qa_pipeline.services.validate.moves import validate_moves
from tests.qa_pipeline.scoring.talks import MarkedMoves
from tests.tables import write_lines


@pytest.fixture
def table(tmp_path: Path) -> Path:
    # Marks are what the tagger finds; no text holds wording of the lexicon.
    return write_lines(
        tmp_path / "t.csv",
        "text,act",
        "a1@greeting.9,openinggreeting",
        "a2@greeting.9,contentonly",
        "a3,openinggreeting",
        "a4@closing.9@thanks.9,closinggreeting",
        "a5@thanks.9,bookflight",
    )


def test_figures_by_hand(table: Path):
    report = validate_moves(table, MarkedMoves(), language="en")
    # Scored: greeting and closing, the moves that are labelled; the tagged thanks are nobody's business.
    # greeting: 1 right, 1 false, 1 missed: F1 2 / 4; closing: F1 1. Mean .75. Texts exactly right: a1, a4, a5.
    assert report.metrics["macro_f1"].value == pytest.approx(0.75)
    assert report.metrics["exact"].value == pytest.approx(3 / 5)
    assert (report.task, report.n, report.engine) == ("moves", 5, "marks@1")
    greeting = {name: metric.value for name, metric in report.groups["greeting"].items()}
    assert greeting == {"n": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert set(report.groups) == {"greeting", "closing"}
    low, high = report.metrics["macro_f1"].ci95 or (0, 0)
    assert 0 <= low <= 0.75 <= high <= 1
    assert "greeting, closing" in str(report.notes[0])


def test_confusion_by_hand(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv",
        "text,act",
        "a1@greeting.9,greet",
        "a2@closing.9,greet",  # one for the other
        "a3,bye|greet",  # both missed
        "a4@closing.9,",  # tagged where nothing is
        "a5,",
        "a6@greeting.9@closing.9,greet",  # one right, one too many
    )
    report = validate_moves(path, MarkedMoves(), language="en")
    assert report.confusion == {
        "greeting": {"greeting": 2, "closing": 1, "none": 1},
        "closing": {"greeting": 0, "closing": 0, "none": 1},
        "none": {"greeting": 0, "closing": 2, "none": 1},
    }


def test_a_move_that_the_label_leaves_open_is_not_counted(tmp_path: Path):
    # 客套 is thanks, a reply to thanks, a closing or an apology.
    path = write_lines(tmp_path / "t.csv", "text,act", "a1@thanks.9,客套", "a2@thanks.9,thank", "a3,客套")
    report = validate_moves(path, MarkedMoves(), language="zh")
    assert report.groups["thanks"]["n"].value == 1
    assert report.metrics["macro_f1"].value == 1.0
    assert report.metrics["exact"].value == 1.0


def test_seen_texts_are_left_out_and_equal_ones_count_once(tmp_path: Path, table: Path):
    path = write_lines(
        tmp_path / "other.csv",
        "text,act",
        "a3,openinggreeting",  # stands in the training table
        "b1@greeting.9,openinggreeting",
        "b2,openinggreeting",
        "b2,contentonly",
        "b2,contentonly",  # commonest label of b2: no move
    )
    report = validate_moves(path, MarkedMoves(), language="en", unseen_from=[table])
    assert report.n == 2
    assert report.metrics["macro_f1"].value == 1.0
    with pytest.raises(TableError, match="Every text"):
        validate_moves(table, MarkedMoves(), language="en", unseen_from=[table])


def test_roles_say_who_may_make_a_move(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv", "role,text,act", "坐席,a1@promise.9,promise", "客户,a2@promise.9,", ",a3@promise.9,promise"
    )
    assert validate_moves(path, MarkedMoves(), language="zh").metrics["macro_f1"].value == 1.0


def test_interval_is_wider_when_dialogues_hang_together(tmp_path: Path):
    rows = [f"a{number}{'@thanks.9' if number % 2 else ''},thank" for number in range(8) for _ in range(12)]
    alone = validate_moves(write_lines(tmp_path / "a.csv", "text,act", *rows), MarkedMoves(), language="en")
    named = [f"{row},{number // 12}" for number, row in enumerate(rows)]
    together = validate_moves(
        write_lines(tmp_path / "b.csv", "text,act,dialogue", *named), MarkedMoves(), language="en"
    )

    def width(report):
        low, high = report.metrics["exact"].ci95
        return high - low

    assert width(together) > 2 * width(alone)


def test_turns_of_both_sides_are_read(tmp_path: Path):
    turn = {"agent": "您好", "agent_acts": "问候", "customer": "查话费", "customer_acts": "求助-查询（话费）,询问"}
    lines = [json.dumps({"dialogue": "d", "turns": [turn, {"customer": "", "agent": "再见", "agent_acts": "再见"}]})]
    rows = read_move_table(write_lines(tmp_path / "t.jsonl", *lines)).rows
    assert [(row.role, row.text, row.moves) for row in rows] == [
        (Role.AGENT, "您好", {MoveKind.GREETING}),
        (Role.CUSTOMER, "查话费", frozenset()),
        (Role.AGENT, "再见", {MoveKind.CLOSING}),
    ]
    assert MoveKind.FURTHER_HELP in rows[1].open  # 询问 may be an offer of further help
    assert {row.dialogue for row in rows} == {"d"}


def test_names_of_moves_in_both_languages_are_labels(tmp_path: Path):
    path = write_lines(tmp_path / "t.csv", "text,act", "a,核实身份|Thanks", "b,hold_request")
    first, second = read_move_table(path).rows
    assert first.moves == {MoveKind.IDENTITY_CHECK, MoveKind.THANKS}
    assert second.moves == {MoveKind.HOLD_REQUEST}


def test_bad_rows_are_left_out_and_said(tmp_path: Path):
    path = write_lines(tmp_path / "t.csv", "text,act", "a@thanks.9,thank", "b,shrug", ",thank")
    report = validate_moves(path, MarkedMoves(), language="en")
    assert report.n == 1
    assert "2 rows left out" in str(report.notes[1])
    assert "shrug" in str(report.notes[1])


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (("words,act", "a,thank"), TableError, "needs the columns"),
        (("text,act", "a,shrug"), RowError, "shrug"),
        (("text,act", "a,contentonly"), TableError, "No text of the table makes a move"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, lines: tuple[str, ...], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        validate_moves(write_lines(tmp_path / "t.csv", *lines), MarkedMoves())


def test_turns_must_be_turns(tmp_path: Path):
    with pytest.raises(RowError, match="list of objects") as caught:
        read_move_table(write_lines(tmp_path / "t.jsonl", json.dumps({"turns": "hello"})))
    assert (caught.value.row, caught.value.field) == (1, "turns")


def test_limit(table: Path):
    assert validate_moves(table, MarkedMoves(), language="en", limit=2).n == 2
