"""What is deleted is gone in every byte, what is held stays, and a killed run is finished by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from qa_pipeline.domain.retention import HoldKind, RetentionRules, RuleName
from qa_pipeline.domain.talk import TalkMoment
from qa_pipeline.errors import ConfigurationError, Conflict, InputError, NotFound
from qa_pipeline.services.audit import verify_store
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.retention import (
    Doer,
    Keeps,
    PlannedRule,
    Terms,
    apply_retention,
    hold,
    list_holds,
    plan_retention,
    release,
)
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, open_store, retention_tables, tables
from qa_pipeline.store.retention import MARK, digest_of_id
from tests.conftest import ZONE
from tests.qa_pipeline.services.retention.site import NEW, NOW, OLD, SENTENCE, found_in, plant, step_of

DOER = Doer(name="dpo", role="administrator", via="cli")
AUGUST = datetime(2026, 8, 3, 4, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder; the database of SQLite lies in it, as with users."""
    return tmp_path


def _terms(home: Path, **rules: int) -> Terms:
    return Terms(rules=RetentionRules(**rules), home=home, artifacts=ArtifactFolder(home / "artifacts"), now=NOW)


def test_nothing_is_deleted_until_somebody_sets_a_rule(store: Store, home: Path) -> None:
    """By default everything stays but what must go."""
    plant(store, home, OLD, AUGUST)
    assert plan_retention(store, _terms(home)) == [PlannedRule(rule=RuleName.RISK, count=0)]
    assert apply_retention(store, _terms(home), DOER) == []
    assert read_contact(store, ArtifactFolder(home / "artifacts"), OLD).transcript is not None


def test_a_deleted_contact_is_gone_in_every_byte(store: Store, home: Path) -> None:
    """Words and id in no table, no file, no index; what is younger stays whole."""
    plant(store, home, OLD, AUGUST)
    plan = plan_retention(store, _terms(home, contact_days=90))
    # 3 August to 20 November are 109 days.
    assert [(one.rule, one.count, one.oldest_on, one.kept) for one in plan] == [
        (RuleName.CONTACTS, 1, "2026-08-03", {}),
        (RuleName.RISK, 0, None, {}),
    ]
    assert plan[0].size_bytes > 0
    assert found_in(store, home, SENTENCE, OLD)
    (done,) = apply_retention(store, _terms(home, contact_days=90), DOER)
    assert (done.subject_count, done.file_count, done.ended_at) == (1, 3, NOW)
    assert found_in(store, home, SENTENCE, OLD, "zxqplanted") == []
    assert apply_retention(store, _terms(home, contact_days=90), DOER) == []
    assert verify_store(store).is_whole


def test_what_is_not_due_stays_whole(store: Store, home: Path) -> None:
    """Of two contacts the younger one keeps words, files, review and sample."""
    plant(store, home, OLD, AUGUST)
    plant(store, home, NEW, NOVEMBER)
    apply_retention(store, _terms(home, contact_days=90), DOER)
    assert found_in(store, home, OLD) == []
    assert read_contact(store, ArtifactFolder(home / "artifacts"), NEW).transcript is not None
    with store.reading() as tx:
        assert [one.contact_id for one in tx.reviews.list()] == [NEW]
        assert {len(one.contacts) for one in tx.samples.list()} == {0, 1}
    assert (home / "uploads" / "job-1" / f"{NEW}.wav").exists()


