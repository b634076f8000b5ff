"""Everything that the store holds about one person."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, Table, Text, false, or_, select

from qa_pipeline.appraisal.ratings import show_ratings
from qa_pipeline.disclosure import without_others, without_quotes
from qa_pipeline.domain.contact import Contact
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.cycle.advance import drafts_among
from qa_pipeline.services.retention.keeping import of_customer
from qa_pipeline.store import (
    Transaction,
    appraisal_tables,
    coaching_plan_tables,
    retention_tables,
    risk_tables,
    service_tables,
    tables,
    talk_tables,
    webhook_tables,
)
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.tables import metadata

# Nobody's personal data, secrets, or only another form of what stands in other tables.
_LEFT_OUT = frozenset(
    {
        *("utterance", "contact_listing", "artifact", "run", "answered_request", "sample", "criterion_hold", "problem"),
        *(table.name for table in (webhook_tables.webhook, webhook_tables.webhook_delivery)),
        *(table.name for table in (retention_tables.doomed_file, retention_tables.deleted_contact)),
    }
)
_SECRET = frozenset({"digest", "password_hash", "oidc_subject", "request_digest", "content_sha256", "fingerprint"})
_AUDIT = service_tables.audit_entry.name
_IDS_AT_ONCE = 400

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Rows by table as JSON values, and the contacts whose words belong to them."""

    rows: Mapping[str, Sequence[Row]]
    contacts: Sequence[Contact]


def names_of(tx: Transaction, agent_id: str) -> frozenset[str]:
    """Return the ids under which a person acts and is judged: the agent's, and the login of the account."""
    user = service_tables.user
    found = tx.connection.execute(
        select(user.c.login, user.c.agent_id).where((user.c.agent_id == agent_id) | (user.c.login == agent_id))
    ).all()
    return frozenset({agent_id, *(name for row in found for name in row if name)})


def collect_agent(tx: Transaction, agent_id: str) -> Collected:
    """Return what is known about somebody, by the id of the agent or a login.

    Raises
    ------
    NotFound
        Nothing is known but what the audit keeps for ever.
    """
    names = names_of(tx, agent_id)
    found: dict[str, list[Row]] = {}
    for table in metadata.sorted_tables:
        if table.name not in _LEFT_OUT:
            found[table.name] = _rows(tx, table, _names(table, names), names)
    ratings = appraisal_tables.rating
    given = _rows(tx, ratings, ratings.c.rater_id.in_(names), names)
    found[ratings.name] = [*given, *_ratings_of(tx, names)]
    contacts = _contacts(tx, tables.contact.c.agent_id.in_(names))
    _add(found, tx, tables.inspection, "contact_id", [one.id for one in contacts], names)
    _add(found, tx, appraisal_tables.review, "contact_id", [one.id for one in contacts], names)
    _add(found, tx, appraisal_tables.appeal_decision, "appeal_id", _ids(found, "appeal"), names)
    _add(found, tx, appraisal_tables.progress, "objective_id", _ids(found, "objective"), names)
    for table in (service_tables.user_session, service_tables.api_token):
        _add(found, tx, table, "user_id", _ids(found, service_tables.user.name), names)
    if not any(rows for name, rows in found.items() if name != _AUDIT):
        raise NotFound(N_("Nothing is known about {person}."), person=agent_id)
    return Collected(rows={name: rows for name, rows in found.items() if rows}, contacts=contacts)


def without_words(found: Collected) -> Collected:
    """Return the same rows without what was said in contacts."""
    rows = {name: without_quotes(list(part)) for name, part in found.rows.items()}
    return Collected(rows=rows, contacts=found.contacts)


