"""Results as a table of the terminal, and as the page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from benchmarks.registry import MODULES
from benchmarks.results import Change, Figure, Measured, Results

HEADS = ("benchmark", "way", "each", "spread", "speed", "peak MiB", "memory", "bar")
_SLOWER_SHOWN, _FASTER_SHOWN = 1.02, 0.98


def table_of(results: Results, found: Iterable[Change] = ()) -> Table:
    """Return the table; with what changed since another run, where something is known of that."""
    changed = {(change.name, change.way): change for change in found}
    table = Table(*HEADS, *(["since then"] if changed else []))
    for name, measured in results.benchmarks.items():
        for row, (way, figure) in enumerate(measured.ways.items()):
            change = changed.get((name, way))
            told = [_change_text(change) if change else ""] if changed else []
            table.add_row(f"{name} ({measured.unit})" if row == 0 else "", way, *_cells(measured, way, figure), *told)
        table.add_section()
    return table


def page_of(results: Results) -> str:
    """Return the page in Markdown."""
    machine = results.machine
    rows = [
        f"| {name if row == 0 else ''} | {way} | {' | '.join(_cells(measured, way, figure))} |"
        for name, measured in results.benchmarks.items()
        for row, (way, figure) in enumerate(measured.ways.items())
    ]
    abouts = [
        f"- **{name}**, for one {measured.unit}, {measured.clock} seconds: {measured.about}"
        for name, measured in results.benchmarks.items()
    ]
    missing = [name for name in MODULES if name not in results.benchmarks]
    packages = ", ".join(f"{name} {version}" for name, version in results.packages.items())
    return PAGE.format(
        date=f"{results.measured_at:%Y-%m-%d}",
        commit=f" at {results.commit}" if results.commit else "",
        machine=(
            f"{machine.processor}, {machine.core_count} cores, {machine.memory_gib:g} GiB of memory, {machine.system}"
        ),
        load=f"{results.load:g}",
        busy=BUSY if results.load > machine.core_count / 2 else "",
        packages=f"Python {machine.python}; {packages}",
        heads="\n".join((f"| {' | '.join(HEADS)} |", "|---|---|" + "---:|" * 5 + "---|")),
        rows="\n".join(rows),
        abouts="\n".join(abouts),
        missing=f"\n\nNot measured in this run: {', '.join(missing)}." if missing else "",
    )


def _cells(measured: Measured, way: str, figure: Figure) -> tuple[str, ...]:
    """Return the cells behind the title of a way."""
    is_alternative = way == measured.alternative
    return (
        _time_text(figure.median_s),
        "–" if figure.spread_s is None else f"{figure.spread_s / figure.median_s:.0%}",
        "1 ×" if is_alternative else f"{figure.speed_ratio:.3g} ×",
        f"{figure.peak_mib:.0f}",
        "1 ×" if is_alternative else f"{figure.memory_ratio:.2f} ×",
        ", ".join(f"{told}: {'kept' if is_kept else 'missed'}" for told, is_kept in figure.bars),
    )


def _time_text(seconds: float) -> str:
    """Return a time with three digits that count."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _change_text(change: Change) -> str:
    if change.ratio > _SLOWER_SHOWN:
        return f"{'[red]' if change.is_slower else ''}▲ {change.ratio:.2f} ×"
    return f"▼ {change.ratio:.2f} ×" if change.ratio < _FASTER_SHOWN else "="


BUSY = ", so other work ran beside: times are longer and less sure than on an idle machine"
PAGE = """# Benchmarks

`python -m benchmarks` measures everything below in one run of half an hour on two cores, prints the table,
compares it with `benchmarks/results/latest.json`, says what takes over 10 % longer than there, and puts itself in its
place. `python -m benchmarks rules store` measures some of it and keeps nothing, unless `--save FILE` names a place;
`--against FILE` compares with another run, `--quick` only shows that everything runs. `python -m benchmarks --page`
writes this page from the newest run; `make bench` does both. They need the extra `dev`, and Linux.

The ways of a benchmark work in turns, every second round backwards, each in a process of its own on one thread, so
that what drifts meets all of them and peak memory is that of one way. A first repetition does not count, except where
whole batches run. *Each* is the median for one unit, *spread* the interquartile range of the repetitions as a share of
it. *Speed* and *memory* are ratios to the named alternative, the row with `1 ×`: above 1 is faster, and more memory.
Where ways can be compared by what comes out, they must agree, or nothing is shown. Where a limit is set, *bar* says
whether it was kept.

Measured {date}{commit} on {machine}. Load as it began: {load}{busy}. {packages}.

{heads}
{rows}

What is measured, and what the alternative is:

{abouts}{missing}

Other questions have commands of their own: `python -m benchmarks.speech engines` (other sizes, a GPU),
`benchmarks.speech batch`, `benchmarks.evaluation` (everybody for a year, the mixed model), `benchmarks.search`,
`benchmarks.audit`, `benchmarks.service_store`, `benchmarks.service_load`, `benchmarks.pages`, `benchmarks.risk`,
`benchmarks.lexicon`, `benchmarks.planner_check` (what `callqa plan` says beside what a batch takes); `--help` or
the head of the file says what each needs.
"""
