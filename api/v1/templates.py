"""Appraisal templates: indicators, targets and weights, read, checked and saved as new versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query, Response

from api.caller import Caller
from api.filters import Paging
from api.listing import Name
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.rules_documents import (
    GoalDocument,
    GradeDocument,
    RuleChangeDocument,
    RuleChangeListDocument,
    RuleCheckDocument,
    RuleText,
    TargetProposalDocument,
    TargetProposalsDocument,
    TemplateDimensionDocument,
    TemplateDocument,
    TemplateItemDocument,
    TemplateListDocument,
    TemplateSummaryDocument,
    levels_document,
    problem_documents,
)
from api.v1.scorecards import YAML, AnyVersion, Version
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.attainment import levels_of
from qa_pipeline.appraisal.proposals import Proposal
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.domain.performance import Template, TemplateItem
from qa_pipeline.errors import fill
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.rule_files import (
    check_template_text,
    list_changes,
    place_files,
    save_template,
    template_text,
)
from qa_pipeline.services.rules.remarks import Severity
from qa_pipeline.services.template_history import judge_months, propose_targets, read_months

router = Routes()
TemplateId = Annotated[str, Path(max_length=100, pattern=r"^[^\x00/@]+$")]


class TemplateQuery(Paging):
    """Filters of the list of templates."""

    role: Annotated[Name | None, Query(description="For this role only")] = None
    newest: Annotated[bool, Query(description="The newest version of each only")] = False


@router.read("/templates", Permission.TEMPLATES_READ, operation_id="list_templates")
def templates(
    call: FromCaller, language: InLanguage, wanted: Annotated[TemplateQuery, Query()]
) -> TemplateListDocument:
    """All versions of the templates that ship and of the site's own, by id and version."""
    every = call.sources.site.list_templates()
    newest = _newest(every)
    found = [
        one for one in every if wanted.role in (None, one.role) and (not wanted.newest or newest[one.id] == one.version)
    ]
    return TemplateListDocument.cut(
        "templates", found, wanted, lambda one: TemplateSummaryDocument(**_summary(one, newest, language))
    )


@router.read("/templates/{template_id}", Permission.TEMPLATES_READ, operation_id="get_template")
def template(
    call: FromCaller, language: InLanguage, template_id: TemplateId, version: AnyVersion = None
) -> TemplateDocument:
    """One template with the targets that count. The ETag of the newest is what saving asks for."""
    found = _get(call, template_id, version)
    call.give_etag(found.digest)
    return _document(found, call, language)


@router.read(
    "/templates/{template_id}/text",
    Permission.TEMPLATES_READ,
    operation_id="get_template_text",
    response_class=Response,
    responses=YAML,
)
def text(call: FromCaller, template_id: TemplateId, version: AnyVersion = None) -> Response:
    """The file of one template as it was written, YAML."""
    found = _get(call, template_id, version)
    content = template_text(found, call.sources.site.templates)
    return Response(content, media_type="text/plain; charset=utf-8", headers={"etag": f'"{found.digest}"'})


@router.read("/templates/{template_id}/changes", Permission.TEMPLATES_READ, operation_id="list_template_changes")
def changes(
    call: FromCaller, template_id: TemplateId, before: Version, after: Version, paging: Annotated[Paging, Query()]
) -> RuleChangeListDocument:
    """In what two versions of a template differ."""
    folder = call.sources.site.templates
    old, new = (template_text(_get(call, template_id, each), folder) for each in (before, after))
    return RuleChangeListDocument.cut(
        "changes",
        list_changes(old, new),
        paging,
        lambda one: RuleChangeDocument(path=one.path, before=one.before, after=one.after),
        id=template_id,
        from_version=before,
        to_version=after,
    )


@router.read(
    "/templates/{template_id}/target-proposals", Permission.TEMPLATES_WRITE, operation_id="propose_template_targets"
)
def target_proposals(
    call: FromCaller,
    language: InLanguage,
    template_id: TemplateId,
    version: AnyVersion = None,
    months: Annotated[int, Query(ge=1, le=36, description="How many of the last months with data")] = 6,
) -> TargetProposalsDocument:
    """Floor, target and stretch of each item as past months suggest them, for a person to accept."""
    found = _get(call, template_id, version)
    history = judge_months(found, read_months(call.store, months))
    call.record("template.proposals", f"{found.id}@{found.version}")
    return TargetProposalsDocument(
        template=found.id,
        version=found.version,
        periods=tuple(history.periods),
        items=tuple(_proposal(one, language) for one in propose_targets(found, history)),
    )


