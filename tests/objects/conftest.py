"""One server for these tests, without objects at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.objects.server import BUCKET, S3Server


@pytest.fixture(scope="session")
def running_server() -> Iterator[S3Server]:
    made = S3Server()
    yield made
    made.stop()


@pytest.fixture
def s3(running_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server with an empty bucket, and the environment that leads there."""
    running_server.lead_here(monkeypatch)
    running_server.client.create_bucket(Bucket=BUCKET)
    running_server.clear()
    yield running_server
    running_server.puts_left = None
    if not running_server.is_running:
        running_server.start()


@pytest.fixture
def site_url(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the commands keep stage outputs now."""
    url = f"s3://{BUCKET}/site"
    monkeypatch.setenv("CALLQA_ARTIFACTS_URL", url)
    return url
