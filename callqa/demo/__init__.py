"""The demo set: recordings, chats and tables of invented companies, made by ``tools/make_demo_data.py``."""

from __future__ import annotations

import filecmp
import shutil
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.stages.artifacts import store_problem
from qa_pipeline.store import Store

DATA = Path(__file__).parent / "data"
PERIODS = ("2026-08", "2026-09", "2026-10")
# A real night has these too: a call in a language without an engine, an empty file, a file that is no sound.
TROUBLED = frozenset({"ZH2009.flac", "night-0415.wav", "readme-copy.wav"})


@dataclass(frozen=True, slots=True)
class DemoSet:
    """The set in some folder."""

    folder: Path

    @property
    def recordings(self) -> Path:
        """Calls, with their transcripts where there are any."""
        return self.folder / "recordings"

    @property
    def metadata(self) -> Path:
        """Table of the calls."""
        return self.recordings / "metadata.csv"

    @property
    def chats(self) -> Path:
        """Online chats as JSONL and CSV."""
        return self.folder / "chats"

    @property
    def kpis(self) -> list[Path]:
        """Tables of indicators, one per month, oldest first."""
        return sorted((self.folder / "kpi").iterdir())

    @property
    def reviews(self) -> Path:
        """Reviews of the last month by three people."""
        return self.folder / "reviews.csv"

    @property
    def assignments(self) -> Path:
        """Roles and teams of the agents, one of whom changes teams inside October."""
        return self.folder / "assignments.csv"

    @property
    def ratings(self) -> Path:
        """Ratings of October by the agents themselves, their leads and those who report to a lead."""
        return self.folder / "ratings.csv"

    @property
    def incidents(self) -> Path:
        """Critical incidents of October."""
        return self.folder / "incidents.csv"

    @property
    def staff_months(self) -> Path:
        """Overtime, unplanned absence, changes of the roster and time since the last raise, by agent and month."""
        return self.folder / "staff_months.csv"

    @property
    def references(self) -> Path:
        """What was really said in the English calls, for ``callqa validate asr``."""
        return self.folder / "references.csv"


SHIPPED = DemoSet(DATA)


def install_set(home: Path, store: Store) -> DemoSet:
    """Copy the set to ``home/demo``; what is there already stays.

    Raises
    ------
    ConfigurationError
        The home holds contacts of the user's own, with which invented ones must not be mixed, or the set of another
        version of callqa, whose contacts have the same ids.
    StoreReadOnly, StoreFull, StoreError
        The folder cannot be written.
    """
    target = home / "demo"
    if not target.exists():
        _refuse_own_contacts(home, store)
    try:
        for source in sorted(path for path in DATA.rglob("*") if path.is_file()):
            _copy(source, target / source.relative_to(DATA), home)
    except OSError as problem:
        raise store_problem(problem, target) from problem
    return DemoSet(target)


def _copy(source: Path, copy: Path, home: Path) -> None:
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_name(f".{copy.name}.part")  # hidden, so that a copy cut short is no recording
        shutil.copyfile(source, part)
        part.replace(copy)
    elif not filecmp.cmp(source, copy, shallow=False):
        raise ConfigurationError(
            N_("The demo set in this home is of another version of callqa, or was changed."),
            hint=N_("Remove the folder {home}, or choose another one: callqa demo --home FOLDER."),
            file=str(copy),
            home=home,
        )


def _refuse_own_contacts(home: Path, store: Store) -> None:
    with store.reading() as tx:
        own = next(iter(tx.contacts.list()), None)
    if own is not None:
        raise ConfigurationError(
            N_("This home already holds contacts of your own; the demo's invented ones would be mixed with them."),
            hint=N_("Choose another folder: callqa demo --home FOLDER."),
            file=str(home),
        )