def test_results_keep_their_numbers_and_say_what_became_of_the_contact(store: Store, home: Path) -> None:
    """A published result opens down to a sentence that tells rule and day."""
    plant(store, home, OLD, AUGUST)
    apply_retention(store, _terms(home, contact_days=90), DOER)
    with store.reading() as tx:
        (published,) = tx.publications.latest("2026-08")
        (kept,) = tx.proposals.list("2026-08")
        (appeal,) = tx.appeals.list("2026-08")
        (talk,) = tx.talks.list("2026-08")
        (plan,) = tx.coaching_plans.list("2026-08")
    item = published.evaluation.dimensions[0].items[0]
    mark = f"{MARK}{digest_of_id(OLD)}"
    assert (published.evaluation.total, item.value, item.contacts) == (90.0, 0.91, (mark,))
    assert (kept.proposal.figures[0].contacts, kept.proposal.figures[0].quotes) == ((mark,), ())
    assert appeal.contact_id == mark
    assert (talk.outline.praise_moments, talk.outline.behaviours[0].moments) == ((), ())
    assert plan.improve == TalkMoment(contact_id=mark, quote="")
    for asked in (OLD, mark):
        with pytest.raises(NotFound, match=r"was deleted on 2026-11-20 \(contacts\)"):
            read_contact(store, ArtifactFolder(home / "artifacts"), asked)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (HoldKind.CONTACT, OLD),
        (HoldKind.AGENT, "A01"),
        (HoldKind.CUSTOMER, "K-77"),
        (HoldKind.QUEUE, "售后"),
        (HoldKind.PERIOD, "2026-Q3"),
    ],
)
def test_a_hold_wins_over_every_rule(store: Store, home: Path, kind: HoldKind, subject: str) -> None:
    """Whatever it names; released, the rules apply again."""
    plant(store, home, OLD, AUGUST)
    os.utime(home / "uploads" / "job-1" / f"{OLD}.wav", (AUGUST.timestamp(), AUGUST.timestamp()))
    made = hold(store, kind, subject, by="counsel", reason="A case at court.", now=NOW)
    terms = _terms(home, contact_days=90, audio_days=30, upload_days=30)
    plan = {one.rule: one for one in plan_retention(store, terms)}
    assert (plan[RuleName.CONTACTS].count, plan[RuleName.CONTACTS].kept) == (0, {Keeps.HOLD: 1})
    assert (plan[RuleName.AUDIO].count, plan[RuleName.AUDIO].kept) == (0, {Keeps.HOLD: 1})
    before = found_in(store, home, SENTENCE, OLD)
    assert apply_retention(store, terms, DOER) == []
    assert found_in(store, home, SENTENCE, OLD) == before
    released = release(store, made.id, by="counsel", reason="It is over.", now=NOW)
    assert (released.is_open, list_holds(store), list_holds(store, released=True)) == (False, [], [released])
    assert [one.rule for one in apply_retention(store, terms, DOER)] == [RuleName.CONTACTS]
    with pytest.raises(Conflict, match="counsel"):
        release(store, made.id, by="x", reason="y", now=NOW)


def test_holds_need_a_subject_and_a_reason(store: Store) -> None:
    """And a period must be one."""
    with pytest.raises(InputError):
        hold(store, HoldKind.AGENT, " ", by="x", reason="y", now=NOW)
    with pytest.raises(InputError):
        hold(store, HoldKind.AGENT, "A01", by="x", reason=" ", now=NOW)
    with pytest.raises(ConfigurationError):
        hold(store, HoldKind.PERIOD, "last week", by="x", reason="y", now=NOW)
    with pytest.raises(NotFound):
        release(store, "lh-none", by="x", reason="y", now=NOW)


def test_results_are_held_for_agents_and_periods(store: Store, home: Path) -> None:
    """A hold on another agent keeps nothing of this one."""
    plant(store, home, OLD, AUGUST)
    terms = _terms(home, result_months=1)
    made = hold(store, HoldKind.AGENT, "A01", by="counsel", reason="A case.", now=NOW)
    plan = plan_retention(store, terms)[0]
    assert plan.kept[Keeps.HOLD] > 0
    assert set(plan.parts) == {"sample"}  # a draw is about many people
    release(store, made.id, by="counsel", reason="Over.", now=NOW)
    hold(store, HoldKind.AGENT, "A02", by="counsel", reason="A case.", now=NOW)
    (done,) = apply_retention(store, terms, DOER)
    assert done.rule is RuleName.RESULTS
    with store.reading() as tx:
        assert tx.publications.latest("2026-08") == []
        assert (tx.evaluations.list("2026-08"), tx.appeals.list(), tx.proposals.list()) == ([], [], [])
        assert (tx.talks.list("2026-08"), tx.coaching_plans.list("2026-08")) == ([], [])
        assert tx.transitions.list("appeal", "a-2026-08") == []
        assert tx.transitions.list("coaching_plan", "p-2026-08") == []
        assert tx.contacts.find(OLD) is not None


