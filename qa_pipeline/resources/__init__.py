"""Rule files that ship (scorecards, templates, indicators, lexicons) and the reader for such YAML.

Users put their own beside: ``HOME/scorecards/*.yaml`` and ``HOME/templates/*.yaml`` are read after the shipped ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qa_pipeline.errors import N_, ConfigurationError

SHIPPED = Path(__file__).parent
# Ten times as fast where PyYAML was built with libyaml, as its wheels are.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 50
_MAX_VALUES = 1_000_000
_MAX_COUNTED = 10**12  # from here on, values are only many
_MAX_DIGITS = 100  # what is longer cannot even be told: Python renders no whole number of thousands of digits


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document with the line of each of its values."""

    path: Path
    data: Any
    root: yaml.Node

    def line_of(self, keys: Sequence[str | int]) -> int:
        """Return the line (from 1) of the value under `keys`, or of its nearest parent that exists."""
        node = self.root
        line = node.start_mark.line
        for key in keys:
            child = _child(node, key)
            if child is None:
                break
            node, line = child
        return int(line) + 1

    def doubled_keys(self) -> Iterator[tuple[str | int, ...]]:
        """Yield the path of each key that stands twice in its block, of which YAML would silently keep the last."""
        yield from _doubled(self.root, ())


def _child(node: yaml.Node, key: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return value, name.start_mark.line
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key].start_mark.line
    return None


def _doubled(node: yaml.Node, keys: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    seen: set[str | int] = set()
    for key, inner in _children(node):
        if key in seen:
            yield (*keys, key)
        seen.add(key)
        yield from _doubled(inner, (*keys, key))


def read_yaml(path: Path, error: type[ConfigurationError] = ConfigurationError) -> Document:
    """Read one YAML file.

    Raises
    ------
    error
        With file and line, when the file cannot be read, is no UTF-8 or is no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        _check_depth(text, path, error)
        root = yaml.compose(text, Loader=_LOADER)
    except OSError as problem:
        raise error(
            N_("The file cannot be read: {problem}."),
            hint=N_("Check that the file exists and that you may read it."),
            file=str(path),
            problem=problem.strerror or "?",
        ) from problem
    except UnicodeDecodeError as problem:
        raise error(
            N_("The file is not UTF-8 text."), hint=N_("Save it as UTF-8 and try again."), file=str(path)
        ) from problem
    except yaml.YAMLError as problem:
        raise _no_yaml(problem, path, error) from problem
    if root is None:
        raise error(N_("The file is empty."), hint=N_("Write what belongs in it, or remove the file."), file=str(path))
    # Before the values are built: merging a few groups of groups (<<) writes them out.
    _check_aliases(root, path, error)
    _check_numbers(root, path, error)
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 -- safe, both of them
    except yaml.YAMLError as problem:
        raise _no_yaml(problem, path, error) from problem
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError) as problem:
        # What the builders of dates, numbers and tagged values raise; none of them says where.
        raise error(
            N_("The file holds a value that is none of its kind: {problem}."),
            hint=N_("Put quotation marks around dates and numbers that are meant as text, and correct the others."),
            file=str(path),
            problem=str(problem),
        ) from problem
    return Document(path=path, data=data, root=root)


def _no_yaml(problem: yaml.YAMLError, path: Path, error: type[ConfigurationError]) -> ConfigurationError:
    mark = getattr(problem, "problem_mark", None)
    return error(
        N_("This is not valid YAML: {problem}."),
        hint=N_("Check indentation, quotes and colons near this line."),
        file=str(path),
        row=mark.line + 1 if mark else None,
        problem=getattr(problem, "problem", None) or str(problem),
    )


def _check_aliases(root: yaml.Node, path: Path, error: type[ConfigurationError]) -> None:
    """Raise where aliases stand for themselves, or for more than any file may hold."""
    if _is_endless(root):
        raise error(
            N_("A value in the file holds itself by an alias."),
            hint=N_("Write the value out in place of its alias."),
            file=str(path),
        )
    size, depth = _written_out(root, {})
    if size > _MAX_VALUES or depth > _MAX_DEPTH:
        raise error(
            N_("Its aliases stand for more than the file may hold: {count} values, {depth} deep in each other."),
            hint=N_("Write out what is meant, without aliases of aliases."),
            file=str(path),
            count=size,
            depth=depth,
        )


def _check_numbers(root: yaml.Node, path: Path, error: type[ConfigurationError]) -> None:
    """Raise for a whole number of more digits than anything counts."""
    known: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:int" and len(node.value) > _MAX_DIGITS:
                raise error(
                    N_("The number {text} has more digits than are read."),
                    hint=N_("Write a smaller number, or put quotation marks around a text."),
                    file=str(path),
                    row=node.start_mark.line + 1,
                    text=f"{node.value[:20]}…",
                )
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _written_out(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values a node holds with every alias written out, and how deep they lie.

    A few lines of aliases of aliases stand for more values than any memory holds. `known` keeps the answer of every
    node, so that the time grows with the text; what an alias names stands before it, so that no answer waits for many.
    """
    if id(node) not in known:
        parts = [_written_out(inner, known) for _, inner in _children(node)]
        size = 1 + sum(count for count, _ in parts)
        deepest = max((depth for _, depth in parts), default=0)
        known[id(node)] = min(size, _MAX_COUNTED), deepest + isinstance(node, yaml.CollectionNode)
    return known[id(node)]


def _check_depth(text: str, path: Path, error: type[ConfigurationError]) -> None:
    """Raise where values lie so deep in each other that building them would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise error(
                N_("Its lists and groups lie more than {most} deep in each other."),
                hint=N_("Write it flatter."),
                file=str(path),
                row=event.start_mark.line + 1 if event.start_mark else None,
                most=_MAX_DEPTH,
            )


def _is_endless(root: yaml.Node | None) -> bool:
    """Return whether a value holds itself, by an alias of what it stands in."""
    finite: set[int] = set()

    def endless(node: yaml.Node, above: tuple[int, ...]) -> bool:
        if id(node) in finite or not isinstance(node, yaml.CollectionNode):
            return False
        if id(node) in above or any(endless(inner, (*above, id(node))) for _, inner in _children(node)):
            return True
        finite.add(id(node))
        return False

    return root is not None and endless(root, ())


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(name.value), value) for name, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)
