"""Scorecards: what contacts are judged by, read, checked and saved as new versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query, Response

from api.caller import Caller
from api.filters import Paging
from api.judgements import blind_to
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.rules_documents import (
    CheckDocument,
    CriterionDocument,
    RuleChangeDocument,
    RuleChangeListDocument,
    RuleCheckDocument,
    RuleText,
    ScorecardDocument,
    ScorecardListDocument,
    ScorecardSummaryDocument,
    SectionDocument,
    problem_documents,
)
from api.v1.trial_documents import ScorecardTrialDocument, ScorecardTrialRequest, trial_document
from qa_pipeline.access import Permission
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard
from qa_pipeline.i18n import translator
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.services.contact_list import ContactFilter
from qa_pipeline.services.rule_files import (
    check_scorecard_text,
    list_changes,
    place_files,
    read_scorecard_text,
    save_scorecard,
    scorecard_text,
)
from qa_pipeline.services.rules.lint import FILE_RULE
from qa_pipeline.services.rules.sample import newest_of_store
from qa_pipeline.services.rules.trial import try_scorecard

router = Routes()
ScorecardId = Annotated[str, Path(max_length=100, pattern=r"^[^\x00/]+$")]
Version = Annotated[int, Query(ge=1, le=1_000_000)]
AnyVersion = Annotated[int | None, Query(ge=1, le=1_000_000, description="The newest where left out")]
YAML = {200: {"description": "The file", "content": {"text/plain": {"schema": {"type": "string"}}}}}


class ScorecardQuery(Paging):
    """Filters of the list of scorecards."""

    kind: ContactKind | None = None
    newest: Annotated[bool, Query(description="The newest version of each only")] = False


@router.read("/scorecards", Permission.SCORECARDS_READ, operation_id="list_scorecards")
def scorecards(
    call: FromCaller, language: InLanguage, wanted: Annotated[ScorecardQuery, Query()]
) -> ScorecardListDocument:
    """All versions of the scorecards that ship and of the site's own, by id and version."""
    cards = call.sources.rulebook.scorecards
    newest = _newest(cards)
    found = [
        card
        for card in cards
        if wanted.kind in (None, card.kind) and (not wanted.newest or newest[card.id] == card.version)
    ]
    return ScorecardListDocument.cut(
        "scorecards", found, wanted, lambda card: ScorecardSummaryDocument(**_summary(card, newest, language))
    )


@router.read("/scorecards/{scorecard_id}", Permission.SCORECARDS_READ, operation_id="get_scorecard")
def scorecard(
    call: FromCaller, language: InLanguage, scorecard_id: ScorecardId, version: AnyVersion = None
) -> ScorecardDocument:
    """One scorecard with sections, criteria, weights and rules. The ETag of the newest is what saving asks for."""
    folder = call.sources.site.scorecards
    card = get_scorecard(scorecard_id, version, folder)
    call.give_etag(card.digest)
    return _document(card, call, language)


@router.read(
    "/scorecards/{scorecard_id}/text",
    Permission.SCORECARDS_READ,
    operation_id="get_scorecard_text",
    response_class=Response,
    responses=YAML,
)
def text(call: FromCaller, scorecard_id: ScorecardId, version: AnyVersion = None) -> Response:
    """The file of one scorecard as it was written, YAML."""
    folder = call.sources.site.scorecards
    card = get_scorecard(scorecard_id, version, folder)
    return Response(
        scorecard_text(card, folder), media_type="text/plain; charset=utf-8", headers={"etag": f'"{card.digest}"'}
    )


@router.read("/scorecards/{scorecard_id}/changes", Permission.SCORECARDS_READ, operation_id="list_scorecard_changes")
def changes(
    call: FromCaller, scorecard_id: ScorecardId, before: Version, after: Version, paging: Annotated[Paging, Query()]
) -> RuleChangeListDocument:
    """In what two versions of a scorecard differ."""
    folder = call.sources.site.scorecards
    old, new = (scorecard_text(get_scorecard(scorecard_id, each, folder), folder) for each in (before, after))
    return RuleChangeListDocument.cut(
        "changes",
        list_changes(old, new),
        paging,
        lambda one: RuleChangeDocument(path=one.path, before=one.before, after=one.after),
        id=scorecard_id,
        from_version=before,
        to_version=after,
    )


