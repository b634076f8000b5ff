"""Tables in scripts, as they come out of a word processor (tabs) or stand in Markdown (``|``): rows become lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COLUMNS = {
    "number": r"序号|编号|no\.?|#|number|step|步骤",
    "name": r"环节|项目|类别|阶段|场景|节点|流程|模块|section|stage|topic|item|phase|category|situation",
    "words": r".{0,8}(?:话术|用语|脚本|内容|说法)|(?:agent\s)?(?:script|words|wording|phrases?|what\sto\ssay|say)",
    "points": r"分值|分数|得分|权重|points?|weight|score",
    "rest": r".{0,8}(?:备注|说明|要求|时机|注意.{0,3})|notes?|remarks?|comments?|when",
}
_HEADS = {name: re.compile(rf"(?:{pattern})$", re.I) for name, pattern in _COLUMNS.items()}
_NUMBER = re.compile(r"\d{1,3}[.、)）]?$")
_SIGN = re.compile(r"(?:[^\w\s]|\d{1,3}|[一二三四五六七八九十]{1,3}|[a-z])[.、)）]?$", re.I)
_POINTS = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s?(?:分|points?|pts?)?$", re.I)
_BREAK = re.compile(r"\s?<br\s?/?>\s?", re.I)


@dataclass(slots=True)
class Tables:
    """Reads rows one after the other; the head of a table says which column holds the words."""

    _columns: list[str] = field(default_factory=list)

    def is_head(self, row: str) -> bool:
        """Whether a row is the head of a table, which then holds for the rows below."""
        cells = _cells(row)
        named = [next((name for name, head in _HEADS.items() if head.match(cell)), "") for cell in cells]
        if len(cells) < 2 or "words" not in named or not all(named):
            return False
        self._columns = named
        return True

    def end(self, separator: str) -> None:
        """Heed a line without words: an empty one ends a table, the rule below a head does not."""
        if not separator:
            self._columns = []

    def read(self, row: str) -> str:
        """Return a row as a line with number, words and points; what is no row as it stands."""
        cells = _cells(row)
        if len(cells) < 2:
            self._columns = []
            return cells[0] if row.startswith("|") and cells else row
        if self._columns:
            found: dict[str, str] = {}
            for name, cell in zip(self._columns, cells, strict=False):
                found[name] = f"{found[name]}，{cell}" if found.get(name) and cell else found.get(name) or cell
            return _line(found.get("number", ""), found.get("words", ""), found.get("points", ""))
        if len(cells) == 2 and _SIGN.match(cells[0]):
            return " ".join(cells)
        number = cells.pop(0) if _NUMBER.match(cells[0]) else ""
        points = cells.pop() if len(cells) > 1 and _POINTS.match(cells[-1]) else ""
        return _line(number, max(cells, key=len), points)


def _cells(row: str) -> list[str]:
    cells = row.strip("|").split("|") if row.startswith("|") else row.split("\t")
    cells = [_BREAK.sub(" ", cell).strip().strip("*").strip() for cell in cells]
    return cells if row.startswith("|") else [cell for cell in cells if cell] if len(cells) == 2 else cells


def _line(number: str, words: str, points: str) -> str:
    sign = f"{number.rstrip('.、)）')}. " if _NUMBER.match(number) else "- "
    weight = _POINTS.match(points)
    return f"{sign}{words}（{weight.group(1)}分）" if weight else f"{sign}{words}"
