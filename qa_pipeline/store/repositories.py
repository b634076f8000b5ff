"""What one transaction can do, by subject. Nothing here commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, text, update

from qa_pipeline.appraisal.review_need import review_need
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.performance import Agent, Evaluation
from qa_pipeline.errors import N_, CallqaError, Conflict, NotFound
from qa_pipeline.store import tables
from qa_pipeline.store.accounts import Sessions, Tokens, Users
from qa_pipeline.store.answers import Answers
from qa_pipeline.store.assignments import Assignments
from qa_pipeline.store.audit import Audit
from qa_pipeline.store.claims import CalibrationSessions, Claims
from qa_pipeline.store.coaching_plans import CoachingPlans
from qa_pipeline.store.cycle import Appeals, GoalPlans, Publications, Transitions
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.holds import Holds
from qa_pipeline.store.jobs import Jobs
from qa_pipeline.store.kpis import Kpis
from qa_pipeline.store.listing import INDEXED, Listing
from qa_pipeline.store.proposals import Proposals
from qa_pipeline.store.ratings import Incidents, Objectives, Ratings
from qa_pipeline.store.retention import Deletions, LegalHolds
from qa_pipeline.store.reviews import Reviews
from qa_pipeline.store.risk import Risk
from qa_pipeline.store.rule_versions import RuleVersions
from qa_pipeline.store.samples import Samples
from qa_pipeline.store.suggestions import Suggestions
from qa_pipeline.store.talks import Talks
from qa_pipeline.store.utterances import Utterances
from qa_pipeline.store.views import SavedViews
from qa_pipeline.store.waiting_lists import WaitingLists
from qa_pipeline.store.webhooks import Deliveries, Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One item that failed or is pending, as of its last attempt. ``subject`` is its path or contact id."""

    subject: str
    contact_id: str | None
    status: str
    type: str
    message: str
    hint: str
    params: Mapping[str, Any] = field(default_factory=dict)
    at: datetime


_LOCK = 7_215_002  # any number that nothing else in the database locks


class Transaction:
    """All repositories over one connection."""

    def __init__(self, connection: Connection, time_zone: ZoneInfo) -> None:
        self.connection = connection
        self.time_zone = time_zone
        self.listing = Listing(connection)
        self.contacts = Contacts(connection, time_zone)
        self.agents = Agents(connection)
        self.inspections = Inspections(connection)
        self.utterances = Utterances(connection)
        self.reviews = Reviews(connection)
        self.samples = Samples(connection)
        self.claims = Claims(connection)
        self.calibration_sessions = CalibrationSessions(connection)
        self.holds = Holds(connection)
        self.assignments = Assignments(connection)
        self.proposals = Proposals(connection)
        self.ratings = Ratings(connection)
        self.incidents = Incidents(connection)
        self.objectives = Objectives(connection)
        self.transitions = Transitions(connection)
        self.plans = GoalPlans(connection)
        self.publications = Publications(connection)
        self.appeals = Appeals(connection)
        self.talks = Talks(connection)
        self.coaching_plans = CoachingPlans(connection)
        self.waiting_lists = WaitingLists(connection)
        self.suggestions = Suggestions(connection)
        self.risk = Risk(connection)
        self.artifacts = Artifacts(connection)
        self.kpis = Kpis(connection)
        self.evaluations = Evaluations(connection)
        self.runs = Runs(connection)
        self.problems = Problems(connection)
        self.users = Users(connection)
        self.sessions = Sessions(connection)
        self.tokens = Tokens(connection)
        self.audit = Audit(connection)
        self.answers = Answers(connection)
        self.jobs = Jobs(connection)
        self.legal_holds = LegalHolds(connection)
        self.deletions = Deletions(connection)
        self.webhooks = Webhooks(connection)
        self.deliveries = Deliveries(connection)
        self.views = SavedViews(connection)
        self.rule_versions = RuleVersions(connection)


