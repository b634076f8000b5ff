"""What is proposed after the publication of results, as data: badges, points, best agent and team, improvement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.appraisal.contestable_rules import find_contestable
from qa_pipeline.errors import N_, NotFound, TemplateError
from qa_pipeline.resources import SHIPPED, Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, located, validate

FOLDER = SHIPPED / "awards"
MONEY = Path(__file__).parent / "money.yaml"
DEFAULT_ID = "standard"

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Points = Annotated[float, Field(ge=0, le=1000)]
Attainment = Annotated[float, Field(gt=0, le=120)]
Count = Annotated[int, Field(ge=0)]


class Reach(RuleModel):
    """A bound that a dimension, or the first of these indicators that the template has, must surely reach."""

    dimension: Literal["performance", "ability", "attitude"] | None = None
    indicators: tuple[str, ...] = ()
    points: Attainment


class Improve(RuleModel):
    """A rise of the total over so many periods, this one included, that surely exceeds 0 and is ``points`` at least."""

    periods: Annotated[int, Field(ge=3, le=12)]
    points: Annotated[float, Field(ge=0, le=120)]


class Badge(RuleModel):
    """A badge such as 服务之星; everything that it asks for must hold."""

    id: Id
    name: Words
    points: Points = 0
    min_reviews: Count = 0
    min_contacts: Count = 0
    no_red_line: bool = False
    surely_reaches: tuple[Reach, ...] = ()
    improves: Improve | None = None


class Best(RuleModel):
    """One who is the best with the probability ``sure_ratio``, or up to ``most_shared`` who share it."""

    name: Words
    points: Points = 0
    sure_ratio: Annotated[float, Field(ge=0.95, lt=1)]
    most_shared: Annotated[int, Field(ge=1, le=10)]
    min_count: Annotated[int, Field(ge=2)]


class BestAgent(Best):
    """Of the agents with one template."""

    min_reviews: Count = 0


class BestTeam(Best):
    """Of the teams in which so many members can be compared."""

    min_members: Annotated[int, Field(ge=2)]


class GradePoints(RuleModel):
    """Points by grade."""

    name: Words
    grades: Annotated[Mapping[str, Points], Field(min_length=1)]


class Improvement(RuleModel):
    """When an improvement plan is proposed, and how many days after publication it is due."""

    name: Words
    more_reviews_name: Words
    below_points: Attainment
    min_reviews: Annotated[int, Field(ge=3)]
    due_days: Annotated[int, Field(ge=1, le=7)]
    gaps: Annotated[int, Field(ge=1, le=10)]


class Repeated(RuleModel):
    """How many periods running put a change of post up for a person to consider."""

    name: Words
    periods: Annotated[int, Field(ge=3, le=12)]


class AwardRules(RuleModel):
    """One file of rules, by id and version."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Id
    version: Annotated[int, Field(ge=1)]
    name: Words
    false_ratio: Annotated[float, Field(gt=0, le=0.1)]
    min_known_percent: Annotated[float, Field(ge=50, le=100)]
    points_for_grades: GradePoints | None = None
    badges: tuple[Badge, ...] = ()
    best_agent: BestAgent | None = None
    best_team: BestTeam | None = None
    improvement: Improvement | None = None
    repeated: Repeated | None = None

    @property
    def key(self) -> str:
        """The rules as they are cited, ``id@version``."""
        return f"{self.id}@{self.version}"


def read_rules(path: Path) -> AwardRules:
    """Read one file of rules.

    Raises
    ------
    TemplateError
        Its first problem with file, line and key; amounts and words of money, pay cuts and dismissal are problems.
    """
    rules, problems = check_rules(path)
    if rules is None:
        raise problems[0]
    return rules


