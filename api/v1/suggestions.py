"""Suggestions: what agents propose to do better, and what people answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.caller import Caller
from api.filters import Paging
from api.listing import AnyAgent, Document, IdInPath, ListDocument, Name, People, PlainText
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.domain.suggestion import ANSWERS, Suggestion, SuggestionState
from qa_pipeline.errors import N_, Conflict
from qa_pipeline.store import Transaction

router = Routes()


class NewSuggestion(Document):
    """What an agent proposes; ``text``: what happens now, what would be better, whom it would help."""

    title: Name
    text: Annotated[PlainText, Field(min_length=1)]


class NewSuggestionAnswer(Document):
    """What somebody answers, and why or what was done."""

    state: Literal["accepted", "declined", "done"]
    answer: Annotated[PlainText, Field(min_length=1)]


class SuggestionDocument(Document):
    """One suggestion. The answer's ETag goes into the If-Match of an answer; ``answers``: states that may follow."""

    id: str
    agent_id: str
    agent_name: str | None
    title: str
    text: str
    filed_at: datetime
    state: SuggestionState
    answer: str
    answered_by: str | None
    answered_at: datetime | None
    version: int
    answers: tuple[SuggestionState, ...]


class SuggestionListDocument(ListDocument):
    """Some of ``total`` suggestions, the latest first."""

    suggestions: tuple[SuggestionDocument, ...]


class SuggestionQuery(Paging):
    """Filters of the list of suggestions."""

    agent_id: AnyAgent = None
    state: SuggestionState | None = None


@router.read("/suggestions", Permission.SUGGESTIONS_READ, operation_id="list_suggestions")
def suggestions(call: FromCaller, wanted: Annotated[SuggestionQuery, Query()]) -> SuggestionListDocument:
    """Suggestions of agents within the caller's reach, the latest first."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [each for each in tx.suggestions.list(wanted.agent_id, wanted.state) if people.covers(each[0].agent_id)]
    call.record("suggestion.list", wanted.agent_id or "all", count=len(found))
    return SuggestionListDocument.cut("suggestions", found, wanted, lambda each: _document(each[0], each[1], people))


@router.read("/suggestions/{suggestion_id}", Permission.SUGGESTIONS_READ, operation_id="get_suggestion")
def suggestion(call: FromCaller, suggestion_id: IdInPath) -> SuggestionDocument:
    """One suggestion with its answer."""
    with call.store.reading() as tx:
        found, version, people = _reachable(tx, call, suggestion_id)
    call.record("suggestion.view", suggestion_id)
    call.give_etag(version)
    return _document(found, version, people)


@router.write("POST", "/suggestions", Permission.SUGGESTIONS_FILE, operation_id="file_suggestion", status_code=201)
def file(call: FromCaller, wanted: NewSuggestion) -> SuggestionDocument:
    """Propose something to do better."""
    agent_id = call.attempt_as_agent().actor
    new = Suggestion(
        id=f"suggestion-{token_hex(8)}", agent_id=agent_id, title=wanted.title, text=wanted.text, filed_at=call.now
    )
    with call.store.transaction() as tx:
        tx.suggestions.add(new)
        people = People(tx, call.reach)
    call.record("suggestion.file", new.id)
    call.give_etag(1)
    return _document(new, 1, people)


@router.write("POST", "/suggestions/{suggestion_id}/answer", Permission.SUGGESTIONS_ANSWER)
def answer(call: FromCaller, suggestion_id: IdInPath, wanted: NewSuggestionAnswer) -> SuggestionDocument:
    """Accept or decline a suggestion, or tell that an accepted one is done. If-Match carries its ETag."""
    state = SuggestionState(wanted.state)
    with call.store.transaction() as tx:
        found, version, people = _reachable(tx, call, suggestion_id)
        call.check_etag(version)
        if state not in ANSWERS[found.state] or found.agent_id == call.user.agent_id:
            raise Conflict(
                N_("This answer is not possible now."),
                hint=N_("A filed suggestion is accepted or declined by somebody else; an accepted one is done later."),
            )
        changed = replace(found, state=state, answer=wanted.answer, answered_by=call.user.actor, answered_at=call.now)
        tx.suggestions.replace(changed, version)
    call.record("suggestion.answer", suggestion_id, state=state.value)
    call.give_etag(version + 1)
    return _document(changed, version + 1, people)


def _reachable(tx: Transaction, call: Caller, suggestion_id: str) -> tuple[Suggestion, int, People]:
    found, version = tx.suggestions.get(suggestion_id)
    people = People(tx, call.reach)
    people.check(found.agent_id)
    return found, version, people


def _document(found: Suggestion, version: int, people: People) -> SuggestionDocument:
    return SuggestionDocument(
        id=found.id,
        agent_id=found.agent_id,
        agent_name=people.name_of(found.agent_id),
        title=found.title,
        text=found.text,
        filed_at=found.filed_at,
        state=found.state,
        answer=found.answer,
        answered_by=found.answered_by,
        answered_at=found.answered_at,
        version=version,
        answers=ANSWERS[found.state],
    )