class Contacts:
    """Contacts and their latest metadata."""

    def __init__(self, connection: Connection, time_zone: ZoneInfo) -> None:
        self._connection = connection
        self._time_zone = time_zone

    def lock(self) -> None:
        """Have no other process keep contacts or what became of them until the transaction ends.

        Two batches may hold the same recordings. SQLite has one writer anyway.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def put(self, contact: Contact) -> Contact:
        """Keep a contact; content that is known already keeps its first id and takes the newer metadata.

        Returns the contact as stored. Raises Conflict when the id belongs to other content.
        """
        digest = content_digest(contact)
        known = self._connection.execute(
            select(tables.contact.c.id, tables.contact.c.document).where(tables.contact.c.content_sha256 == digest)
        ).first()
        if known is not None:
            stored = _with_newer_metadata(load(Contact, known.document), contact)
            row = self._row(stored, digest)
            self._connection.execute(update(tables.contact).where(tables.contact.c.id == known.id).values(row))
            Listing(self._connection).put(stored, row["period"])
            return stored
        if self.find(contact.id) is not None:
            raise Conflict(
                N_("The id {id} belongs to another contact already."),
                hint=N_("Give each contact an id of its own in the metadata, or rename the file."),
                file=contact.sources[0].uri,
                field="id",
                id=contact.id,
            )
        row = self._row(contact, digest)
        self._connection.execute(insert(tables.contact).values(row | {"created_at": datetime.now(UTC)}))
        Listing(self._connection).put(contact, row["period"])
        return contact

    def find(self, contact_id: str) -> Contact | None:
        """Return a contact or None."""
        document = self._connection.execute(
            select(tables.contact.c.document).where(tables.contact.c.id == contact_id)
        ).scalar()
        return None if document is None else load(Contact, document)

    def get(self, contact_id: str) -> Contact:
        """Return a contact; raises NotFound."""
        found = self.find(contact_id)
        if found is None:
            raise self.absence(contact_id)
        return found

    def absence(self, contact_id: str) -> NotFound:
        """Return the error for a contact that is not there: never was, or was deleted by a rule on some day."""
        deleted = Deletions(self._connection).find_contact(contact_id)
        if deleted is None:
            return NotFound(N_("There is no contact with the id {id}."), id=contact_id)
        rule, at = deleted
        return NotFound(
            N_("The contact was deleted on {day} ({rule}); what results say of it stays."),
            hint=N_("How long contacts are kept is set by the site: docs/retention.md."),
            day=f"{at.astimezone(self._time_zone):%Y-%m-%d}",
            rule=rule,
        )

    def list(self, period: str | None = None, agent_id: str | None = None) -> Iterator[Contact]:
        """Yield contacts by id."""
        query = _filtered(select(tables.contact.c.document), period, agent_id).order_by(tables.contact.c.id)
        # On the statement: options of a connection stay, and would make cursors of all later statements.
        for (document,) in self._connection.execute(query.execution_options(yield_per=200)):
            yield load(Contact, document)

    def count(self) -> int:
        """Return how many contacts there are."""
        return int(self._connection.execute(select(func.count()).select_from(tables.contact)).scalar_one())

    def periods(self) -> Sequence[str]:
        """Return the months that have contacts, oldest first."""
        column = tables.contact.c.period
        return (
            self._connection.execute(select(column).where(column.is_not(None)).distinct().order_by(column))
            .scalars()
            .all()
        )

    def _row(self, contact: Contact, digest: str) -> dict[str, Any]:
        local = contact.started_at.astimezone(self._time_zone) if contact.started_at else None
        return {
            "id": contact.id,
            "content_sha256": digest,
            "kind": contact.kind.value,
            "language": contact.language,
            "agent_id": contact.agent_id,
            "team": contact.team,
            "queue": contact.queue,
            "started_at": contact.started_at,
            "period": f"{local:%Y-%m}" if local else None,
            "document": dump(contact).decode(),
        }


class Agents:
    """Staff as seen in metadata and KPI tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, agent: Agent) -> None:
        """Keep an agent; fields that are None leave the known values."""
        table = tables.agent
        known = {
            key: value for key, value in (("name", agent.name), ("team", agent.team), ("role", agent.role)) if value
        }
        if self.find(agent.id) is None:
            self._connection.execute(insert(table).values({"id": agent.id} | known))
        elif known:
            self._connection.execute(update(table).where(table.c.id == agent.id).values(known))
        if agent.team:
            Listing(self._connection).move(agent.id, agent.team)

    def put_all(self, agents: Iterable[Agent]) -> None:
        """Keep many agents, as :meth:`put` does each."""
        known = {agent.id: agent for agent in self.list()}
        named = {agent.id: agent for agent in agents}
        new = [
            {"id": agent.id, "name": agent.name, "team": agent.team, "role": agent.role}
            for agent in named.values()
            if agent.id not in known
        ]
        if new:
            self._connection.execute(insert(tables.agent), new)
        for row in new:
            if row["team"]:
                Listing(self._connection).move(str(row["id"]), row["team"])
        for agent in named.values():
            older = known.get(agent.id)
            if older is not None and _says_more(agent, older):
                self.put(agent)

    def find(self, agent_id: str) -> Agent | None:
        """Return an agent or None."""
        row = self._connection.execute(select(tables.agent).where(tables.agent.c.id == agent_id)).mappings().first()
        return None if row is None else Agent(**row)

    def get(self, agent_id: str) -> Agent:
        """Return an agent; raises NotFound."""
        found = self.find(agent_id)
        if found is None:
            raise NotFound(
                N_("The agent {agent} is not known."),
                hint=N_("Write the id as in the reports; import metadata or assignments that name the agent first."),
                field="agent",
                agent=agent_id,
            )
        return found

    def list(self) -> Sequence[Agent]:
        """Return all agents by id."""
        rows = self._connection.execute(select(tables.agent).order_by(tables.agent.c.id)).mappings()
        return [Agent(**row) for row in rows]


