"""Searching what was said gives the same on both databases, and never an error of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import InputError
from qa_pipeline.scoring.full_text import parse_query, searchable, units_of
from qa_pipeline.services.contact_list import ContactFilter, Part
from qa_pipeline.services.search import SearchPage, reindex, search_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store, tables
from tests import factories

A, C = Role.AGENT, Role.CUSTOMER
TALKS = {
    "late": ((C, "我的快遞超時了，要求退款"), (A, "您好，退款三天内到账"), (C, "你们的ＷｉＦi路由器是 3.5 寸的吗？")),
    "broken": ((C, "耳机坏了，我要退货"), (A, "可以帮您换货，不能退款")),
    "english": ((A, "How may I help?"), (C, "The refund of one hundred dollars is late, I don't understand")),
    "abroad": ((C, "カメラが壊れた café 𠮷野家"), (A, "您好")),
}


def put(store: Store, contact_id: str, lines: Sequence[tuple[Role, str]], **changes: object) -> None:
    contact = factories.contact(contact_id, started_at=datetime(2026, 10, len(contact_id), tzinfo=UTC))
    flags = (Flag.RED_LINE, Flag.LOW_SCORE) if contact_id == "late" else ()
    with store.transaction() as tx:
        tx.contacts.put(replace(contact, **changes))
        tx.inspections.add(factories.inspection(contact_id, flags=flags), "run")
        tx.utterances.put(contact_id, searchable(factories.transcript(lines)))


@pytest.fixture
def filled(store: Store) -> Store:
    for contact_id, lines in TALKS.items():
        put(store, contact_id, lines)
    return store


def found(page: SearchPage) -> set[str]:
    return {each.listed.contact.id for each in page.contacts}


def search(store: Store, query: str, role: Role | None = None, **wanted: object) -> set[str]:
    return found(search_contacts(store, query, ContactFilter(**wanted), role=role))  # type: ignore[arg-type]


def test_what_is_found(filled: Store) -> None:
    cases = [
        ("退款", {"late", "broken"}),
        ("退款 超时", {"late"}),  # traditional 超時 is found alike, in two utterances or in one
        ("超時 退款", {"late"}),
        ("退款 -超时", {"broken"}),
        ('退款 -"换货"', {"late"}),
        ("超时 OR 换货", {"late", "broken"}),
        ("退款 超时 OR 换货", {"late", "broken"}),  # OR binds closer
        ("超时|换货", set()),  # without blanks it is one wording
        ("退", {"late", "broken"}),
        ("账", {"late"}),  # the last character of an utterance
        ("款三", {"late"}),  # a number is one however it is written
        ('"退款三天内到账"', {"late"}),
        ('"退款 超时"', set()),
        ("3天内", {"late"}),
        ("wifi", {"late"}),  # full width and case
        ("WIFI路由器", {"late"}),
        ("3.5寸", {"late"}),
        ("3.5", {"late"}),
        ("refund", {"english"}),
        ("fund", set()),
        ("ref*", {"english"}),
        ('"refund of 100"', {"english"}),
        ("don't", {"english"}),
        ("dont", {"english"}),
        ("カメラ", {"abroad"}),
        ("メ", {"abroad"}),
        ("café", {"abroad"}),
        ("cafe", set()),
        ("𠮷野家", {"abroad"}),
        ("您好", {"late", "abroad"}),
        ("没有这个词", set()),
    ]
    assert [(query, search(filled, query)) for query, _ in cases] == cases


def test_whose_words_which_contacts(filled: Store) -> None:
    assert search(filled, "退款", role=C) == {"late"}
    assert search(filled, "退款 换货", role=A) == {"broken"}
    assert search(filled, "退款", flag=Flag.RED_LINE) == {"late"}
    assert search(filled, "退款", flag=Flag.RECOVERED) == set()
    assert search(filled, "退款", agent_id="A02") == set()
    assert search(filled, "退款", since=datetime(2026, 10, 5, tzinfo=UTC)) == {"broken"}  # ids tell the days


def test_hits_carry_utterance_time_and_highlights(filled: Store) -> None:
    (late,) = search_contacts(filled, "退款 超时", ContactFilter()).contacts
    first, second = late.hits
    assert (first.utterance, first.role, first.start_s, first.end_s) == (0, C, 0.0, 3.5)
    assert [first.text[start:end] for start, end in first.highlights] == ["超時", "退款"]
    assert [second.text[start:end] for start, end in second.highlights] == ["退款"]
    assert late.hits_count == 2


def test_contacts_come_newest_first_in_pages(filled: Store) -> None:
    page = search_contacts(filled, "退款", ContactFilter(), part=Part(limit=1))
    assert ([each.listed.contact.id for each in page.contacts], page.total) == (["broken"], 2)
    page = search_contacts(filled, "退款", ContactFilter(), part=Part(offset=1, limit=1))
    assert [each.listed.contact.id for each in page.contacts] == ["late"]


def test_putting_again_replaces_and_deleting_the_contact_deletes(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.utterances.put("late", searchable(factories.transcript(((C, "全都换了"),))))
        tx.utterances.put("late", searchable(factories.transcript(((C, "全都换了"),))))
        count = text("SELECT count(*) FROM utterance WHERE contact_id = 'late'")
        assert tx.connection.execute(count).scalar() == 1
    assert search(filled, "退款") == {"broken"}
    assert search(filled, "换了") == {"late"}
    with filled.transaction() as tx:
        tx.connection.execute(delete(tables.inspection).where(tables.inspection.c.contact_id == "late"))
        tx.connection.execute(delete(tables.contact).where(tables.contact.c.id == "late"))
    assert search(filled, "换了") == set()
    with filled.reading() as tx:
        assert tx.connection.execute(text("SELECT count(*) FROM utterance WHERE contact_id = 'late'")).scalar() == 0


def test_unusable_spans_and_masks_are_not_found_and_text_with_nul_is_kept(store: Store) -> None:
    said = (
        Utterance(index=0, role=C, text="我的电话是[PHONE]\x00谢谢"),
        Utterance(index=1, role=C, text="谢谢观看", usable=False),
    )
    rows = searchable(replace(factories.transcript(), utterances=said))
    with store.transaction() as tx:
        tx.contacts.put(factories.contact("C-1"))
        tx.utterances.put("C-1", rows)
    assert [row.utterance for row in rows] == [0]
    assert search(store, "谢谢") == {"C-1"}
    assert search(store, "phone") == set()


def test_an_older_home_is_filled_from_its_transcripts(store: Store, tmp_path: Path) -> None:
    artifacts = ArtifactFolder(tmp_path / "artifacts")
    annotation = Annotation(
        sentiments=(), courses=(), attitude=(), attitude_value=None, sentiment_engine="none", masked_count=0
    )
    for contact_id, identity in (("late", "a" * 64), ("broken", "b" * 64)):
        with store.transaction() as tx:
            tx.contacts.put(factories.contact(contact_id))
            tx.inspections.add(factories.inspection(contact_id), "run")
            tx.artifacts.put(contact_id, {"annotate": identity})
    transcript = factories.transcript(TALKS["late"])
    artifacts.write(Annotated(transcript=transcript, facts=Facts(), annotation=annotation), "annotate", "a" * 64)
    assert search_contacts(store, "退款", ContactFilter()).unindexed_count == 2
    for _ in range(2):
        done = reindex(store, artifacts)
        assert (done.contacts_count, done.missing) == (1, ("broken",))
        page = search_contacts(store, "退款", ContactFilter())
        assert (found(page), page.unindexed_count) == ({"late"}, 1)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "what to look for"),
        ("   ", "what to look for"),
        ("-退款", "what to look for"),
        ('"退款', "not closed"),
        ("退款 -", "nothing to look for"),
        ("OR 退款", "OR needs"),
        ("退款 OR", "OR needs"),
        ("退款 OR -超时", "OR needs"),
        ("-退款 OR 超时", "OR needs"),
        ("a OR OR b", "OR needs"),
        ("嗯", "nothing to look for"),
        ('""', "nothing to look for"),
        ("*", "nothing to look for"),
        ("退" * 301, "longer than"),
        ("退 " * 21, "more than"),
    ],
)
def test_a_query_that_cannot_be_read_says_why(query: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_query(query)
    assert caught.value.field == "query"


SIGNS = ['"', "'", "*", "-", "NEAR(", ")", "(", ":", "&", "|", "!", "<->", "^", "{}", " ", "\\", ";", "--", "\x00", "%"]
WORDS = ["OR", "AND", "NOT", "退款", "refund", "3.5%", "tokens:", "嗯", "[电话]", "é", "𠮷"]
PIECES = st.sampled_from(SIGNS + WORDS)
QUERIES = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20)


@given(QUERIES)
def test_any_text_is_a_query_or_a_mistake_that_is_explained(query: str) -> None:
    try:
        assert parse_query(query).terms
    except InputError as error:
        assert error.field == "query"
        assert error.hint


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_no_query_breaks_the_database(filled: Store, query: str) -> None:
    try:
        search_contacts(filled, query, ContactFilter())
    except InputError as error:
        assert error.field == "query"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(talk=st.text(alphabet="退款超时 退ab1.%你", min_size=1, max_size=12), data=st.data())
def test_every_stretch_of_units_is_found_as_a_phrase(store: Store, talk: str, data: st.DataObject) -> None:
    units = units_of(talk)
    if not units:
        return
    start = data.draw(st.integers(0, len(units) - 1))
    end = data.draw(st.integers(start + 1, len(units)))
    part = " ".join(unit.text for unit in units[start:end])
    with store.transaction() as tx:
        tx.contacts.put(factories.contact("C-1"))
        tx.utterances.put("C-1", searchable(factories.transcript(((C, talk),))))
    if tuple(unit.text for unit in units_of(part)) == tuple(unit.text for unit in units[start:end]):
        (hit,) = search_contacts(store, f'"{part}"', ContactFilter()).contacts
        assert hit.hits[0].highlights
