"""Make the report of a period, and write it to a file in the format that the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.performance import Agent, Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_, ConfigurationError, NotFound, StoreReadOnly, fill
from qa_pipeline.i18n import translator
from qa_pipeline.report.compose import ReportInputs, compose
from qa_pipeline.report.csv import render_csv
from qa_pipeline.report.data import FocusRow, ProblemRow, ReportData
from qa_pipeline.report.excel import render_excel
from qa_pipeline.report.html import render_html
from qa_pipeline.report.json import render_json
from qa_pipeline.report.pdf import render_pdf
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.evaluate import list_team_results
from qa_pipeline.stages.artifacts import write_atomically
from qa_pipeline.store import Problem, Store, Transaction

_RENDERERS: Mapping[str, Callable[[ReportData], bytes]] = {
    ".html": render_html,
    ".xlsx": render_excel,
    ".csv": render_csv,
    ".json": render_json,
    ".pdf": render_pdf,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a report is made.

    ``reach``: whose contacts and evaluations it is of; nothing of others is in it. ``quotes``: whether it says what was
    said in contacts. ``hidden``: ids of contacts that are left out, because the reader is reviewing them blind.
    """

    reach: Reach = EVERYTHING
    quotes: bool = True
    hidden: Collection[str] = ()


ANYBODY = Reader()


def build_report(
    store: Store,
    period: str,
    language: str,
    *,
    rulebook: Rulebook,
    focus: Mapping[str, tuple[FocusRow, ...]] | None = None,
    now: datetime | None = None,
    reader: Reader = ANYBODY,
) -> ReportData:
    """Return the report of a period.

    Parameters
    ----------
    period : str
        A month as ``YYYY-MM``, a quarter or a year; longer periods have the contacts of all their months, and the
        evaluations that were made for them.
    language : str
        ``zh`` or ``en``.
    focus : mapping of agent id to coaching focus, optional
        Made by whoever coaches; the pipeline itself knows nothing of coaching.
    now : datetime, optional
        Aware time that the report carries as its own.
    reader : Reader, optional
        Who is to see it; everything where left out.

    Raises
    ------
    ConfigurationError
        `period` is no month, quarter or year.
    NotFound
        The period has no inspected contact, no evaluation and no problem.
    """
    months = months_of(period)
    with store.reading() as tx:
        covered = _Covered(reader.reach, tx.agents.list())
        inspected = [
            found
            for month in months
            for found in tx.inspections.list(period=month)
            if found[0].id not in reader.hidden and covered.contact(found[0])
        ]
        evaluations = [found for found in tx.evaluations.list(period) if covered.evaluation(found)]
        # Reviews are put together with the machine's scores month by month.
        teams = list_team_results(tx, period, rulebook.scorecards) if len(months) == 1 else ()
        teams = [team for team in teams if reader.reach.covers(None, team.team)]
        problems = problem_rows(_problems_of(tx, months, store.time_zone, covered), language)
        known = ", ".join(tx.contacts.periods()[-6:])
    if not (inspected or evaluations or problems):
        raise NotFound(
            N_("Nothing was inspected or evaluated in {period}."),
            hint=N_("Months with contacts: {known}.")
            if known
            else N_("Score some contacts first: callqa score FOLDER."),
            period=period,
            known=known,
        )
    return compose(
        ReportInputs(
            period=period,
            language=language,
            zone=store.time_zone.key,
            generated_at=now or datetime.now(UTC),
            rulebook=rulebook,
            inspected=inspected,
            evaluations=evaluations,
            agents=covered.agents,
            problems=problems,
            focus=focus or {},
            teams=teams,
            quotes=reader.quotes,
        )
    )


class _Covered:
    """What somebody may see; a contact or an evaluation without a team belongs to that of its agent."""

    def __init__(self, reach: Reach, agents: Sequence[Agent]) -> None:
        self._reach = reach
        self._teams = {agent.id: agent.team for agent in agents}
        self.agents = [agent for agent in agents if reach.covers(agent.id, agent.team)]

    def contact(self, contact: Contact) -> bool:
        return self._reach.covers(contact.agent_id, contact.team or self._teams.get(contact.agent_id or ""))

    def evaluation(self, evaluation: Evaluation) -> bool:
        return self._reach.covers(evaluation.agent_id, evaluation.team or self._teams.get(evaluation.agent_id))

    def problem(self, contact: Contact | None) -> bool:
        # Whose file it was that failed before its metadata were known, nobody can say.
        return self._reach.everything if contact is None else self.contact(contact)


def _problems_of(tx: Transaction, months: Collection[str], zone: ZoneInfo, covered: _Covered) -> Iterator[Problem]:
    for problem in tx.problems.list():
        contact = tx.contacts.find(problem.contact_id) if problem.contact_id else None
        if not covered.problem(contact):
            continue
        # A file that failed before its metadata were known could be of any month, so every report names it.
        if contact is None or contact.started_at is None or f"{contact.started_at.astimezone(zone):%Y-%m}" in months:
            yield problem


def problem_rows(problems: Iterable[Problem], language: str) -> tuple[ProblemRow, ...]:
    """Return what was not scored, in words; pending items first, for something can be done about them."""
    translate = translator(language)
    rows = (
        ProblemRow(
            contact_id=problem.contact_id,
            path=problem.subject,
            status=problem.status,
            type=problem.type,
            message=fill(translate(problem.message), dict(problem.params)),
            hint=fill(translate(problem.hint), dict(problem.params)) if problem.hint else "",
        )
        for problem in problems
    )
    return tuple(sorted(rows, key=lambda row: (row.status != "pending", row.path)))


def write_report(report: ReportData, path: Path) -> int:
    """Write a report in the format of the extension of `path`; return the size in bytes.

    Raises
    ------
    ConfigurationError
        The extension is none of .html, .xlsx, .csv, .json, .pdf.
    PendingError
        A PDF cannot be printed on this machine.
    StoreReadOnly, StoreFull, StoreError
        The file cannot be written. An older file of that name stays as it was.
    """
    check_format(path)
    document = render_report(report, path.suffix.lower())
    try:
        write_atomically(path, document)
    except StoreReadOnly as problem:
        raise StoreReadOnly(
            N_("You may not write into the folder {folder}."),
            hint=N_("Choose another folder for the file."),
            file=str(path),
            folder=path.parent,
        ) from problem
    return len(document)


def render_report(report: ReportData, suffix: str) -> bytes:
    """Return a report as the content of a file; ``suffix`` is .html, .xlsx, .csv, .json or .pdf."""
    return _RENDERERS[suffix](report)


def check_format(path: Path) -> None:
    """Raise ConfigurationError when no renderer writes files of this extension."""
    if path.suffix.lower() not in _RENDERERS:
        raise ConfigurationError(
            N_("No report can be written as {name}."),
            hint=N_("Give the file one of these extensions: {extensions}."),
            file=str(path),
            name=path.name,
            extensions=", ".join(_RENDERERS),
        )
