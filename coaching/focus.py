"""Coaching focus in words, and the period report with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from coaching.gaps import Example, Gap, find_gaps
from coaching.library import topic_for
from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.period import months_of
from qa_pipeline.i18n import translator
from qa_pipeline.report.data import ExampleRow, FocusRow, ReportData
from qa_pipeline.report.labels import Translate, reason_text
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.report import ANYBODY, Reader, build_report
from qa_pipeline.store import Store


def focus_of(
    inspected: Iterable[tuple[Contact, Inspection]], rulebook: Rulebook, language: str
) -> Mapping[str, tuple[FocusRow, ...]]:
    """Return the coaching focus by agent id, in the reader's language."""
    translate = translator(language)
    return {
        agent_id: tuple(_focus_row(gap, rulebook, language, translate) for gap in gaps)
        for agent_id, gaps in find_gaps(inspected).items()
    }


def _focus_row(gap: Gap, rulebook: Rulebook, language: str, translate: Translate) -> FocusRow:
    criterion_id = gap.key[2]
    known = rulebook.find_criterion(*gap.key)
    topic = topic_for(criterion_id, known[0].id if known else "")
    return FocusRow(
        criterion_id=criterion_id,
        criterion=known[1].name.in_language(language) if known else criterion_id,
        met=gap.met,
        site_ratio=gap.site_ratio,
        action=topic.action.text.in_language(language),
        practice=topic.practice.text.in_language(language),
        if_then=topic.if_then.text.in_language(language),
        good=_example_row(gap.good, translate),
        improve=_example_row(gap.improve, translate),
    )


def _example_row(example: Example | None, translate: Translate) -> ExampleRow | None:
    if example is None:
        return None
    evidence = example.evidence
    return ExampleRow(
        contact_id=example.contact.id,
        started_at=example.contact.started_at,
        quote=evidence.quote if evidence else "",
        role=evidence.role if evidence else None,
        start_s=evidence.start_s if evidence else None,
        reason=reason_text(example.finding.reason, translate),
    )


def read_focus(
    store: Store,
    period: str,
    language: str,
    *,
    rulebook: Rulebook,
    agent_id: str | None = None,
    reach: Reach = EVERYTHING,
    hidden: Collection[str] = (),
) -> Mapping[str, tuple[FocusRow, ...]]:
    """Return the coaching focus of a month, quarter or year by agent id, of one agent when `agent_id` is given.

    Of narrower reach the contacts within it alone are read, and everybody is compared with those; ``hidden``
    ones are left out.

    Raises
    ------
    ConfigurationError
        `period` is no month, quarter or year.
    """
    months = months_of(period)
    with store.reading() as tx:
        teams = {agent.id: agent.team for agent in tx.agents.list()}
        inspected = (
            (contact, inspection)
            for month in months
            for contact, inspection in tx.inspections.list(period=month)
            if contact.id not in hidden
            and reach.covers(contact.agent_id, contact.team or teams.get(contact.agent_id or ""))
        )
        found = focus_of(inspected, rulebook, language)
    return {each: rows for each, rows in found.items() if agent_id in (None, each)}


def build_coached_report(
    store: Store,
    period: str,
    language: str,
    *,
    rulebook: Rulebook,
    now: datetime | None = None,
    reader: Reader = ANYBODY,
) -> ReportData:
    """Return the report of a period with each agent's coaching focus; parameters and errors as of `build_report`."""
    focus = read_focus(store, period, language, rulebook=rulebook, reach=reader.reach, hidden=reader.hidden)
    return build_report(
        store,
        period,
        language,
        rulebook=rulebook,
        focus=focus,
        now=now,
        reader=reader,
    )