def test_the_last_month_that_is_kept(store: Store, home: Path) -> None:
    """In November with 3 months August is kept and July is not."""
    plant(store, home, OLD, AUGUST)
    assert plan_retention(store, _terms(home, result_months=3))[0].count == 0
    assert plan_retention(store, _terms(home, result_months=2))[0].count > 0


def test_a_running_period_and_an_open_appeal_keep_their_contacts(store: Store, home: Path) -> None:
    """Until the appeals are over."""
    plant(store, home, OLD, AUGUST)
    terms = _terms(home, contact_days=90)
    with store.transaction() as tx:
        tx.transitions.add(step_of("period", "2026-08", "published", NOW))
    assert plan_retention(store, terms)[0].kept == {Keeps.PERIOD: 1}
    with store.transaction() as tx:
        tx.transitions.add(step_of("period", "2026-08", "applied", NOW, 2))
        tx.transitions.add(step_of("appeal", "a-2026-08", "filed", NOW, 2))
    assert plan_retention(store, terms)[0].kept == {Keeps.APPEAL: 1}
    assert apply_retention(store, terms, DOER) == []


def test_recordings_go_before_their_contacts(store: Store, home: Path) -> None:
    """Only those of ours; what lies elsewhere belongs to others."""
    plant(store, home, OLD, AUGUST)
    elsewhere = home / "recordings" / "theirs.wav"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"RIFF")
    with store.transaction() as tx:
        contact = tx.contacts.get(OLD)
        second = replace(contact.sources[0], uri=str(elsewhere), sha256="f" * 64)
        tx.contacts.put(replace(contact, id="other", sources=(second,)))
    (done,) = apply_retention(store, _terms(home, audio_days=60), DOER)
    assert (done.rule, done.subject_count, done.file_count) == (RuleName.AUDIO, 1, 1)
    assert not (home / "uploads" / "job-1").exists()
    assert elsewhere.exists()
    assert read_contact(store, ArtifactFolder(home / "artifacts"), OLD).transcript is not None
    apply_retention(store, _terms(home, contact_days=60), DOER)
    assert elsewhere.exists()


def test_uploaded_tables_go_by_their_age(store: Store, home: Path) -> None:
    """Recordings of contacts that are kept stay."""
    plant(store, home, OLD, AUGUST)
    table = home / "uploads" / "job-1" / "metadata.csv"
    table.write_text("id\n")
    fresh = home / "uploads" / "job-1" / "fresh.csv"
    fresh.write_text("id\n")
    for path in (table, home / "uploads" / "job-1" / f"{OLD}.wav"):
        os.utime(path, (AUGUST.timestamp(), AUGUST.timestamp()))
    os.utime(fresh, (NOW.timestamp(), NOW.timestamp()))
    (done,) = apply_retention(store, _terms(home, upload_days=30), DOER)
    assert (done.rule, done.file_count) == (RuleName.UPLOADS, 1)
    assert sorted(path.name for path in table.parent.iterdir()) == [f"{OLD}.wav", "fresh.csv"]


