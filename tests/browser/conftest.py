"""Debian's chromium and a real server on the loopback address."""

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD as BY_PASSWORD
from qa_pipeline.services.accounts.sessions import open_session
from tests.accounts import an_account
from tests.api.conftest import app  # noqa: F401 -- the fixture of the filled application

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
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def browser(chromium: Browser, app: FastAPI) -> SignedInBrowser:  # noqa: F811
    """The browser of a QA analyst of the whole site."""
    now = datetime.now(UTC)
    with app.state.sources.store.transaction() as tx:
        tx.users.add(READER, Credential(password_hash=hash_password(PASSWORD)))
        opened = open_session(tx, READER, BY_PASSWORD, SignInRules(), now)
    return SignedInBrowser(chromium, opened.secret)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:  # noqa: F811
    """Address of the running application."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)
