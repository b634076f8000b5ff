"""Pausing the search for reference cycles while many values are made that can have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Make values without the cyclic collector looking through them again and again.

    A month of thousands of agents makes some hundred thousand immutable values, all of which stay; the collector found
    nothing in them and took a quarter of the time. Nested use and use in several threads only end the pause sooner.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
