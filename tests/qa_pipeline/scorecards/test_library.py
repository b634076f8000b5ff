from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.errors import ConfigurationError, NotFound, ScorecardError
from qa_pipeline.scorecards import choose_scorecard, get_scorecard, list_scorecards

MINE = """\
id: {id}
version: {version}
name: {{zh: 我的, en: Mine}}
kind: call
{language}
pass_points: {points}
sections:
  - id: only
    name: {{zh: 一, en: One}}
    criteria:
      - {{id: one, name: {{zh: 一, en: One}}, weight: 1, check: {{detector: phrase, any: [您好]}}}}
"""


def put(folder: Path, file: str, id: str = "mine", version: int = 1, points: int = 80, language: str = "") -> None:
    folder.mkdir(exist_ok=True)
    text = MINE.format(id=id, version=version, points=points, language=language)
    (folder / file).write_text(text, encoding="utf-8")


def test_the_shipped_cards() -> None:
    assert [card.key for card in list_scorecards()] == ["chat@1", "phone-en@1", "phone-zh@1"]


def test_published_versions_never_change() -> None:
    # From the first release on, a changed list or rule is a new version beside the old one, never a new digest.
    assert {card.key: card.digest[:12] for card in list_scorecards()} == {
        "chat@1": "4397caea1635",
        "phone-en@1": "46003df54820",
        "phone-zh@1": "4952f768ec3a",
    }


def test_own_cards_come_beside(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml")
    put(tmp_path, "b.yml", version=2, points=70)
    (tmp_path / "notes.txt").write_text("no card")
    assert [card.key for card in list_scorecards(tmp_path) if card.id == "mine"] == ["mine@1", "mine@2"]
    assert get_scorecard("mine", extra=tmp_path).pass_points == 70
    assert get_scorecard("mine", 1, tmp_path).pass_points == 80


def test_a_folder_that_is_not_there_holds_no_cards(tmp_path: Path) -> None:
    assert list_scorecards(tmp_path / "none") == list_scorecards()


def test_a_published_version_with_other_content_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml")
    put(tmp_path, "b.yaml", points=70)
    with pytest.raises(ScorecardError, match="exists with other content") as caught:
        list_scorecards(tmp_path)
    assert caught.value.file == str(tmp_path / "b.yaml")


def test_the_same_card_twice_is_one(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml")
    put(tmp_path, "b.yaml")
    assert len(list_scorecards(tmp_path)) == 4


def test_not_found_names_those_that_exist() -> None:
    with pytest.raises(NotFound) as caught:
        get_scorecard("phone-fr")
    assert "phone-zh@1" in caught.value.render_hint()
    with pytest.raises(NotFound, match="no scorecard"):
        get_scorecard("phone-zh", 99)


@pytest.mark.parametrize(
    ("kind", "language", "chosen"),
    [
        (ContactKind.CALL, "zh", "phone-zh"),
        (ContactKind.CALL, "zh-CN", "phone-zh"),
        (ContactKind.CALL, "en", "phone-en"),
        (ContactKind.CHAT, "en", "chat"),
        (ContactKind.CHAT, "zh", "chat"),
    ],
)
def test_choosing(kind: ContactKind, language: str, chosen: str) -> None:
    assert choose_scorecard(kind, language, list_scorecards()).id == chosen


def test_no_card_fits() -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose_scorecard(ContactKind.CALL, "fr", list_scorecards())
    assert "fr" in caught.value.render()


def test_an_own_card_goes_before_a_shipped_one_but_not_before_the_language(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", language="language: zh")
    assert choose_scorecard(ContactKind.CALL, "zh", list_scorecards(tmp_path)).id == "mine"
    put(tmp_path, "a.yaml")
    assert choose_scorecard(ContactKind.CALL, "zh", list_scorecards(tmp_path)).id == "phone-zh"
    assert choose_scorecard(ContactKind.CALL, "fr", list_scorecards(tmp_path)).id == "mine"


def test_the_newest_version_is_chosen(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", language="language: zh")
    put(tmp_path, "b.yaml", version=2, language="language: zh")
    assert choose_scorecard(ContactKind.CALL, "zh", list_scorecards(tmp_path)).key == "mine@2"
