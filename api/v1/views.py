"""Saved views: lists as somebody filtered them, under a name, for that person alone."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, Field

from api.filters import Paging
from api.listing import Document, IdInPath, ListDocument, Name
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.domain.view import SavedView

router = Routes()
# What belongs to one look at a list, not to the list.
_PASSING = {"offset", "limit", "after", "lang"}
ListPath = Literal["/contacts"]


def _kept_query(query: str) -> str:
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in _PASSING])


class NewView(Document):
    """A view to save; ``query``: of the list's address, without "?"."""

    name: Annotated[Name, Field(min_length=1)]
    path: ListPath
    query: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$"), AfterValidator(_kept_query)]


class ViewDocument(Document):
    """One view; its address is ``path``?``query``."""

    id: str
    name: str
    path: str
    query: str
    created_at: AwareDatetime


class ViewListDocument(ListDocument):
    """Some of ``total`` views."""

    views: tuple[ViewDocument, ...]


class ViewQuery(Paging):
    """Filters of the list of views."""

    path: Annotated[ListPath | None, Query(description="Of this list only")] = None


@router.read("/views", Permission.ACCOUNT_OWN, operation_id="list_views")
def views(call: FromCaller, wanted: Annotated[ViewQuery, Query()]) -> ViewListDocument:
    """One's own saved views by name."""
    with call.store.reading() as tx:
        found = tx.views.list(call.user.id, wanted.path)
    return ViewListDocument.cut("views", found, wanted, _document)


@router.write("POST", "/views", Permission.ACCOUNT_OWN, operation_id="save_view", status_code=201)
def save(call: FromCaller, wanted: NewView) -> ViewDocument:
    """Save the filters of a list under a name; somebody else opens the list by its address."""
    view = SavedView(
        id=uuid4().hex,
        user_id=call.user.id,
        name=wanted.name.strip() or wanted.name,
        path=wanted.path,
        query=wanted.query,
        created_at=call.now,
    )
    with call.store.transaction() as tx:
        tx.views.add(view)
    call.record("view.save", view.id)
    return _document(view)


@router.write("DELETE", "/views/{view_id}", Permission.ACCOUNT_OWN, operation_id="delete_view", status_code=204)
def remove(call: FromCaller, view_id: IdInPath) -> None:
    """Delete one of one's own views."""
    with call.store.transaction() as tx:
        tx.views.remove(view_id, call.user.id)
    call.record("view.delete", view_id)


def _document(view: SavedView) -> ViewDocument:
    return ViewDocument(id=view.id, name=view.name, path=view.path, query=view.query, created_at=view.created_at)
