"""Appraisal templates: versioned YAML, checked against its schema and the indicator catalogue."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.appraisal.attainment import find_disorder, levels_of
from qa_pipeline.appraisal.contestable_rules import find_contestable
from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.appraisal.smart import MEASURABLE, RELEVANT, SPECIFIC, TIME_BOUND, find_unstated
from qa_pipeline.domain.performance import KpiDefinition, RaterClass, Template, TemplateDimension, TemplateItem
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, NotFound, TemplateError
from qa_pipeline.resources import SHIPPED, Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, located, validate

FOLDER = SHIPPED / "templates"
DEFAULT_ID = "front-line"
_PERCENT_SLACK = 1e-6  # thirds written as 33.333333 pass

Catalogue = Mapping[str, KpiDefinition]
Percent = Annotated[float, Field(gt=0, le=100)]


class _Words(RuleModel):
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class _Item(RuleModel):
    indicator: str
    weight: Percent
    target: float | None = None
    target_low: float | None = None
    floor: float | None = None
    floor_low: float | None = None
    stretch: float | None = None
    goal: str | None = None


class _Dimension(RuleModel):
    id: Literal["performance", "ability", "attitude"]
    name: _Words
    weight: Percent
    items: Annotated[tuple[_Item, ...], Field(min_length=1)]


class _Grade(RuleModel):
    grade: Annotated[str, Field(min_length=1)]
    from_points: Annotated[float, Field(ge=0, le=120)]


class _Goal(RuleModel):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    name: _Words


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[int, Field(ge=1)]
    name: _Words
    role: Annotated[str, Field(min_length=1)]
    # Evaluations are made of months.
    period: Literal["month"] | None = None
    min_contacts: Annotated[int, Field(ge=0)]
    goals: tuple[_Goal, ...] = ()
    raters: Annotated[dict[RaterClass, Percent], Field(default_factory=dict)]
    dimensions: Annotated[tuple[_Dimension, ...], Field(min_length=1)]
    grades: Annotated[tuple[_Grade, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCheck:
    """What a check of one file found: the template when it has no errors, and what to think about.

    A problem of one item that breaks a letter of SMART names both in its params, ``indicator`` and ``smart``.
    """

    path: Path
    template: Template | None
    errors: Sequence[TemplateError]
    warnings: Sequence[TemplateError]


def check_template(path: Path, catalogue: Catalogue) -> TemplateCheck:
    """Check one template file and collect everything that is wrong or doubtful, with line and key."""
    try:
        document = read_yaml(path, TemplateError)
        text = path.read_text(encoding="utf-8-sig")
    except TemplateError as problem:
        return TemplateCheck(path=path, template=None, errors=(problem,), warnings=())
    parsed, errors = validate(document, _File, TemplateError)
    if parsed is not None:
        errors = tuple(_disagreements(document, parsed, catalogue))
    draft = _template(parsed, document) if parsed is not None else None
    warnings = [*_contestable(document, text)]
    if parsed is not None and draft is not None:
        warnings += _unopposed(document, parsed, catalogue)
        warnings += _unserved(document, parsed)
        warnings += _doubtful_raters(document, parsed, catalogue)
        warnings += find_unstated(document, draft, catalogue)
    return TemplateCheck(path=path, template=None if errors else draft, errors=errors, warnings=warnings)


def read_template(path: Path, catalogue: Catalogue) -> Template:
    """Read one template file.

    Raises
    ------
    TemplateError
        The first problem, with file, line and key.
    """
    checked = check_template(path, catalogue)
    if checked.template is None:
        raise checked.errors[0]
    return checked.template


def template_paths(folder: Path | None = None) -> Sequence[Path]:
    """Return the shipped template files and after them those in the user's `folder`."""
    own = sorted(folder.glob("*.yaml")) if folder is not None and folder.is_dir() else []
    return [*sorted(FOLDER.glob("*.yaml")), *own]


def list_templates(catalogue: Catalogue, folder: Path | None = None) -> Sequence[Template]:
    """Return the shipped templates and the user's own, by id and version.

    Raises
    ------
    TemplateError
        A file is wrong, or two files have the same id and version with different content.
    """
    found: dict[tuple[str, int], Template] = {}
    for path in template_paths(folder):
        template = read_template(path, catalogue)
        known = found.setdefault((template.id, template.version), template)
        if known.digest != template.digest:
            raise TemplateError(
                N_("Version {version} of the template {id} exists already with other content."),
                hint=N_("A published version never changes: raise the version."),
                file=str(path),
                field="version",
                id=template.id,
                version=template.version,
            )
    return [found[key] for key in sorted(found)]


