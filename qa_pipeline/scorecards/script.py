"""A script as people write it becomes a scorecard, and every line is told what became of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.errors import N_, ScorecardError
from qa_pipeline.scorecards.script_checks import check_of, says_of
from qa_pipeline.scorecards.script_lines import Line, read_lines
from qa_pipeline.scorecards.script_notes import Item, Note, Notes
from qa_pipeline.scoring.match_text import has_chinese

WEIGHT = 5.0
_NAME_MAX = 60
_HEADING_MAX = 40
# How deep a style of numbering lies where nothing is indented.
_DEPTH = {"heading": 0, "part": 0, "chinese": 0, "step": 1, "arabic": 1, "dotted": 2, "bracket": 2, "circle": 2}
_DEPTH |= {"letter": 3, "bullet": 4, "": 9}
_INDENT = 10
_ENDED = re.compile(r"[。！？；.!?;]$")
# A heading above lines that must not be said.
_FORBIDDING = re.compile(
    r"禁语|禁用|禁止|不得|严禁|忌语|\b(?:do\snot|don'?ts?|never\ssay|forbidden|prohibited|banned|must\snot)\b", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptOptions:
    """What the script itself does not say; None is found from its words."""

    id: str = "script"
    name: str | None = None
    kind: ContactKind = ContactKind.CALL
    language: str | None = None
    version: int = 1
    pass_points: float = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledScript:
    """The scorecard as a file would have it, and notes on the lines of the script, in their order."""

    card: Mapping[str, Any]
    notes: tuple[Note, ...]

    @property
    def warnings(self) -> tuple[Note, ...]:
        """The lines that somebody should look at."""
        return tuple(note for note in self.notes if note.is_warning)


def compile_script(text: str, options: ScriptOptions) -> CompiledScript:
    """Compile a script.

    Raises
    ------
    ScorecardError
        When no line of the script can be checked.
    """
    notes = Notes()
    name, sections = _sections(list(read_lines(text)), notes)
    name = options.name or name or options.id
    built: list[dict[str, Any]] = []
    for title, items in sections:
        criteria = [made for item in _spread(items, notes) if (made := _criterion(item, notes)) is not None]
        if criteria:
            built.append({"id": f"section-{len(built) + 1}", "name": _both(title or name), "criteria": criteria})
    if not built:
        raise ScorecardError(
            N_("The script has no line that can be checked."),
            hint=N_("Number its lines, or begin them with the speaker (Agent: …); docs/scripts.md shows how."),
        )
    _weigh([criterion for section in built for criterion in section["criteria"]])
    card = {
        "id": options.id,
        "version": options.version,
        "name": _both(name),
        "kind": options.kind.value,
        "language": options.language or ("zh" if has_chinese(text) else "en"),
        "pass_points": options.pass_points,
        "sections": built,
    }
    return CompiledScript(card=card, notes=tuple(sorted(notes.found, key=lambda note: note.row)))


def _both(text: str) -> dict[str, str]:
    text = text.strip(" :：,，。.")[:_NAME_MAX].strip() or "–"
    return {"zh": text, "en": text}


def _sections(lines: Sequence[Line], notes: Notes) -> tuple[str, list[tuple[str, list[Item]]]]:
    """Return the name of the script and its sections, each with its heading and its items."""
    name = ""
    sections: list[tuple[str, list[Item]]] = [("", [])]
    tree = _Tree(sections[0][1])
    forbids = False
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else None
        if line.too_long:
            notes.add(line, "nothing", N_("Longer than a line of a script can be; part it."), warn=True)
        elif line.is_table_head:
            notes.add(line, "section", N_("The head of a table: it says which column holds the words."))
        elif not name and not tree.has_lines and _is_title(line, following):
            name = line.title
            notes.add(line, "name", N_("The name of the scorecard."))
        elif _is_heading(line, following):
            sections.append((line.title, []))
            tree = _Tree(sections[-1][1])
            forbids = bool(_FORBIDDING.search(line.title))
            notes.add(line, "section", N_("A section of what must not be said.") if forbids else N_("A section."))
            if line.within_s is not None:
                notes.add(line, "section", N_("A time limit counts on the line that it stands in."), warn=True)
        else:
            if forbids:
                _forbid(line)
            tree.add(line)
    return name, sections


def _forbid(line: Line) -> None:
    """Take a line for words that must not be said, as what stands above it says."""
    if not line.is_branch and not line.forbidden and line.role is not Role.CUSTOMER:
        line.forbidden = line.says = True


class _Tree:
    """Puts lines below those that they belong to."""

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self._open: list[tuple[int, Item]] = []
        self._branches: list[tuple[int, Item]] = []

    @property
    def has_lines(self) -> bool:
        """Whether a line stands in it."""
        return bool(self._items)

    def add(self, line: Line) -> None:
        """Put one more line in its place."""
        item = Item(line)
        branch_open = self._branch_of(line) if line.otherwise else None
        if branch_open is not None:
            depth, branch = branch_open
            branch.otherwise = item
            self._open = [part for part in self._open if part[0] < depth] + [(depth, item)]
            return
        depth = line.indent * _INDENT + _depth_of(line)
        while self._open and not _belongs(line, depth, *self._open[-1]):
            self._open.pop()
        if self._open and self._open[-1][1].line.forbidden and not self._open[-1][1].line.text:
            # 禁止： or "Do not" above a list.
            _forbid(line)
        (self._open[-1][1].inner if self._open else self._items).append(item)
        if line.style or line.is_branch:
            self._open.append((depth, item))
        if line.condition:
            self._branches.append((depth, item))

    def _branch_of(self, line: Line) -> tuple[int, Item] | None:
        """Return the branch that an "otherwise" answers: the last one as far in, else the last."""
        waiting = [part for part in self._branches if part[1].otherwise is None]
        as_far_in = [part for part in waiting if part[1].line.indent == line.indent]
        return next(reversed(as_far_in or waiting), None)


def _depth_of(line: Line) -> int:
    if line.style == "dotted":
        return 1 + line.number.count(".")
    # An "if" without a number stands beside the numbered lines, not below the last of them.
    return _DEPTH["arabic"] if line.is_branch and not line.style else _DEPTH[line.style]


def _belongs(line: Line, depth: int, above: int, item: Item) -> bool:
    """Whether a line belongs below one that stands open above it."""
    upper = item.line
    if line.style == "dotted" and upper.number and line.number.startswith(upper.number + "."):
        return True
    if upper.is_branch and not upper.style and line.style in ("arabic", "step") and line.indent == upper.indent:
        # A list that begins anew below an "if" without a number belongs to it.
        last = item.inner[-1].line if item.inner else None
        return (
            _counted(line) == 1 if last is None else last.style == line.style and _counted(line) == _counted(last) + 1
        )
    if line.is_branch and not line.style and upper.style and not item.inner and _is_plain(upper) and not says_of(upper):
        # An "if" right below a numbered title belongs to it.
        return True
    if line.style == "dotted" and upper.style == "arabic":
        return False
    return depth > above


def _counted(line: Line) -> int:
    digits = re.sub(r"\D", "", line.number)
    return int(digits) if digits else 0


def _is_plain(line: Line) -> bool:
    marks = (line.role, line.quotes, line.condition, line.within_s, line.weight, line.forbidden, line.must, line.fatal)
    return bool(line.text) and not any(marks) and not line.otherwise and not line.alternative


def _is_title(line: Line, following: Line | None) -> bool:
    if line.style == "heading":
        return bool(line.title) and following is not None
    return not line.style and _is_plain(line) and len(line.text) <= _HEADING_MAX and not says_of(line)


def _is_heading(line: Line, following: Line | None) -> bool:
    if line.style == "heading":
        return bool(line.title)
    if following is None or len(line.title) > _HEADING_MAX:
        return False
    forbids = line.forbidden and not line.text
    if not forbids and (not _is_plain(line) or says_of(line)):
        return False
    if line.style in ("part", "chinese"):
        return following.style not in ("", line.style, "heading") or following.is_table_head
    if line.style or not (following.style or following.is_table_head):
        return False
    return (
        forbids
        or line.text.endswith((":", "："))
        or (line.stands_apart and not line.indent and not _ENDED.search(line.text))
    )


def _spread(items: Sequence[Item], notes: Notes) -> list[Item]:
    """Return items, those below a line such as "Do not:" each by itself."""
    spread: list[Item] = []
    for item in items:
        if item.line.forbidden and not item.line.text and item.inner:
            notes.add(item.line, "name", N_("A heading of the lines below."))
            for inner in item.inner:
                inner.line.fatal |= item.line.fatal
            spread += _spread(item.inner, notes)
        else:
            spread.append(item)
    return spread


def _criterion(item: Item, notes: Notes) -> dict[str, Any] | None:
    line = item.line
    check = check_of(item, notes)
    if check is None:
        return None
    title = line.title or next((part.line.text for part in item.inner if part.line.text), line.written)
    own = _marked(item)
    criterion: dict[str, Any] = {
        "id": f"line-{line.row}",
        "name": _both(title),
        "weight": own if own is not None else (0.0 if line.fatal or line.optional else WEIGHT),
        "indicator": "script",
        "check": check,
    }
    if line.fatal:
        criterion |= {"fatal": True, "fatal_cap_points": 0.0}
        notes.add(line, "criterion", N_("A red line: a contact that crosses it gets no points."))
    if line.optional and own is None:
        notes.add(line, "criterion", N_("Optional, so it is shown and weighs nothing."))
    return criterion


def _marked(item: Item) -> float | None:
    """Return the points that stand in a line, else the sum of those in the lines below; None when there are none."""
    if item.line.weight is not None:
        return item.line.weight
    below = [points for part in item.inner if (points := _marked(part)) is not None]
    return sum(below) if below else None


def _weigh(criteria: Sequence[dict[str, Any]]) -> None:
    """Give weight where no criterion has any; a card without points is none."""
    if not any(criterion["weight"] for criterion in criteria):
        for criterion in criteria:
            criterion["weight"] = WEIGHT
