"""Options and arguments that stand in several commands; each has one name and one meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.period import check_month, months_of
from qa_pipeline.errors import N_, ConfigurationError


def _month(value: str | None) -> str | None:
    if value is not None:
        check_month(value)
    return value


def _period(value: str | None) -> str | None:
    if value is not None:
        months_of(value)
    return value


def _person(value: str) -> str:
    if not value.strip():
        raise ConfigurationError(N_("Nobody is named."), hint=N_("Give the name of a person with --by."), field="by")
    return value


PeriodArgument = Annotated[str, typer.Argument(help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")]
PeriodOption = Annotated[str, typer.Option("--period", help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")]
MonthOption = Annotated[str, typer.Option("--period", help="YYYY-MM.")]
AnyMonthOption = Annotated[
    str | None, typer.Option("--period", callback=_month, help="YYYY-MM; all months when left out.")
]
AnyPeriodOption = Annotated[
    str | None, typer.Option("--period", callback=_period, help="Month, quarter or year; all when left out.")
]
MonthOfTableOption = Annotated[
    str | None, typer.Option("--period", help="YYYY-MM, for a table without a column of months.")
]
AgentOption = Annotated[str, typer.Option("--agent", help="Id of the agent.")]
AnyAgentOption = Annotated[str | None, typer.Option("--agent", help="Agent id.")]
KnownAgentsOption = Annotated[
    bool, typer.Option("--known-agents-only", help="Refuse agents whom nothing has named before.")
]
ByOption = Annotated[str, typer.Option("--by", callback=_person, help="Name of the person who does it; it is kept.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a sentence; it is kept.")]
RoleOption = Annotated[StaffRole, typer.Option("--role", help="In which role.")]
TableArgument = Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines (also .gz) or XLSX.")]
