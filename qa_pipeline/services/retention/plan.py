"""What would be deleted now by which rule, and what stays although it is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.retention import RetentionRules, RuleName
from qa_pipeline.services.retention.files import audio_files, due_uploads, uploaded
from qa_pipeline.services.retention.keeping import Keeps, Kept, due_contact, read_kept
from qa_pipeline.services.retention.results import count_traces, due_results
from qa_pipeline.services.retention.risk import DueRisk, due_risk
from qa_pipeline.stages.artifacts import Artifacts, name_of, size_of
from qa_pipeline.store import Store, Transaction, tables
from qa_pipeline.store.documents import load
from qa_pipeline.store.listing import INDEXED


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what something is due: the rules of the site, its folder, its stage outputs and the moment."""

    rules: RetentionRules
    home: Path
    artifacts: Artifacts
    now: datetime

    def before(self, days: int) -> datetime:
        """Return the moment so many days ago."""
        return self.now - timedelta(days=days)

    def ended_before(self, months: int, zone: ZoneInfo) -> date:
        """Return the first day of the month so many months ago: a period that ended before it is due."""
        today = self.now.astimezone(zone).date()
        number = today.year * 12 + today.month - 1 - months
        return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRule:
    """What one rule would delete. ``oldest_on``: day or month of the oldest; ``kept``: how many stay, by reason.

    ``parts``: the count by table, where a rule has several.
    """

    rule: RuleName
    count: int
    size_bytes: int = 0
    oldest_on: str | None = None
    kept: Mapping[Keeps, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)


def plan_retention(store: Store, terms: Terms) -> Sequence[PlannedRule]:
    """Return what the rules that are set would delete now; changes nothing."""
    with store.reading() as tx:
        kept = read_kept(tx, terms.now)
        return [_PLANS[rule](tx, terms, kept) for rule in set_rules(terms.rules)]


def set_rules(rules: RetentionRules) -> Sequence[RuleName]:
    """Return the rules that are set, in the order in which they are applied; that of risk always is."""
    days = {
        RuleName.CONTACTS: rules.contact_days,
        RuleName.AUDIO: rules.audio_days,
        RuleName.UPLOADS: rules.upload_days,
        RuleName.RESULTS: rules.result_months,
        RuleName.TRACES: rules.trace_days,
        RuleName.RISK: rules.risk_months,
    }
    return [rule for rule, value in days.items() if value is not None]


def contacts_to_go(terms: Terms, kept: Kept) -> ColumnElement[bool]:
    """Return the condition that a contact is due and nothing keeps it."""
    return and_(due_contact(terms.before(_set(terms.rules.contact_days))), *map(not_, kept.keeps_contact().values()))


def audio_to_go(
    tx: Transaction, terms: Terms, kept: Kept, *, after: str = "", stays: bool = False
) -> Iterator[tuple[Contact, Sequence[Path]]]:
    """Yield contacts, by id, whose uploaded recordings are due and there; with `stays` those that something keeps."""
    keeps = or_(*kept.keeps_contact().values())
    query = (
        select(tables.contact.c.document)
        .where(
            due_contact(terms.before(_set(terms.rules.audio_days))),
            uploaded(terms.home),
            keeps if stays else not_(keeps),
            tables.contact.c.id > after,
        )
        .order_by(tables.contact.c.id)
    )
    for document in tx.connection.execute(query.execution_options(yield_per=200)).scalars():
        contact = load(Contact, document)
        files = audio_files(contact, terms.home)
        if files:
            yield contact, files