def get_template(template_id: str, catalogue: Catalogue, folder: Path | None = None) -> Template:
    """Return the newest version of a template, or one version of it as ``id@version``.

    Raises
    ------
    NotFound
        Naming the ids that exist.
    TemplateError
        A template file is wrong.
    """
    templates = list_templates(catalogue, folder)
    fitting = [found for found in templates if template_id in (found.id, f"{found.id}@{found.version}")]
    if not fitting:
        raise NotFound(
            N_("There is no template with the id {id}."),
            hint=N_("Known templates: {known}."),
            id=template_id,
            known=", ".join(sorted({found.id for found in templates})),
        )
    return fitting[-1]


def _disagreements(document: Document, parsed: _File, catalogue: Catalogue) -> Iterable[TemplateError]:
    yield from _sums_to_hundred(document, ("dimensions",), [found.weight for found in parsed.dimensions])
    seen: set[str] = set()
    for position, dimension in enumerate(parsed.dimensions):
        here = ("dimensions", position)
        if [found.id for found in parsed.dimensions].index(dimension.id) != position:
            yield located(
                document, TemplateError, (*here, "id"), N_("The dimension {id} stands here twice."), id=dimension.id
            )
        yield from _sums_to_hundred(document, (*here, "items"), [item.weight for item in dimension.items])
        for index, item in enumerate(dimension.items):
            yield from _item_problems(document, (*here, "items", index), item, catalogue, seen)
            yield from _aimless(document, (*here, "items", index), item, parsed, catalogue)
    yield from _goals_twice(document, parsed)
    yield from _rater_problems(document, parsed, catalogue)
    bounds = [grade.from_points for grade in parsed.grades]
    if bounds[-1] != 0 or any(first <= second for first, second in itertools.pairwise(bounds)):
        yield located(
            document,
            TemplateError,
            ("grades",),
            N_("Grades must fall from the best to the last, and the last must begin at 0 points."),
        )
    if len({grade.grade for grade in parsed.grades}) != len(parsed.grades):
        yield located(document, TemplateError, ("grades",), N_("A grade is named twice."))


def _sums_to_hundred(
    document: Document, keys: Sequence[str | int], weights: Sequence[float]
) -> Iterable[TemplateError]:
    total = math.fsum(weights)
    if abs(total - 100) > _PERCENT_SLACK:
        yield located(
            document,
            TemplateError,
            keys,
            N_("The weights sum to {total} %, not to 100 %."),
            hint=N_("Change them so that they sum to 100."),
            total=round(total, 6),
        )


def _item_problems(
    document: Document, keys: Sequence[str | int], item: _Item, catalogue: Catalogue, seen: set[str]
) -> Iterable[TemplateError]:
    definition = catalogue.get(item.indicator)
    if definition is None:
        yield located(
            document,
            TemplateError,
            (*keys, "indicator"),
            N_("There is no indicator with the id {id}."),
            hint=N_("`callqa kpi catalogue` lists them all."),
            id=item.indicator,
            indicator=item.indicator,
            smart=SPECIFIC,
        )
        return
    if item.indicator in seen:
        yield located(
            document,
            TemplateError,
            (*keys, "indicator"),
            N_("{id} stands in this template twice."),
            id=item.indicator,
            indicator=item.indicator,
            smart=SPECIFIC,
        )
    seen.add(item.indicator)
    disorder = find_disorder(levels_of(definition, _domain_item(item)))
    if disorder is not None:
        hint = N_("Set target, floor and stretch of {id} here; ranges also target_low and floor_low.")
        yield located(
            document,
            TemplateError,
            keys,
            disorder,
            hint=hint,
            id=item.indicator,
            indicator=item.indicator,
            smart=MEASURABLE,
        )


def _aimless(
    document: Document, keys: Sequence[str | int], item: _Item, parsed: _File, catalogue: Catalogue
) -> Iterable[TemplateError]:
    goals = [goal.id for goal in parsed.goals]
    if item.goal is not None and item.goal not in goals:
        yield located(
            document,
            TemplateError,
            (*keys, "goal"),
            N_("There is no goal with the id {goal} in this template."),
            hint=N_("Goals of this template: {known}.") if goals else N_("List it under goals, with id and name."),
            goal=item.goal,
            known=", ".join(goals),
            indicator=item.indicator,
            smart=RELEVANT,
        )
    definition = catalogue.get(item.indicator)
    if definition is not None and definition.accumulates and parsed.period is None:
        yield located(
            document,
            TemplateError,
            keys,
            N_(
                "{indicator} grows with the length of the period, and the template does not say which one its target "
                "is for."
            ),
            hint=N_("Write `period: month` at the top of the template, and the target of one month."),
            indicator=item.indicator,
            smart=TIME_BOUND,
        )


