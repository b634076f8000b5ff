"""A simulated centre whose people and figures HR brings in through the API, and the worker that fits and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callqa import site_wiring
from callqa.settings import read_settings
from coaching.simulation.centre import CentreSettings, simulate_centre
from coaching.simulation.files import CentreFiles, write_centre
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.store import Store
from tests.api.cycle_site import Service

AS_OF = "2026-10"
TERMS = {"capacity": 2, "cost": 100, "effect_ratio": 0.25, "replacement_cost": 20_000}
NOTICE = ("notice.md", b"We look at figures that often come before people leave. " * 10)


def centre_files(folder: Path) -> CentreFiles:
    """Sixty posts over a year, of which about forty are left by their holders' own will."""
    settings = CentreSettings(agents=60, teams=3, months=12, first_month="2025-11", monthly_exit_ratio=0.07, seed=3)
    return write_centre(simulate_centre(settings), folder)


def bring_in(service: Service, files: CentreFiles) -> None:
    """Import who works where, and the figures of each month."""
    send(service, "/assignments/imports", files.assignments)
    for path in files.kpis:
        send(service, "/kpis/imports", path)


def send(service: Service, to: str, path: Path, wanted: int = 200) -> Any:
    """Send a table as HR."""
    return service.call("hr", "POST", to, wanted, files={"file": (path.name, path.read_bytes())})


def hand_in(service: Service, what: str, name: str, content: bytes, wanted: int = 200) -> Any:
    """Hand in a document of the checklist."""
    return service.call("hr", "PUT", f"/risk/checklist/{what}", wanted, files={"file": (name, content)})


def work(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a worker do what waits."""
    monkeypatch.setenv("CALLQA_HOME", str(home))
    Worker(store, site_wiring.tools(read_settings()), WorkerOptions()).run(once=True)
