"""Erasing a person: a pseudonym that nothing leads back from stands wherever the id and the name stood."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, and_, delete, insert, or_, select, update

from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.contact import Contact, SourceKind
from qa_pipeline.domain.retention import Deletion, HoldKind, RuleName
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.services.people.collect import names_of
from qa_pipeline.services.people.pseudonym import Pseudonym
from qa_pipeline.services.retention import Doer, Keeps, Kept, Terms, finish_deletion, read_kept
from qa_pipeline.services.retention.contacts import delete_contacts, doomed_artifact, in_uploads
from qa_pipeline.services.retention.keeping import of_customer
from qa_pipeline.stages.artifacts import name_of
from qa_pipeline.store import Store, Transaction, service_tables, tables
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.listing import INDEXED, Listing
from qa_pipeline.store.tables import metadata

BATCH = 100
# The audit keeps its chain: docs/retention.md says what remains there. Search rows follow their contacts.
_KEPT_AS_IT_IS = (service_tables.audit_entry.name, "contact_listing")
_UNNAMING = ("annotate", INDEXED)  # names are masked in the one, and the other is no artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure changed, or would change: rows by table. ``contacts``: deleted ones."""

    rows: Mapping[str, int]
    contacts: int = 0


def erase_agent(
    store: Store, agent_id: str, terms: Terms, doer: Doer, *, reason: str, dry_run: bool, finish: bool = True
) -> Erasure:
    """Put a pseudonym for an agent everywhere: as judged, as reviewer, in steps, documents and the account.

    What is kept of the person for the risk module is deleted: it would help nobody any more.

    The pseudonym is told to nobody and stands nowhere beside the id. Files that name the person go: raw transcripts are
    made again where the recording is there. Without `finish`, inside the transaction of somebody else, files stay until
    the next run of the retention rules.

    Raises
    ------
    NotFound
        Nothing names this person.
    Conflict
        A legal hold keeps it, or no reason is given.
    """
    with store.transaction() as tx:
        tx.contacts.lock()
        names = names_of(tx, agent_id)
        _refuse_held_agent(read_kept(tx, terms.now), tx, names)
        agents = [agent for name in sorted(names) if (agent := tx.agents.find(name)) is not None]
        own = {agent.name for agent in agents if agent.name} | _names_of_accounts(tx, names)
        pseudonym = Pseudonym.of(names, own, f"erased-{secrets.token_hex(5)}")
        named = _rows_naming(tx, names)
        if not any(named.values()):
            raise NotFound(N_("Nothing is known about {person}."), person=agent_id)
        counts = {name: len(keys) for name, keys in named.items() if keys}
        if dry_run:
            return Erasure(rows=counts)
        deletion = _start(tx, terms, doer, reason)
        contact_ids = _contacts_of(tx, tables.contact.c.agent_id.in_(names))
        _doom_files(tx, deletion, contact_ids, pseudonym, terms)
        _close_account(tx, names, pseudonym, terms)
        for name in sorted(names):
            tx.risk.drop_agent(name)
        changed = {**counts, **_replace(tx, named, pseudonym)}
        tx.deletions.count(deletion.id, [], sum(changed.values()))
        # Not the pseudonym: nothing may lead from the id to what is kept under it.
        tx.audit.append(_event("people.erase", agent_id, doer, rows=sum(changed.values())), terms.now)
    if finish:
        finish_deletion(store, deletion, terms, doer)
    return Erasure(rows=changed)


def erase_customer(
    store: Store,
    reference: str,
    terms: Terms,
    doer: Doer,
    *,
    reason: str,
    contacts: bool,
    dry_run: bool,
    finish: bool = True,
) -> Erasure:
    """Put a pseudonym for a customer's reference, or with `contacts` delete all contacts of the customer.

    `finish` as in :func:`erase_agent`.

    Raises
    ------
    NotFound
        No contact has this reference.
    Conflict
        A legal hold keeps one of them, or no reason is given.
    """
    with store.transaction() as tx:
        tx.contacts.lock()
        ids = _contacts_of(tx, of_customer(reference))
        if not ids:
            raise NotFound(N_("No contact has the customer reference {reference}."), reference=reference)
        _refuse_held_contacts(read_kept(tx, terms.now), tx, of_customer(reference))
        if dry_run:
            return Erasure(rows={"contact": len(ids)}, contacts=len(ids) if contacts else 0)
        deletion = _start(tx, terms, doer, reason)
        if not contacts:
            pseudonym = Pseudonym.of({reference}, set(), f"erased-{secrets.token_hex(5)}")
            _doom_files(tx, deletion, ids, pseudonym, terms)
            for contact_id in ids:
                contact = replace(tx.contacts.get(contact_id), customer_ref=pseudonym.text)
                _write_contact(tx, contact)
            tx.deletions.count(deletion.id, [], len(ids))
        subject = audited_subject("customer", reference)
        tx.audit.append(_event("people.erase", subject, doer, contacts=len(ids), deleted=contacts), terms.now)
    if contacts:
        _delete_batches(store, ids, deletion, terms)
    if finish:
        finish_deletion(store, deletion, terms, doer)
    return Erasure(rows={"contact": len(ids)}, contacts=len(ids) if contacts else 0)