def without_drafts(tx: Transaction, found: Collected) -> Collected:
    """Return the same rows without what the person is not shown yet, or never.

    Evaluations go altogether: those that count stand in the published results. Talks go until the agent is invited,
    coaching plans until they are offered. Of predictions of risk inputs, groups of reasons and signals stay.
    """
    predictions = [_without_risk(row) for row in found.rows.get(risk_tables.prediction.name, ())]
    rows = {
        **found.rows,
        tables.evaluation.name: (),
        talk_tables.talk.name: _shown(tx, found, "talk", talk_tables.talk),
        coaching_plan_tables.coaching_plan.name: _shown(tx, found, "coaching_plan", coaching_plan_tables.coaching_plan),
        risk_tables.prediction.name: predictions,
    }
    return Collected(rows={name: part for name, part in rows.items() if part}, contacts=found.contacts)


def _shown(tx: Transaction, found: Collected, machine: str, table: Table) -> Sequence[Row]:
    rows = found.rows.get(table.name, ())
    drafts = drafts_among(tx, machine, [row["id"] for row in rows])
    return [row for row in rows if row["id"] not in drafts]


def _without_risk(row: Row) -> Row:
    document = {name: part for name, part in row["document"].items() if name not in ("band", "probabilities")}
    document["reasons"] = [reason["group"] for reason in document["reasons"]]
    return {**row, "document": document}


def collect_customer(tx: Transaction, reference: str) -> Collected:
    """Return what is known about a customer: metadata and words of the contacts, no judgements of those who served.

    Raises
    ------
    NotFound
        No contact has this reference.
    """
    contacts = _contacts(tx, of_customer(reference))
    if not contacts:
        raise NotFound(N_("No contact has the customer reference {reference}."), reference=reference)
    names = ("id", "kind", "queue", "direction", "started_at", "language", "customer_ref")
    rows = [{name: _json(getattr(one, name)) for name in names} for one in contacts]
    return Collected(rows={"contact": rows}, contacts=contacts)


def _ratings_of(tx: Transaction, names: frozenset[str]) -> Sequence[Row]:
    """Return what a person may see of the ratings by others: those of colleagues together, so that none is known."""
    received = [one for name in sorted(names) for one in tx.ratings.list(agent_id=name) if one.rater_id not in names]
    return [without_others(json.loads(dump(one)), names) for one in show_ratings(received)]


def text_columns(table: Table) -> Sequence[ColumnElement[str]]:
    """Return the columns of a table that hold text."""
    return [column for column in table.columns if isinstance(column.type, String | Text)]


def _names(table: Table, names: Collection[str]) -> ColumnElement[bool]:
    columns = [column for column in text_columns(table) if not isinstance(column.type, Text)]
    return or_(*(column.in_(names) for column in columns)) if columns else false()


def _rows(tx: Transaction, table: Table, condition: ColumnElement[bool], own: Collection[str]) -> list[Row]:
    query = select(table).where(condition).order_by(*table.primary_key.columns)
    return [_told(dict(row), own) for row in tx.connection.execute(query).mappings()]


def _add(
    found: dict[str, list[Row]],
    tx: Transaction,
    table: Table,
    column: str,
    keys: Sequence[Any],
    own: Collection[str],
) -> None:
    """Add the rows that hang on others, each once."""
    known = found.setdefault(table.name, [])
    for start in range(0, len(keys), _IDS_AT_ONCE):
        rows = _rows(tx, table, table.c[column].in_(keys[start : start + _IDS_AT_ONCE]), own)
        known += [row for row in rows if row not in known]


def _contacts(tx: Transaction, condition: ColumnElement[bool]) -> Sequence[Contact]:
    query = select(tables.contact.c.document).where(condition).order_by(tables.contact.c.id)
    return [load(Contact, document) for document in tx.connection.execute(query).scalars()]


def _ids(found: Mapping[str, Sequence[Row]], table: str) -> Sequence[Any]:
    return [row["id"] for row in found.get(table, ())]


def _told(row: Mapping[str, Any], own: Iterable[str]) -> Row:
    told = {name: _json(value) for name, value in row.items() if name not in _SECRET and value is not None}
    if isinstance(told.get("document"), str):
        with suppress(ValueError):  # else kept as the text that it is
            told["document"] = json.loads(told["document"])
    found: Row = without_others(told, frozenset(own))
    return found


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