def _goals_twice(document: Document, parsed: _File) -> Iterable[TemplateError]:
    ids = [goal.id for goal in parsed.goals]
    for position, goal_id in enumerate(ids):
        if ids.index(goal_id) != position:
            message = N_("The goal {goal} stands here twice.")
            yield located(document, TemplateError, ("goals", position, "id"), message, goal=goal_id)


def _rater_problems(document: Document, parsed: _File, catalogue: Catalogue) -> Iterable[TemplateError]:
    if parsed.raters:
        yield from _sums_to_hundred(document, ("raters",), list(parsed.raters.values()))
        return
    for keys, item in _rated_items(parsed, catalogue):
        yield located(
            document,
            TemplateError,
            keys,
            N_("{indicator} is rated by people, and the template does not say by whom."),
            hint=N_("Write who rates at the top, in percent, for example `raters: {example}`."),
            indicator=item.indicator,
            example="{self: 30, manager: 70}",
            smart=MEASURABLE,
        )


def _doubtful_raters(document: Document, parsed: _File, catalogue: Catalogue) -> Iterable[TemplateError]:
    if not parsed.raters:
        return
    if not any(True for _ in _rated_items(parsed, catalogue)):
        yield located(
            document,
            TemplateError,
            ("raters",),
            N_("The template names raters, and no item is rated."),
            hint=N_("Add a rated item, or leave the raters out."),
        )
    if set(parsed.raters) in ({RaterClass.SELF}, {RaterClass.MANAGER}):
        yield located(
            document,
            TemplateError,
            ("raters",),
            N_("A single class rates, which is mostly a single person, and one person alone decides nothing."),
            hint=N_("Add a second class of raters."),
        )


def _rated_items(parsed: _File, catalogue: Catalogue) -> Iterator[tuple[tuple[str | int, ...], _Item]]:
    for position, dimension in enumerate(parsed.dimensions):
        for index, item in enumerate(dimension.items):
            if item.indicator in catalogue and catalogue[item.indicator].source == RATING:
                yield ("dimensions", position, "items", index), item


def _unserved(document: Document, parsed: _File) -> Iterable[TemplateError]:
    served = {item.goal for dimension in parsed.dimensions for item in dimension.items}
    for position, goal in enumerate(parsed.goals):
        if goal.id not in served:
            yield located(
                document,
                TemplateError,
                ("goals", position),
                N_("No item serves the goal {goal}."),
                hint=N_("Name it in the items that do, or leave the goal out."),
                goal=goal.id,
            )


def _contestable(document: Document, text: str) -> Iterable[TemplateError]:
    for line, kind, word in find_contestable(text):
        yield TemplateError(
            N_("The template speaks of a consequence for pay, rank or employment: {word}."),
            hint=N_("callqa never carries it out. Such rules are contestable in law: have them checked, or remove it."),
            file=str(document.path),
            row=line,
            field=kind,
            word=word,
        )


def _unopposed(document: Document, parsed: _File, catalogue: Catalogue) -> Iterable[TemplateError]:
    present = {item.indicator for dimension in parsed.dimensions for item in dimension.items}
    for position, dimension in enumerate(parsed.dimensions):
        for index, item in enumerate(dimension.items):
            opposing = catalogue[item.indicator].opposing if item.indicator in catalogue else ()
            if opposing and not present.intersection(opposing):
                yield located(
                    document,
                    TemplateError,
                    ("dimensions", position, "items", index),
                    N_("{id} stands here without any indicator that suffers when it is chased: {opposing}."),
                    hint=N_("Add one of them, so that nobody gains by neglecting it."),
                    id=item.indicator,
                    opposing=", ".join(opposing),
                )


def _domain_item(item: _Item) -> TemplateItem:
    return TemplateItem(**item.model_dump())


def _template(parsed: _File, document: Document) -> Template:
    canonical = json.dumps(document.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Template(
        id=parsed.id,
        version=parsed.version,
        name=Text(zh=parsed.name.zh, en=parsed.name.en),
        role=parsed.role,
        dimensions=tuple(
            TemplateDimension(
                id=dimension.id,
                name=Text(zh=dimension.name.zh, en=dimension.name.en),
                weight=dimension.weight,
                items=tuple(_domain_item(item) for item in dimension.items),
            )
            for dimension in parsed.dimensions
        ),
        grades=tuple((grade.grade, grade.from_points) for grade in parsed.grades),
        min_contacts=parsed.min_contacts,
        period=parsed.period,
        goals=tuple((goal.id, Text(zh=goal.name.zh, en=goal.name.en)) for goal in parsed.goals),
        raters=tuple(parsed.raters.items()),
        digest=sha256(canonical.encode()).hexdigest(),
    )
