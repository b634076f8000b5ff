"""Appraisal templates: the list, one as people read it, the editor, and what two versions differ in."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.pages.environment import render
from api.pages.rules import changed_entries, diff_lines, next_text
from api.router import FromCaller, Routes
from api.v1 import templates as documents
from api.v1.scorecards import AnyVersion, Version
from api.v1.templates import TemplateId, TemplateQuery
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.templates import get_template, list_templates
from qa_pipeline.domain.performance import Template
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.rule_files import check_template_text, list_changes, template_text

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/templates", Permission.TEMPLATES_READ)
def templates(request: Request, call: FromCaller, wanted: Annotated[TemplateQuery, Query()]) -> str:
    """The newest version of each template, those that ship and the site's own."""
    newest = wanted.model_copy(update={"newest": True})
    found = documents.templates(call=call, language=language_of(request), wanted=newest)
    return render("templates.html", request, found=found, wanted=wanted, shipped=_shipped())


@router.read("/templates/{template_id}", Permission.TEMPLATES_READ)
def template(request: Request, call: FromCaller, template_id: TemplateId, version: AnyVersion = None) -> str:
    """One version of a template: dimensions, indicators, what they weigh and their targets, and who rates."""
    language, folder = language_of(request), call.sources.site.templates
    found = documents.template(call=call, language=language, template_id=template_id, version=version)
    translate = translator(language)
    text = template_text(_get(call, template_id, found.version), folder)
    return render(
        "template.html",
        request,
        template=found,
        goals={goal.id: goal.name for goal in found.goals},
        versions=_versions(call, template_id),
        is_shipped=f"{found.id}@{found.version}" in _shipped(),
        warnings=[(one.render(translate), one.render_hint(translate)) for one in check_template_text(text).warnings],
    )


@router.read("/templates/{template_id}/edit", Permission.TEMPLATES_WRITE)
def edit(request: Request, call: FromCaller, template_id: TemplateId, version: AnyVersion = None) -> str:
    """The text of a version as the draft of the next one, to check and to save."""
    found, newest = _get(call, template_id, version), _get(call, template_id, None)
    return render(
        "rule_edit.html",
        request,
        rule=found,
        title=found.name.in_language(language_of(request)),
        newest=newest,
        text=next_text(template_text(found, call.sources.site.templates), newest.version + 1),
        place="/templates",
        versions=_versions(call, template_id),
    )


@router.read("/templates/{template_id}/changes", Permission.TEMPLATES_READ)
def changes(request: Request, call: FromCaller, template_id: TemplateId, before: Version, after: Version) -> str:
    """In what two versions differ: indicator by indicator, and line by line."""
    language, folder = language_of(request), call.sources.site.templates
    old, new = (_get(call, template_id, each) for each in (before, after))
    texts = template_text(old, folder), template_text(new, folder)
    return render(
        "rule_changes.html",
        request,
        rule=new,
        title=new.name.in_language(language),
        place="/templates",
        before=before,
        after=after,
        entries=changed_entries(list_changes(*texts)),
        names={
            item.indicator: shipped()[item.indicator].name.in_language(language) for item in (*old.items, *new.items)
        },
        lines=diff_lines(*texts),
        versions=_versions(call, template_id),
    )


def _get(call: Caller, template_id: str, version: int | None) -> Template:
    wanted = template_id if version is None else f"{template_id}@{version}"
    return get_template(wanted, shipped(), call.sources.site.templates)


def _versions(call: Caller, template_id: str) -> list[int]:
    return [one.version for one in call.sources.site.list_templates() if one.id == template_id][::-1]


@cache
def _shipped() -> frozenset[str]:
    return frozenset(f"{one.id}@{one.version}" for one in list_templates(shipped()))