def audited_subject(kind: str, subject: str) -> str:
    """Return how the audit calls a person: it never forgets, so of a customer it is told a digest alone."""
    return subject if kind == "agent" else f"customer:{sha256(subject.encode()).hexdigest()[:16]}"


def _delete_batches(store: Store, ids: Sequence[str], deletion: Deletion, terms: Terms) -> None:
    for start in range(0, len(ids), BATCH):
        with store.transaction() as tx:
            tx.contacts.lock()
            delete_contacts(tx, ids[start : start + BATCH], deletion, terms.home, terms.now)


def _start(tx: Transaction, terms: Terms, doer: Doer, reason: str) -> Deletion:
    if not reason.strip():
        raise Conflict(
            N_("Erasing a person needs a reason."), hint=N_("Say who asked for it and when."), field="reason"
        )
    return tx.deletions.start(uuid4().hex, RuleName.ERASURE, doer.name, terms.now)


def _refuse_held_agent(kept: Kept, tx: Transaction, names: frozenset[str]) -> None:
    if names & kept.subjects(HoldKind.AGENT):
        raise _held()
    _refuse_held_contacts(kept, tx, tables.contact.c.agent_id.in_(names))


def _refuse_held_contacts(kept: Kept, tx: Transaction, condition: ColumnElement[bool]) -> None:
    held = select(tables.contact.c.id).where(condition, kept.keeps_contact()[Keeps.HOLD]).limit(1)
    if tx.connection.execute(held).first() is not None:
        raise _held()


def _held() -> Conflict:
    return Conflict(
        N_("A legal hold keeps what is known about this person."),
        hint=N_("`callqa retention holds` shows it; who made it can release it."),
    )


def _contacts_of(tx: Transaction, condition: ColumnElement[bool]) -> Sequence[str]:
    query = select(tables.contact.c.id).where(condition).order_by(tables.contact.c.id)
    return tx.connection.execute(query).scalars().all()


def _rows_naming(tx: Transaction, names: frozenset[str]) -> Mapping[str, Sequence[tuple[object, ...]]]:
    """Return by table the keys of the rows that hold one of the ids in some text."""
    found = {}
    for table in metadata.sorted_tables:
        columns = Pseudonym.columns(table)
        if table.name in _KEPT_AS_IT_IS or not columns:
            continue
        some = or_(*(Pseudonym.may_hold(column, name) for column in columns for name in sorted(names)))
        keys = list(table.primary_key.columns)
        rows = tx.connection.execute(select(table).where(some)).mappings()
        exact = Pseudonym.of(names, set(), "")
        found[table.name] = [tuple(row[key.name] for key in keys) for row in rows if exact.changes(table, dict(row))]
    return found


def _replace(
    tx: Transaction,
    named: Mapping[str, Sequence[tuple[object, ...]]],
    pseudonym: Pseudonym,
) -> Mapping[str, int]:
    changed: Counter[str] = Counter()
    # Of others too: a contact that was handed over may bear the id of whoever had it first.
    some = or_(*(Pseudonym.may_hold(tables.contact.c.id, name) for name in sorted(pseudonym.ids)))
    _rename_contacts(tx, _contacts_of(tx, some), pseudonym)
    for table in metadata.sorted_tables:
        if table.name not in named:
            continue
        # Asked anew: contacts and what hangs on them may bear other ids now.
        for keys, values in _changes(tx, table, pseudonym):
            tx.connection.execute(update(table).where(*keys).values(values))
            changed[table.name] += 1
    for contact_id in _contacts_of(tx, tables.contact.c.agent_id == pseudonym.text):
        Listing(tx.connection).refresh(contact_id)
    return changed


