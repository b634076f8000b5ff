from __future__ import annotations

from pathlib import Path

import numpy as np

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.services.score import plan_score
from qa_pipeline.store import Store
from tests.qa_pipeline.audio.sounds import wav_bytes


def test_the_longest_work_comes_first(store: Store, tmp_path: Path) -> None:
    night = tmp_path / "night"
    night.mkdir()
    for name, seconds in (("a-short", 1), ("b-long", 3), ("c-words-short", 4), ("d-words-long", 6), ("e-middle", 2)):
        (night / f"{name}.wav").write_bytes(wav_bytes(np.zeros(8000 * seconds, np.float32)))
        if "words" in name:
            (night / f"{name}.txt").write_text(f"agent: hello, this is {name}.\n")
    (night / "0-words-alone.txt").write_text("agent: hello, this is nobody.\n")
    plan = plan_score(store, [night], None, wiring.batch(read_settings()))
    # What must be recognised by length, then what has its words, then words alone.
    assert plan.missing == ["b-long", "e-middle", "a-short", "d-words-long", "c-words-short", "0-words-alone"]
