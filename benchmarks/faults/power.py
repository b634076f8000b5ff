"""The power goes while a batch runs and accounts are made: what was committed is there, and nothing by half."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.faults.disk import Disk
from benchmarks.faults.whole import Outcome, Rows, Site, callqa, first_ids, kept_rows, score, timed

_INSPECTED = "SELECT contact_id FROM inspection ORDER BY id"
_AUDITED = "SELECT digest FROM audit_entry ORDER BY number"
# Among how many moments one is chosen: SQLite writes about a hundred pages for each contact.
_ONE_OF = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """What one power cut left, and what others could read in the database just before it."""

    folder: Path
    inspected: Sequence[str]
    audited: Sequence[str]


def cut_power(site: Site, undisturbed: Rows, folder: Path, cuts: int, seed: int) -> Outcome:
    """Score once with an eye on the disk, and look at what a power cut at some of its moments would leave.

    Of each: the store opens, its checks are clean before anything is mended, it holds the committed transactions and
    besides at most some that came next, and the same command finishes the batch.
    """
    draw = Random(seed)
    kept: list[Cut] = []
    seen = 0

    def on_instant(disk: Disk) -> None:
        nonlocal seen
        seen += 1
        if draw.random() * _ONE_OF >= 1:
            return
        # A sample of all moments that is as large as it shall be, however many there are.
        place = len(kept) if len(kept) < cuts else draw.randrange(seen // _ONE_OF + 1)
        if place < cuts:
            cut = Cut(folder / f"cut{seen}", _read(site.home, _INSPECTED), _read(site.home, _AUDITED))
            disk.power_cut(cut.folder, draw)
            kept[place : place + 1] = [cut]

    folder.mkdir()
    site.home.parent.mkdir()
    with timed(Outcome(fault="power cut")) as outcome:
        with Disk(site.home.parent, on_instant).watching() as disk:
            for login in ("first", "second"):
                callqa(site, "users", "add", login, "--role", "qa", "--sso-only")
                outcome.expect(score(site).code == 0, "the batch did not run")
        outcome.add(site, undisturbed)
        whole = {query: _read(site.home, query) for query in (_INSPECTED, _AUDITED)}
        for cut in kept:
            _look(cut, site, whole, undisturbed, outcome)
        outcome.note = f"{seen} moments, {disk.synced_files} files and {disk.synced_folders} folders synced"
    return outcome


def _look(cut: Cut, site: Site, whole: dict[str, Sequence[str]], undisturbed: Rows, outcome: Outcome) -> None:
    # One place for all: this process keeps the models that it loads by their place.
    left = site.at(cut.folder.parent / "left" / site.home.name)
    cut.folder.rename(left.home.parent)
    left.home.mkdir(exist_ok=True)  # gone where nothing had been promised yet
    kept_rows(left)  # which opens the store as any command does
    outcome.check(left)
    for query, promised in ((_INSPECTED, cut.inspected), (_AUDITED, cut.audited)):
        found = _read(left.home, query)
        # The check of the audit has added an entry of its own.
        found = found[:-1] if query == _AUDITED else found
        outcome.lost += max(0, len(promised) - len(found))
        outcome.expect(first_ids(found, whole[query]), f"{cut.folder.name}: what is left is not what was written first")
    said = score(left)
    outcome.expect(said.code == 0, f"{cut.folder.name}: {said.errors}")
    outcome.add(left, undisturbed)
    shutil.rmtree(left.home.parent)


def _read(home: Path, query: str) -> Sequence[str]:
    """Return what another process would read now; nothing before there are tables."""
    path = home / "callqa.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)) as connection:
        try:
            return [row[0] for row in connection.execute(query)]
        except sqlite3.OperationalError:
            return []
