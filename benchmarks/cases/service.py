"""What the service answers: the list of contacts by the API, beside the bare query, and as a page, beside the API."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.benchmark import Benchmark, Done, Way, Work
from benchmarks.one_way import peak_mib
from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD, open_session
from qa_pipeline.services.contact_list import ContactFilter, list_contacts
from qa_pipeline.store import open_store
from tests import factories
from tests.accounts import an_account
from tests.conftest import ZONE
from tests.served import serve

PER_AGENT, FEW = 300, 3  # contacts of each of six agents
ROUTE, PAGE, QUERY = "GET /api/v1/contacts", "GET /contacts", "list_contacts in the process"
HOME, COOKIE = "home", "cookie"
NO_LIMITS = {"CALLQA_SERVICE__REQUESTS_PER_MINUTE": "100000", "CALLQA_SERVICE__OPEN_REQUESTS_PER_MINUTE": "100000"}
ABOUT_API = (
    "the first 50 of 1,800 contacts from `callqa serve` over one open connection, with its checks of session, role and "
    "reach. The alternative is the query alone, in this process. Memory of the way over HTTP is the server's."
)
ABOUT_PAGES = (
    "the same contacts as a page, by the same server. The alternative is the JSON of the API. Memory is the server's."
)


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return both benchmarks."""

    def prepare(folder: Path, _size: int) -> None:
        fill(folder, FEW if quick else PER_AGENT)

    size, repetitions = (2, 1) if quick else (10, 15)
    route = Way(title=ROUTE, start=_asking("/api/v1/contacts"))
    return (
        Benchmark(
            name="api",
            about=ABOUT_API,
            unit="request",
            ways=(route, Way(title=QUERY, start=_querying)),
            alternative=QUERY,
            size=size,
            repetitions=repetitions,
            clock="wall",
            prepare=prepare,
        ),
        Benchmark(
            name="pages",
            about=ABOUT_PAGES,
            unit="request",
            ways=(Way(title=PAGE, start=_asking("/contacts")), route),
            alternative=ROUTE,
            size=size,
            repetitions=repetitions,
            clock="wall",
            prepare=prepare,
        ),
    )


def fill(folder: Path, per_agent: int) -> None:
    """Make a home with contacts of six agents, and leave the cookie of somebody who may see them."""
    store = open_store(f"sqlite:///{folder / HOME / 'callqa.db'}", ZONE)
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for contact, inspection in factories.month_of_contacts(per_agent):
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r", pass_points=80)
        person = an_account(StaffRole.QA)
        tx.users.add(person, Credential())
        opened = open_session(tx, person, PASSWORD, SignInRules(), datetime.now(UTC))
    store.close()
    (folder / COOKIE).write_text(f"callqa={opened.secret}", encoding="utf-8")


def _asking(path: str) -> Callable[[Path, int], Work]:
    def start(folder: Path, size: int) -> Work:
        stack = ExitStack()
        atexit.register(stack.close)
        served = stack.enter_context(serve(folder / HOME, env=NO_LIMITS))
        connection = HTTPConnection(urlsplit(served.address).netloc, timeout=60)
        headers = {"cookie": (folder / COOKIE).read_text(encoding="utf-8"), "accept-language": "en"}

        def work() -> Done:
            for _ in range(size):
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == HTTPStatus.OK, text
            return Done(peak_mib=peak_mib(served.process.pid))

        return work

    return start


def _querying(folder: Path, size: int) -> Work:
    store = open_store(f"sqlite:///{folder / HOME / 'callqa.db'}", ZONE)

    def work() -> Done:
        for _ in range(size):
            assert list_contacts(store, ContactFilter()).contacts
        return Done()

    return work
