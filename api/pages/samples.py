"""Samples: drawing contacts for review with known chances, how far they are reviewed, and whether they were fair."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.listing import IdInPath
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.samples import SampleQuery
from api.v1.samples import audit as audit_sample
from api.v1.samples import sample as get_sample
from api.v1.samples import samples as list_samples
from qa_pipeline.access import Permission
from qa_pipeline.errors import CallqaError
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/samples", Permission.SAMPLES_READ)
def samples(request: Request, call: FromCaller, wanted: Annotated[SampleQuery, Query()]) -> str:
    """What was drawn, the latest first, and the form to draw."""
    months = [one.period for one in list_periods(call.store, call.reach) if one.is_month and one.contacts_count]
    with call.store.reading() as tx:
        teams = sorted({one.team for one in tx.agents.list() if one.team and call.reach.covers(None, one.team)})
    return render(
        "samples.html",
        request,
        found=list_samples(call=call, wanted=wanted),
        wanted=wanted,
        months=months,
        teams=teams,
    )


@router.read("/samples/{sample_id}", Permission.SAMPLES_READ)
def sample(request: Request, call: FromCaller, sample_id: IdInPath) -> str:
    """One sample: its contacts, who is still to be reviewed, and whether the draw can be repeated."""
    found = get_sample(call=call, sample_id=sample_id)
    try:
        checked = audit_sample(call=call, sample_id=sample_id)
    except CallqaError:  # the audit looks at all contacts of the month; not everybody may
        checked = None
    return render("sample.html", request, sample=found, checked=checked)
