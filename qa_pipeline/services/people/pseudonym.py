"""A pseudonym in place of a person's ids and names, in columns and in the strings of documents."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, Table, cast, func

from qa_pipeline.disclosure import ACTING

_NAME_CHARACTERS_MIN = 2
_WORD = re.compile("[a-z_-]+")
_OF_PEOPLE = ACTING | {"agent_id", "login", "subject", "by"}


def _is_telling(one: str) -> bool:
    return any(map(str.isalpha, one)) and not _WORD.fullmatch(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonym:
    """``text`` stands for ``ids`` wherever one of them is a whole value.

    Inside longer text an id with a letter is replaced too, where no Latin letter or digit touches it: figures alone may
    be anything. A plain word, such as the login "agent", may mean something else and is replaced only in fields that
    name people. ``names`` are replaced only in rows that hold an id, because others may bear the same name.
    """

    ids: frozenset[str]
    names: frozenset[str]
    text: str
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, ids: Collection[str], names: Collection[str], text: str) -> Pseudonym:
        """Return the pseudonym of a person with these ids and names."""
        inside = sorted((one for one in ids if _is_telling(one)), key=len, reverse=True)
        pattern = (
            re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])" for one in inside))
            if inside
            else None
        )
        long_names = frozenset(name for name in names if len(name) >= _NAME_CHARACTERS_MIN)
        return cls(ids=frozenset(ids), names=long_names, text=text, pattern=pattern)

    @staticmethod
    def columns(table: Table) -> Sequence[ColumnElement[Any]]:
        """Return the columns of a table in which a person may be named.

        Not those by which rows of different tables hang together: ids of contacts are changed in all of them at once.
        """
        linked = {key.column for one in table.metadata.sorted_tables for key in one.foreign_keys}
        return [
            column
            for column in table.columns
            if isinstance(column.type, String | JSON)
            and not column.foreign_keys
            and column not in linked
            and column.name != "contact_id"
        ]

    @staticmethod
    def may_hold(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that a column holds an id somewhere, as it is written in documents or not."""
        text = cast(column, String)
        plain, escaped = name, json.dumps(name)[1:-1]
        found = func.coalesce(func.replace(text, plain, ""), "") != func.coalesce(text, "")
        return found if plain == escaped else found | (func.replace(text, escaped, "") != text)

    def changes(self, table: Table, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the new values of a row's columns; empty when the row does not name the person."""
        before = {column.name: row[column.name] for column in self.columns(table) if row[column.name] is not None}
        if all(self._without(value, field=name, with_names=False) == value for name, value in before.items()):
            return {}
        after = {name: self._without(value, field=name, with_names=True) for name, value in before.items()}
        return {name: value for name, value in after.items() if value != before[name]}

    def in_text(self, text: str, *, with_names: bool = False) -> str:
        """Return a text in which the pseudonym stands for the person."""
        if text in self.ids or (with_names and text in self.names):
            return self.text
        if self.pattern is not None:
            text = self.pattern.sub(self.text, text)
        if with_names:
            for name in sorted(self.names, key=len, reverse=True):
                text = text.replace(name, self.text)
        return text

    def is_in(self, text: str) -> bool:
        """Whether a text names the person."""
        return self.in_text(text, with_names=True) != text

    def _without(self, value: Any, *, field: str, with_names: bool) -> Any:
        match value:
            case str() if value[:1] in "[{":
                try:
                    parsed = json.loads(value)
                except ValueError:
                    return self._text(value, field, with_names=with_names)
                after = self._without(parsed, field=field, with_names=with_names)
                return value if after == parsed else json.dumps(after, ensure_ascii=False, separators=(",", ":"))
            case str():
                return self._text(value, field, with_names=with_names)
            case dict():
                return {key: self._without(part, field=key, with_names=with_names) for key, part in value.items()}
            case list():
                return [self._without(part, field=field, with_names=with_names) for part in value]
            case _:
                return value

    def _text(self, value: str, field: str, *, with_names: bool) -> str:
        if value in self.ids and _WORD.fullmatch(value):
            return self.text if field in _OF_PEOPLE else value
        return self.in_text(value, with_names=with_names)
