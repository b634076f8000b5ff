"""Inspected contacts as rows of the report, and which of their findings explain a flag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qa_pipeline.domain.annotation import CourseEvent
from qa_pipeline.domain.contact import Contact, Role
from qa_pipeline.domain.inspection import Finding, Flag, Inspection, Outcome
from qa_pipeline.report.data import ContactRow, EvidenceRow, FindingRow, FlagGroup, Interval, TurningPointRow
from qa_pipeline.report.labels import Translate, reason_text
from qa_pipeline.report.rulebook import Rulebook

# The turn of sentiment that a flag rests on.
EVENT_OF = {Flag.ANGRY_CUSTOMER: CourseEvent.LEFT_ANGRY, Flag.RECOVERED: CourseEvent.RECOVERED}
_SHORTFALLS = (Outcome.NOT_MET, Outcome.PARTLY_MET)


def contact_row(
    contact: Contact, inspection: Inspection, rulebook: Rulebook, language: str, translate: Translate
) -> ContactRow:
    """Return one contact with its findings in the order of the scorecard."""
    score, satisfaction, why = inspection.score, inspection.satisfaction, inspection.contact_reason
    findings = (finding_row(finding, inspection, rulebook, language, translate) for finding in inspection.findings)
    return ContactRow(
        contact_id=contact.id,
        kind=contact.kind,
        agent_id=contact.agent_id,
        agent_name=contact.agent_name,
        team=contact.team,
        queue=contact.queue,
        started_at=contact.started_at,
        language=inspection.language,
        scorecard=rulebook.scorecard_name(inspection.scorecard_id, inspection.scorecard_version, language),
        points=score.points,
        range_points=Interval(low=score.range_points[0], high=score.range_points[1]) if score.range_points else None,
        coverage_ratio=score.coverage_ratio,
        passed=score.passed,
        fatal=score.fatal,
        flags=inspection.flags,
        undetermined_count=score.undetermined_count,
        engine=inspection.asr_engine,
        quality=inspection.transcript_quality,
        roles_by=inspection.roles_by,
        diarizer=inspection.diarizer,
        diarization_confidence=inspection.diarization_confidence,
        rater=inspection.rater,
        duration_s=inspection.facts.duration_s,
        sentiment_start=inspection.customer_sentiment_start,
        sentiment_end=inspection.customer_sentiment_end,
        turning_points=customer_turns(inspection),
        contact_reason=why.category if why else None,
        contact_reason_quote=why.quote if why else "",
        satisfaction=satisfaction.value if satisfaction else None,
        satisfaction_ci95=Interval(low=satisfaction.ci95[0], high=satisfaction.ci95[1]) if satisfaction else None,
        attitude_value=inspection.attitude_value,
        findings=tuple(findings),
    )


def without_words(row: ContactRow) -> ContactRow:
    """Return a row that says nothing of what was said; reasons may hold words too."""
    findings = (replace(finding, reason="", evidence=()) for finding in row.findings)
    return replace(row, findings=tuple(findings), turning_points=(), contact_reason_quote="")


def customer_turns(inspection: Inspection) -> tuple[TurningPointRow, ...]:
    """Return the turns of the customer's sentiment; how staff feel is nobody's figure."""
    return tuple(
        TurningPointRow(
            event=point.event, utterance=point.utterance, quote=point.quote, before=point.before, after=point.after
        )
        for point in inspection.turning_points
        if point.role is Role.CUSTOMER
    )


def finding_row(
    finding: Finding, inspection: Inspection, rulebook: Rulebook, language: str, translate: Translate
) -> FindingRow:
    """Return one finding in words; a criterion that the rules no longer know keeps its id as name."""
    known = rulebook.find_criterion(inspection.scorecard_id, inspection.scorecard_version, finding.criterion_id)
    return FindingRow(
        criterion_id=finding.criterion_id,
        criterion=known[1].name.in_language(language) if known else finding.criterion_id,
        section=known[0].name.in_language(language) if known else "",
        fatal=known[1].fatal if known else finding.criterion_id in inspection.score.fatal,
        outcome=finding.outcome,
        confidence=finding.confidence,
        reason=reason_text(finding.reason, translate),
        evidence=tuple(
            EvidenceRow(
                quote=piece.quote,
                role=piece.role,
                utterance=piece.utterance,
                start_s=piece.start_s,
                end_s=piece.end_s,
                measure=piece.measure,
                value=piece.value,
            )
            for piece in finding.evidence
        ),
    )


def flag_groups(rows: Iterable[ContactRow]) -> tuple[FlagGroup, ...]:
    """Return the contacts of each flag that occurs, in the order of Flag, lowest points first, unscored ones last."""
    members: dict[Flag, list[ContactRow]] = {flag: [] for flag in Flag}
    for row in rows:
        for flag in row.flags:
            members[flag].append(row)
    return tuple(
        FlagGroup(flag=flag, contacts=tuple(row.contact_id for row in sorted(found, key=_by_points)))
        for flag, found in members.items()
        if found
    )


def _by_points(row: ContactRow) -> tuple[bool, float, str]:
    return row.points is None, row.points or 0.0, row.contact_id


def findings_behind(flag: Flag, row: ContactRow) -> tuple[FindingRow, ...]:
    """Return the findings that explain why a contact carries a flag; its turning points explain a recovery."""
    if flag is Flag.RECOVERED:
        return ()
    if flag is Flag.RED_LINE:
        return tuple(finding for finding in row.findings if finding.criterion_id in row.fatal)
    undetermined = tuple(finding for finding in row.findings if finding.outcome is Outcome.UNDETERMINED)
    if flag is Flag.POSSIBLE_RED_LINE:
        return tuple(finding for finding in undetermined if finding.fatal and any(it.quote for it in finding.evidence))
    if flag in (Flag.ABSTAINED, Flag.POOR_RECOGNITION):
        return undetermined
    return tuple(finding for finding in row.findings if finding.outcome in _SHORTFALLS)
