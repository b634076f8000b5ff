"""One person's data as a file: JSON for programs, CSV for spreadsheets, one page for reading, and a manifest."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.i18n import translator
from qa_pipeline.report.cells import csv_text
from qa_pipeline.services.people.collect import (
    Collected,
    Row,
    collect_agent,
    collect_customer,
    without_drafts,
    without_words,
)
from qa_pipeline.stages.artifacts import Artifacts, open_atomically
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store
from qa_pipeline.store.documents import dump

TITLES: Mapping[str, str] = {
    "agent": N_("Person"),
    "contact": N_("Contacts"),
    "inspection": N_("Inspections"),
    "review": N_("Reviews"),
    "kpi_record": N_("Indicators"),
    "kpi_part": N_("Parts of indicators"),
    "evaluation": N_("Evaluations"),
    "publication": N_("Published results"),
    "appeal": N_("Appeals"),
    "appeal_decision": N_("Decisions on appeals"),
    "goal_plan": N_("Goal plans"),
    "rating": N_("Ratings"),
    "incident": N_("Incidents"),
    "objective": N_("Objectives"),
    "progress": N_("Progress of objectives"),
    "assignment": N_("Assignments"),
    "proposal": N_("Proposals"),
    "talk": N_("Feedback talks"),
    "coaching_plan": N_("Coaching plans"),
    "waiting_list_member": N_("Waiting lists of coaching"),
    "suggestion": N_("Suggestions"),
    "saved_view": N_("Saved views"),
    "risk_departure": N_("Departures"),
    "risk_staff_figure": N_("Figures of personnel"),
    "risk_prediction": N_("Predictions of risk"),
    "transition": N_("Steps taken"),
    "user_account": N_("Account"),
    "user_session": N_("Sign-ins"),
    "api_token": N_("Tokens"),
    "audit_entry": N_("Audit"),
}


def export_agent(
    store: Store,
    artifacts: Artifacts,
    agent_id: str,
    path: Path,
    *,
    now: datetime,
    language: str,
    with_words: bool = True,
    with_drafts: bool = True,
) -> Mapping[str, int]:
    """Write everything about an agent to a .zip file and return how many rows of each kind it holds.

    Names of others who reviewed, rated or decided are left out: they are not this person's data. Without `with_words`
    what was said in contacts is left out too, for whoever may not read contacts. Without `with_drafts` what the agent
    is not shown is left out: evaluations that are not published, talks without an invitation, bands and probabilities
    of risk.

    Raises
    ------
    NotFound
        Nothing is known about this person.
    ConfigurationError
        The file is no .zip.
    StoreReadOnly, StoreFull, StoreError
        The file cannot be written.
    """
    _check(path)
    with store.reading() as tx:
        found = collect_agent(tx, agent_id)
        found = found if with_drafts else without_drafts(tx, found)
        words = _transcripts(store, artifacts, found) if with_words else {}
        return _write(found if with_words else without_words(found), words, path, agent_id, now, language)


def export_customer(
    store: Store,
    artifacts: Artifacts,
    reference: str,
    path: Path,
    *,
    now: datetime,
    language: str,
    with_words: bool = True,
) -> Mapping[str, int]:
    """Write everything about a customer to a .zip file; words and errors as in :func:`export_agent`."""
    _check(path)
    with store.reading() as tx:
        found = collect_customer(tx, reference)
        words = _transcripts(store, artifacts, found) if with_words else {}
        return _write(found, words, path, reference, now, language)


def _check(path: Path) -> None:
    if path.suffix.lower() != ".zip":
        raise ConfigurationError(
            N_("A person's data is not written as {suffix}."),
            hint=N_("Name the file .zip."),
            field="out",
            suffix=path.suffix or "–",
        )


def _transcripts(store: Store, artifacts: Artifacts, found: Collected) -> Mapping[str, bytes]:
    texts: dict[str, bytes] = {}
    with store.reading() as tx:
        for number, contact in enumerate(found.contacts, start=1):
            fingerprint = tx.artifacts.of(contact.id).get("annotate")
            annotated = artifacts.find(Annotated, "annotate", fingerprint) if fingerprint else None
            if annotated is not None:
                words = json.loads(dump(annotated.transcript))
                texts[f"words/{number:05d}.json"] = _document({"contact": contact.id, "transcript": words})
    return texts


def _write(
    found: Collected, transcripts: Mapping[str, bytes], path: Path, person: str, now: datetime, language: str
) -> Mapping[str, int]:
    files: dict[str, bytes] = {}
    for name, rows in found.rows.items():
        files[f"data/{name}.json"] = _document(rows)
        files[f"data/{name}.csv"] = _table(rows)
    files |= transcripts
    files["index.html"] = _page(found, person, language)
    counts = {name: len(rows) for name, rows in found.rows.items()} | {"words": len(transcripts)}
    listed = [
        {"file": name, "bytes": len(content), "sha256": sha256(content).hexdigest()} for name, content in files.items()
    ]
    manifest = {"person": person, "made_at": now.isoformat(), "counts": counts, "files": listed}
    with open_atomically(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as packed:
        packed.writestr("manifest.json", _document(manifest))
        for name, content in files.items():
            packed.writestr(name, content)
    return counts


def _document(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _columns(rows: Sequence[Row]) -> Sequence[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _table(rows: Sequence[Row]) -> bytes:
    columns = _columns(rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return value if isinstance(value, int | float) else csv_text(_text(value))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _page(found: Collected, person: str, language: str) -> bytes:
    translate = translator(language)
    title = escape(translate(N_("What is kept about {person}")).format(person=person))
    parts = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>',
        "<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #bbb;padding:3px 6px;text-align:left;vertical-align:top;max-width:50em}</style>",
        f"<h1>{title}</h1>",
    ]
    for name, rows in found.rows.items():
        columns = _columns(rows)
        heading = escape(translate(TITLES.get(name, name)))
        head = "".join(f"<th>{escape(column)}</th>" for column in columns)
        lines = "".join(
            "<tr>" + "".join(f"<td>{escape(_text(row.get(column)))}</td>" for column in columns) + "</tr>"
            for row in rows
        )
        parts.append(f"<h2>{heading} ({len(rows)})</h2><table><tr>{head}</tr>{lines}</table>")
    return "\n".join(parts).encode()
