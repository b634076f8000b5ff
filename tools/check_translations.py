"""Check that every text which people see exists in Chinese, and that Chinese stays out of the source.

Usage::

    python -m tools.check_translations            # check; exit 1 with one line per problem
    python -m tools.check_translations --update   # put new msgids into the catalogue, take unused ones out

English stands in the source as msgid: ``N_("...")``, ``_("...")``, ``gettext("...")``, ``translate("...")`` in Python
and ``_("...")`` or ``{% trans %}`` in templates.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import string
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("qa_pipeline", "models", "coaching", "api", "callqa")
CATALOGUE = Path("qa_pipeline/locale/zh/LC_MESSAGES/callqa.po")
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS: dict[str, None] = dict.fromkeys(("N_", "_", "gettext", "translate"))
# Code that reads what Chinese people wrote or said needs their words; what people read from us comes by gettext.
READS_CHINESE = (
    "models/text/",
    "qa_pipeline/detectors/addressed.py",
    "qa_pipeline/detectors/entity.py",
    "qa_pipeline/engines/",
    "qa_pipeline/intake/",
    "qa_pipeline/kpi/",
    "qa_pipeline/privacy/",
    "qa_pipeline/resources/",
    "qa_pipeline/scorecards/script",
    "qa_pipeline/scoring/",
    "qa_pipeline/services/kpi_import/",
    "qa_pipeline/services/rules/lint_",
    "qa_pipeline/services/topics/words.py",
    "qa_pipeline/services/validate/",
    "qa_pipeline/vocabulary/variations.py",
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Message:
    """One msgid with the first place that uses it."""

    msgid: str
    place: str


def extract(root: Path) -> dict[str, Message]:
    """Return every msgid of the packages under `root`, by msgid."""
    found: dict[str, Message] = {}
    for package in PACKAGES:
        for file, line, msgid, _comments, _context in extract_from_dir(
            root / package, METHODS, keywords=KEYWORDS, options_map={"**": {"encoding": "utf-8"}}
        ):
            for text in (msgid,) if isinstance(msgid, str) else msgid:
                if text:
                    found.setdefault(text, Message(msgid=text, place=f"{package}/{file}:{line}"))
    return found


def read_catalogue(path: Path) -> Catalog:
    """Return the Chinese catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="zh")


def problems_of(messages: dict[str, Message], catalogue: Catalog) -> Iterator[str]:
    """Yield one line per problem of the translations."""
    entries = {entry.id: entry for entry in catalogue if entry.id}
    for message in messages.values():
        entry = entries.get(message.msgid)
        if entry is None or not entry.string:
            yield f"{message.place}: no translation: {message.msgid!r}"
        elif entry.fuzzy:
            yield f"{message.place}: the translation is marked fuzzy: {message.msgid!r}"
        elif params_of(message.msgid) != params_of(str(entry.string)):
            yield f"{message.place}: the parameters differ: {message.msgid!r} / {entry.string!r}"
    for msgid in entries:
        if msgid not in messages:
            yield f"{CATALOGUE}: nobody uses {msgid!r}"
    for entry in catalogue.obsolete.values():
        yield f"{CATALOGUE}: obsolete entry {entry.id!r}"


def params_of(text: str) -> frozenset[str]:
    """Return the names of the ``{name}`` places of a text; a text that is no format has none."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        return frozenset()


def chinese_in_source(root: Path) -> Iterator[str]:
    """Yield the places of Python source that hold Chinese in code; comments and docstrings may name what data say."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(READS_CHINESE):
                yield from (f"{name}:{line}: Chinese in source: {text}" for line, text in _chinese_in_code(path))


def _chinese_in_code(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            if _CHINESE.search(node.value):
                yield node.lineno, repr(node.value[:60])
        elif isinstance(node, ast.Name) and _CHINESE.search(node.id):
            yield node.lineno, node.id


def update(messages: dict[str, Message], path: Path) -> tuple[int, int]:
    """Put new msgids into the catalogue and take unused ones out; return how many came and went."""
    old = read_catalogue(path)
    known = {entry.id: entry for entry in old if entry.id}
    new = Catalog(locale="zh", header_comment="", fuzzy=False, charset="utf-8")
    for msgid in messages:
        entry = known.get(msgid)
        new.add(msgid, string=entry.string if entry else "", flags=entry.flags if entry else ())
    body = io.BytesIO()
    write_po(body, new, sort_output=True, no_location=True, omit_header=True, width=0)
    header = 'msgid ""\nmsgstr ""\n"Language: zh\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    path.write_text(header + body.getvalue().decode("utf-8"), encoding="utf-8")
    return len(messages.keys() - known.keys()), len(known.keys() - messages.keys())


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description="Check the Chinese translations.")
    parser.add_argument("--update", action="store_true", help="merge new msgids into the catalogue")
    options = parser.parse_args(arguments)
    messages = extract(root)
    if options.update:
        came, went = update(messages, root / CATALOGUE)
        sys.stdout.write(f"{came} new, {went} removed, {len(messages)} in all\n")
    found = [*problems_of(messages, read_catalogue(root / CATALOGUE)), *chinese_in_source(root)]
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
