"""Saving rule files: with the audit or not at all, by several processes at once, and after a crash."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa_pipeline.errors import Conflict
from qa_pipeline.services.rule_files import RuleFolders, place_files, save_scorecard, save_template
from qa_pipeline.store import Store, open_store
from tests.api.cycle_site import card_text
from tests.conftest import ZONE

NOW = datetime(2026, 11, 1, tzinfo=UTC)
_SAVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from qa_pipeline.errors import Conflict
from qa_pipeline.services.rule_files import RuleFolders, place_files, save_scorecard
from qa_pipeline.store import open_store
from zoneinfo import ZoneInfo
home, text = Path(sys.argv[1]), sys.argv[2]
folders = RuleFolders(scorecards=home / "scorecards", templates=home / "templates")
store = open_store(f"sqlite:///{home / 'callqa.db'}", ZoneInfo("Asia/Shanghai"))
print("ready", flush=True)
sys.stdin.readline()
try:
    with store.transaction() as tx:
        save_scorecard(store.within(tx), text, folders, lambda newest: None, datetime.now(UTC))
    place_files(store, folders)
    print("saved")
except Conflict:
    print("refused")
"""


def folders_in(home: Path) -> RuleFolders:
    return RuleFolders(scorecards=home / "scorecards", templates=home / "templates")


def test_what_is_rolled_back_leaves_no_file(store: Store, tmp_path: Path) -> None:
    folders = folders_in(tmp_path)

    def save_and_fail() -> None:
        with store.transaction() as tx:
            save_scorecard(store.within(tx), card_text(1), folders, lambda newest: None, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_and_fail()
    place_files(store, folders)
    assert not folders.scorecards.exists()
    with store.reading() as tx:
        assert tx.rule_versions.waiting() == []


def test_whoever_starts_next_writes_the_file_of_a_process_that_ended(store: Store, tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    with store.transaction() as tx:
        save_scorecard(store.within(tx), card_text(1), folders, lambda newest: None, NOW)
    assert not folders.scorecards.exists()  # the process ends here
    place_files(store, folders)
    (path,) = folders.scorecards.iterdir()
    assert (path.name, path.read_text(encoding="utf-8")) == ("zh-telephone-v1.yaml", card_text(1))
    path.unlink()
    place_files(store, folders)  # once: what an operator has taken away stays away
    assert list(folders.scorecards.iterdir()) == []
    with pytest.raises(Conflict, match="next version"):
        save_scorecard(store, card_text(1, greeting=11), folders, lambda newest: None, NOW)


def test_a_template_is_kept_likewise(store: Store, tmp_path: Path) -> None:
    shipped = Path("qa_pipeline/resources/templates/front_line_v1.yaml")
    text = next(shipped.parent.glob("front*line*.yaml")).read_text(encoding="utf-8").replace("version: 1", "version: 2")
    folders = folders_in(tmp_path)
    save_template(store, text, folders, lambda newest: None, NOW)
    place_files(store, folders)
    assert [path.name for path in folders.templates.iterdir()] == ["front-line-v2.yaml"]


def test_of_two_processes_that_save_the_same_number_one_is_told(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'callqa.db'}", ZONE)
    texts = [card_text(1, greeting=weight) for weight in (10, 12)]
    savers = [
        subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(tmp_path), text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for text in texts
    ]
    for saver in savers:
        assert saver.stdout is not None
        assert saver.stdout.readline() == "ready\n"
    said = []
    for saver in savers:
        assert saver.stdin is not None
        saver.stdin.write("go\n")
        saver.stdin.flush()
    for saver in savers:
        said.append(saver.communicate(timeout=60)[0].strip())
    assert sorted(said) == ["refused", "saved"]
    (path,) = (tmp_path / "scorecards").iterdir()
    assert path.read_text(encoding="utf-8") == texts[said.index("saved")]
    with store.reading() as tx:
        assert tx.rule_versions.waiting() == []
    store.close()