def _plan_contacts(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    due = due_contact(terms.before(_set(terms.rules.contact_days)))
    reasons: dict[Keeps, int] = {}
    earlier: list[ColumnElement[bool]] = []
    for reason, keeps in kept.keeps_contact().items():
        reasons[reason] = _count(tx, and_(due, keeps, *map(not_, earlier)))
        earlier.append(keeps)
    gone = contacts_to_go(terms, kept)
    oldest = tx.connection.execute(
        select(func.min(func.coalesce(tables.contact.c.started_at, tables.contact.c.created_at))).where(gone)
    ).scalar()
    artifact = tables.artifact
    files = tx.connection.execute(
        select(artifact.c.stage, artifact.c.fingerprint)
        .join(tables.contact, tables.contact.c.id == artifact.c.contact_id)
        .where(gone, artifact.c.stage != INDEXED)
        .execution_options(yield_per=1000)
    )
    return PlannedRule(
        rule=RuleName.CONTACTS,
        count=_count(tx, gone),
        size_bytes=terms.artifacts.size(name_of(row.stage, row.fingerprint) for row in files),
        oldest_on=_day(oldest, tx),
        kept=_some(reasons),
    )


def _plan_audio(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    count = size = 0
    oldest: datetime | None = None
    for contact, files in audio_to_go(tx, terms, kept):
        count += len(files)
        size += sum(map(size_of, files))
        if contact.started_at is not None and (oldest is None or contact.started_at < oldest):
            oldest = contact.started_at
    held = sum(len(files) for _, files in audio_to_go(tx, terms, kept, stays=True))
    return PlannedRule(
        rule=RuleName.AUDIO, count=count, size_bytes=size, oldest_on=_day(oldest, tx), kept=_some({Keeps.HOLD: held})
    )


def _plan_uploads(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    files, held = due_uploads(tx, kept, terms.home, terms.before(_set(terms.rules.upload_days)))
    oldest = min((path.stat().st_mtime for path in files), default=None)
    return PlannedRule(
        rule=RuleName.UPLOADS,
        count=len(files),
        size_bytes=sum(map(size_of, files)),
        oldest_on=_day(None if oldest is None else datetime.fromtimestamp(oldest, UTC), tx),
        kept=_some({Keeps.HOLD: held}),
    )


def _plan_results(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    before = terms.ended_before(_set(terms.rules.result_months), tx.time_zone)
    found = list(due_results(tx, kept, before))
    going = [one for one in found if one.keeps is None]
    return PlannedRule(
        rule=RuleName.RESULTS,
        count=len(going),
        oldest_on=min((one.period for one in going), default=None),
        kept=Counter(one.keeps for one in found if one.keeps is not None),
        parts=Counter(one.table.name for one in going),
    )


def _plan_traces(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    del kept
    parts = {
        name: count for name, count in count_traces(tx, terms.before(_set(terms.rules.trace_days))).items() if count
    }
    return PlannedRule(rule=RuleName.TRACES, count=sum(parts.values()), parts=parts)


def risk_to_look_at(tx: Transaction, terms: Terms, kept: Kept) -> Iterator[DueRisk]:
    """Yield what is due of risk, with old figures of personnel where results of old periods go."""
    months = terms.rules.result_months
    before = terms.ended_before(months, tx.time_zone) if months is not None else None
    return due_risk(tx, kept, terms.rules, terms.now, before)


def _plan_risk(tx: Transaction, terms: Terms, kept: Kept) -> PlannedRule:
    found = list(risk_to_look_at(tx, terms, kept))
    going = [one for one in found if one.keeps is None]
    return PlannedRule(
        rule=RuleName.RISK,
        count=len(going),
        oldest_on=min((one.month for one in going), default=None),
        kept=Counter(one.keeps for one in found if one.keeps is not None),
        parts=Counter(one.table.name for one in going),
    )


def _set(value: int | None) -> int:
    assert value is not None, "only rules that are set are asked"
    return value


def _count(tx: Transaction, condition: ColumnElement[bool]) -> int:
    return int(tx.connection.execute(select(func.count()).select_from(tables.contact).where(condition)).scalar_one())


def _day(moment: datetime | None, tx: Transaction) -> str | None:
    if moment is None:
        return None
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{known.astimezone(tx.time_zone):%Y-%m-%d}"


def _some(reasons: Mapping[Keeps, int]) -> Mapping[Keeps, int]:
    return {reason: count for reason, count in reasons.items() if count}


_PLANS: Mapping[RuleName, Callable[[Transaction, Terms, Kept], PlannedRule]] = {
    RuleName.CONTACTS: _plan_contacts,
    RuleName.AUDIO: _plan_audio,
    RuleName.UPLOADS: _plan_uploads,
    RuleName.RESULTS: _plan_results,
    RuleName.TRACES: _plan_traces,
    RuleName.RISK: _plan_risk,
}
