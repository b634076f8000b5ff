"""Evaluating all agents of a month: inspections, reviews by people, ratings and indicator values in the store."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from qa_pipeline.appraisal.assignments import period_notes
from qa_pipeline.appraisal.estimated import MACHINE_ONLY, MeasureEstimate, MonthInspected, ReviewedContact, combine
from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.inspected import Inspected, JudgedContact, judge, observe_inspected
from qa_pipeline.appraisal.observed import Observed, observe_record
from qa_pipeline.appraisal.teams import TeamResult, find_team_results
from qa_pipeline.appraisal.templates import get_template, list_templates
from qa_pipeline.appraisal.uncollected import uncollected
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation, KpiDefinition, KpiRecord, Template
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.scorecards.library import list_scorecards
from qa_pipeline.services.assignments import find_templates
from qa_pipeline.services.cycle.plans import find_unconfirmed
from qa_pipeline.services.ratings import observe_ratings
from qa_pipeline.services.reviews import effective_contacts, reviewed_values
from qa_pipeline.store import Store, Transaction

# Raised when the same inputs give other figures than before.
METHOD = 2
# More reasons of the same kind help nobody.
_MAX_LEFT_OUT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRules:
    """What evaluations go by. ``template``: the one for everybody; None is each agent's own by role and date."""

    template: Template | None
    templates: Sequence[Template]
    cards: Sequence[Scorecard]
    catalogue: Mapping[str, KpiDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerSeverity:
    """How many points a reviewer gives above the panel's average (below it when negative), from so many reviews."""

    reviewer: str
    severity_points: float
    review_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvaluation:
    """The evaluations of a period, by agent.

    ``templates``: those that somebody is evaluated by, the most frequent first. ``teams``: the site and its teams.
    ``reviewers``: by name, where reviews are enough to tell. ``estimates``: of each measure that the mixed model gives,
    with how far it tells agents apart. ``notes``: what is said once for the period.
    ``stored_count``: evaluations that are new or differ from the ones in force. ``unassigned_contact_count``: inspected
    contacts of the month that name no agent and so count for nobody.
    """

    period: str
    templates: Sequence[Template]
    evaluations: Sequence[Evaluation]
    stored_count: int
    unassigned_contact_count: int
    teams: Sequence[TeamResult] = ()
    reviewers: Sequence[ReviewerSeverity] = ()
    estimates: Sequence[MeasureEstimate] = ()
    notes: Sequence[Reason] = ()

    @property
    def template(self) -> Template:
        """The template that most are evaluated by."""
        return self.templates[0]


def read_rules(
    template_id: str | None = None, templates: Path | None = None, scorecards: Path | None = None
) -> EvaluationRules:
    """Read templates and scorecards, the shipped ones and those of the user's folders.

    Raises
    ------
    NotFound
        There is no such template.
    TemplateError, ScorecardError
        A file is wrong.
    """
    catalogue = shipped()
    return EvaluationRules(
        template=None if template_id is None else get_template(template_id, catalogue, templates),
        templates=list_templates(catalogue, templates),
        cards=list_scorecards(scorecards),
        catalogue=catalogue,
    )


def evaluate_period(
    store: Store,
    period: str,
    template_id: str | None = None,
    *,
    templates: Path | None = None,
    scorecards: Path | None = None,
) -> PeriodEvaluation:
    """Evaluate every agent who has inspected contacts or indicator values in a month, and keep the results.

    The same inputs give the same fingerprints, and then nothing new is stored.

    Parameters
    ----------
    period : str
        ``YYYY-MM``.
    template_id : str, optional
        Id, or ``id@version``, for everybody; None is each agent's own, by assignment, by role or the front line's.
    templates, scorecards : Path, optional
        Folders of the user's own templates and scorecards.

    Raises
    ------
    ConfigurationError
        `period` is no month.
    NotFound
        There is no such template, or the month has neither contacts nor values.
    TemplateError, ScorecardError
        A file is wrong.
    """
    check_month(period)
    rules = read_rules(template_id, templates, scorecards)
    with store.transaction() as tx:
        found = compute_period(tx, period, rules)
        stored = tx.evaluations.put_all(found.evaluations)
    return replace(found, stored_count=stored)


def compute_period(tx: Transaction, period: str, rules: EvaluationRules) -> PeriodEvaluation:
    """Return the evaluations of a month as they would be now; stores nothing.

    Raises
    ------
    NotFound
        The month has neither contacts nor values of any agent.
    """
    month = _inspect(tx, period, rules.cards, rules.catalogue)
    records: dict[str, list[KpiRecord]] = defaultdict(list)
    for record in tx.kpis.list(period=period):
        records[record.agent_id].append(record)
    rated = {rating.agent_id for rating in tx.ratings.list(period)}
    agent_ids = sorted({*month.combined.inspected, *records, *rated})
    unassigned = sum(one.agent_id is None for one in month.judged)
    if not agent_ids:
        raise _nothing(tx, period, unassigned)
    plan = _plan(tx, period, agent_ids, rules)
    with uncollected():
        evaluations = [
            evaluation
            for template, members in plan.members.items()
            for evaluation in _evaluate(
                period, template, members, plan, _Values(records, observe_ratings(tx, period, template)), month, rules
            )
        ]
    return PeriodEvaluation(
        period=period,
        templates=list(plan.members),
        evaluations=sorted(evaluations, key=lambda one: one.agent_id),
        stored_count=0,
        unassigned_contact_count=unassigned,
        teams=find_team_results(month.judged, month.reviews, month.combined.estimates),
        reviewers=_severities(month.combined),
        estimates=list(month.combined.estimates.values()),
        notes=(*plan.period_notes, *month.left_out),
    )


def list_team_results(tx: Transaction, period: str, cards: Sequence[Scorecard]) -> Sequence[TeamResult]:
    """Return the quality of the site and its teams in a month, the site first; empty without inspected contacts."""
    month = _inspect(tx, period, cards, shipped())
    return find_team_results(month.judged, month.reviews, month.combined.estimates)


@dataclass(frozen=True, slots=True)
class _Month:
    """Inspections and reviews of a month, each alone and combined."""

    judged: Sequence[JudgedContact]
    reviews: Sequence[ReviewedContact]
    left_out: Sequence[Reason]
    combined: MonthInspected


@dataclass(frozen=True, slots=True)
class _Values:
    """Imported values and ratings by agent, the latter by indicator too."""

    records: Mapping[str, Sequence[KpiRecord]]
    ratings: Mapping[str, Mapping[str, Observed]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Who is evaluated by what, and what there is to say about it."""

    members: Mapping[Template, Sequence[str]]
    teams: Mapping[str, str]
    notes: Mapping[str, tuple[Reason, ...]]
    period_notes: Sequence[Reason]


def _inspect(
    tx: Transaction, period: str, cards: Sequence[Scorecard], catalogue: Mapping[str, KpiDefinition]
) -> _Month:
    judged = sorted((judge(*pair) for pair in tx.inspections.list(period=period)), key=lambda one: one.contact_id)
    compared = reviewed_values(tx, period, cards)
    reviews = [
        ReviewedContact(
            contact_id=one.contact_id,
            reviewer=one.reviewer,
            targeted=one.targeted,
            inclusion_probability=one.inclusion_probability,
            values=one.reviewed,
            fingerprint=one.review.fingerprint,
        )
        for one in compared.compared
    ]
    effective = effective_contacts(tx, period, cards) if reviews else {}
    return _Month(
        judged=judged,
        reviews=reviews,
        left_out=_left_out([one.reason for one in compared.left_out]),
        combined=combine(
            judged,
            reviews,
            {contact_id: one.effective.values for contact_id, one in effective.items()},
            {definition.measure: definition.id for definition in catalogue.values() if definition.measure},
        ),
    )


def _left_out(reasons: Sequence[Reason]) -> Sequence[Reason]:
    """Say how many reviews do not count, and the most frequent reasons."""
    if not reasons:
        return ()
    counted = Counter((reason.message, tuple(sorted(reason.params.items()))) for reason in reasons)
    count = Reason(message=N_("Reviews that do not count: {count}, for these reasons:"), params={"count": len(reasons)})
    found = [
        Reason(message=message, params=dict(params)) for (message, params), _ in counted.most_common(_MAX_LEFT_OUT)
    ]
    return (count, *found)


def _plan(tx: Transaction, period: str, agent_ids: Sequence[str], rules: EvaluationRules) -> _Plan:
    """Return each agent's template; confirmation is asked for by the template that counts."""
    members: dict[Template, list[str]] = defaultdict(list)
    notes: dict[str, list[Reason]] = {agent_id: [] for agent_id in agent_ids}
    teams: dict[str, str] = {}
    assigned = find_templates(tx, period, agent_ids, rules.templates)
    for agent_id, one in assigned.items():
        members[rules.template or one.template].append(agent_id)
        if rules.template is None:
            notes[agent_id] += one.notes
        if one.team is not None:
            teams[agent_id] = one.team
    for template, own in members.items():
        for agent_id, reason in find_unconfirmed(tx, period, template, own).items():
            notes[agent_id].append(reason)
    return _Plan(
        members=dict(sorted(members.items(), key=lambda pair: (-len(pair[1]), pair[0].id))),
        teams=teams,
        notes={agent_id: tuple(said) for agent_id, said in notes.items()},
        period_notes=() if rules.template else period_notes(assigned.values()),
    )


def _evaluate(
    period: str,
    template: Template,
    agent_ids: Sequence[str],
    plan: _Plan,
    values: _Values,
    month: _Month,
    rules: EvaluationRules,
) -> Sequence[Evaluation]:
    wanted = {item.indicator for item in template.items}
    used = {
        agent_id: [record for record in values.records.get(agent_id, ()) if record.indicator in wanted]
        for agent_id in agent_ids
    }
    ratings = {agent_id: values.ratings.get(agent_id, {}) for agent_id in agent_ids}
    inspected = {agent_id: month.combined.inspected.get(agent_id, Inspected()) for agent_id in agent_ids}
    own = {
        agent_id: _digest(
            [
                agent_id,
                _rows(used[agent_id]),
                {indicator: asdict(one) for indicator, one in ratings[agent_id].items()},
                inspected[agent_id].fingerprints,
                _said(plan.notes[agent_id]),
            ]
        )
        for agent_id in agent_ids
    }
    # Groups compare with all others of the template, and spreads and estimates lean on all contacts of the site: so
    # everybody's inputs are inputs of each.
    site = sorted(found.fingerprints for found in month.combined.inspected.values())
    definitions = [asdict(rules.catalogue[indicator]) for indicator in sorted(wanted)]
    together = _digest([METHOD, period, template.digest, definitions, site, sorted(own.values())])
    observed = {
        agent_id: _observed(used[agent_id], ratings[agent_id], inspected[agent_id], rules.catalogue)
        for agent_id in agent_ids
    }
    grounds = {
        agent_id: Grounds(
            contact_count=found.contact_count,
            scored_count=found.scored_count,
            review_count=found.review_count,
            basis=month.combined.basis if found.contact_count else MACHINE_ONLY,
            team=plan.teams.get(agent_id, found.team),
            fingerprint=_digest([together, own[agent_id]]),
            notes=(*(month.combined.notes if found.contact_count else ()), *plan.notes[agent_id]),
        )
        for agent_id, found in inspected.items()
    }
    return evaluate_month(period, template, observed, grounds, rules.catalogue)


def _observed(
    records: Iterable[KpiRecord],
    ratings: Mapping[str, Observed],
    inspected: Inspected,
    catalogue: Mapping[str, KpiDefinition],
) -> Mapping[str, Observed]:
    """Return an agent's values by indicator, ratings and inspections before imports."""
    imported = {record.indicator: observe_record(record, catalogue[record.indicator]) for record in records}
    return {**imported, **ratings, **observe_inspected(inspected, catalogue)}


def _severities(combined: MonthInspected) -> Sequence[ReviewerSeverity]:
    found = combined.estimates.get("points")
    if found is None:
        return ()
    return [
        ReviewerSeverity(reviewer=reviewer, severity_points=found.severities[reviewer], review_count=count)
        for reviewer, count in zip(found.reviewers, found.review_counts, strict=True)
    ]


def _rows(records: Iterable[KpiRecord]) -> Sequence[Sequence[Any]]:
    return [
        (record.indicator, record.value, record.n, record.sd, record.source, _said(record.notes)) for record in records
    ]


def _said(notes: Iterable[Reason]) -> Sequence[Any]:
    return [(note.message, dict(note.params)) for note in notes]


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _nothing(tx: Transaction, period: str, unassigned: int) -> NotFound:
    known = ", ".join(sorted({*tx.contacts.periods(), *tx.kpis.periods()})[-12:])
    if unassigned:
        return NotFound(
            N_("No contact and no value of {period} belongs to an agent; {count} contacts name none."),
            hint=N_("Give the agents in the metadata table, then score the folder again."),
            period=period,
            count=unassigned,
        )
    return NotFound(
        N_("There are neither inspected contacts nor indicator values in {period}."),
        hint=N_("Months with data: {known}.")
        if known
        else N_("Score contacts with `callqa score` or import values with `callqa kpi import` first."),
        period=period,
        known=known,
    )
