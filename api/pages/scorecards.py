"""Scorecards: the list, one as people read it, the editor, and what two versions differ in."""

from __future__ import annotations

from functools import cache, partial
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.pages.environment import render
from api.pages.rules import changed_entries, detector_word, diff_lines, next_text, parameter_word, value_words
from api.router import FromCaller, Routes
from api.v1 import scorecards as documents
from api.v1.scorecards import AnyVersion, ScorecardId, ScorecardQuery, Version
from api.v1.trial_documents import CONTACTS_MAX
from qa_pipeline.access import Permission
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.i18n import translator
from qa_pipeline.scorecards import get_scorecard, list_scorecards
from qa_pipeline.services.rule_files import list_changes, scorecard_text

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/scorecards", Permission.SCORECARDS_READ)
def scorecards(request: Request, call: FromCaller, wanted: Annotated[ScorecardQuery, Query()]) -> str:
    """The newest version of each scorecard, those that ship and the site's own."""
    newest = wanted.model_copy(update={"newest": True})
    found = documents.scorecards(call=call, language=language_of(request), wanted=newest)
    return render("scorecards.html", request, found=found, wanted=wanted, shipped=_shipped())


@router.read("/scorecards/{scorecard_id}", Permission.SCORECARDS_READ)
def scorecard(request: Request, call: FromCaller, scorecard_id: ScorecardId, version: AnyVersion = None) -> str:
    """One version of a scorecard: sections, criteria, what they weigh and how they are checked."""
    language = language_of(request)
    translate = translator(language)
    card = documents.scorecard(call=call, language=language, scorecard_id=scorecard_id, version=version)
    return render(
        "scorecard.html",
        request,
        card=card,
        versions=_versions(call, scorecard_id),
        is_shipped=f"{card.id}@{card.version}" in _shipped(),
        detector_word=partial(detector_word, translate=translate),
        parameter_word=partial(parameter_word, translate=translate),
        value_words=partial(value_words, translate=translate),
    )


@router.read("/scorecards/{scorecard_id}/edit", Permission.SCORECARDS_WRITE)
def edit(request: Request, call: FromCaller, scorecard_id: ScorecardId, version: AnyVersion = None) -> str:
    """The text of a version as the draft of the next one, to check, to try and to save."""
    folder = call.sources.site.scorecards
    card, newest = get_scorecard(scorecard_id, version, folder), get_scorecard(scorecard_id, None, folder)
    return render(
        "rule_edit.html",
        request,
        rule=card,
        title=card.name.in_language(language_of(request)),
        newest=newest,
        text=next_text(scorecard_text(card, folder), newest.version + 1),
        place="/scorecards",
        versions=_versions(call, scorecard_id),
        contacts_max=CONTACTS_MAX,
    )


@router.read("/scorecards/{scorecard_id}/changes", Permission.SCORECARDS_READ)
def changes(request: Request, call: FromCaller, scorecard_id: ScorecardId, before: Version, after: Version) -> str:
    """In what two versions differ: criterion by criterion, and line by line."""
    language, folder = language_of(request), call.sources.site.scorecards
    old, new = (get_scorecard(scorecard_id, each, folder) for each in (before, after))
    texts = scorecard_text(old, folder), scorecard_text(new, folder)
    return render(
        "rule_changes.html",
        request,
        rule=new,
        title=new.name.in_language(language),
        place="/scorecards",
        before=before,
        after=after,
        entries=changed_entries(list_changes(*texts)),
        names=_names(old, language) | _names(new, language),
        lines=diff_lines(*texts),
        versions=_versions(call, scorecard_id),
    )


def _names(card: Scorecard, language: str) -> dict[str, str]:
    return {criterion.id: criterion.name.in_language(language) for criterion in card.criteria}


def _versions(call: Caller, scorecard_id: str) -> list[int]:
    return [card.version for card in call.sources.site.cards() if card.id == scorecard_id][::-1]


@cache
def _shipped() -> frozenset[str]:
    return frozenset(card.key for card in list_scorecards())
