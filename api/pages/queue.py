"""The review queue: what waits and why, taking contacts, and what one has taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.language import language_of
from api.listing import People
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.queue import QueueQuery, claims
from api.v1.queue import queue as list_waiting
from qa_pipeline.access import Permission
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_MINUTE = timedelta(minutes=1)


@router.read("/queue", Permission.CONTACTS_REVIEW)
def queue(request: Request, call: FromCaller, wanted: Annotated[QueueQuery, Query()]) -> str:
    """What waits for the caller, and what they have taken."""
    waiting = list_waiting(call=call, language=language_of(request), wanted=wanted)
    taken = claims(call=call).claims
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        teams = sorted({team for one in people.within() if (team := people.team_of(one))})
    call.record("queue.list", wanted.period or "all", count=len(waiting.contacts))
    return render(
        "queue.html",
        request,
        waiting=waiting,
        taken=[(one, max(0, (one.expires_at - call.now) // _MINUTE)) for one in taken],
        name_of=people.name_of,
        teams=teams,
        months=[one.period for one in list_periods(call.store, call.reach) if one.is_month],
        wanted=wanted,
        lease_minutes=call.sources.options.claim_minutes,
    )
