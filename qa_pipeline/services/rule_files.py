"""Scorecards and templates as files: their text, a check, a new version, and what two versions differ in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from qa_pipeline.appraisal.templates import TemplateCheck, check_template, list_templates, read_template, template_paths
from qa_pipeline.domain.performance import Template
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, CallqaError, Conflict, NotFound, ScorecardError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import read_yaml
from qa_pipeline.scorecards import check_scorecard, list_scorecards, scorecard_paths
from qa_pipeline.scorecards.parse import read_scorecard
from qa_pipeline.stages.artifacts import store_problem

Plain = str | int | float | bool | None
_NAMES = ("id", "indicator", "grade")  # by which the entries of a list are told apart


class Versioned(Protocol):
    """A rule that has versions which never change."""

    @property
    def id(self) -> str:
        """Id, the same for all versions."""

    @property
    def version(self) -> int:
        """Number, from 1."""

    @property
    def digest(self) -> str:
        """Identity of the content."""


Rule = TypeVar("Rule", bound=Versioned)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One place that differs; ``path`` of keys and ids. ``before``, ``after``: None where there is nothing."""

    path: str
    before: Plain
    after: Plain


def check_scorecard_text(text: str) -> Sequence[ScorecardError]:
    """Return everything that is wrong with the text of a scorecard, in the order of its lines."""
    with _as_file(text, "scorecard.yaml") as path:
        return check_scorecard(path)


def check_template_text(text: str) -> TemplateCheck:
    """Return what is wrong or doubtful in the text of a template."""
    with _as_file(text, "template.yaml") as path:
        return check_template(path, shipped())


def save_scorecard(text: str, folder: Path, check_newest: Callable[[Scorecard], None]) -> Scorecard:
    """Keep the text of a scorecard as a new version in the site's own folder.

    Parameters
    ----------
    check_newest : callable
        Is given the newest version so far, where there is one, and raises unless the caller has seen it.

    Raises
    ------
    ScorecardError
        The text is no sound scorecard.
    Conflict
        The version is not the next one.
    """
    with _as_file(text, "scorecard.yaml") as path:
        card = read_scorecard(path)
    return _keep(card, text, folder, list_scorecards(folder), check_newest)


def save_template(text: str, folder: Path, check_newest: Callable[[Template], None]) -> Template:
    """Keep the text of a template as a new version in the site's own folder; as :func:`save_scorecard`."""
    with _as_file(text, "template.yaml") as path:
        template = read_template(path, shipped())
    return _keep(template, text, folder, list_templates(shipped(), folder), check_newest)


def scorecard_text(card: Scorecard, folder: Path) -> str:
    """Return the file behind a scorecard as it was written."""
    return _text_of(card, scorecard_paths(folder), read_scorecard)


def template_text(template: Template, folder: Path) -> str:
    """Return the file behind a template as it was written."""
    return _text_of(template, template_paths(folder), lambda path: read_template(path, shipped()))


def list_changes(before: str, after: str) -> Sequence[RuleChange]:
    """Return what differs between two sound rule files, in the order of the newer one, then what is gone."""
    old, new = (dict(_flat(_data_of(text))) for text in (before, after))
    return [
        RuleChange(path=path, before=old.get(path), after=new.get(path))
        for path in {**new, **old}
        if old.get(path) != new.get(path)
    ]


def _keep(rule: Rule, text: str, folder: Path, known: Sequence[Rule], check_newest: Callable[[Rule], None]) -> Rule:
    earlier = [one for one in known if one.id == rule.id]
    if earlier:
        check_newest(earlier[-1])
    newest = earlier[-1].version if earlier else 0
    if rule.version != newest + 1:
        raise Conflict(
            N_("The next version of {id} is {next}, and the text says {version}."),
            hint=N_("A published version never changes: give this one the next number."),
            field="version",
            id=rule.id,
            next=newest + 1,
            version=rule.version,
        )
    # The schema leaves nothing in an id but lower case letters, digits and hyphens.
    path = folder / f"{rule.id}-v{rule.version}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            # Unlike a rename, a link never takes the place of what somebody else has put there a moment ago.
            path.hardlink_to(file.name)
    except FileExistsError as problem:
        raise Conflict(
            N_("Somebody else has saved version {version} of {id} at the same moment."),
            hint=N_("Read it, and give this one the next number."),
            id=rule.id,
            version=rule.version,
        ) from problem
    except OSError as problem:
        raise store_problem(problem, path) from problem
    return rule


def _text_of(rule: Versioned, paths: Sequence[Path], read: Callable[[Path], Versioned]) -> str:
    for path in paths:
        if read(path).digest == rule.digest:
            return path.read_text(encoding="utf-8-sig")
    raise NotFound(N_("The file of {id} is gone."), id=f"{rule.id}@{rule.version}")


@contextmanager
def _as_file(text: str, name: str) -> Iterator[Path]:
    """Give a text as a file; errors about it name no place of the server."""
    with tempfile.TemporaryDirectory(prefix="callqa-") as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        try:
            yield path
        except CallqaError as problem:
            problem.file = name
            problem.params |= {"path": name} if "path" in problem.params else {}
            raise


def _data_of(text: str) -> Any:
    with _as_file(text, "rules.yaml") as path:
        return read_yaml(path).data


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Plain]]:
    """Yield each plain value with its path; entries of lists by their id, phrases by themselves."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, Mapping):
                name = next((str(inner[each]) for each in _NAMES if each in inner), str(index))
                yield from _flat(inner, f"{path}[{name}]")
            else:
                yield f"{path}[{inner}]", str(inner)
    else:
        yield path, value if isinstance(value, Plain) else str(value)
