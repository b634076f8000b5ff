"""Logged steps, agreements on goals, published results and appeals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.cycle import Appeal, AppealDecision, GoalPlan, Publication, StaffRole, Transition
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.store import appraisal_tables
from qa_pipeline.store.documents import dump, load


class Transitions:
    """Steps of whatever has states; the state of a thing is that of its latest one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, transition: Transition) -> None:
        """Append a step; raises Conflict when somebody else has taken one at the same time."""
        table = appraisal_tables.transition
        row = {column.name: getattr(transition, column.name) for column in table.c if column.name != "id"}
        try:
            self._connection.execute(insert(table).values(row | {"role": transition.role.value}))
        except IntegrityError as problem:
            raise Conflict(
                N_("Somebody else has changed the state of {subject} at the same moment."),
                hint=N_("Look at it again, then decide whether the step is still wanted."),
                subject=transition.subject,
            ) from problem

    def list(self, machine: str, subject: str) -> Sequence[Transition]:
        """Return the steps of one thing, oldest first."""
        table = appraisal_tables.transition
        query = select(table).where(table.c.machine == machine, table.c.subject == subject).order_by(table.c.number)
        return [_transition(row) for row in self._connection.execute(query).mappings()]

    def histories(self, machine: str, subjects: Collection[str]) -> Mapping[str, Sequence[Transition]]:
        """Return the steps of each of these things that has any, oldest first."""
        table = appraisal_tables.transition
        found: dict[str, list[Transition]] = {}
        listed = sorted(subjects)
        for start in range(0, len(listed), 500):
            query = select(table).where(table.c.machine == machine, table.c.subject.in_(listed[start : start + 500]))
            for row in self._connection.execute(query.order_by(table.c.subject, table.c.number)).mappings():
                found.setdefault(row["subject"], []).append(_transition(row))
        return found

    def latest(self, machine: str, subjects: Collection[str]) -> Mapping[str, Transition]:
        """Return the latest step of each of these things that has one."""
        table = appraisal_tables.transition
        found: dict[str, Transition] = {}
        listed = sorted(subjects)
        # Databases limit how many values one statement may name.
        for start in range(0, len(listed), 500):
            chunk = listed[start : start + 500]
            newest = (
                select(table.c.subject, func.max(table.c.number).label("number"))
                .where(table.c.machine == machine, table.c.subject.in_(chunk))
                .group_by(table.c.subject)
                .subquery()
            )
            query = (
                select(table)
                .join(newest, (newest.c.subject == table.c.subject) & (newest.c.number == table.c.number))
                .where(table.c.machine == machine)
            )
            found |= {row["subject"]: _transition(row) for row in self._connection.execute(query).mappings()}
        return found


def _transition(row: RowMapping) -> Transition:
    fields = {name: value for name, value in row.items() if name != "id"}
    return Transition(**fields | {"role": StaffRole(row["role"])})


