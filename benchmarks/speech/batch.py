"""A batch of short calls and a few very long ones: throughput, memory, and whether a core idles at the end.

    python -m benchmarks.speech batch [--short 200] [--long 10 20 60] [--workers 2]

Calls have their words beside them, so that all the work is listening. The long calls have the last names. Each order of
work runs in a process of its own with a new home folder, through the same services as ``callqa score``: as the product
orders them (the longest work first) and, as the named alternative, in the order of names.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import wave
from dataclasses import replace
from pathlib import Path

from benchmarks.batch_memory import LINES, make_contact, speech
from benchmarks.speech.decode import build_call
from benchmarks.speech.watch import watch

BY_NAME = "by name"
ORDERS = ("longest first", BY_NAME)


def build_calls(folder: Path, short: int, long_minutes: list[float]) -> Path:
    """Write the short calls, then the long ones."""
    folder.mkdir()
    samples = speech()
    for number in range(short):
        make_contact(folder, number, samples)
    for number, minutes in enumerate(long_minutes):
        build_call(folder / f"long{number}.wav", minutes)
        (folder / f"long{number}.txt").write_text(LINES.format(n=number), encoding="utf-8")
    return folder


def seconds_of(folder: Path) -> float:
    """Return the length of all calls together."""
    total_s = 0.0
    for path in folder.glob("*.wav"):
        with wave.open(str(path)) as file:
            total_s += file.getnframes() / file.getframerate()
    return total_s


def score(folder: Path, home: Path, order: str, workers: int) -> None:
    """Score the calls in one order and print how many were done."""
    from callqa import wiring
    from callqa.settings import read_settings
    from qa_pipeline.services.score import plan_score, score_paths
    from qa_pipeline.store import open_store

    settings = read_settings(home=home)
    batch = wiring.batch(settings)
    store = open_store(settings.store_url, settings.zone)
    plan = plan_score(store, [folder], None, batch)
    if order == BY_NAME:
        plan = replace(plan, missing=sorted(plan.missing))
    done = score_paths(store, plan, batch, wiring.executor(settings, workers))
    store.close()
    if not done.complete:
        raise SystemExit(f"not all was done: {(done.failed + done.pending)[0]}")
    print(json.dumps({"done": done.done, "wall_s": done.wall_s}))


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--short", type=int, default=200, help="calls of three seconds")
    parser.add_argument("--long", type=float, nargs="*", default=[10.0, 20.0, 60.0], help="minutes of each long call")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--order", choices=ORDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folders", type=Path, nargs=2, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> None:
    """Measure both orders and print a table."""
    if given.order:
        score(*given.folders, given.order, given.workers)
        return
    with tempfile.TemporaryDirectory() as name:
        calls = build_calls(Path(name) / "calls", given.short, given.long)
        audio_s = seconds_of(calls)
        print(f"\n{given.short} short calls and {len(given.long)} of {given.long} minutes, {given.workers} workers")
        print(
            f"{'order':<14} {'done':>5} {'batch s':>8} {'x real time':>12} {'calls/s':>8}"
            f" {'idle at end':>12} {'parent MiB':>11} {'worker MiB':>11}"
        )
        walls = {}
        for order in ORDERS:
            home = Path(name) / order.replace(" ", "-")
            command = [sys.executable, "-m", __spec__.name, "--order", order, "--workers", str(given.workers)]
            printed, seen = watch([*command, "--folders", str(calls), str(home)])
            found = json.loads(printed.splitlines()[-1])
            walls[order] = found["wall_s"]
            print(
                f"{order:<14} {found['done']:5d} {found['wall_s']:8.1f}"
                f" {audio_s / found['wall_s']:12.0f} {found['done'] / found['wall_s']:8.1f}"
                f" {seen.idle_at_end_ratio:12.1%} {seen.peak_mib:11.0f} {seen.worker_mib:11.0f}"
            )
        print(f"longest first is {walls[BY_NAME] / walls[ORDERS[0]]:.2f} x as fast as by name")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    run(parser.parse_args())