class Inspections:
    """Judgements, appended and never edited."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, inspection: Inspection, run_id: str, *, pass_points: float | None = None) -> bool:
        """Append an inspection; False when the same fingerprint is there already.

        ``pass_points``: from where on contacts of its scorecard pass (0-100), for how much it needs a person.
        """
        table = tables.inspection
        if self.has(inspection.fingerprint):
            return False
        added = self._connection.execute(
            insert(table).values(
                contact_id=inspection.contact_id,
                scorecard_id=inspection.scorecard_id,
                scorecard_version=inspection.scorecard_version,
                rater=inspection.rater,
                fingerprint=inspection.fingerprint,
                points=inspection.score.points,
                passed=inspection.score.passed,
                red_line=bool(inspection.score.fatal),
                flags=tables.spaced(flag.value for flag in inspection.flags),
                document=dump(inspection).decode(),
                run_id=run_id,
                created_at=inspection.created_at,
                review_need=review_need(inspection, pass_points),
            )
        )
        Listing(self._connection).judge(cast(Any, added.inserted_primary_key)[0], inspection)
        return True

    def has(self, fingerprint: str) -> bool:
        """Tell whether there is an inspection made from exactly these inputs and methods."""
        table = tables.inspection
        return (
            self._connection.execute(select(table.c.id).where(table.c.fingerprint == fingerprint)).scalar() is not None
        )

    def of(self, contact_id: str) -> Sequence[tuple[int, Inspection]]:
        """Return all inspections of a contact with their numbers, the newest first."""
        table = tables.inspection
        query = select(table.c.id, table.c.document).where(table.c.contact_id == contact_id).order_by(table.c.id.desc())
        return [(row.id, load(Inspection, row.document)) for row in self._connection.execute(query)]

    def find(self, contact_id: str, scorecard_id: str | None = None) -> Inspection | None:
        """Return the newest inspection of a contact, or None."""
        table = tables.inspection
        query = select(table.c.document).where(table.c.contact_id == contact_id).order_by(table.c.id.desc()).limit(1)
        if scorecard_id is not None:
            query = query.where(table.c.scorecard_id == scorecard_id)
        document = self._connection.execute(query).scalar()
        return None if document is None else load(Inspection, document)

    def newest(self, contact_ids: Sequence[str]) -> Mapping[str, Inspection]:
        """Return the newest inspection of each of some contacts that have one."""
        if not contact_ids:
            return {}
        table = tables.inspection
        ids = select(func.max(table.c.id)).where(table.c.contact_id.in_(contact_ids)).group_by(table.c.contact_id)
        rows = self._connection.execute(select(table.c.contact_id, table.c.document).where(table.c.id.in_(ids)))
        return {row.contact_id: load(Inspection, row.document) for row in rows}

    def list(self, period: str | None = None, agent_id: str | None = None) -> Iterator[tuple[Contact, Inspection]]:
        """Yield each inspected contact with its newest inspection, by contact id."""
        table = tables.inspection
        newest = select(func.max(table.c.id).label("id")).group_by(table.c.contact_id).subquery()
        query = (
            select(tables.contact.c.document, table.c.document)
            .join(newest, newest.c.id == table.c.id)
            .join(tables.contact, tables.contact.c.id == table.c.contact_id)
            .order_by(tables.contact.c.id)
        )
        filtered = _filtered(query, period, agent_id).execution_options(yield_per=200)
        for contact, document in self._connection.execute(filtered):
            yield load(Contact, contact), load(Inspection, document)

    def red_lines(self, period: str) -> Sequence[tuple[str, str]]:
        """Return contact and agent of each contact of a month whose newest inspection found a red line."""
        table = tables.inspection
        newest = select(func.max(table.c.id).label("id")).group_by(table.c.contact_id).subquery()
        query = (
            select(tables.contact.c.id, tables.contact.c.agent_id)
            .join(table, table.c.contact_id == tables.contact.c.id)
            .join(newest, newest.c.id == table.c.id)
            .where(tables.contact.c.period == period, table.c.red_line, tables.contact.c.agent_id.is_not(None))
            .order_by(tables.contact.c.id)
        )
        return [(row.id, row.agent_id) for row in self._connection.execute(query)]


class Artifacts:
    """Which artifact of each stage belongs to a contact now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, contact_id: str, fingerprints: Mapping[str, str]) -> None:
        """Keep the fingerprint of each stage, replacing older ones."""
        table = tables.artifact
        self._connection.execute(
            delete(table).where(table.c.contact_id == contact_id, table.c.stage.in_(list(fingerprints)))
        )
        rows = [
            {"contact_id": contact_id, "stage": stage, "fingerprint": value, "created_at": datetime.now(UTC)}
            for stage, value in fingerprints.items()
        ]
        if rows:
            self._connection.execute(insert(table), rows)
        if INDEXED in fingerprints:
            Listing(self._connection).mark(contact_id, searchable=True)

    def of(self, contact_id: str) -> Mapping[str, str]:
        """Return stage -> fingerprint."""
        table = tables.artifact
        rows = self._connection.execute(
            select(table.c.stage, table.c.fingerprint).where(table.c.contact_id == contact_id)
        )
        return {row.stage: row.fingerprint for row in rows}


