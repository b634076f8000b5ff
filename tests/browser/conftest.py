"""Debian's chromium and a real server on the loopback address."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD as BY_PASSWORD
from qa_pipeline.services.accounts.sessions import open_session
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import app, make_app, published_home, put_words  # noqa: F401 -- its fixtures are ours too
from tests.api.cycle_site import PEOPLE
from tests.conftest import ZONE

pytest.register_assert_rewrite("tests.browser.checks")
PASSWORD = "correct horse"
READER = an_account(StaffRole.QA, "reader")


@dataclass(frozen=True)
class SignedInBrowser:
    """A browser whose pages are those of somebody who is signed in."""

    browser: Browser
    secret: str

    def new_page(self, **options: Any) -> Page:
        """Open a page in a context of its own."""
        cookie = {"name": "callqa", "value": self.secret, "domain": "127.0.0.1", "path": "/"}
        more = {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
        state: Any = {"cookies": [cookie | more], "origins": []}
        return self.browser.new_page(storage_state=state, **options)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless browser; skips where none is installed."""
    # The form without windows takes a third of the time.
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def browser(chromium: Browser, app: FastAPI) -> SignedInBrowser:  # noqa: F811
    """The browser of a QA analyst of the whole site."""
    return signed_in(app, chromium, READER)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:  # noqa: F811
    """Address of the running application."""
    with served(app) as found:
        yield found


@contextmanager
def served(app: FastAPI) -> Iterator[str]:  # noqa: F811
    """Serve an application on a free port of the loopback address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


@dataclass(frozen=True)
class ServedSite:
    """A site with October published and words behind two calls, and a browser for each of its people."""

    address: str
    app: FastAPI
    home: Path
    chromium: Browser

    def page(self, who: str, **options: Any) -> Page:
        """Open a page in a context of its own, in which somebody of PEOPLE is signed in."""
        page = signed_in(self.app, self.chromium, PEOPLE[who]).new_page(**options)
        page.set_default_timeout(10_000)
        return page


@pytest.fixture(scope="session")
def site_home(tmp_path_factory: pytest.TempPathFactory, published_home: Path) -> Path:  # noqa: F811
    """The folder that each module's site is a copy of."""
    folder = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(published_home, folder)
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    with store.transaction() as tx:
        put_words(tx, artifacts)
    store.close()
    return folder


@pytest.fixture(scope="module")
def site(chromium: Browser, site_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """A running site of the module's own, which its tests may change."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(site_home, home)
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    made = make_app(store, ArtifactFolder(home / "artifacts"), home)
    with served(made) as found:
        yield ServedSite(found, made, home, chromium)
    store.close()


def signed_in(app: FastAPI, chromium: Browser, user: User) -> SignedInBrowser:  # noqa: F811
    """Return the browser of somebody, whose account is made on first use."""
    now = datetime.now(UTC)
    with app.state.sources.store.transaction() as tx:
        if tx.users.find(user.id) is None:
            tx.users.add(user, Credential(password_hash=hash_password(PASSWORD)))
        opened = open_session(tx, user, BY_PASSWORD, SignInRules(), now)
    return SignedInBrowser(chromium, opened.secret)
