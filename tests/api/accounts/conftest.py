"""Fixtures of a service whose database is new for each test: one application per module, a copied database per test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, open_store
from tests.api.conftest import RULES
from tests.conftest import ZONE

# Limits of their own are tested elsewhere.
OPTIONS = ServiceOptions(sign_ins_per_minute=100_000, open_requests_per_minute=100_000, requests_per_minute=100_000)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application over a migrated database that stays empty."""
    folder = tmp_path_factory.mktemp("application")
    store = open_store(f"sqlite:///{folder / 'store.db'}", ZONE)
    store.close()
    yield create_app(
        store=store,
        artifacts=ArtifactFolder(folder / "artifacts"),
        rulebook=RULES,
        site=Site(home=folder),
        options=OPTIONS,
    )


@pytest.fixture
def store(application: FastAPI, tmp_path: Path) -> Iterator[Store]:
    """A new database; what differs between databases is tested with the services."""
    url = application.state.sources.store.engine.url.database
    opened = open_store(f"sqlite:///{shutil.copy(url, tmp_path / 'store.db')}", ZONE)
    yield opened
    opened.close()


@pytest.fixture
def service(application: FastAPI, store: Store) -> Iterator[FastAPI]:
    """The application over that database."""
    empty = application.state.sources
    application.state.sources = replace(empty, store=store)
    yield application
    application.state.sources = empty