class Evaluations:
    """Evaluations, appended; the newest of an agent and period is in force, by a template the newest of that one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, evaluation: Evaluation) -> bool:
        """Append an evaluation; False when the one in force is the same."""
        return bool(self.put_all([evaluation]))

    def put_all(self, evaluations: Iterable[Evaluation]) -> int:
        """Append evaluations of different agents; returns how many differ from the ones in force."""
        by_key: dict[tuple[str, str], list[Evaluation]] = {}
        for evaluation in evaluations:
            by_key.setdefault((evaluation.period, evaluation.template_id), []).append(evaluation)
        return sum(self._put(period, template_id, found) for (period, template_id), found in by_key.items())

    def _put(self, period: str, template_id: str, evaluations: Sequence[Evaluation]) -> int:
        table = tables.evaluation
        # By whichever template: who is judged by an earlier one again has that evaluation in force again.
        newest = select(func.max(table.c.id)).where(table.c.period == period).group_by(table.c.agent_id)
        in_force = {
            row.agent_id: row.fingerprint
            for row in self._connection.execute(
                select(table.c.agent_id, table.c.fingerprint).where(table.c.id.in_(newest))
            )
        }
        new = [one for one in evaluations if in_force.get(one.agent_id) != one.fingerprint]
        if not new:
            return 0
        now = datetime.now(UTC)
        # Going back to earlier inputs makes an earlier evaluation the newest again.
        again = delete(table).where(
            table.c.agent_id == bindparam("agent"),
            table.c.period == period,
            table.c.template_id == template_id,
            table.c.fingerprint == bindparam("same"),
        )
        self._connection.execute(again, [{"agent": one.agent_id, "same": one.fingerprint} for one in new])
        self._connection.execute(
            insert(table),
            [
                {
                    "agent_id": one.agent_id,
                    "period": period,
                    "template_id": template_id,
                    "template_version": one.template_version,
                    "fingerprint": one.fingerprint,
                    "total": one.total,
                    "document": dump(one).decode(),
                    "created_at": now,
                }
                for one in new
            ],
        )
        return len(new)

    def months(self) -> Sequence[str]:
        """Return the months that have evaluations, oldest first."""
        column = tables.evaluation.c.period
        query = select(column).where(func.length(column) == len("2026-10")).distinct().order_by(column)
        return [period for period in self._connection.execute(query).scalars() if "Q" not in period]

    def of_agents(self, agent_ids: Collection[str], periods: Collection[str]) -> Sequence[Evaluation]:
        """Return the evaluations in force of some agents in some periods, by period and agent."""
        table = tables.evaluation
        wanted = (table.c.agent_id.in_(sorted(agent_ids)), table.c.period.in_(sorted(periods)))
        newest = select(func.max(table.c.id)).where(*wanted).group_by(table.c.agent_id, table.c.period)
        query = select(table.c.document).where(table.c.id.in_(newest)).order_by(table.c.period, table.c.agent_id)
        return [load(Evaluation, document) for (document,) in self._connection.execute(query)]

    def list(self, period: str, template_id: str | None = None) -> Sequence[Evaluation]:
        """Return the evaluations in force of a period by agent."""
        table = tables.evaluation
        newest = select(func.max(table.c.id)).where(table.c.period == period).group_by(table.c.agent_id)
        if template_id is not None:
            newest = newest.where(table.c.template_id == template_id)
        query = select(table.c.document).where(table.c.id.in_(newest)).order_by(table.c.agent_id)
        return [load(Evaluation, document) for (document,) in self._connection.execute(query)]


class Runs:
    """Executions of a command."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, run_id: str, command: str) -> None:
        """Record that a run began."""
        self._connection.execute(insert(tables.run).values(id=run_id, command=command, started_at=datetime.now(UTC)))

    def end(self, run_id: str, totals: Mapping[str, Any]) -> None:
        """Record that a run came to its end with these counts."""
        self._connection.execute(
            update(tables.run).where(tables.run.c.id == run_id).values(ended_at=datetime.now(UTC), totals=dict(totals))
        )

    def list_totals(self, count: int) -> Sequence[Mapping[str, Any]]:
        """Return the counts of the runs that inspected something, among the latest `count`, the newest first."""
        table = tables.run
        query = (
            select(table.c.totals).where(table.c.ended_at.is_not(None)).order_by(table.c.started_at.desc()).limit(count)
        )
        return [totals for totals in self._connection.execute(query).scalars() if totals and totals.get("done")]


