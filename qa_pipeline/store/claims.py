"""Claims of the review queue and calibration sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import CalibrationSession, Claim, ClaimEnd, ClaimPurpose
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.store import appraisal_tables, review_tables, tables
from qa_pipeline.store.documents import dump, load

# Any numbers that nothing else in the database locks.
_HOLDS_LOCK = 7_215_009
_TAKING_LOCK = 7_215_010
_CLAIMANT_LOCK = 7_215_011


class Claims:
    """Who has taken which contact; one open claim per contact and purpose, of calibration one per member."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, claim: Claim, *, waits: bool = True) -> bool:
        """Keep a claim if its place is free; False when somebody else has it. A claim that ran out makes room.

        ``waits``: for somebody whose transaction is about to take the same, to know whether it does; otherwise that
        counts as taken.
        """
        return self._insert(claim, waits=waits) or (self._end_run_out(claim) and self._insert(claim, waits=waits))

    def _end_run_out(self, claim: Claim) -> bool:
        table = review_tables.review_claim
        run_out = select(table.c.id).where(
            table.c.contact_id == claim.contact_id,
            table.c.purpose == claim.purpose.value,
            table.c.seat == _seat(claim),
            table.c.ended_at.is_(None),
            table.c.expires_at <= claim.claimed_at,
        )
        # Nobody waits for a row that somebody else is ending: people who look for the next contact in another order
        # would wait for each other.
        ended = update(table).where(table.c.id.in_(run_out.with_for_update(skip_locked=True)))
        done = self._connection.execute(ended.values(ended_at=table.c.expires_at, end=ClaimEnd.EXPIRED.value))
        return bool(done.rowcount)

    def _insert(self, claim: Claim, *, waits: bool) -> bool:
        table = review_tables.review_claim
        row = {each.name: getattr(claim, each.name) for each in fields(claim)}
        row |= {"purpose": claim.purpose.value, "selection": claim.selection.value, "seat": _seat(claim)}
        if self._connection.dialect.name == "sqlite":  # whose writer is alone: there is nobody to wait for
            kept = sqlite.insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
        elif waits:
            kept = postgresql.insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
        else:
            is_first = func.pg_try_advisory_xact_lock(_TAKING_LOCK, func.hashtext(claim.contact_id))
            values = select(*(literal(value, table.c[name].type) for name, value in row.items())).where(is_first)
            inserted = postgresql.insert(table).from_select(list(row), values)
            kept = inserted.on_conflict_do_nothing().returning(table.c.id)
        return self._connection.execute(kept).scalar() is not None

    def find(self, claim_id: str) -> Claim | None:
        """Return a claim, whether in force or not, or None."""
        table = review_tables.review_claim
        row = self._connection.execute(select(table).where(table.c.id == claim_id)).mappings().first()
        return None if row is None else _claim(row)

    def list_open(
        self, now: datetime, *, claimant: str | None = None, contact_id: str | None = None
    ) -> Sequence[Claim]:
        """Return the claims in force, oldest first."""
        table = review_tables.review_claim
        query = select(table).where(table.c.ended_at.is_(None), table.c.expires_at > now)
        for column, value in ((table.c.claimant, claimant), (table.c.contact_id, contact_id)):
            if value is not None:
                query = query.where(column == value)
        rows = self._connection.execute(query.order_by(table.c.claimed_at, table.c.id)).mappings()
        return [_claim(row) for row in rows]

    def renew(self, claim_id: str, expires_at: datetime) -> None:
        """Let a claim last longer."""
        table = review_tables.review_claim
        self._connection.execute(update(table).where(table.c.id == claim_id).values(expires_at=expires_at))

    def end(self, claim_id: str, end: ClaimEnd, at: datetime) -> None:
        """End a claim."""
        table = review_tables.review_claim
        self._connection.execute(update(table).where(table.c.id == claim_id).values(ended_at=at, end=end.value))

    def lock_claimant(self, person: str) -> None:
        """Let a person take one contact after the other: who asks twice at once for the next one gets it once."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(select(func.pg_advisory_xact_lock(_CLAIMANT_LOCK, func.hashtext(person))))

    def lock_contact(self, contact_id: str) -> None:
        """Make whoever else changes the reviews of a contact wait until this transaction ends.

        A whole SQLite database has one writer anyway.
        """
        contact = tables.contact.c.id
        self._connection.execute(select(contact).where(contact == contact_id).with_for_update(key_share=True))

    def lock_holds(self) -> None:
        """Make whoever else decides on holds from reviews wait, so that two do not find the same one at once."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _HOLDS_LOCK})


def _seat(claim: Claim) -> str:
    return claim.claimant if claim.purpose is ClaimPurpose.CALIBRATION else ""


def _claim(row: RowMapping) -> Claim:
    values = {each.name: row[each.name] for each in fields(Claim)}
    values["purpose"] = ClaimPurpose(row["purpose"])
    values["selection"] = Selection(row["selection"])
    values["end"] = ClaimEnd(row["end"]) if row["end"] else None
    return Claim(**values)


class CalibrationSessions:
    """Sessions in which people review the same contacts; their states are logged steps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: CalibrationSession) -> None:
        """Keep a session under its own new id."""
        self._connection.execute(
            insert(review_tables.calibration_session).values(
                id=session.id,
                sample_id=session.sample_id,
                document=dump(session).decode(),
                opened_at=session.opened_at,
            )
        )
        rows = [{"session_id": session.id, "member": member} for member in session.members]
        self._connection.execute(insert(review_tables.calibration_member), rows)

    def get(self, session_id: str) -> CalibrationSession:
        """Return a session; raises NotFound."""
        table = review_tables.calibration_session
        document = self._connection.execute(select(table.c.document).where(table.c.id == session_id)).scalar()
        if document is None:
            raise NotFound(N_("There is no calibration session with the id {id}."), id=session_id)
        return load(CalibrationSession, document)

    def list(
        self, *, member: str | None = None, sample_id: str | None = None, contact_id: str | None = None
    ) -> Sequence[CalibrationSession]:
        """Return sessions in the order in which they were opened."""
        table, people = review_tables.calibration_session, review_tables.calibration_member
        query = select(table.c.document).order_by(table.c.opened_at, table.c.id)
        if member is not None:
            query = query.join(people, people.c.session_id == table.c.id).where(people.c.member == member)
        if sample_id is not None:
            query = query.where(table.c.sample_id == sample_id)
        if contact_id is not None:
            drawn = appraisal_tables.sample_contact.c
            query = query.where(table.c.sample_id.in_(select(drawn.sample_id).where(drawn.contact_id == contact_id)))
        return [load(CalibrationSession, document) for document in self._connection.execute(query).scalars()]