class GoalPlans:
    """Agreements on the indicators of a period, kept as they were proposed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: GoalPlan) -> None:
        """Keep a plan; raises Conflict when somebody else has proposed one at the same moment."""
        try:
            self._connection.execute(
                insert(appraisal_tables.goal_plan).values(
                    id=plan.id,
                    agent_id=plan.agent_id,
                    period=plan.period,
                    number=plan.number,
                    document=dump(plan).decode(),
                    proposed_at=plan.proposed_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(
                N_("Somebody else has proposed goals to {agent} for {period} at the same moment."),
                hint=N_("Look at them with `callqa plans list`."),
                agent=plan.agent_id,
                period=plan.period,
            ) from problem

    def get(self, plan_id: str) -> GoalPlan:
        """Return one plan; raises NotFound."""
        table = appraisal_tables.goal_plan
        found = self._connection.execute(select(table.c.document).where(table.c.id == plan_id)).scalar()
        if found is None:
            raise NotFound(N_("There is no goal plan {id}."), hint=N_("`callqa plans list` has their ids."), id=plan_id)
        return load(GoalPlan, found)

    def list(self, period: str | None = None, agent_id: str | None = None) -> Sequence[GoalPlan]:
        """Return plans by agent and period, the oldest first."""
        table = appraisal_tables.goal_plan
        query = select(table.c.document).order_by(table.c.agent_id, table.c.period, table.c.number)
        for column, value in ((table.c.period, period), (table.c.agent_id, agent_id)):
            if value is not None:
                query = query.where(column == value)
        return [load(GoalPlan, document) for document in self._connection.execute(query).scalars()]


class Publications:
    """Evaluations as they were published: a correction is one more version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, publication: Publication) -> None:
        """Append a version; raises Conflict when somebody else has published it at the same moment."""
        try:
            self._connection.execute(
                insert(appraisal_tables.publication).values(
                    agent_id=publication.agent_id,
                    period=publication.period,
                    version=publication.version,
                    document=dump(publication).decode(),
                    published_at=publication.published_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(
                N_("Version {version} of the result of {agent} in {period} is published already."),
                hint=N_("Look at it with `callqa results show`."),
                version=publication.version,
                agent=publication.agent_id,
                period=publication.period,
            ) from problem

    def versions(self, agent_id: str, period: str) -> Sequence[Publication]:
        """Return all versions of one result, oldest first."""
        table = appraisal_tables.publication
        query = select(table.c.document).where(table.c.agent_id == agent_id, table.c.period == period)
        found = self._connection.execute(query.order_by(table.c.version)).scalars()
        return [load(Publication, document) for document in found]

    def of_agent(self, agent_id: str) -> Sequence[Publication]:
        """Return what is published of an agent now, one result for each period, oldest period first."""
        table = appraisal_tables.publication
        newest = (
            select(table.c.period, func.max(table.c.version).label("version"))
            .where(table.c.agent_id == agent_id)
            .group_by(table.c.period)
            .subquery()
        )
        query = (
            select(table.c.document)
            .join(newest, (newest.c.period == table.c.period) & (newest.c.version == table.c.version))
            .where(table.c.agent_id == agent_id)
            .order_by(table.c.period)
        )
        return [load(Publication, document) for document in self._connection.execute(query).scalars()]

    def latest(self, period: str, agent_ids: Collection[str] | None = None) -> Sequence[Publication]:
        """Return what is published of a period now, by agent; of these agents only where they are named."""
        table = appraisal_tables.publication
        versions = select(table.c.agent_id, func.max(table.c.version).label("version")).where(table.c.period == period)
        if agent_ids is not None:
            versions = versions.where(table.c.agent_id.in_(sorted(agent_ids)))
        newest = versions.group_by(table.c.agent_id).subquery()
        query = (
            select(table.c.document)
            .join(newest, (newest.c.agent_id == table.c.agent_id) & (newest.c.version == table.c.version))
            .where(table.c.period == period)
            .order_by(table.c.agent_id)
        )
        return [load(Publication, document) for document in self._connection.execute(query).scalars()]


class Appeals:
    """Appeals and what the instances decided."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, appeal: Appeal) -> None:
        """Keep an appeal; raises Conflict when the same one has been filed at the same moment."""
        try:
            self._connection.execute(
                insert(appraisal_tables.appeal).values(
                    id=appeal.id,
                    agent_id=appeal.agent_id,
                    period=appeal.period,
                    contact_id=appeal.contact_id,
                    criterion_id=appeal.criterion_id,
                    indicator=appeal.indicator,
                    document=dump(appeal).decode(),
                    filed_at=appeal.filed_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(N_("The appeal {id} has just been filed."), id=appeal.id) from problem

    def get(self, appeal_id: str) -> Appeal:
        """Return an appeal; raises NotFound."""
        table = appraisal_tables.appeal
        document = self._connection.execute(select(table.c.document).where(table.c.id == appeal_id)).scalar()
        if document is None:
            hint = N_("`callqa appeals list` shows them all.")
            raise NotFound(N_("There is no appeal with the id {id}."), hint=hint, id=appeal_id)
        return load(Appeal, document)

    def list(self, period: str | None = None, agent_id: str | None = None) -> Sequence[Appeal]:
        """Return appeals, oldest first."""
        table = appraisal_tables.appeal
        query = select(table.c.document).order_by(table.c.filed_at, table.c.id)
        for column, value in ((table.c.period, period), (table.c.agent_id, agent_id)):
            if value is not None:
                query = query.where(column == value)
        return [load(Appeal, document) for document in self._connection.execute(query).scalars()]

    def decide(self, decision: AppealDecision) -> None:
        """Append what an instance decided; raises Conflict when it has decided already."""
        try:
            self._connection.execute(
                insert(appraisal_tables.appeal_decision).values(
                    appeal_id=decision.appeal_id,
                    instance=decision.instance,
                    outcome=decision.outcome.value,
                    document=dump(decision).decode(),
                    decided_at=decision.decided_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(
                N_("Instance {instance} has decided the appeal {id} already."),
                id=decision.appeal_id,
                instance=decision.instance,
            ) from problem

    def decisions(self, appeal_ids: Collection[str] | None = None) -> Sequence[AppealDecision]:
        """Return the decisions on these appeals, or on all, by appeal and instance."""
        table = appraisal_tables.appeal_decision
        query = select(table.c.document).order_by(table.c.appeal_id, table.c.instance)
        found = [load(AppealDecision, document) for document in self._connection.execute(query).scalars()]
        return found if appeal_ids is None else [one for one in found if one.appeal_id in appeal_ids]