@router.write("POST", "/scorecards/check", Permission.SCORECARDS_WRITE, operation_id="check_scorecard")
def check(call: FromCaller, language: InLanguage, wanted: RuleText) -> RuleCheckDocument:
    """Check the text of a scorecard: what is wrong, and what probably does not judge as meant; nothing is saved."""
    remarks = check_scorecard_text(wanted.text, call.sources.site.engines)
    found = [(one.severity, one.problem) for one in remarks]
    # What is wrong with the file hinders it; what is wrong in its sense is for its author to decide.
    errors = [pair for one, pair in zip(remarks, found, strict=True) if one.rule == FILE_RULE]
    warnings = [pair for one, pair in zip(remarks, found, strict=True) if one.rule != FILE_RULE]
    call.record("scorecard.check", "text", errors=len(errors), warnings=len(warnings))
    translate = translator(language)
    return RuleCheckDocument(
        valid=not errors,
        errors=problem_documents(errors, translate),
        warnings=problem_documents(warnings, translate),
    )


@router.ask("/scorecards/try", Permission.SCORECARDS_WRITE, operation_id="try_scorecard")
def try_(call: FromCaller, language: InLanguage, wanted: ScorecardTrialRequest) -> ScorecardTrialDocument:
    """Judge the newest contacts by the text of a scorecard, and compare with a version that is there.

    At most 100 contacts, by what is known of their words already; nothing is stored. More of them: callqa scorecards
    try.
    """
    site = call.sources.site
    card = read_scorecard_text(wanted.text)
    against = None
    if wanted.against_version is not None:
        against = get_scorecard(wanted.against or card.id, wanted.against_version, site.scorecards)
    where = ContactFilter(
        kind=card.kind,
        language=card.language,
        reach=call.reach_of(Permission.CONTACTS_READ),
        hidden=blind_to(call),
    )
    found = try_scorecard(
        newest_of_store(call.store, call.sources.artifacts, where, wanted.contacts),
        card,
        [engine for engine in site.engines if engine.kind != "judge"],  # that one may cost money
        against=against,
        calibration=site.calibration,
        example_count=0,
    )
    call.record("scorecard.try", card.key, count=found.trial.n)
    return trial_document(found, language)


@router.write("POST", "/scorecards", Permission.SCORECARDS_WRITE, operation_id="save_scorecard", status_code=201)
def save(call: FromCaller, language: InLanguage, wanted: RuleText) -> ScorecardDocument:
    """Save the text as a new scorecard, or as the next version of one; contacts are judged by it from now on.

    For a next version send the ETag of the newest as If-Match. A saved version never changes.
    """
    folders = call.sources.site.rule_folders
    card = save_scorecard(call.store, wanted.text, folders, lambda newest: call.check_etag(newest.digest), call.now)
    call.afterwards.append(lambda: place_files(call.sources.store, folders))
    call.record("scorecard.save", card.key, digest=card.digest)
    call.give_etag(card.digest)
    return _document(card, call, language)


def _newest(cards: Sequence[Scorecard]) -> dict[str, int]:
    return {card.id: card.version for card in sorted(cards, key=lambda card: card.version)}


def _summary(card: Scorecard, newest: dict[str, int], language: str) -> dict[str, object]:
    criteria = list(card.criteria)
    return {
        "id": card.id,
        "version": card.version,
        "name": card.name.in_language(language),
        "kind": card.kind,
        "language": card.language,
        "pass_points": card.pass_points,
        "criteria_count": len(criteria),
        "weight": sum(criterion.weight for criterion in criteria),
        "is_newest": newest[card.id] == card.version,
        "digest": card.digest,
    }


def _document(card: Scorecard, call: Caller, language: str) -> ScorecardDocument:
    return ScorecardDocument(
        **_summary(card, _newest([*call.sources.rulebook.scorecards, card]), language),
        min_coverage_ratio=card.min_coverage_ratio,
        sections=tuple(
            SectionDocument(
                id=section.id,
                name=section.name.in_language(language),
                criteria=tuple(_criterion(criterion, language) for criterion in section.criteria),
            )
            for section in card.sections
        ),
    )


def _criterion(criterion: Criterion, language: str) -> CriterionDocument:
    return CriterionDocument(
        id=criterion.id,
        name=criterion.name.in_language(language),
        weight=criterion.weight,
        fatal=criterion.fatal,
        fatal_cap_points=criterion.fatal_cap_points if criterion.fatal else None,
        indicator=criterion.indicator,
        applies_when=_check(criterion.applies_when) if criterion.applies_when else None,
        check=_check(criterion.check),
    )


def _check(found: Check) -> CheckDocument:
    return CheckDocument(detector=found.detector, params=found.params)
