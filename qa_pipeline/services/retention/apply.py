"""Deleting what is due, in small transactions that can be killed at any moment: the next run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import select

from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.retention import Deletion, RuleName
from qa_pipeline.engines.judge_ledger import Ledger
from qa_pipeline.services.retention.contacts import BATCH, delete_contacts, mark_documents
from qa_pipeline.services.retention.files import doom_unnamed, due_uploads, remove_doomed
from qa_pipeline.services.retention.keeping import read_kept
from qa_pipeline.services.retention.plan import Terms, audio_to_go, contacts_to_go, risk_to_look_at, set_rules
from qa_pipeline.services.retention.results import delete_results, delete_traces, due_results
from qa_pipeline.services.retention.risk import delete_risk
from qa_pipeline.store import Store, Transaction, tables

Item = TypeVar("Item")
LEDGER = Path("artifacts", "judge.db")  # below the home folder: what a judge answered about contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Doer:
    """Who deletes, in which role, and whether from the command line or by a request."""

    name: str
    role: str
    via: str


def apply_retention(store: Store, terms: Terms, doer: Doer) -> Sequence[Deletion]:
    """Finish what a killed run has left, then delete what is due by each rule that is set.

    Each rule that deletes something leaves a row with its counts and an entry in the audit.

    Returns
    -------
    sequence of Deletion
        What this run has ended.

    Raises
    ------
    StoreError
        A file cannot be removed or the database written; the same command goes on later.
    """
    return [*finish_deletions(store, terms, doer), *_apply(store, terms, doer, set_rules(terms.rules))]


def forget_risk(store: Store, terms: Terms, doer: Doer) -> Sequence[Deletion]:
    """Delete what is due of risk and nothing else: nobody has to ask for it."""
    return _apply(store, terms, doer, [RuleName.RISK])


def _apply(store: Store, terms: Terms, doer: Doer, rules: Sequence[RuleName]) -> Sequence[Deletion]:
    ended: list[Deletion] = []
    run_id = uuid4().hex
    for rule in rules:
        work = _Work(store, terms, doer, run_id, rule)
        _RULES[rule](work)
        ended += work.finish()
    return ended


def finish_deletions(store: Store, terms: Terms, doer: Doer) -> list[Deletion]:
    """Bring what a killed run has begun to its end: remove its files, mark results, keep it in the audit."""
    with store.reading() as tx:
        unfinished = tx.deletions.list(unfinished=True)
    return [finish_deletion(store, one, terms, doer) for one in unfinished]


def finish_deletion(store: Store, deletion: Deletion, terms: Terms, doer: Doer) -> Deletion:
    """Do what follows the rows of a deletion, and keep that it is done."""
    if deletion.rule in (RuleName.CONTACTS, RuleName.ERASURE):
        with store.transaction() as tx:
            mark_documents(tx)
        doom_unnamed(store, deletion, terms.artifacts, terms.now)
        Ledger(terms.home / LEDGER).forget_words()
    remove_doomed(store, deletion, terms.home, terms.artifacts)
    store.scrub()
    with store.transaction() as tx:
        ended = tx.deletions.end(deletion.id, terms.now)
        tx.audit.append(_event(ended, doer), terms.now)
    return ended


class _Work:
    """One rule of one run: its row is made with the first thing that it deletes."""

    def __init__(self, store: Store, terms: Terms, doer: Doer, run_id: str, rule: RuleName) -> None:
        self.store, self.terms = store, terms
        self._doer, self._run_id, self._rule = doer, run_id, rule
        self._deletion: Deletion | None = None

    def deletion(self, tx: Transaction) -> Deletion:
        """Return the row of this rule, made now where there is none."""
        if self._deletion is None:
            self._deletion = tx.deletions.start(self._run_id, self._rule, self._doer.name, self.terms.now)
        return self._deletion

    def remove_files(self) -> None:
        """Remove the files of what was committed."""
        if self._deletion is not None:
            remove_doomed(self.store, self._deletion, self.terms.home, self.terms.artifacts)

    def finish(self) -> list[Deletion]:
        """Do what follows, if anything was deleted."""
        if self._deletion is None:
            return []
        return [finish_deletion(self.store, self._deletion, self.terms, self._doer)]


def _contacts(work: _Work) -> None:
    after = ""
    while True:
        with work.store.transaction() as tx:
            tx.contacts.lock()
            # Asked anew each time: a hold that is made now keeps what is still there.
            go = contacts_to_go(work.terms, read_kept(tx, work.terms.now))
            column = tables.contact.c.id
            query = select(column).where(go, column > after).order_by(column).limit(BATCH)
            ids = tx.connection.execute(query).scalars().all()
            if not ids:
                return
            delete_contacts(tx, ids, work.deletion(tx), work.terms.home, work.terms.now)
        work.remove_files()
        after = ids[-1]


def _audio(work: _Work) -> None:
    after = ""
    root = work.terms.home.resolve()
    while True:
        with work.store.transaction() as tx:
            tx.contacts.lock()
            kept = read_kept(tx, work.terms.now)
            found = list(islice(audio_to_go(tx, work.terms, kept, after=after), BATCH))
            if not found:
                return
            deletion = work.deletion(tx)
            paths = [path.relative_to(root).as_posix() for _, files in found for path in files]
            tx.deletions.doom(deletion.id, paths)
            tx.deletions.count(deletion.id, [contact.id for contact, _ in found], 0)
        work.remove_files()
        after = found[-1][0].id


def _uploads(work: _Work) -> None:
    days = work.terms.rules.upload_days
    assert days is not None, "only rules that are set are applied"
    root = work.terms.home.resolve()
    with work.store.transaction() as tx:
        tx.contacts.lock()
        found, _ = due_uploads(tx, read_kept(tx, work.terms.now), work.terms.home, work.terms.before(days))
        for part in _parts(found):
            deletion = work.deletion(tx)
            paths = [path.relative_to(root).as_posix() for path in part]
            tx.deletions.doom(deletion.id, paths)
            tx.deletions.count(deletion.id, paths, 0)


def _results(work: _Work) -> None:
    months = work.terms.rules.result_months
    assert months is not None, "only rules that are set are applied"
    with work.store.reading() as tx:
        before = work.terms.ended_before(months, tx.time_zone)
        found = due_results(tx, read_kept(tx, work.terms.now), before)
        periods = sorted({one.period for one in found if one.keeps is None})
    for period in periods:
        with work.store.transaction() as tx:
            due = [
                one
                for one in due_results(tx, read_kept(tx, work.terms.now), before)
                if one.keeps is None and one.period == period
            ]
            for table in {one.table: None for one in due}:
                for part in _parts([one.key for one in due if one.table is table]):
                    rows = delete_results(tx, table, part)
                    tx.deletions.count(work.deletion(tx).id, [f"{table.name}/{key}" for key in part], rows)


def _traces(work: _Work) -> None:
    days = work.terms.rules.trace_days
    assert days is not None, "only rules that are set are applied"
    with work.store.transaction() as tx:
        for name, rows in delete_traces(tx, work.terms.before(days)).items():
            if rows:
                tx.deletions.count(work.deletion(tx).id, [f"{name}/{rows}"], rows)


def _risk(work: _Work) -> None:
    with work.store.transaction() as tx:
        due = [one for one in risk_to_look_at(tx, work.terms, read_kept(tx, work.terms.now)) if one.keeps is None]
        for table in {one.table: None for one in due}:
            for part in _parts([one for one in due if one.table is table]):
                rows = delete_risk(tx, part)
                tx.deletions.count(work.deletion(tx).id, [one.name for one in part], rows)


def _parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _event(deletion: Deletion, doer: Doer) -> Event:
    return Event(
        actor=doer.name,
        role=doer.role,
        action="retention.delete",
        subject=deletion.rule.value,
        details={
            "run": deletion.run_id,
            "subjects": deletion.subject_count,
            "rows": deletion.row_count,
            "files": deletion.file_count,
            "bytes": deletion.size_bytes,
            "ids_digest": deletion.ids_digest,
            "via": doer.via,
        },
    )


_RULES: Mapping[RuleName, Callable[[_Work], None]] = {
    RuleName.CONTACTS: _contacts,
    RuleName.AUDIO: _audio,
    RuleName.UPLOADS: _uploads,
    RuleName.RESULTS: _results,
    RuleName.TRACES: _traces,
    RuleName.RISK: _risk,
}
