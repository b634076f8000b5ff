"""Many short contacts in one task: what a task costs by itself is then paid once, and models are asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

CONTACTS_MAX = 16
"""Contacts of one task. A worker that dies costs so many to be begun again; more bring nothing that can be measured."""

BYTES_MAX = 128 * 1024
"""Words of one task, in bytes of their files: some thousand messages."""

TASKS_MIN = 64
"""So many tasks a batch is cut into at least, so that all workers have some and a small batch commits one by one."""

Task = TypeVar("Task")


def contacts_for(count: int) -> int:
    """Return the most contacts of one task, 1 to 16, in a batch of `count` contacts."""
    return min(CONTACTS_MAX, max(1, count // TASKS_MIN))


def bundled(
    tasks: Iterable[Task], size_of: Callable[[Task], int | None], *, contacts_max: int, bytes_max: int = BYTES_MAX
) -> Iterator[tuple[Task, ...]]:
    """Yield all tasks, in their order, in bundles of neighbours.

    Parameters
    ----------
    size_of
        The bytes of a task, None for one that stays alone. A bundle has `bytes_max` at most, unless it is one task.
    contacts_max
        Tasks of a bundle, at least 1.
    """
    held: list[Task] = []
    held_bytes = 0
    for task in tasks:
        size = size_of(task)
        if held and (size is None or len(held) == contacts_max or held_bytes + size > bytes_max):
            yield tuple(held)
            held, held_bytes = [], 0
        if size is None:
            yield (task,)
        else:
            held.append(task)
            held_bytes += size
    if held:
        yield tuple(held)