class Problems:
    """What failed or is pending now: replaced at each attempt, removed on success."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, subject: str, status: str, error: CallqaError, run_id: str, contact_id: str | None = None) -> None:
        """Keep the latest problem of a subject."""
        self.clear(subject)
        params = {key: value if isinstance(value, int | float) else str(value) for key, value in error.params.items()}
        self._connection.execute(
            insert(tables.problem).values(
                subject=subject,
                contact_id=contact_id,
                status=status,
                type=type(error).__name__,
                message=error.message,
                hint=error.hint,
                params=params,
                run_id=run_id,
                at=datetime.now(UTC),
            )
        )

    def clear(self, subject: str) -> None:
        """Forget the problem of a subject that succeeded."""
        self._connection.execute(delete(tables.problem).where(tables.problem.c.subject == subject))

    def clear_file(self, path: str) -> None:
        """Forget what kept a file or its rows from becoming contacts, because it is read again."""
        subject = tables.problem.c.subject
        of_file = (subject == path) | subject.startswith(f"{path}#", autoescape=True)
        self._connection.execute(delete(tables.problem).where(of_file, tables.problem.c.contact_id.is_(None)))

    def list(
        self,
        *,
        status: str | None = None,
        kind: str | None = None,
        subjects: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> Sequence[Problem]:
        """Return current problems, pending ones first, then by subject; `kind`: of this type of error only."""
        table = tables.problem
        columns = [column for column in table.c if column.name != "run_id"]
        query = _of_problems(select(*columns), status, kind, subjects).order_by(table.c.status.desc(), table.c.subject)
        return [Problem(**row) for row in self._connection.execute(query.offset(offset).limit(limit)).mappings()]

    def count(self, *, status: str | None = None, kind: str | None = None) -> int:
        """Return how many current problems there are."""
        query = _of_problems(select(func.count()).select_from(tables.problem), status, kind, None)
        return int(self._connection.execute(query).scalar_one())


def content_digest(contact: Contact) -> str:
    """Return the identity of a contact's content: its recordings, or its words when there is no recording."""
    parts = sorted(source.sha256 for source in (contact.audio or contact.sources))
    return parts[0] if len(parts) == 1 else sha256("".join(parts).encode()).hexdigest()


