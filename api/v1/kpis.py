"""Indicator values with their sources: lists, contradictions, the catalogue, and importing tables."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.filters import Asked, Paging
from api.imports import ImportDocument, rejected_rows
from api.listing import AnyAgent, AnyMonth, Document, ListDocument, Name, People, ordered
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.uploads import TableUpload, upload_body
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.notes import render_note
from qa_pipeline.domain.performance import IndicatorDirection, KpiDefinition, KpiRecord
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.kpi.forms import Form
from qa_pipeline.kpi.mapping import list_mappings
from qa_pipeline.services.kpi_import import ImportResult, import_kpis

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.agent_id,
    "period": lambda one: one.period,
    "indicator": lambda one: one.indicator,
    "value": lambda one: one.value,
}


class KpiDocument(Document):
    """One value in force. ``n``: observations behind it, null where the source does not say. ``source``: the import."""

    agent_id: str
    agent_name: str | None
    period: str
    indicator: str
    indicator_name: str
    unit: str
    value: float
    n: int | None
    sd: float | None
    source: str
    notes: tuple[str, ...]


class KpiListDocument(ListDocument):
    """Some of ``total`` values."""

    values: tuple[KpiDocument, ...]


class ConflictDocument(Document):
    """Sources that contradict each other; ``counts`` is the value in force."""

    counts: KpiDocument
    others: tuple[KpiDocument, ...]


class ConflictListDocument(ListDocument):
    """Some of ``total`` contradictions."""

    conflicts: tuple[ConflictDocument, ...]


class IndicatorDocument(Document):
    """One indicator of the catalogue; levels in ``unit``. ``headers``: column headers that are understood."""

    id: str
    name: str
    group: str
    unit: str
    direction: IndicatorDirection
    formula: str | None
    target: float | None
    target_low: float | None
    floor: float | None
    floor_low: float | None
    stretch: float | None
    minimum: float | None
    maximum: float | None
    source: str
    opposing: tuple[str, ...]
    headers: tuple[str, ...]


class IndicatorListDocument(ListDocument):
    """Some of ``total`` indicators."""

    indicators: tuple[IndicatorDocument, ...]


class MappingDocument(Document):
    """A mapping that ships: what the columns of a usual export mean."""

    name: str
    title: str | None
    form: Form | None
    columns: tuple[str, ...]


class MappingListDocument(ListDocument):
    """Some of ``total`` mappings."""

    mappings: tuple[MappingDocument, ...]


class SubjectDocument(Document):
    """Of whom, when and what a value is."""

    agent_id: str
    period: str
    indicator: str


class KpiImportDocument(ImportDocument):
    """What became of a table of values.

    ``replaced`` of the imported ones stand instead of older values. ``contradicted``: where another source says
    otherwise. ``without_value``: by indicator, agents and months with nothing to count.
    """

    form: Form
    replaced: int
    contradicted: tuple[SubjectDocument, ...]
    without_value: dict[str, int]
    notes: tuple[str, ...]
    periods: tuple[str, ...]
    new_agents: tuple[str, ...]


class KpiQuery(Paging):
    """Filters of the list of values."""

    period: AnyMonth = None
    agent_id: AnyAgent = None
    indicator: Annotated[Name | None, Query(description="Id of an indicator")] = None
    source: Annotated[Name | None, Query(description="Of this import only, as `source` of a value names it")] = None
    sort: Literal["agent_id", "-agent_id", "period", "-period", "indicator", "-indicator", "value", "-value"] = (
        "agent_id"
    )


class ConflictQuery(Paging):
    """Filters of the list of contradictions."""

    period: AnyMonth = None


class IndicatorQuery(Paging):
    """Filters of the catalogue."""

    group: Annotated[Name | None, Query(description="Of this group only")] = None


class KpiImportQuery(Asked):
    """How a table is to be read."""

    mapping: Annotated[Name | None, Query(description="Name of a mapping, as GET /kpis/mappings lists them")] = None
    period: AnyMonth = None
    form: Annotated[Form | None, Query(description="What a row is, where the columns do not say it")] = None
    replace: Annotated[bool, Query(description="Let it stand instead of sources that say otherwise")] = False
    known_agents_only: Annotated[bool, Query(description="Refuse agents that nothing has named before")] = False


class KpiRecordDocument(Document):
    """One value of an agent and a month, in the unit of the catalogue. ``n``: observations behind it."""

    agent_id: Name
    agent_name: Name | None = None
    team: Name | None = None
    period: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    indicator: Name
    value: float
    n: Annotated[int, Field(ge=0)] | None = None


class KpiRecords(Document):
    """Values to take; ``source`` names where they come from, as a file's name does for a table."""

    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
    records: Annotated[tuple[KpiRecordDocument, ...], Field(min_length=1, max_length=10_000)]
    replace: bool = False
    known_agents_only: bool = False


@router.read("/kpis", Permission.KPIS_READ, operation_id="list_kpis")
def kpis(call: FromCaller, language: InLanguage, wanted: Annotated[KpiQuery, Query()]) -> KpiListDocument:
    """Indicator values in force, with the import that each comes from."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        records = tx.kpis.list(period=wanted.period, agent_id=wanted.agent_id, indicator=wanted.indicator)
    found = [one for one in records if people.covers(one.agent_id) and wanted.source in (None, one.source)]
    call.record("kpi.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return KpiListDocument.cut("values", rows, wanted, lambda one: _document(one, people, language))


@router.read("/kpis/conflicts", Permission.KPIS_READ, operation_id="list_kpi_conflicts")
def conflicts(
    call: FromCaller, language: InLanguage, wanted: Annotated[ConflictQuery, Query()]
) -> ConflictListDocument:
    """Where sources contradict each other, and which value counts: that on more observations, then the newest."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [one for one in tx.kpis.conflicts(wanted.period) if people.covers(one.counting.agent_id)]
    call.record("kpi.conflicts", wanted.period or "all", count=len(found))
    return ConflictListDocument.cut(
        "conflicts",
        found,
        wanted,
        lambda one: ConflictDocument(
            counts=_document(one.counting, people, language),
            others=tuple(_document(other, people, language) for other in one.others),
        ),
    )