def _changes(
    tx: Transaction, table: Table, pseudonym: Pseudonym
) -> Sequence[tuple[Sequence[ColumnElement[bool]], Mapping[str, object]]]:
    columns = Pseudonym.columns(table)
    some = or_(*(Pseudonym.may_hold(column, name) for column in columns for name in sorted(pseudonym.ids)))
    keys = list(table.primary_key.columns)
    rows = tx.connection.execute(select(table).where(some)).mappings().all()
    found = []
    for row in rows:
        values = pseudonym.changes(table, dict(row))
        if values:
            found.append(([key == row[key.name] for key in keys], values))
    return found


def _rename_contacts(tx: Transaction, contact_ids: Sequence[str], pseudonym: Pseudonym) -> None:
    """Give contacts whose own id holds the agent's a new one, and all rows of theirs with them."""
    contact = tables.contact
    for old in contact_ids:
        new = pseudonym.in_text(old)
        if new == old:
            continue
        row = dict(tx.connection.execute(select(contact).where(contact.c.id == old)).mappings().one())
        stored = replace(load(Contact, row["document"]), id=new)
        interim = sha256(f"{old} becomes {new}".encode()).hexdigest()
        copy = row | {"id": new, "content_sha256": interim, "document": dump(stored).decode()}
        tx.connection.execute(insert(contact).values(copy))
        for table in metadata.sorted_tables:
            if "contact_id" in table.c:
                moved = {"contact_id": new}
                tx.connection.execute(update(table).where(table.c.contact_id == old).values(moved))
        tx.connection.execute(delete(contact).where(contact.c.id == old))
        sha = {"content_sha256": row["content_sha256"]}
        tx.connection.execute(update(contact).where(contact.c.id == new).values(sha))


def _write_contact(tx: Transaction, contact: Contact) -> None:
    table = tables.contact
    tx.connection.execute(update(table).where(table.c.id == contact.id).values(document=dump(contact).decode()))


def _close_account(tx: Transaction, names: frozenset[str], pseudonym: Pseudonym, terms: Terms) -> None:
    user = service_tables.user
    for row in tx.connection.execute(select(user.c.id).where(or_(user.c.agent_id.in_(names), user.c.login.in_(names)))):
        known = tx.users.get(row.id)
        closed = replace(known, login=pseudonym.text, name=pseudonym.text, teams=(), is_active=False)
        tx.users.change(replace(closed, agent_id=pseudonym.text if known.agent_id else None))
        tx.users.set_credential(row.id, Credential())
        tx.connection.execute(update(user).where(user.c.id == row.id).values(oidc_subject=None))
        tx.sessions.end(row.id, terms.now)
        tx.tokens.revoke(row.id, terms.now)
        tx.views.remove_all(row.id)
        tokens = service_tables.api_token
        tx.connection.execute(update(tokens).where(tokens.c.user_id == row.id).values(name=pseudonym.text))


def _names_of_accounts(tx: Transaction, names: frozenset[str]) -> set[str]:
    user = service_tables.user
    theirs = or_(user.c.agent_id.in_(names), user.c.login.in_(names))
    return set(tx.connection.execute(select(user.c.name).where(theirs)).scalars())


def _doom_files(
    tx: Transaction, deletion: Deletion, contact_ids: Sequence[str], pseudonym: Pseudonym, terms: Terms
) -> None:
    """Have files removed that name the person: raw words, and uploaded recordings by their names."""
    artifact, home = tables.artifact, terms.home
    doomed = []
    for contact_id in contact_ids:
        where = and_(artifact.c.contact_id == contact_id, artifact.c.stage.not_in(_UNNAMING))
        for row in tx.connection.execute(select(artifact.c.stage, artifact.c.fingerprint).where(where)):
            name = name_of(row.stage, row.fingerprint)
            content = terms.artifacts.read(name)
            if content is not None and pseudonym.is_in(content.decode(errors="replace")):
                doomed.append(doomed_artifact(name))
        for source in tx.contacts.get(contact_id).sources:
            upload = in_uploads(source.uri, home) if source.kind is SourceKind.AUDIO or not source.selector else None
            if upload is not None and upload.is_file() and pseudonym.is_in(upload.name):
                doomed.append(upload.relative_to(home.resolve()).as_posix())
    tx.deletions.doom(deletion.id, doomed)


def _event(action: str, subject: str, doer: Doer, **details: int | bool) -> Event:
    return Event(actor=doer.name, role=doer.role, action=action, subject=subject, details={**details, "via": doer.via})
