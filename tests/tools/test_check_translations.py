"""The translation check finds what it is there for."""

from pathlib import Path

import pytest

from tools.check_translations import CATALOGUE, PACKAGES, main

HEADER = 'msgid ""\nmsgstr ""\n"Language: zh\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project: two msgids in Python, one in a template, all translated."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / CATALOGUE).parent.mkdir(parents=True)
    (tmp_path / "api" / "pages.py").write_text('A = N_("{count} left")\nB = translate("Go " "on")\n', encoding="utf-8")
    (tmp_path / "api" / "templates").mkdir()
    (tmp_path / "api" / "templates" / "x.html").write_text('<p>{{ _("Hello") }}</p>', encoding="utf-8")
    write(tmp_path, ("{count} left", "还剩 {count}"), ("Go on", "继续"), ("Hello", "您好"))
    return tmp_path


def write(project: Path, *entries: tuple[str, str], before: str = "") -> None:
    body = "".join(f'{before}msgid "{msgid}"\nmsgstr "{msgstr}"\n\n' for msgid, msgstr in entries)
    (project / CATALOGUE).write_text(HEADER + body, encoding="utf-8")


def check(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(arguments, root=project)
    return code, capsys.readouterr().out.splitlines()


def test_a_complete_catalogue_passes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(project, capsys) == (0, [])


def test_missing_fuzzy_and_unused_translations_and_lost_parameters_are_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, ("{count} left", "还剩"), ("Hello", ""), ("Old", "旧"))
    code, lines = check(project, capsys)
    assert code == 1
    assert sorted(lines) == [
        "api/pages.py:1: the parameters differ: '{count} left' / '还剩'",
        "api/pages.py:2: no translation: 'Go on'",
        "api/templates/x.html:1: no translation: 'Hello'",
        "qa_pipeline/locale/zh/LC_MESSAGES/callqa.po: nobody uses 'Old'",
    ]


def test_fuzzy_entries_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, ("{count} left", "还剩 {count}"), ("Go on", "继续"), ("Hello", "您好"), before="#, fuzzy\n")
    code, lines = check(project, capsys)
    assert (code, len(lines)) == (1, 3)


def test_obsolete_entries_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / CATALOGUE
    path.write_text(path.read_text(encoding="utf-8") + '#~ msgid "Gone"\n#~ msgstr "没了"\n', encoding="utf-8")
    assert check(project, capsys) == (1, ["qa_pipeline/locale/zh/LC_MESSAGES/callqa.po: obsolete entry 'Gone'"])


def test_update_adds_new_removes_unused_and_keeps_translations(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, ("Hello", "您好"), ("Old", "旧"))
    code, lines = check(project, capsys, "--update")
    assert (code, lines[0]) == (1, "2 new, 1 removed, 3 in all")
    text = (project / CATALOGUE).read_text(encoding="utf-8")
    assert 'msgid "Hello"\nmsgstr "您好"' in text
    assert 'msgid "Go on"\nmsgstr ""' in text
    assert "Old" not in text
    again = check(project, capsys, "--update")[1][0]
    assert again == "0 new, 0 removed, 3 in all"


def test_chinese_in_code_is_named_and_in_documentation_and_rule_readers_is_not(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "qa_pipeline" / "intake").mkdir()
    (project / "qa_pipeline" / "intake" / "words.py").write_text('AGENT = "坐席"\n', encoding="utf-8")
    (project / "callqa" / "a.py").write_text('"""Reads 坐席."""\n# 坐席\nTITLE = "报告"\n', encoding="utf-8")
    assert check(project, capsys) == (1, ["callqa/a.py:3: Chinese in source: '报告'"])