@router.read("/kpis/indicators", Permission.KPIS_READ, operation_id="list_indicators")
def indicators(
    call: FromCaller, language: InLanguage, wanted: Annotated[IndicatorQuery, Query()]
) -> IndicatorListDocument:
    """The catalogue of indicators with units, levels and the column headers that are understood."""
    found = [one for one in list_indicators() if wanted.group in (None, one.group)]
    return IndicatorListDocument.cut("indicators", found, wanted, lambda one: _definition(one, language))


@router.read("/kpis/mappings", Permission.KPIS_READ, operation_id="list_kpi_mappings")
def mappings(call: FromCaller, language: InLanguage, paging: Annotated[Paging, Query()]) -> MappingListDocument:
    """The mappings of usual exports that ship, for imports."""
    found = list(list_mappings(shipped()).items())
    return MappingListDocument.cut(
        "mappings",
        found,
        paging,
        lambda pair: MappingDocument(
            name=pair[0],
            title=pair[1].title.in_language(language) if pair[1].title else None,
            form=pair[1].form,
            columns=tuple(pair[1].uses),
        ),
    )


@router.write("POST", "/kpis/imports", Permission.KPIS_IMPORT, operation_id="import_kpis", openapi_extra=upload_body())
def import_(
    call: FromCaller, language: InLanguage, upload: TableUpload, wanted: Annotated[KpiImportQuery, Query()]
) -> KpiImportDocument:
    """Import indicator values per agent and month, or calls, tickets, surveys, orders or shifts (docs/imports.md).

    The same table again changes nothing; refused rows are told, the others are taken.
    """
    if wanted.mapping is not None and wanted.mapping not in (known := list_mappings(shipped())):
        raise NotFound(
            N_("There is no mapping {name}."),
            hint=N_("Known mappings: {known}."),
            name=wanted.mapping,
            known=", ".join(known),
        )
    with upload.named():
        found = import_kpis(
            call.store,
            upload.path,
            mapping=wanted.mapping,
            period=wanted.period,
            form=wanted.form,
            replace=wanted.replace,
            known_agents_only=wanted.known_agents_only,
            now=call.now,
        )
    call.record("kpi.import", upload.sha256, imported=found.imported_count, rejected=len(found.rejected))
    return _import_document(found, language)


@router.write("POST", "/kpis/records", Permission.KPIS_IMPORT, operation_id="import_kpi_records")
def import_records(call: FromCaller, language: InLanguage, wanted: KpiRecords) -> KpiImportDocument:
    """Take indicator values per agent and month as JSON, as a table with these columns would be taken.

    The same values again change nothing; refused ones are told by their place, from 1, the others are taken.
    """
    rows = [one.model_dump(mode="json", exclude_none=True) for one in wanted.records]
    with TemporaryDirectory(prefix="callqa-") as folder:
        path = Path(folder) / f"{wanted.source}.jsonl"
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
        found = import_kpis(
            call.store,
            path,
            replace=wanted.replace,
            known_agents_only=wanted.known_agents_only,
            now=call.now,
        )
    call.record("kpi.import", wanted.source, imported=found.imported_count, rejected=len(found.rejected))
    return _import_document(found, language)


def _import_document(found: ImportResult, language: str) -> KpiImportDocument:
    translate = translator(language)
    return KpiImportDocument(
        imported=found.imported_count,
        unchanged=found.unchanged_count,
        rejected_count=len(found.rejected),
        rejected=rejected_rows(found.rejected, translate),
        ignored_columns=tuple(found.ignored_columns),
        form=found.form,
        replaced=found.replaced_count,
        contradicted=tuple(
            SubjectDocument(agent_id=agent_id, period=period, indicator=indicator)
            for agent_id, period, indicator in found.contradicted
        ),
        without_value=dict(found.without_value),
        notes=tuple(note.render(translate) for note in found.notes),
        periods=tuple(found.periods),
        new_agents=tuple(found.new_agents),
    )


def _document(one: KpiRecord, people: People, language: str) -> KpiDocument:
    definition = shipped().get(one.indicator)
    return KpiDocument(
        agent_id=one.agent_id,
        agent_name=people.name_of(one.agent_id),
        period=one.period,
        indicator=one.indicator,
        indicator_name=definition.name.in_language(language) if definition else one.indicator,
        unit=definition.unit if definition else "",
        value=one.value,
        n=one.n,
        sd=one.sd,
        source=one.source,
        notes=tuple(render_note(note, translator(language), {}, language) for note in one.notes),
    )


def _definition(one: KpiDefinition, language: str) -> IndicatorDocument:
    return IndicatorDocument(
        id=one.id,
        name=one.name.in_language(language),
        group=one.group,
        unit=one.unit,
        direction=one.direction,
        formula=one.formula.in_language(language) if one.formula else None,
        target=one.target,
        target_low=one.target_low,
        floor=one.floor,
        floor_low=one.floor_low,
        stretch=one.stretch,
        minimum=one.minimum,
        maximum=one.maximum,
        source=one.source,
        opposing=one.opposing,
        headers=one.aliases,
    )
