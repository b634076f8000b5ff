"""What was said, kept for searching, and queries over it as conditions on contacts; alike on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from qa_pipeline.domain.contact import Role
from qa_pipeline.scoring.full_text import Clause, Query, SearchableUtterance, Term, Token
from qa_pipeline.store import tables

COUNTED_MAX = 20_001  # utterances: more make a word common
ASKED_MAX = 6  # tokens of a phrase; each alone is said at least as often as the phrase
# Written out, not bound: the index is used only where the expression is the one it was made over.
_SPACE: ColumnElement[str] = literal_column("' '")
_FTS = table(tables.UTTERANCE_INDEX, column("rowid"), column(tables.UTTERANCE_INDEX))


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWords:
    """What must have been said in a contact; ``role``: by whom, None by anybody."""

    query: Query
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUtterance:
    """A masked utterance that holds one of the words looked for."""

    contact_id: str
    utterance: int
    role: Role
    start_s: float | None
    end_s: float | None
    text: str


class Utterances:
    """Masked utterances of contacts, for searching."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, contact_id: str, said: Sequence[SearchableUtterance]) -> None:
        """Keep what was said in a contact, replacing what was kept before."""
        self._connection.execute(delete(tables.utterance).where(tables.utterance.c.contact_id == contact_id))
        rows = [
            {
                "contact_id": contact_id,
                "place": each.utterance,
                "role": each.role.value,
                "start_s": each.start_s,
                "end_s": each.end_s,
                "text": each.text,
                "words": each.words,
                "tokens": each.tokens,
            }
            for each in said
        ]
        if rows:
            self._connection.execute(insert(tables.utterance), rows)

    def find(self, wanted: SaidWords, contact_ids: Sequence[str]) -> Sequence[FoundUtterance]:
        """Return the utterances of these contacts that hold any of the words looked for, in the order of the talk."""
        said = tables.utterance
        # What was said in few contacts is read, rather than looked up: the index has all who say a common word.
        where = [said.c.contact_id.in_(contact_ids), or_(*(self._is_said(term) for term in wanted.query.terms))]
        if wanted.role is not None:
            where.append(said.c.role == wanted.role.value)
        query = (
            select(
                said.c.contact_id,
                said.c.place.label("utterance"),
                said.c.role,
                said.c.start_s,
                said.c.end_s,
                said.c.text,
            )
            .where(*where)
            .order_by(said.c.contact_id, said.c.place)
        )
        return [
            FoundUtterance(**{**row, "role": Role(row["role"])}) for row in self._connection.execute(query).mappings()
        ]

    def found(self, clause: Clause, role: Role | None) -> CTE:
        """Return the ids of the contacts in which one of the terms of a clause was said, by the index of tokens."""
        said = tables.utterance
        found = select(said.c.contact_id).where(self._holds(clause.any_of, role)).distinct()
        # Found once: looking it up for each contact of a list would read the index as often.
        return found.cte("found").prefix_with("MATERIALIZED")

    def estimate(self, clause: Clause, role: Role | None) -> int:
        """Return about how many utterances the index has for a clause: in a moment, however many they are.

        PostgreSQL's is rather too high: a phrase is said no more often than the rarest of its tokens.
        """
        said = tables.utterance
        if self._connection.dialect.name == "sqlite":
            # Its index gives one after the other, so that counting can stop.
            some = select(said.c.id).where(self._holds(clause.any_of, role)).limit(COUNTED_MAX).subquery()
            return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())
        # PostgreSQL's gives all at once; but the planner knows how often each token was said. It takes the tokens of a
        # phrase for independent, which they are not.
        return sum(
            min(self._planned(token, role) for token in sorted(term.tokens, key=_length)[-ASKED_MAX:])
            for term in clause.any_of
        )

    def _planned(self, token: Token, role: Role | None) -> int:
        said = tables.utterance
        where = [_in_postgres([token]), *([] if role is None else [said.c.role == role.value])]
        query = select(said.c.id).where(*where)
        sql = query.compile(self._connection, compile_kwargs={"literal_binds": True})
        plan = self._connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}").scalar_one()
        return int(plan[0]["Plan"]["Plan Rows"])

    def holds(self, clause: Clause, role: Role | None, contact_id: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that a clause holds of a contact of another query, by reading what was said in it."""
        said = tables.utterance
        any_of = or_(*(self._is_said(term) for term in clause.any_of))
        where = [said.c.contact_id == contact_id, any_of]
        if role is not None:
            where.append(said.c.role == role.value)
        is_said = select(said.c.id).where(*where).correlate_except(said).exists()
        return not_(is_said) if clause.is_excluded else is_said

    def _holds(self, terms: Sequence[Term], role: Role | None) -> ColumnElement[bool]:
        holds = or_(*(self._term(term) for term in terms))
        return holds if role is None else and_(tables.utterance.c.role == role.value, holds)

    def _term(self, term: Term) -> ColumnElement[bool]:
        is_sqlite = self._connection.dialect.name == "sqlite"
        indexed = _in_sqlite(term.tokens) if is_sqlite else _in_postgres(term.tokens)
        if term.is_one_token:
            return indexed
        return and_(indexed, self._position(tables.utterance.c.words, term.words) > 0)

    def _is_said(self, term: Term) -> ColumnElement[bool]:
        """Return what :meth:`_term` says of one utterance, without the index."""
        tokens = literal(" ").concat(tables.utterance.c.tokens).concat(" ")
        held = [self._position(tokens, f" {each.text}" + ("" if each.is_prefix else " ")) > 0 for each in term.tokens]
        if not term.is_one_token:
            held.append(self._position(tables.utterance.c.words, term.words) > 0)
        return and_(*held)

    def _position(self, text: ColumnElement[str], part: str) -> ColumnElement[int]:
        position: Any = func.instr if self._connection.dialect.name == "sqlite" else func.strpos
        return cast(position(text, part), Integer)


def _length(token: Token) -> int:
    return len(token.text)


def _in_sqlite(tokens: Sequence[Token]) -> ColumnElement[bool]:
    match = " AND ".join(f'"{token.text}"' + (" *" if token.is_prefix else "") for token in tokens)
    found = select(_FTS.c.rowid).where(_FTS.c[tables.UTTERANCE_INDEX].op("MATCH")(match))
    return tables.utterance.c.id.in_(found)


def _in_postgres(tokens: Sequence[Token]) -> ColumnElement[bool]:
    query = " & ".join(f"'{token.text}'" + (":*" if token.is_prefix else "") for token in tokens)
    indexed = func.array_to_tsvector(func.string_to_array(tables.utterance.c.tokens, _SPACE))
    return indexed.op("@@", is_comparison=True)(cast(literal(query, Text), TSQUERY))
