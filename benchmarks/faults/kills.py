"""kill -9 of a batch at any instant, from the first table it makes to its last commit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from random import Random
from time import monotonic, sleep

from benchmarks.faults.whole import Outcome, Rows, Site, Started, callqa, finished_count, score, timed, wait_for

# So many kills, and then one of the command as a user starts it, whose workers are processes too.
_COMMAND_EVERY = 20
_FRESH_EVERY = 4
_WORKERS = 2


def kill_batches(
    site_of: Callable[[str], Site],
    undisturbed: Rows,
    kills: int,
    seed: int,
    tell: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Begin a batch in a home of its own, kill it at a random instant, and let the same command finish it; and so on.

    Every fourth home is new, so that its tables are made meanwhile; the others hold an account and its audit. Every
    third batch is killed again while it goes on.
    """
    draw = Random(seed)
    with timed(Outcome(fault="kill -9: batch")) as outcome:
        made = site_of("made")
        callqa(made, "users", "add", "first", "--role", "qa", "--sso-only")
        lasts_s = _lasts_s(site_of("timed"))
        homes = late = 0
        while outcome.runs < kills:
            site = site_of("killed")  # one place for all: this process keeps the models that it loads by their place
            if homes % _FRESH_EVERY:
                shutil.copytree(made.home, site.home)
            homes += 1
            for _ in range(2 if homes % 3 == 0 else 1):
                is_command = outcome.runs % _COMMAND_EVERY == _COMMAND_EVERY - 1
                late += not (_kill_command(site, draw) if is_command else _kill(site, draw, lasts_s))
                outcome.runs += 1
            said = score(site)
            outcome.expect(said.code == 0, said.errors)
            outcome.add(site, undisturbed)
            outcome.runs -= 1  # counted by kill
            shutil.rmtree(site.home)
            tell(outcome.runs)
        outcome.note = f"{homes} homes; {late} batches had ended just before"
    return outcome


def _lasts_s(site: Site) -> float:
    Started(site, "db", "check").end()  # after which the program is loaded for all
    began = monotonic()
    Started(site, "score", site.night, "--workers", 0).end()
    return monotonic() - began


def _kill(site: Site, draw: Random, lasts_s: float) -> bool:
    """Kill at any instant of its life or, in every second case, of the shorter time in which it keeps results."""
    batch = Started(site, "score", site.night, "--workers", 0)
    if draw.random() < 1 / 2:
        had = finished_count(site.home)
        wait_for(lambda: finished_count(site.home) > had, batch)
        lasts_s /= 4
    sleep(draw.uniform(0, lasts_s))
    return batch.kill()


def _kill_command(site: Site, draw: Random) -> bool:
    """Kill the command as a user starts it, with all its workers, after a contact or some later."""
    command = [sys.executable, "-m", "callqa", "score", str(site.night), "--workers", str(_WORKERS), "--json"]
    least = draw.randint(1, len(list(site.night.iterdir())))
    with subprocess.Popen(
        command,
        env=os.environ | site.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        while process.poll() is None and finished_count(site.home) < least:
            sleep(0.005)
        was_running = process.poll() is None
        if was_running:
            os.killpg(process.pid, signal.SIGKILL)
    return was_running
