"""How fast the audit grows and is verified, and with how much memory: ``python -m benchmarks.audit [ENTRIES]``."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.domain.audit import Event
from qa_pipeline.services.audit import verify_store
from qa_pipeline.store import open_store

CHUNK = 20_000  # entries in one transaction


def main(count: int) -> None:
    """Append entries to a new SQLite database, verify them, and print rates and memory."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'callqa.db'}", ZoneInfo("Asia/Shanghai"))
        start_at = datetime(2026, 11, 2, tzinfo=UTC)
        started = time.perf_counter()
        for first in range(0, count, CHUNK):
            with store.transaction() as tx:
                for number in range(first, min(first + CHUNK, count)):
                    event = Event(
                        actor=f"A{number % 500:03d}",
                        role="qa",
                        action="contact.view",
                        subject=f"C-{number:07d}",
                        details={"count": number, "period": "2026-10"},
                        request_id=f"{number:032x}",
                    )
                    tx.audit.append(event, start_at + timedelta(seconds=number))
        appended_s = time.perf_counter() - started
        before_mib = _peak_mib()
        started = time.perf_counter()
        found = verify_store(store)
        verified_s = time.perf_counter() - started
        store.close()
    assert found.is_whole and found.count == count
    print(f"{count} entries: appended {count / appended_s:,.0f}/s in transactions of {CHUNK}")
    print(f"verified {count / verified_s:,.0f}/s in {verified_s:.1f} s")
    print(f"peak memory {before_mib:.0f} MiB before, {_peak_mib():.0f} MiB after verifying")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
