"""What the wiring promises to the machinery below it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from callqa.wiring import WORKER_MODULES


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by Linux's own list")
def test_what_workers_are_forked_with_starts_no_thread() -> None:
    # A thread is not forked with its process: what it guards could stay locked in a worker for ever.
    program = f"import {', '.join(WORKER_MODULES)}, os; print(len(os.listdir('/proc/self/task')))"
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    said = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | one_thread, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["1"]
