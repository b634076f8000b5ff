"""Whether a home is whole: every contact once, as in an undisturbed run, and nothing that the product's checks find."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple
from unittest.mock import patch
from zoneinfo import ZoneInfo

from callqa.cli.main import main
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import open_store
from qa_pipeline.store.listing import INDEXED

ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE_S = 120
_STREAMS = ("stdout", "stderr")
# What must be the same however a batch was disturbed: not ids that count up, not runs, not times.
_KEPT = {
    "contact": "SELECT id, content_sha256 FROM contact",
    "inspection": "SELECT contact_id, fingerprint, points, red_line FROM inspection",
    "artifact": "SELECT contact_id, stage, fingerprint FROM artifact",
    "utterance": "SELECT contact_id, place, text FROM utterance",
    "problem": "SELECT subject, type FROM problem",
}
_KINDS = {"listen": Listening, "transcribe": Transcript, "annotate": Annotated, "speakers": Transcript}

Rows = Counter[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Recordings to score with an address for the rows; ``url`` None is SQLite in the home."""

    night: Path
    home: Path
    url: str | None = None

    @property
    def store_url(self) -> str:
        return self.url or f"sqlite:///{self.home / 'callqa.db'}"

    @property
    def environment(self) -> dict[str, str]:
        """What the settings of a command for this site are, beside its home."""
        return {"CALLQA_HOME": str(self.home), "CALLQA_LANG": "en", "CALLQA_DATABASE_URL": self.store_url}

    def at(self, home: Path, url: str | None = None) -> Site:
        """Return the same recordings with another home."""
        return Site(night=self.night, home=home, url=url)


class Said(NamedTuple):
    """What a command answered."""

    code: int
    document: dict[str, Any]
    errors: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a fault did, over all its runs.

    ``lost`` and ``doubled`` count rows and stage outputs beside an undisturbed run; one that changed is both.
    ``faults`` is what ``callqa db check`` found, ``broken`` how often ``callqa audit verify`` failed, and ``wrong``
    whatever else was not as a user may expect it.
    """

    fault: str
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    faults: list[str] = field(default_factory=list)
    broken: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    note: str = ""

    @property
    def is_whole(self) -> bool:
        return not (self.lost or self.doubled or self.faults or self.broken or self.wrong)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note what is wrong unless something holds."""
        if not holds:
            self.wrong.append(otherwise)

    def add(self, site: Site, undisturbed: Rows) -> None:
        """Look at a home after a run and count what is not as in the undisturbed one."""
        self.runs += 1
        found = kept_rows(site)
        self.lost += sum((undisturbed - found).values()) + unreadable(site)
        self.doubled += sum((found - undisturbed).values())
        self.check(site)

    def check(self, site: Site) -> None:
        """Ask the product's own checks."""
        self.faults += [fault["problem"] for fault in callqa(site, "db", "check").document["faults"]]
        self.broken += callqa(site, "audit", "verify").code != 0


@contextmanager
def timed(outcome: Outcome) -> Iterator[Outcome]:
    """Keep how long a block took in an outcome."""
    began = monotonic()
    try:
        yield outcome
    finally:
        outcome.seconds += monotonic() - began


def write_night(folder: Path, count: int) -> Path:
    """Write so many small transcripts, each with words of its own; every third has a red line."""
    folder.mkdir(parents=True)
    for number in range(count):
        lines = ["坐席：您好，很高兴为您服务，请问有什么可以帮您？", f"客户：我的第{number}个订单还没有到。"]
        lines += ["坐席：你有病吧，爱投诉就去投诉。"] if number % 3 == 0 else []
        text = "\n".join([*lines, "坐席：感谢您的来电，再见。"])
        (folder / f"call{number:03d}.txt").write_text(text, encoding="utf-8")
    return folder


def undisturbed_rows(night: Path, home: Path) -> Rows:
    """Score a folder in a home of its own with nothing in the way, and return what is kept then."""
    site = Site(night=night, home=home)
    said = score(site)
    assert said.code == 0, said.errors
    return kept_rows(site)


def callqa(site: Site, *arguments: object) -> Said:
    """Run a command here, which spares the start of a process."""
    out, errors = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, site.environment), redirect_stdout(out), redirect_stderr(errors):
        code = main([*map(str, arguments), "--json"])
    return Said(code, json.loads(out.getvalue()), errors.getvalue())


def score(site: Site) -> Said:
    """Score what is missing, in this process."""
    return callqa(site, "score", site.night, "--workers", "0")


class Started:
    """A command in a process of its own, which began where the program had been loaded: no instant is lost on that."""

    def __init__(self, site: Site, *arguments: object, **environment: str) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._folder = Path(tempfile.mkdtemp(prefix="callqa-faults-"))
        command, env = [*map(str, arguments), "--json"], site.environment | environment
        self._process = context.Process(target=_run, args=(command, env, self._folder))
        self._process.start()

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> bool:
        """Kill -9 it and return whether it was still at work."""
        was_running = self.is_running
        self._process.kill()
        self.end()
        return was_running

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def end(self, seconds: float = PATIENCE_S) -> tuple[int, str, str] | None:
        """Return exit code, stdout and stderr once it has ended; None when it has not after so many seconds."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            return None
        out, errors = (
            (self._folder / name).read_text("utf-8") if (self._folder / name).exists() else "" for name in _STREAMS
        )
        shutil.rmtree(self._folder)
        return self._process.exitcode, out, errors


def _run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    os.environ.update(environment)
    out, errors = (folder / name for name in _STREAMS)
    with (
        out.open("w", encoding="utf-8") as said,
        errors.open("w", encoding="utf-8") as complained,
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        code = main(command)
    sys.exit(code)


def wait_for(what: Callable[[], bool], started: Started | None = None) -> bool:
    """Wait until something holds and return True, or False once the process has ended without."""
    deadline = monotonic() + PATIENCE_S
    while not what():
        if started is not None and not started.is_running:
            return what()
        assert monotonic() < deadline, "nothing happens"
        sleep(0.01)
    return True


def kept_rows(site: Site) -> Rows:
    """Return what a home holds, each row with how often it is there."""
    store = open_store(site.store_url, ZONE)
    rows: Rows = Counter()
    with store.reading() as tx:
        for name, query in _KEPT.items():
            rows.update((name, *row) for row in tx.connection.exec_driver_sql(query))
    store.close()
    return rows


def unreadable(site: Site) -> int:
    """Return how many stage outputs that rows name cannot be read."""
    artifacts = ArtifactFolder(site.home / "artifacts")
    named = [row[2:] for row in kept_rows(site) if row[0] == "artifact" and row[2] != INDEXED]
    return sum(artifacts.find(_KINDS[stage], stage, fingerprint) is None for stage, fingerprint in named)


def finished_count(home: Path) -> int:
    """Return how many contacts a batch has worked through, kept or not yet."""
    return len(list(home.glob("artifacts/annotate/*/*.json")))


def first_ids(rows: Sequence[str], of: Sequence[str]) -> bool:
    """Whether some ids are the first of others, in order."""
    return list(rows) == list(of[: len(rows)])
