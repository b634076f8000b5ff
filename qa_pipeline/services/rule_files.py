"""Scorecards and templates as files: their text, a check, a new version, and what two versions differ in.

A new version is kept in the database first, in the transaction of whoever saves it and with its audit entry; its file
is written when that has ended well. So no file stands in the folder that the audit does not know.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from qa_pipeline.appraisal.templates import TemplateCheck, check_template, list_templates, read_template, template_paths
from qa_pipeline.domain.performance import Template
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.engines.text import TextEngine
from qa_pipeline.errors import N_, CallqaError, Conflict, NotFound
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import read_yaml
from qa_pipeline.scorecards import list_scorecards, scorecard_paths
from qa_pipeline.scorecards.parse import read_scorecard
from qa_pipeline.services.rules.lint import lint_scorecard
from qa_pipeline.services.rules.remarks import Remark
from qa_pipeline.stages.artifacts import write_atomically
from qa_pipeline.store import Store
from qa_pipeline.store.rule_versions import RuleKind, SavedRule

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFolders:
    """The site's own folders of rule files."""

    scorecards: Path
    templates: Path

    def of(self, kind: RuleKind) -> Path:
        """Return the folder of a kind."""
        return self.scorecards if kind is RuleKind.SCORECARD else self.templates


def read_scorecard_text(text: str) -> Scorecard:
    """Return the scorecard that a text holds; raises ScorecardError."""
    with _as_file(text, "scorecard.yaml") as path:
        return read_scorecard(path)


def check_scorecard_text(text: str, engines: Sequence[TextEngine]) -> Sequence[Remark]:
    """Return everything that is wrong or doubtful in the text of a scorecard, the gravest first.

    `engines`: those of the site, to tell which checks nothing could judge.
    """
    with _as_file(text, "scorecard.yaml") as path:
        return lint_scorecard(path, engines).remarks


def check_template_text(text: str) -> TemplateCheck:
    """Return what is wrong or doubtful in the text of a template."""
    with _as_file(text, "template.yaml") as path:
        return check_template(path, shipped())


def save_scorecard(
    store: Store, text: str, folders: RuleFolders, check_newest: Callable[[Scorecard], None], now: datetime
) -> Scorecard:
    """Keep the text of a scorecard as a new version; call :func:`place_files` when the transaction has ended.

    Parameters
    ----------
    store : Store
        As seen from inside the transaction that keeps the version, or not at all.
    check_newest : callable
        Is given the newest version so far, where there is one, and raises unless the caller has seen it.

    Raises
    ------
    ScorecardError
        The text is no sound scorecard.
    Conflict
        The version is not the next one.
    """
    card = read_scorecard_text(text)
    place_files(store, folders)
    _keep(store, RuleKind.SCORECARD, card, list_scorecards(folders.scorecards), check_newest, text, now)
    return card


def save_template(
    store: Store, text: str, folders: RuleFolders, check_newest: Callable[[Template], None], now: datetime
) -> Template:
    """Keep the text of a template as a new version; as :func:`save_scorecard`."""
    with _as_file(text, "template.yaml") as path:
        template = read_template(path, shipped())
    place_files(store, folders)
    _keep(store, RuleKind.TEMPLATE, template, list_templates(shipped(), folders.templates), check_newest, text, now)
    return template


def place_files(store: Store, folders: RuleFolders) -> None:
    """Write the files of the versions that were saved and do not stand in the site's folders yet.

    A version counts from its transaction on; when the process ends before its file is written, whoever starts or saves
    next writes it. Several processes may do so at once: what they write is the same.

    Raises
    ------
    StoreReadOnly, StoreFull, StoreError
        A file cannot be written; its version goes on waiting.
    """
    with store.reading() as tx:
        waiting = tx.rule_versions.waiting()
    for rule in waiting:
        # The schema leaves nothing in an id but lower case letters, digits and hyphens.
        path = folders.of(rule.kind) / f"{rule.rule_id}-v{rule.version}.yaml"
        write_atomically(path, rule.text.encode())
        path.chmod(0o644)  # other accounts of the machine run commands by the same rules
    if waiting:
        with store.transaction() as tx:
            for rule in waiting:
                tx.rule_versions.end_waiting(rule)


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


def _keep(
    store: Store,
    kind: RuleKind,
    rule: Rule,
    known: Sequence[Rule],
    check_newest: Callable[[Rule], None],
    text: str,
    now: datetime,
) -> None:
    earlier = [one for one in known if one.id == rule.id]
    if earlier:
        check_newest(earlier[-1])
    with store.transaction() as tx:
        newest = max(earlier[-1].version if earlier else 0, tx.rule_versions.newest(kind, rule.id))
        if rule.version != newest + 1:
            raise Conflict(
                N_("The next version of {id} is {next}, and the text says {version}."),
                hint=N_("A published version never changes: give this one the next number."),
                field="version",
                id=rule.id,
                next=newest + 1,
                version=rule.version,
            )
        # Of two who save the same number at once, the register takes one.
        tx.rule_versions.add(SavedRule(kind=kind, rule_id=rule.id, version=rule.version, text=text), now)


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