def _says_more(agent: Agent, older: Agent) -> bool:
    pairs = ((agent.name, older.name), (agent.team, older.team), (agent.role, older.role))
    return any(new and new != old for new, old in pairs)


def _with_newer_metadata(stored: Contact, newer: Contact) -> Contact:
    """Take what the newer one knows; what it does not know stays, and so does the first id."""
    known = {
        name: value
        for name in ("agent_id", "agent_name", "team", "queue", "started_at", "language", "customer_ref")
        if (value := getattr(newer, name)) is not None
    }
    if newer.direction.value != "unknown":
        known["direction"] = newer.direction
    if newer.channel_map:
        known["channel_map"] = newer.channel_map
    return replace(stored, sources=newer.sources, **known)


def _filtered(query: Select[Any], period: str | None, agent_id: str | None) -> Select[Any]:
    if period is not None:
        query = query.where(tables.contact.c.period == period)
    if agent_id is not None:
        query = query.where(tables.contact.c.agent_id == agent_id)
    return query


def _of_problems(
    query: Select[Any], status: str | None, kind: str | None, subjects: Sequence[str] | None
) -> Select[Any]:
    if status is not None:
        query = query.where(tables.problem.c.status == status)
    if kind is not None:
        query = query.where(tables.problem.c.type == kind)
    return query if subjects is None else query.where(tables.problem.c.subject.in_(subjects))