def check_rules(path: Path) -> tuple[AwardRules | None, Sequence[TemplateError]]:
    """Check one file; return the rules, or None and everything that is wrong."""
    try:
        document = read_yaml(path, TemplateError)
        text = path.read_text(encoding="utf-8-sig")
    except TemplateError as problem:
        return None, (problem,)
    parsed, found = validate(document, AwardRules, TemplateError)
    problems = [*found, *_forbidden(path, text)]
    if parsed is not None:
        problems += _disagreements(document, parsed)
    return (None if problems else parsed), sorted(problems, key=lambda problem: problem.row or 0)


def rules_paths(folder: Path | None = None) -> Sequence[Path]:
    """Return the shipped files and after them those in the user's `folder`."""
    own = sorted(folder.glob("*.yaml")) if folder is not None and folder.is_dir() else []
    return [*sorted(FOLDER.glob("*.yaml")), *own]


def get_rules(rules_id: str, folder: Path | None = None) -> AwardRules:
    """Return the newest version of some rules, or one version as ``id@version``.

    Raises
    ------
    NotFound
        Naming the ids that exist.
    TemplateError
        A file is wrong, or two files have the same id and version.
    """
    by_key: dict[str, AwardRules] = {}
    for path in rules_paths(folder):
        rules = read_rules(path)
        if by_key.setdefault(rules.key, rules) != rules:
            raise TemplateError(
                N_("Version {version} of the rules {id} exists already with other content."),
                hint=N_("A published version never changes: raise the version."),
                file=str(path),
                field="version",
                id=rules.id,
                version=rules.version,
            )
    fitting = [rules for rules in by_key.values() if rules_id in (rules.id, rules.key)]
    if not fitting:
        raise NotFound(
            N_("There are no award rules with the id {id}."),
            hint=N_("Known rules: {known}."),
            id=rules_id,
            known=", ".join(sorted({rules.id for rules in by_key.values()})),
        )
    return max(fitting, key=lambda rules: rules.version)


def find_money(text: str) -> Iterator[tuple[int, str]]:
    """Yield line (from 1) and the amount or word of money found, comments included."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = _money().search(line)
        if found:
            yield number, found.group()


@cache
def _money() -> re.Pattern[str]:
    listed: Mapping[str, Sequence[str]] = read_yaml(MONEY).data
    return re.compile("|".join(pattern for patterns in listed.values() for pattern in patterns))


def _forbidden(path: Path, text: str) -> Iterator[TemplateError]:
    for line, word in find_money(text):
        yield TemplateError(
            N_("Award rules must not speak of money: {word}."),
            hint=N_("callqa proposes points, badges and help. What they are worth is decided elsewhere, by people."),
            file=str(path),
            row=line,
            field="money",
            word=word,
        )
    for line, kind, word in find_contestable(text):
        yield TemplateError(
            N_("Award rules must not speak of consequences for pay, rank or employment: {word}."),
            hint=N_("Such rules are contestable in law, and callqa never carries them out: remove it."),
            file=str(path),
            row=line,
            field=kind,
            word=word,
        )


def _disagreements(document: Document, rules: AwardRules) -> Iterator[TemplateError]:
    ids = [badge.id for badge in rules.badges]
    for position, badge in enumerate(rules.badges):
        here = ("badges", position)
        if ids.index(badge.id) != position:
            message = N_("The badge {id} stands here twice.")
            yield located(document, TemplateError, (*here, "id"), message, id=badge.id)
        if not badge.surely_reaches and badge.improves is None:
            yield located(
                document,
                TemplateError,
                here,
                N_("The badge {id} asks for nothing."),
                hint=N_("Add surely_reaches or improves, so that it rests on evidence."),
                id=badge.id,
            )
        for index, reach in enumerate(badge.surely_reaches):
            if (reach.dimension is None) == (not reach.indicators):
                yield located(
                    document,
                    TemplateError,
                    (*here, "surely_reaches", index),
                    N_("Name either a dimension or indicators."),
                )
    if rules.repeated is not None and rules.improvement is None:
        yield located(
            document,
            TemplateError,
            ("repeated",),
            N_("Nothing can be repeated without rules on improvement."),
            hint=N_("Add the group improvement, so that help comes first."),
        )
