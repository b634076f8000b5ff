"""Word and character error rates, with the arithmetic done by hand."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from qa_pipeline.engines.options import AsrOptions, SpeechOptions
from qa_pipeline.errors import NeedsModel, RowError, TableError
from qa_pipeline.services.validate.asr import units, validate_asr

SPEECH = Path(__file__).parents[3] / "data" / "speech"
EMBEDDED = SpeechOptions(asr=AsrOptions(engine="pocketsphinx"))


def _table(folder: Path, rows: list[dict[str, str]], name: str = "references.csv") -> Path:
    for source in SPEECH.glob("*.flac"):
        (folder / source.name).write_bytes(source.read_bytes())
    path = folder / name
    text = io.StringIO(newline="")
    if ".jsonl" in name:
        text.writelines(json.dumps(row) + "\n" for row in rows)
    else:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Please enter your 12-digit number.", "en", ["please", "enter", "your", "twelve", "digit", "number"]),
        ("It’s 'fine'", "en", ["it's", "fine"]),
        ("您好，ＡＢ１２！", "zh", ["您", "好", "a", "b", "1", "2"]),
    ],
)
def test_what_is_counted(text: str, language: str, expected: list[str]) -> None:
    assert units(text, language) == expected


@pytest.mark.parametrize("name", ["references.csv", "references.csv.gz", "references.jsonl"])
def test_a_table_of_recordings(tmp_path: Path, name: str) -> None:
    said = "I have paid the bill twice and I want my money back."
    path = _table(tmp_path, [{"path": "customer_8k.flac", "text": said, "lang": "en"}], name)
    report = validate_asr(path, EMBEDDED)
    assert (report.task, report.n) == ("asr", 1)
    assert report.engine.startswith("pocketsphinx@")
    assert 0 <= report.metrics["wer"].value <= 2 / 12
    # One recording: every draw of the bootstrap is the same.
    assert report.metrics["wer"].ci95 == (report.metrics["wer"].value, report.metrics["wer"].value)
    assert report.metrics["rtf"].value > 0
    assert "on 12 words in 1 recordings" in str(report.notes[0])


def test_the_rate_is_over_all_words_and_failed_rows_are_named(tmp_path: Path, english_whisper: Path) -> None:
    rows = [
        # The checkpoint says "Thank you for calling, how may I help?": 8 words, none wrong.
        {"path": "customer_8k.flac", "text": "thank you for calling how may i help"},
        # "you" missing and "could" for "may": 1 insertion and 1 substitution on 7 words.
        {"path": "agent_16k.flac", "text": "thank for calling how could i help"},
        {"path": "absent.flac", "text": "hello"},
        {"path": "agent_16k.flac", "text": ""},
    ]
    path = _table(tmp_path, rows)
    report = validate_asr(
        path, SpeechOptions(asr=AsrOptions(model=str(english_whisper / "ct2"), beam_size=1)), language="en"
    )
    assert report.n == 2
    assert report.metrics["wer"].value == pytest.approx(2 / 15)
    low, high = report.metrics["wer"].ci95 or (None, None)
    # The draws are (first, first) = 0, mixed = 2/15 and (second, second) = 4/14.
    assert (low, high) == pytest.approx((0, 4 / 14))
    assert any(note.startswith("Row 4 left out") and "absent.flac" in note for note in map(str, report.notes))
    assert any(note.startswith("Row 5 left out") for note in map(str, report.notes))


def test_chinese_is_counted_by_character(tmp_path: Path, chinese_whisper: Path) -> None:
    # The checkpoint says 你好，我们可以帮您。 (8 characters); the reference has 他 for 您: 1 of 8.
    path = _table(tmp_path, [{"path": "customer_8k.flac", "text": "你好我们可以帮他", "lang": "zh"}])
    report = validate_asr(path, SpeechOptions(asr=AsrOptions(model=str(chinese_whisper / "ct2"), beam_size=1)))
    assert set(report.metrics) == {"cer", "rtf"}
    assert report.metrics["cer"].value == pytest.approx(1 / 8)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = _table(tmp_path, [{"file": "customer_8k.flac", "text": "hello"}])
    with pytest.raises(TableError) as caught:
        validate_asr(path, EMBEDDED)
    assert caught.value.params["columns"] == "path"


def test_when_every_row_fails_its_error_is_raised(tmp_path: Path) -> None:
    path = _table(tmp_path, [{"path": "absent.flac", "text": "hello"}])
    with pytest.raises(RowError) as caught:
        validate_asr(path, EMBEDDED)
    assert (caught.value.row, caught.value.field) == (2, "path")
    chinese = _table(tmp_path, [{"path": "customer_8k.flac", "text": "你好", "lang": "zh"}])
    with pytest.raises(NeedsModel):
        validate_asr(chinese, EMBEDDED)
