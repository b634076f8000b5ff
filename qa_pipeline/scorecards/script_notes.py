"""What became of each line of a script, and the lines as a tree of what belongs to what."""

from __future__ import annotations

from dataclasses import dataclass, field

from qa_pipeline.errors import Message
from qa_pipeline.scorecards.script_lines import Line

_WRITTEN_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What became of one line.

    ``became``: name, section, criterion, step, branch, wording, action, customer or nothing. ``is_warning``: somebody
    should look at the line.
    """

    row: int
    written: str
    became: str
    message: Message
    is_warning: bool = False


class Notes:
    """Collects what became of the lines."""

    def __init__(self) -> None:
        self.found: list[Note] = []

    def add(self, line: Line, became: str, message: str, *, warn: bool = False, **params: object) -> None:
        """Note what became of a line."""
        written = line.written[:_WRITTEN_MAX]
        self.found.append(
            Note(row=line.row, written=written, became=became, message=Message(message, params), is_warning=warn)
        )


@dataclass(slots=True)
class Item:
    """A line with the lines that belong below it; of a branch, also the line that says what happens otherwise."""

    line: Line
    inner: list[Item] = field(default_factory=list)
    otherwise: Item | None = None
