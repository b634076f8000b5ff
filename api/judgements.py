"""The judgements of one contact as documents: its inspections, and what counts after people's reviews."""

from __future__ import annotations

from dataclasses import replace

from api.caller import Caller
from api.filters import ContactQuery
from api.v1.contact_documents import EffectiveDocument, InspectionDocument, InspectionListDocument
from qa_pipeline.access import Permission
from qa_pipeline.disclosure import Fact
from qa_pipeline.domain.inspection import Finding, Inspection, Reason
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.report.contact_rows import contact_row, finding_row
from qa_pipeline.scoring.effective import Effective
from qa_pipeline.services.contact_list import ContactFilter, get_listed
from qa_pipeline.services.review_queue.blindness import blind_contacts, check_sighted, hidden_contacts
from qa_pipeline.services.reviews.values import effective_contacts

MACHINE = "machine"


def filter_for(call: Caller, wanted: ContactQuery) -> ContactFilter:
    """Return the filter of a list as far as the caller may see, without what they are reviewing blind."""
    return replace(wanted.as_filter(call.reach), hidden=blind_to(call))


def blind_to(call: Caller) -> frozenset[str]:
    """Return the contacts that the caller is reviewing blind."""
    with call.store.reading() as tx:
        return blind_contacts(tx, call.user.actor, call.now)


def check_seen(call: Caller, contact_id: str) -> None:
    """Raise Conflict while the caller reviews a contact blind."""
    with call.store.reading() as tx:
        check_sighted(tx, call.user.actor, contact_id, call.now)


def inspections_document(call: Caller, contact_id: str, language: str) -> InspectionListDocument:
    """Return all inspections of a contact within the caller's reach, the newest first."""
    rulebook = call.sources.rulebook
    with call.store.reading() as tx:
        listed = get_listed(tx, contact_id, call.reach)
        found = tx.inspections.of(contact_id)
    contact = replace(listed.contact, team=listed.team)
    shown = []
    for place, (number, inspection) in enumerate(found):
        row = contact_row(contact, inspection, rulebook, language, translator(language))
        shown.append(
            InspectionDocument(
                id=number,
                scorecard_id=inspection.scorecard_id,
                scorecard_version=inspection.scorecard_version,
                created_at=inspection.created_at,
                in_force=place == 0,
                withheld={each.criterion_id: each.withheld for each in inspection.findings if each.withheld},
                result=replace(row, rater=_rater(call, inspection, language)),
            )
        )
    return InspectionListDocument(contact_id=contact_id, total=len(shown), inspections=tuple(shown))


def effective_document(call: Caller, contact_id: str, language: str) -> EffectiveDocument:
    """Return what counts for a contact within the caller's reach.

    Raises
    ------
    NotFound
        There is no such contact, it is out of reach, or it has no inspection.
    Conflict
        What others said of it must stay hidden from the caller for now.
    """
    rulebook = call.sources.rulebook
    with call.store.reading() as tx:
        get_listed(tx, contact_id, call.reach)
        if contact_id in hidden_contacts(tx, call.user.actor, call.now):
            raise Conflict(
                N_("What people said of this contact is not shown to you for now."),
                hint=N_("You may be asked for a review of your own that must not lean on it."),
            )
        inspections = tx.inspections.of(contact_id)
        judged = effective_contacts(tx, None, rulebook.scorecards, contact_id=contact_id).get(contact_id)
    if not inspections:
        raise NotFound(
            N_("The contact {id} has not been inspected."),
            hint=N_("Its reason stands among the problems, if it was handed in for scoring."),
            id=contact_id,
        )
    number, inspection = inspections[0]
    found = judged.effective if judged else _as_inspected(inspection)
    may_know = call.shows(Fact.REVIEWER_NAMES)
    translate = translator(language)
    findings = (
        found.findings if may_know else tuple(_without_name(each, translate(_SOMEBODY)) for each in found.findings)
    )
    return EffectiveDocument(
        contact_id=contact_id,
        inspection_id=number,
        points=found.points,
        passed=found.passed,
        machine_points=inspection.score.points,
        fatal=found.score.fatal,
        undetermined_count=found.score.undetermined_count,
        coverage_ratio=found.score.coverage_ratio,
        script_ratio=found.script_ratio,
        attitude_value=found.attitude_value,
        reviews_count=len(found.reviewers),
        reviewers=found.reviewers if may_know else None,
        findings=tuple(finding_row(each, inspection, rulebook, language, translate) for each in findings),
    )


_SOMEBODY = N_("A reviewer")


def _as_inspected(inspection: Inspection) -> Effective:
    return Effective(
        findings=inspection.findings,
        score=inspection.score,
        points=inspection.score.points,
        passed=inspection.score.passed,
        script_ratio=inspection.script_ratio,
        attitude_value=inspection.attitude_value,
        reviewers=(),
    )


def _rater(call: Caller, inspection: Inspection, language: str) -> str:
    if inspection.rater == MACHINE or call.may(Permission.REVIEWS_READ):
        return inspection.rater
    return translator(language)(_SOMEBODY)


def _without_name(finding: Finding, somebody: str) -> Finding:
    reason = finding.reason
    if "reviewer" not in reason.params:
        return finding
    return replace(finding, reason=Reason(message=reason.message, params={**reason.params, "reviewer": somebody}))
