"""Legal holds: made, released and listed by named people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.retention import HoldKind, LegalHold
from qa_pipeline.errors import N_, InputError
from qa_pipeline.store import Store

SUBJECT_CHARACTERS_MAX = 200


def hold(store: Store, kind: HoldKind, subject: str, *, by: str, reason: str, now: datetime) -> LegalHold:
    """Keep something from every rule and from erasure until somebody releases it.

    It may name what is not there yet.

    Raises
    ------
    InputError
        Nothing is named, or no reason given.
    ConfigurationError
        The subject is meant to be a period and is none.
    """
    subject, by, reason = subject.strip(), by.strip(), reason.strip()
    for name, value in (("subject", subject), ("by", by), ("reason", reason)):
        if not value or "\x00" in value or (name != "reason" and len(value) > SUBJECT_CHARACTERS_MAX):
            raise InputError(
                N_("A legal hold needs a subject, a person and a reason."),
                hint=N_("Say what is held, who holds it and why."),
                field=name,
            )
    if kind is HoldKind.PERIOD:
        months_of(subject)
    made = LegalHold(id=f"lh-{uuid4().hex[:12]}", kind=kind, subject=subject, reason=reason, held_by=by, held_at=now)
    with store.transaction() as tx:
        tx.legal_holds.add(made)
    return made


def release(store: Store, hold_id: str, *, by: str, reason: str, now: datetime) -> LegalHold:
    """End a hold: what is due is deleted by the next run.

    Raises
    ------
    InputError
        No reason is given.
    NotFound
        There is no such hold.
    Conflict
        Somebody has released it before.
    """
    if not reason.strip() or not by.strip():
        raise InputError(
            N_("Releasing a legal hold needs a person and a reason."), hint=N_("Say who and why."), field="reason"
        )
    with store.transaction() as tx:
        return tx.legal_holds.release(hold_id, by.strip(), reason.strip(), now)


def list_holds(store: Store, *, released: bool = False) -> Sequence[LegalHold]:
    """Return the holds in force, oldest first; with `released` all that there ever were."""
    with store.reading() as tx:
        return tx.legal_holds.list(released=released)