def test_files_outside_the_home_are_never_touched(
    store: Store, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Even when somebody writes such a path into the list."""
    plant(store, home, OLD, AUGUST)
    outside = tmp_path_factory.mktemp("outside") / "precious.txt"
    outside.write_text("mine")
    with store.transaction() as tx:
        deletion = tx.deletions.start("run", RuleName.AUDIO, "x", NOW)
        tx.deletions.doom(deletion.id, [os.path.relpath(outside, home)])
    with pytest.raises(Exception, match="outside the home folder"):
        apply_retention(store, _terms(home, contact_days=90), DOER)
    assert outside.exists()


def test_a_trace_of_work_goes(store: Store, home: Path) -> None:
    """Answers that nobody asks for again."""
    from qa_pipeline.store.answers import Answer

    with store.transaction() as tx:
        for key, at in (("old", AUGUST), ("new", NOW)):
            tx.answers.add(
                Answer(user_id="u", key=key, request_digest="0" * 64, status=200, document="{}", answered_at=at)
            )
    (done,) = apply_retention(store, _terms(home, trace_days=30), DOER)
    assert (done.rule, done.row_count) == (RuleName.TRACES, 1)
    with store.reading() as tx:
        assert tx.answers.find("u", "new") is not None
        assert tx.answers.find("u", "old") is None


_KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.services.retention import Doer, Terms, apply, apply_retention
from qa_pipeline.services.retention import contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
url, home, now, removed = sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), int(sys.argv[4])
apply.BATCH = 2
unlink = Path.unlink
count = 0
def last(self, missing_ok=False):
    global count
    if count == removed:
        print("ready", flush=True)
        import time; time.sleep(60)
    count += 1
    unlink(self, missing_ok=missing_ok)
Path.unlink = last
terms = Terms(rules=RetentionRules(contact_days=30), home=home, artifacts=ArtifactFolder(home / "artifacts"), now=now)
apply_retention(open_store(url, ZoneInfo("Asia/Shanghai")), terms, Doer(name="dpo", role="", via="cli"))
"""


@pytest.mark.faults
@pytest.mark.parametrize("removed", [0, 1, 7])
def test_a_killed_run_is_finished_by_the_next(store: Store, store_url: str, home: Path, removed: int) -> None:
    """Killed between commit and files: rows are gone, files are not; afterwards nothing is left and nothing lost."""
    ids = [f"kill-{number}-me" for number in range(5)]
    for number, contact_id in enumerate(ids):
        plant(store, home, contact_id, datetime(2026, 3 + number, 3, 4, tzinfo=UTC))
    plant(store, home, NEW, NOVEMBER)
    code = [sys.executable, "-c", _KILLED, store_url, str(home), NOW.isoformat(), str(removed)]
    child = subprocess.Popen(code, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with store.reading() as tx:
        (unfinished,) = tx.deletions.list(unfinished=True)
        assert 0 < unfinished.subject_count < len(ids)
    ended = apply_retention(store, _terms(home, contact_days=30), DOER)
    assert sum(one.subject_count for one in ended) == len(ids)
    assert found_in(store, home, *ids) == []
    with store.reading() as tx:
        assert tx.deletions.list(unfinished=True) == []
        assert tx.connection.execute(select(retention_tables.doomed_file)).all() == []
        assert tx.contacts.count() == 1
    assert verify_store(store).is_whole


def test_a_contact_whose_time_nobody_knows_counts_from_its_arrival(store: Store, home: Path) -> None:
    """It cannot stay for ever because metadata were missing."""
    plant(store, home, OLD, AUGUST)
    with store.transaction() as tx:
        table = tables.contact
        tx.connection.execute(update(table).values(started_at=None, created_at=NOW - timedelta(days=40)))
    assert plan_retention(store, _terms(home, contact_days=41))[0].count == 0
    assert plan_retention(store, _terms(home, contact_days=39))[0].count == 1


def test_the_store_opens_after_all_that(tmp_path: Path) -> None:
    """Space that was freed is overwritten: connections are opened so."""
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}", ZONE)
    with store.reading() as tx:
        assert tx.connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    store.close()
