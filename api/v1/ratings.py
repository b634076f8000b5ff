"""Ratings by people on anchored scales: given one by one by whoever may, or imported as a table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from api.filters import Asked, Paging
from api.imports import ImportDocument, RejectedRowDocument, rejected_rows
from api.listing import (
    AgentInPath,
    AnyAgent,
    AnyMonth,
    Document,
    ListDocument,
    Month,
    Name,
    People,
    PeriodInPath,
    PlainText,
    ordered,
)
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.uploads import TableUpload, upload_body
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.ratings import MergedRating, ShownRating, show_ratings
from qa_pipeline.domain.cycle import Rating
from qa_pipeline.domain.performance import RaterClass, Template
from qa_pipeline.domain.period import check_month
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.assignments import find_templates
from qa_pipeline.services.ratings import (
    add_rating,
    import_ratings,
    merge_period,
    rated_indicator,
    write_sheet,
)

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.agent_id,
    "period": lambda one: one.period,
    "value": lambda one: one.value,
}


class NewRating(Document):
    """A value from 1 to 5 on a rated indicator; ``comment``: what was seen."""

    agent_id: Name
    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]
    indicator: Annotated[Name, Field(description="Id or name of a rated indicator")]
    value: Annotated[float, Field(ge=1, le=5)]
    comment: PlainText = ""


class GivenRatingDocument(Document):
    """What became of a rating. ``lacks_reason``: such a value needs a comment or a critical incident."""

    outcome: Literal["added", "replaced", "unchanged"]
    rater_class: RaterClass
    lacks_reason: bool


class RatingDocument(Document):
    """One rating, or those of an anonymous class together; ``value`` null while somebody could be recognised."""

    agent_id: str
    agent_name: str | None
    period: str
    indicator: str
    indicator_name: str
    rater_class: RaterClass
    rater_id: str | None
    n: int
    value: float | None
    comments: tuple[str, ...]


class RatingListDocument(ListDocument):
    """Some of ``total`` ratings in force."""

    ratings: tuple[RatingDocument, ...]


class ClassMeanDocument(Document):
    """The ratings of one class; ``mean`` null while somebody could be recognised, ``counted`` as it counts."""

    rater_class: RaterClass
    n: int
    mean: float | None
    counted: float | None
    weight: float
    effective_weight: float


class MergedRatingDocument(Document):
    """What the ratings of one indicator come to; ``value`` null where nobody has rated it."""

    indicator: str
    indicator_name: str
    value: float | None
    n: int
    se: float | None
    classes: tuple[ClassMeanDocument, ...]
    notes: tuple[str, ...]


class MergedRatingsDocument(Document):
    """What the ratings of an agent come to in a month."""

    agent_id: str
    period: str
    template: str
    items: tuple[MergedRatingDocument, ...]


class RatingImportDocument(ImportDocument):
    """What became of a table of ratings. ``waiting``: rows not filled in yet; ``warnings``: kept, but without a why."""

    replaced: int
    waiting: int
    warnings: tuple[RejectedRowDocument, ...]


class SheetQuery(Asked):
    """For whom the form is: the own id alone for a self rating."""

    period: Month
    agent_id: Annotated[list[Name], Query(min_length=1, max_length=500)]


class RatingQuery(Paging):
    """Filters of the list of ratings."""

    period: AnyMonth = None
    agent_id: AnyAgent = None
    indicator: Annotated[Name | None, Query(description="Id of an indicator")] = None
    sort: Literal["agent_id", "-agent_id", "period", "-period", "value", "-value"] = "agent_id"


@router.read("/ratings", Permission.RATINGS_READ, operation_id="list_ratings")
def ratings(call: FromCaller, language: InLanguage, wanted: Annotated[RatingQuery, Query()]) -> RatingListDocument:
    """Ratings in force; those of peers and reports together, and only from three people on."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in show_ratings(tx.ratings.list(wanted.period, wanted.agent_id))
            if people.covers(one.agent_id) and wanted.indicator in (None, one.indicator)
        ]
    call.record("rating.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return RatingListDocument.cut("ratings", rows, wanted, lambda one: _shown(one, people, language))


@router.write("POST", "/ratings", Permission.RATINGS_GIVE, operation_id="give_rating")
def give(call: FromCaller, wanted: NewRating) -> GivenRatingDocument:
    """Rate an agent of the own teams as the manager, or oneself; a later rating takes the place of an earlier one."""
    with call.store.reading() as tx:
        People(tx, call.reach).check(wanted.agent_id)
    check_month(wanted.period)
    rater_class = RaterClass.SELF if wanted.agent_id == call.user.agent_id else RaterClass.MANAGER
    rating = Rating(
        agent_id=wanted.agent_id,
        period=wanted.period,
        rater_id=call.user.actor,
        rater_class=rater_class,
        indicator=rated_indicator(wanted.indicator),
        value=wanted.value,
        comment=wanted.comment.strip(),
        source="api",
        rated_at=call.now,
    )
    outcome, lacks_reason = add_rating(call.store, rating)
    call.record("rating.give", f"{wanted.agent_id} {wanted.period}", indicator=rating.indicator)
    return GivenRatingDocument(outcome=outcome, rater_class=rater_class, lacks_reason=lacks_reason)


@router.read("/ratings/{period}/{agent_id:path}", Permission.RATINGS_READ, operation_id="get_merged_ratings")
def merged(
    call: FromCaller, language: InLanguage, period: PeriodInPath, agent_id: AgentInPath
) -> MergedRatingsDocument:
    """What the ratings of an agent come to in a month, by class of raters."""
    check_month(period)
    with call.store.reading() as tx:
        People(tx, call.reach).check(agent_id)
        tx.agents.get(agent_id)
        every = call.sources.site.list_templates()
        template = find_templates(tx, period, [agent_id], every)[agent_id].template
        found = merge_period(tx.ratings.list(period), template)
    call.record("rating.view", f"{agent_id} {period}")
    return MergedRatingsDocument(
        agent_id=agent_id,
        period=period,
        template=f"{template.id}@{template.version}",
        items=tuple(_merged(indicator, one.get(agent_id), template, language) for indicator, one in found.items()),
    )


@router.read(
    "/rating-sheet",
    Permission.RATINGS_GIVE,
    operation_id="download_rating_sheet",
    response_class=Response,
    responses={200: {"description": "The form", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def sheet(call: FromCaller, language: InLanguage, wanted: Annotated[SheetQuery, Query()]) -> Response:
    """A form for ratings as CSV: the rated indicators of the agents, with what each step of the scale means."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        for agent_id in wanted.agent_id:
            people.check(agent_id)
    is_self = wanted.agent_id == [call.user.agent_id]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        write_sheet(
            call.store,
            wanted.agent_id,
            wanted.period,
            RaterClass.SELF if is_self else RaterClass.MANAGER,
            path,
            language=language,
            rater=call.user.actor,
            templates=call.sources.site.templates,
        )
        content = path.read_bytes()
    call.record("rating.sheet", wanted.period, count=len(wanted.agent_id))
    headers = {"content-disposition": f'attachment; filename="ratings-{wanted.period}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.write(
    "POST", "/ratings/imports", Permission.RATINGS_IMPORT, operation_id="import_ratings", openapi_extra=upload_body()
)
def import_(
    call: FromCaller, language: InLanguage, upload: TableUpload, period: AnyMonth = None
) -> RatingImportDocument:
    """Import a table with a row per rating (docs/ratings.md); refused rows are told, the others are taken."""
    with upload.named():
        found = import_ratings(call.store, upload.path, call.now, period=period)
    call.record(
        "rating.import", upload.sha256, imported=found.added_count + found.replaced_count, rejected=len(found.rejected)
    )
    translate = translator(language)
    return RatingImportDocument(
        imported=found.added_count + found.replaced_count,
        unchanged=found.unchanged_count,
        rejected_count=len(found.rejected),
        rejected=rejected_rows(found.rejected, translate),
        ignored_columns=tuple(found.ignored_columns),
        replaced=found.replaced_count,
        waiting=found.waiting_count,
        warnings=rejected_rows(found.warnings, translate),
    )


def _shown(one: ShownRating, people: People, language: str) -> RatingDocument:
    return RatingDocument(
        agent_id=one.agent_id,
        agent_name=people.name_of(one.agent_id),
        period=one.period,
        indicator=one.indicator,
        indicator_name=shipped()[one.indicator].name.in_language(language),
        rater_class=one.rater_class,
        rater_id=one.rater_id,
        n=one.n,
        value=one.value,
        comments=one.comments,
    )


def _merged(indicator: str, found: MergedRating | None, template: Template, language: str) -> MergedRatingDocument:
    names = names_of(shipped().values(), template)
    return MergedRatingDocument(
        indicator=indicator,
        indicator_name=shipped()[indicator].name.in_language(language),
        value=found.value if found else None,
        n=found.n if found else 0,
        se=found.se if found else None,
        classes=tuple(
            ClassMeanDocument(
                rater_class=one.rater_class,
                n=one.n,
                mean=one.mean,
                counted=one.counted,
                weight=one.weight,
                effective_weight=one.effective_weight,
            )
            for one in (found.classes if found else ())
        ),
        notes=tuple(
            render_note(note, translator(language), names, language) for note in (found.notes if found else ())
        ),
    )
