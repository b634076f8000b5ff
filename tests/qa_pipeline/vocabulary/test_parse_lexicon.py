from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.domain.vocabulary import Lexicon, SpeechHints, Term
from qa_pipeline.errors import LexiconError
from qa_pipeline.vocabulary import check_lexicon, read_lexicon
from qa_pipeline.vocabulary.parse import estimated_tokens

# Ten lists of ten aliases each, every one of the list before: 10^10 values in eleven lines.
BILLION_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
ALIAS_CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))

LEXICON = """\
version: 1
queues:
  宽带: {prompt: 以下是宽带客服通话。, hot_words: [千兆宽带, 光猫]}
terms:
  - {term: 光猫, language: zh, heard: [光毛], queues: [宽带]}
  - {term: Aurora Plus, language: en}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "lexicon.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lexicon_without_mistakes(tmp_path: Path) -> None:
    path = write(tmp_path, LEXICON)
    assert read_lexicon(path) == Lexicon(
        terms=(
            Term(text="光猫", language="zh", heard=("光毛",), queues=("宽带",)),
            Term(text="Aurora Plus", language="en"),
        ),
        queues={"宽带": SpeechHints(prompt="以下是宽带客服通话。", hot_words=("千兆宽带", "光猫"))},
    )
    assert check_lexicon(path).warnings == ()


def test_a_site_without_a_lexicon(tmp_path: Path) -> None:
    assert read_lexicon(tmp_path / "lexicon.yaml") == Lexicon()
    (error,) = check_lexicon(tmp_path / "lexicon.yaml").errors
    assert "cannot be read" in error.render()


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("version: 1", "version: 2", 1, "version", "must be one of"),
        ("prompt:", "promt:", 3, "queues.宽带.promt", "no key"),
        ("hot_words: [千兆宽带, 光猫]", "hot_words: 光猫", 3, "queues.宽带.hot_words", "must be a list"),
        ("term: 光猫", "term: 猫", 5, "terms[0].term", "one character"),
        ("heard: [光毛]", "heard: [毛]", 5, "terms[0].heard[0]", "one character"),
        ("heard: [光毛]", "heard: [光 猫]", 5, "terms[0].heard[0]", "itself a term"),
        ("language: zh", "language: fr", 5, "terms[0].language", "must be one of"),
        ("term: Aurora Plus, language: en", "term: 光猫, language: zh", 6, "terms[1].term", "stands twice"),
        (
            "term: Aurora Plus, language: en",
            "term: 光帽, language: zh, heard: [光毛]",
            6,
            "terms[1].heard[0]",
            "wrong spelling of both 光猫 and 光帽",
        ),
    ],
)
def test_one_mistake(tmp_path: Path, old: str, new: str, line: int, field: str, says: str) -> None:
    assert LEXICON.count(old) == 1
    path = write(tmp_path, LEXICON.replace(old, new))
    (error,) = check_lexicon(path).errors
    assert (error.row, error.field) == (line, field)
    assert says in error.render()
    with pytest.raises(LexiconError):
        read_lexicon(path)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("version: 1\nterms: []\nqueues: {}\nterms:\n  - {term: 光猫, language: zh}\n", 2, "terms stands twice"),
        ("version: 1\nterms: &all [*all]\n", None, "holds itself"),
        ("version: 1\nterms: " + "[" * 60_000, 2, "deep in each other"),
        (BILLION_LAUGHS, None, "aliases stand for more"),
        (ALIAS_CHAIN, None, "aliases stand for more"),
        ("[1, 2]", 1, "lexicon.yaml must be a group"),
        ("", None, "empty"),
    ],
    ids=[
        "a key twice",
        "an endless value",
        "nested too deep",
        "aliases of aliases",
        "a long chain",
        "a list",
        "nothing",
    ],
)
def test_a_file_that_is_no_lexicon_at_all(tmp_path: Path, text: str, line: int | None, says: str) -> None:
    (error,) = check_lexicon(write(tmp_path, text)).errors
    assert (error.row, says in error.render()) == (line, True)


def test_a_value_may_stand_in_two_places(tmp_path: Path) -> None:
    text = LEXICON.replace("queues: [宽带]}", "queues: &own [宽带]}").replace(
        "language: en}", "language: en, queues: *own}"
    )
    assert [term.queues for term in read_lexicon(write(tmp_path, text)).terms] == [("宽带",), ("宽带",)]


def test_the_first_of_many_mistakes_says_how_to_see_all(tmp_path: Path) -> None:
    path = write(tmp_path, LEXICON.replace("version: 1", "version: 3").replace("prompt:", "promt:"))
    with pytest.raises(LexiconError) as caught:
        read_lexicon(path)
    assert "2 mistakes" in caught.value.render_hint()


def test_hints_that_engines_would_cut_are_warned_of(tmp_path: Path) -> None:
    # 67 characters of 1.5 tokens are about 100, 68 are 102.
    assert (estimated_tokens("宽" * 66), estimated_tokens("宽" * 68), estimated_tokens("abc" * 10)) == (99, 102, 10)
    path = write(tmp_path, LEXICON.replace("以下是宽带客服通话。", "宽" * 68))
    (warning,) = check_lexicon(path).warnings
    assert (warning.row, warning.field) == (3, "queues.宽带.prompt")
    assert "about 102 tokens" in warning.render()
    assert read_lexicon(path).queues["宽带"].prompt == "宽" * 68
