"""Full-text search against reading the stored transcripts and against LIKE, over synthetic chats; SQLite.

python -m benchmarks.search [CHATS]
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import select

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.scoring.full_text import Query, parse_query, searchable
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.services.contact_list import ContactFilter
from qa_pipeline.services.search import search_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Annotated
from qa_pipeline.store import Store, open_store, tables
from tests import factories
from tests.conftest import ZONE

CHATS = 5_000
UTTERANCES = 20
REPETITIONS = 5
THINGS = (
    "订单",
    "快递",
    "耳机",
    "路由器",
    "发票",
    "会员",
    "优惠券",
    "退款",
    "账号",
    "安装",
    "维修",
    "保修卡",
    "地址",
    "充电器",
)
ASKED = (
    "什么时候到",
    "怎么还没有处理",
    "超时了",
    "可以退货吗",
    "坏了",
    "收不到",
    "显示异常",
    "能不能便宜一点",
    "找不到了",
    "要多久",
)
SAID = (
    "马上为您查询{}",
    "{}的情况已经记录",
    "非常抱歉，{}需要三个工作日",
    "请问{}的单号是多少",
    "您的{}已经处理好了，还有其他问题吗",
)
# A common word, two words, a phrase, a rare word, and one that nobody said.
QUERIES = ("您的", "退款 超时", '"路由器坏了"', "赔偿方案", "没有人说过这句话")


def main() -> None:
    """Fill a store and print the seconds of each way for each query, and how many times the index is faster."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CHATS
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/callqa.db", ZONE)
        artifacts = ArtifactFolder(Path(folder) / "artifacts")
        began = perf_counter()
        index_s = fill(store, artifacts, count)
        kept_s, size = perf_counter() - began, Path(folder, "callqa.db").stat().st_size
        print(f"{count} chats of {UTTERANCES} utterances kept in {kept_s:.0f} s, {index_s:.1f} s of it for searching")
        print(f"database {size / 1e6:.0f} MB")
        print(f"{'query':<22}{'contacts':>9}{'index':>10}{'LIKE':>10}{'files':>10}{'vs LIKE':>9}{'vs files':>10}")
        for query in QUERIES:
            show(query, store, artifacts)
        store.close()


def fill(store: Store, artifacts: ArtifactFolder, count: int) -> float:
    """Put chats into the store and their transcripts into files; return the seconds that the index took."""
    chance = random.Random(0)
    annotation = Annotation(
        sentiments=(), courses=(), attitude=(), attitude_value=None, sentiment_engine="none", masked_count=0
    )
    index_s = 0.0
    for number in range(count):
        lines = [(Role.AGENT, "您好，很高兴为您服务")]
        while len(lines) < UTTERANCES:
            thing = chance.choice(THINGS)
            lines.append((Role.CUSTOMER, f"我的{thing}{chance.choice(ASKED)}，编号{chance.randrange(10**6)}"))
            lines.append((Role.AGENT, chance.choice(SAID).format(thing)))
        if number % 1000 == 0:
            lines[-1] = (Role.AGENT, "这是我们的赔偿方案")
        transcript = factories.transcript(lines)
        contact = factories.contact(f"chat-{number:05d}", kind=ContactKind.CHAT)
        contact = replace(contact, started_at=factories.FIRST_OF_OCTOBER + timedelta(minutes=number))
        identity = f"{number:064x}"
        artifacts.write(Annotated(transcript=transcript, facts=Facts(), annotation=annotation), "annotate", identity)
        with store.transaction() as tx:
            tx.contacts.put(contact)
            tx.inspections.add(factories.inspection(contact.id), "run")
            tx.artifacts.put(contact.id, {"annotate": identity})
            began = perf_counter()
            tx.utterances.put(contact.id, searchable(transcript))
            index_s += perf_counter() - began
    return index_s


def show(query: str, store: Store, artifacts: ArtifactFolder) -> None:
    """Print one line of the table."""
    parsed = parse_query(query)
    found = search_contacts(store, query, ContactFilter())
    index_s = seconds(lambda: search_contacts(store, query, ContactFilter()), REPETITIONS)
    like_s = seconds(lambda: by_like(store, parsed), REPETITIONS)
    files_s = seconds(lambda: by_files(store, artifacts, parsed), 1)
    held = len(by_files(store, artifacts, parsed))
    assert held == found.total if found.total_is_exact else held >= found.total
    print(
        f"{query:<22}{found.total:>9}{index_s:>9.3f}s{like_s:>9.3f}s{files_s:>9.2f}s"
        f"{like_s / index_s:>8.1f}x{files_s / index_s:>9.0f}x"
    )


def seconds(work: Callable[[], object], repetitions: int) -> float:
    """Return the median seconds of some work."""
    times = []
    for _ in range(repetitions):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return median(times)


def by_like(store: Store, query: Query) -> set[str]:
    """Return the contacts in which each wording occurs, by LIKE over the masked text; it folds nothing."""
    found: list[set[str]] = []
    with store.reading() as tx:
        for term in query.terms:
            wanted = select(tables.utterance.c.contact_id).where(tables.utterance.c.text.contains("".join(term.units)))
            found.append(set(tx.connection.execute(wanted.distinct()).scalars()))
    return set.intersection(*found)


def by_files(store: Store, artifacts: ArtifactFolder, query: Query) -> set[str]:
    """Return the contacts in which each wording occurs, by reading every stored transcript."""
    with store.reading() as tx:
        prints = {contact.id: tx.artifacts.of(contact.id)["annotate"] for contact in tx.contacts.list()}
    found = set()
    for contact_id, identity in prints.items():
        annotated = artifacts.find(Annotated, "annotate", identity)
        assert annotated is not None
        text = "\n".join(fold(said.text).text for said in annotated.transcript.utterances)
        if all("".join(term.units) in text for term in query.terms):
            found.add(contact_id)
    return found


if __name__ == "__main__":
    main()
