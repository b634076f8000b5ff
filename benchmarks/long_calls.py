"""Wall time of one long call on several workers: recognised in parts, and whole by one of them.

Run: ``python -m benchmarks.long_calls [--minutes 6] [--part-s 60] [--workers 2] [--repeat 3] [--engine pocketsphinx]
[--model FOLDER]``. The named alternative is the whole call in one task (``batch.part_s=0``), in the same run, the two
by turns. The call is a spoken one of 8.7 s, over and over, on two channels of telephone speech. Time is that of the
batch, with the start of its workers and the loading of their models.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from callqa import site_wiring, wiring
from callqa.settings import read_settings
from qa_pipeline.audio.decode import open_audio
from qa_pipeline.services.score import plan_score, score_paths

CALL = Path(__file__).parents[1] / "tests" / "data" / "speech" / "call_8k.flac"
WHOLE, PARTS = "whole", "in parts"


def make_call(path: Path, minutes: float) -> None:
    """Write the short call as often as it takes."""
    with open_audio(CALL, max_duration_s=60.0) as reader:
        sound = np.concatenate(list(reader.blocks()), axis=1)
        rate = reader.sample_rate_hz
    copies = max(1, round(minutes * 60 * rate / sound.shape[1]))
    pcm = np.clip(np.rint(np.tile(sound, copies) * 32767), -32768, 32767).astype("<i2")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(pcm.T.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def measure(night: Path, engine: str, workers: int, part_s: float) -> tuple[float, float]:
    """Score the call into a new home; return the wall time and what all stages took together, in seconds."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["CALLQA_HOME"] = home
        settings = read_settings()
        batch = wiring.batch(settings, None, engine)
        batch = replace(batch, inspection=replace(batch.inspection, part_s=part_s or None))
        store = site_wiring.service_store(settings)
        run = score_paths(store, plan_score(store, [night], None, batch), batch, wiring.executor(settings, workers))
        assert run.complete, (run.failed, run.pending)
        store.close()
        return run.wall_s, run.stage_s.total()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--part-s", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    os.environ["CALLQA_INTAKE__LANGUAGE"] = "en"
    if given.model:
        os.environ["CALLQA_ASR__MODEL"] = str(given.model.absolute())
    found: dict[str, list[tuple[float, float]]] = {WHOLE: [], PARTS: []}
    with tempfile.TemporaryDirectory() as folder:
        make_call(Path(folder) / "long.wav", given.minutes)
        for number in range(given.repeat):
            for name in list(found)[:: 1 if number % 2 == 0 else -1]:
                part_s = given.part_s if name == PARTS else 0.0
                found[name].append(measure(Path(folder), given.engine, given.workers, part_s))
    print(f"{given.minutes:g} min, {given.engine}, {given.workers} workers, parts of {given.part_s:g} s of speech")
    print("way       wall s   least    most  stages s  ratio")
    first = statistics.median(wall for wall, _ in found[WHOLE])
    for name, rows in found.items():
        walls = [wall for wall, _ in rows]
        wall, stages = statistics.median(walls), statistics.median(stages for _, stages in rows)
        print(f"{name:8} {wall:7.1f} {min(walls):7.1f} {max(walls):7.1f} {stages:9.1f} {first / wall:6.2f}")


if __name__ == "__main__":
    main()