@router.write("POST", "/templates/check", Permission.TEMPLATES_WRITE, operation_id="check_template")
def check(call: FromCaller, language: InLanguage, wanted: RuleText) -> RuleCheckDocument:
    """Check the text of a template: weights, and what is not specific, measurable, relevant or time-bound."""
    found = check_template_text(wanted.text)
    call.record("template.check", "text", errors=len(found.errors), warnings=len(found.warnings))
    translate = translator(language)
    return RuleCheckDocument(
        valid=not found.errors,
        errors=problem_documents(((Severity.ERROR, one) for one in found.errors), translate),
        warnings=problem_documents(((Severity.WARNING, one) for one in found.warnings), translate),
    )


@router.write("POST", "/templates", Permission.TEMPLATES_WRITE, operation_id="save_template", status_code=201)
def save(call: FromCaller, language: InLanguage, wanted: RuleText) -> TemplateDocument:
    """Save the text as a new template, or as the next version of one; evaluations go by it from now on.

    For a next version send the ETag of the newest as If-Match. A saved version never changes.
    """
    folders = call.sources.site.rule_folders
    found = save_template(call.store, wanted.text, folders, lambda newest: call.check_etag(newest.digest), call.now)
    call.afterwards.append(lambda: place_files(call.sources.store, folders))
    call.record("template.save", f"{found.id}@{found.version}", digest=found.digest)
    call.give_etag(found.digest)
    return _document(found, call, language)


def _get(call: Caller, template_id: str, version: int | None) -> Template:
    wanted = template_id if version is None else f"{template_id}@{version}"
    return get_template(wanted, shipped(), call.sources.site.templates)


def _newest(templates: Sequence[Template]) -> dict[str, int]:
    return {one.id: one.version for one in sorted(templates, key=lambda one: one.version)}


def _summary(found: Template, newest: dict[str, int], language: str) -> dict[str, object]:
    return {
        "id": found.id,
        "version": found.version,
        "name": found.name.in_language(language),
        "role": found.role,
        "indicators_count": len(list(found.items)),
        "is_newest": newest[found.id] == found.version,
        "digest": found.digest,
    }


def _document(found: Template, call: Caller, language: str) -> TemplateDocument:
    return TemplateDocument(
        **_summary(found, _newest([*call.sources.site.list_templates(), found]), language),
        min_contacts=found.min_contacts,
        period=found.period,
        raters=dict(found.raters),
        goals=tuple(GoalDocument(id=goal, name=name.in_language(language)) for goal, name in found.goals),
        grades=tuple(GradeDocument(grade=grade, from_points=bound) for grade, bound in found.grades),
        dimensions=tuple(
            TemplateDimensionDocument(
                id=dimension.id,
                name=dimension.name.in_language(language),
                weight=dimension.weight,
                items=tuple(_item(item, language) for item in dimension.items),
            )
            for dimension in found.dimensions
        ),
    )


def _item(item: TemplateItem, language: str) -> TemplateItemDocument:
    definition = shipped()[item.indicator]
    levels = levels_of(definition, item)
    return TemplateItemDocument(
        indicator=item.indicator,
        name=definition.name.in_language(language),
        unit=definition.unit,
        direction=levels.direction,
        source=definition.source,
        weight=item.weight,
        goal=item.goal,
        levels=levels_document(levels),
        opposing=definition.opposing,
    )


def _proposal(found: Proposal, language: str) -> TargetProposalDocument:
    definition, translate = shipped()[found.indicator], translator(language)
    refusal = found.refusal
    return TargetProposalDocument(
        indicator=found.indicator,
        name=definition.name.in_language(language),
        unit=definition.unit,
        agents=found.agent_count,
        periods=found.period_count,
        values=found.value_count,
        current=levels_document(found.current),
        reached_now=found.reached_now,
        proposed=levels_document(found.proposed) if found.proposed else None,
        reached=dict(found.reached),
        refusal=fill(translate(refusal.message), dict(refusal.params)) if refusal else None,
    )
