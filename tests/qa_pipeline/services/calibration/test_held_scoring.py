"""A criterion on hold does not score by itself, and does again after its release, without recognising anew."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.domain.inspection import Inspection, Outcome
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.services.calibration.holds import hold_criterion
from qa_pipeline.services.preview import preview_score
from qa_pipeline.services.score import plan_score, score_paths
from qa_pipeline.store import Store
from tests.qa_pipeline.services.calibration.site import day

TALK = """agent: 您好，很高兴为您服务，请问有什么可以帮您？
customer: 我的快递三天了还没有到。
agent: 非常理解您的心情，我马上帮您查询，请稍等。
customer: 好的，谢谢。
agent: 请问还有其他可以帮您的吗？感谢您的来电，再见。
"""
NOW = day("2026-11-02")


def _score(store: Store, folder: Path) -> tuple[int, Inspection]:
    batch = wiring.batch(read_settings(), "phone-zh")
    run = score_paths(store, plan_score(store, [folder], None, batch), batch, InlineExecutor())
    with store.reading() as tx:
        found = tx.inspections.find("talk")
    assert found is not None
    return run.done, found


def test_findings_on_hold_are_withheld_with_their_evidence(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "talk.txt").write_text(TALK, encoding="utf-8")
    assert _score(store, folder)[0] == 1
    done, before = _score(store, folder)
    assert done == 0  # nothing is done twice
    held = next(each for each in before.findings if each.outcome is Outcome.MET and each.evidence)
    card = get_scorecard(before.scorecard_id)
    with store.transaction() as tx:
        hold_criterion(tx, card.id, held.criterion_id, by="Chen", reason="new wording", at=NOW)
    assert len(preview_score(store, [folder], None, wiring.batch(read_settings(), card.id), 1).missing) == 1

    done, during = _score(store, folder)
    found = next(each for each in during.findings if each.criterion_id == held.criterion_id)
    assert done == 1
    assert (found.outcome, found.withheld, found.evidence) == (Outcome.UNDETERMINED, held.outcome, held.evidence)
    assert found.reason.params == {"since": "2026-11-02", "by": "Chen"}
    assert during.score.undetermined_count == before.score.undetermined_count + 1
    others = [each for each in before.findings if each.criterion_id != held.criterion_id]
    assert [each for each in during.findings if each.criterion_id != held.criterion_id] == others

    with store.transaction() as tx:
        tx.holds.release(card.id, held.criterion_id, by="Chen", reason="good again", at=NOW + timedelta(days=1))
    done, after = _score(store, folder)
    assert done == 1
    assert (after.findings, after.score) == (before.findings, before.score)
