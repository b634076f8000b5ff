"""A script as people write it becomes a scorecard, and every line is told what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.errors import N_, ScorecardError
from qa_pipeline.scorecards.script_checks import check_of, says_of
from qa_pipeline.scorecards.script_lines import Line, read_lines
from qa_pipeline.scorecards.script_notes import Item, Note, Notes
from qa_pipeline.scoring.match_text import has_chinese

WEIGHT = 5.0
_NAME_MAX = 60
_HEADING_MAX = 40
# How deep a style of numbering lies where nothing is indented.
_DEPTH = {"part": 0, "chinese": 0, "step": 1, "arabic": 1, "dotted": 2, "bracket": 2, "circle": 2, "letter": 3}
_DEPTH |= {"bullet": 4, "": 9}
_INDENT = 10


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
        criteria = [made for item in items if (made := _criterion(item, notes)) is not None]
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
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else None
        if line.too_long:
            notes.add(line, "nothing", N_("Longer than a line of a script can be; part it."), warn=True)
        elif at == 0 and _is_title(line, following):
            name = line.text
            notes.add(line, "name", N_("The name of the scorecard."))
        elif _is_heading(line, following):
            sections.append((line.text, []))
            tree = _Tree(sections[-1][1])
            notes.add(line, "section", N_("A section."))
        else:
            tree.add(line)
    return name, sections


class _Tree:
    """Puts lines below those that they belong to."""

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self._open: list[tuple[int, Item]] = []
        self._branch: tuple[int, Item] | None = None

    def add(self, line: Line) -> None:
        """Put one more line in its place."""
        item = Item(line)
        if line.otherwise and self._branch is not None and self._branch[1].otherwise is None:
            depth, branch = self._branch
            branch.otherwise = item
            self._open = [part for part in self._open if part[0] < depth] + [(depth, item)]
            return
        depth = line.indent * _INDENT + _depth_of(line)
        while self._open and not _belongs(line, depth, *self._open[-1]):
            self._open.pop()
        (self._open[-1][1].inner if self._open else self._items).append(item)
        if line.style or line.is_branch:
            self._open.append((depth, item))
        if line.condition:
            self._branch = (depth, item)


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
        return line.number.endswith("1") if not item.inner else line.number > item.inner[-1].line.number
    return depth > above


def _is_plain(line: Line) -> bool:
    marks = (line.role, line.quotes, line.condition, line.within_s, line.weight, line.forbidden, line.must, line.fatal)
    return bool(line.text) and not any(marks) and not line.otherwise and not line.alternative


def _is_title(line: Line, following: Line | None) -> bool:
    if line.style == "heading":
        return bool(line.text) and following is not None
    return not line.style and _is_plain(line) and len(line.text) <= _HEADING_MAX and not says_of(line)


def _is_heading(line: Line, following: Line | None) -> bool:
    if line.style == "heading":
        return bool(line.text)
    if not _is_plain(line) or len(line.text) > _HEADING_MAX or following is None or says_of(line):
        return False
    if line.style in ("part", "chinese"):
        return following.style not in ("", line.style, "heading")
    return not line.style and line.text.endswith((":", "：")) and bool(following.style)


def _criterion(item: Item, notes: Notes) -> dict[str, Any] | None:
    line = item.line
    check = check_of(item, notes)
    if check is None:
        return None
    title = line.text or line.condition or next((part.line.text for part in item.inner if part.line.text), line.written)
    criterion: dict[str, Any] = {
        "id": f"line-{line.row}",
        "name": _both(title),
        "weight": line.weight if line.weight is not None else (0.0 if line.fatal or line.optional else WEIGHT),
        "indicator": "script",
        "check": check,
    }
    if line.fatal:
        criterion |= {"fatal": True, "fatal_cap_points": 0.0}
        notes.add(line, "criterion", N_("A red line: a contact that crosses it gets no points."))
    if line.optional and line.weight is None:
        notes.add(line, "criterion", N_("Optional, so it is shown and weighs nothing."))
    return criterion


def _weigh(criteria: Sequence[dict[str, Any]]) -> None:
    """Give weight where no criterion has any; a card without points is none."""
    if not any(criterion["weight"] for criterion in criteria):
        for criterion in criteria:
            criterion["weight"] = WEIGHT
