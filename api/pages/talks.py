"""Feedback talks: with whom one is due, preparing it, and the paper that coach and agent have of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from api.caller import Caller
from api.language import language_of
from api.listing import IdInPath, People
from api.pages.environment import render
from api.pages.team import chosen_period
from api.paper_files import paper_format
from api.router import FromCaller, Routes
from api.v1.talks import TalkQuery, download
from api.v1.talks import talk as get_talk
from api.v1.talks import talks as list_talks
from coaching.talks import MACHINE, talk_due_on
from coaching.words import CAUSES
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.report.pdf import find_browser
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/talks", Permission.COACHING_READ)
def talks(request: Request, call: FromCaller, wanted: Annotated[TalkQuery, Query()]) -> str:
    """Talks by the day until which they are due, and with whom one has yet to be prepared."""
    language = language_of(request)
    known = [one for one in list_periods(call.store, call.reach) if one.evaluations_count]
    period = chosen_period(known, wanted.period)
    asked = wanted.model_copy(update={"period": period})
    found = list_talks(call=call, language=language, wanted=asked)
    return render(
        "talks.html",
        request,
        found=found,
        wanted=asked,
        period=period,
        periods=[one.period for one in known],
        states=[(one.id, one.name.in_language(language)) for one in get_workflow(MACHINE).states],
        unprepared=_unprepared(call, period) if period and call.may(Permission.COACHING_WRITE) else (),
        today=_today(call),
    )


@router.read("/talks/{talk_id}", Permission.COACHING_READ)
def talk(request: Request, call: FromCaller, talk_id: IdInPath) -> str:
    """One talk: the coach edits the outline, the agent answers, both can print it."""
    found = get_talk(call=call, language=language_of(request), talk_id=talk_id)
    is_agent = found.agent_id == call.user.agent_id
    open_ = found.state.id != "acknowledged"
    return render(
        "talk.html",
        request,
        talk=found,
        causes=CAUSES,
        is_agent=is_agent,
        may_edit=open_ and not is_agent and call.may(Permission.COACHING_WRITE),
        may_answer=open_ and is_agent and call.may(Permission.COACHING_ANSWER),
        meets_at=found.meets_at.astimezone(call.store.time_zone) if found.meets_at else None,
        may_print=find_browser() is not None,
    )


@router.read("/talks/{talk_id}/callqa.{extension}", Permission.COACHING_READ)
def talk_file(request: Request, call: FromCaller, talk_id: IdInPath, extension: str) -> Response:
    """One talk as a file."""
    form = paper_format(extension)
    return download(call=call, language=language_of(request), talk_id=talk_id, format=form)


def _unprepared(call: Caller, period: str) -> list[tuple[str, str | None, date]]:
    """Return the agents with a published result and no talk about it, and until when one should be held."""
    with call.store.reading() as tx:
        people = People(tx, call.reach_of(Permission.COACHING_WRITE))
        ids = [one for one in people.within() if one != call.user.agent_id]
        prepared = {one.agent_id for one in tx.talks.list(period)}
        return [
            (one.agent_id, people.name_of(one.agent_id), talk_due_on(one, call.sources.site.times, tx))
            for one in tx.publications.latest(period, ids)
            if one.agent_id not in prepared
        ]


def _today(call: Caller) -> date:
    return call.now.astimezone(call.store.time_zone).date()
