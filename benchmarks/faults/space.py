"""Disks that are full, and folders that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.whole import Outcome, Rows, Site, callqa, score, timed

# What is left beside the new tables: it is full at another step of the batch each time.
FREE_KB = (4, 60, 160)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Give a file system of its own of 8 MB; None where this user may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_disk(site_of: Callable[[str], Site], undisturbed: Rows, disk: Path) -> Outcome:
    """Score into a disk that gets full in the middle; once there is room the same command goes on.

    `site_of` gives homes on the disk.
    """
    with timed(Outcome(fault="full disk")) as outcome:
        for free_kb in FREE_KB:
            site = site_of("full")
            callqa(site, "users", "add", "first", "--role", "qa", "--sso-only")
            other = disk / "other"
            other.write_bytes(bytes(shutil.disk_usage(disk).free - (free_kb << 10)))
            _expect_refusal(site, outcome, "StoreFull")
            other.unlink()
            _go_on(site, undisturbed, outcome)
            shutil.rmtree(site.home)
    return outcome


def forbid_writing(site_of: Callable[[str], Site], undisturbed: Rows, disk: Path) -> Outcome:
    """Score into a disk that is mounted read-only before there is anything, and in the middle."""
    with timed(Outcome(fault="read-only disk")) as outcome:
        for name, begun in (("empty", 0), ("half", 3)):
            site = site_of(name)
            if begun:
                some = sorted(site.night.iterdir())[:begun]
                outcome.expect(callqa(site, "score", *some, "--workers", "0").code == 0, "it did not begin")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            _expect_refusal(site, outcome, "StoreReadOnly")
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            _go_on(site, undisturbed, outcome)
    return outcome


def _expect_refusal(site: Site, outcome: Outcome, kind: str) -> None:
    said = score(site)
    error = said.document.get("error", {})
    outcome.expect((said.code, error.get("type")) == (1, kind), f"{kind} expected: {said}")
    outcome.expect(bool(error.get("hint")), "nothing says what to do")
    outcome.expect("Traceback" not in said.errors, said.errors)


def _go_on(site: Site, undisturbed: Rows, outcome: Outcome) -> None:
    said = score(site)
    outcome.expect(said.code == 0, said.errors)
    outcome.add(site, undisturbed)
