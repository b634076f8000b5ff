"""What the tests have workers do."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from qa_pipeline.errors import NotAudio


def square(number: int) -> int:
    if number == 3:
        raise NotAudio("{name} is no audio.", hint="Give another file.", file="x.wav", name="x")
    return number * number


def work_or_die(task: tuple[Path, int]) -> int:
    """Kill the worker at task 2 each time, and at task 5 the first time."""
    folder, number = task
    died = folder / "died"
    if number == 2 or (number == 5 and not died.exists()):
        if number == 5:
            died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep_for(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def of_size(size: int | bytes) -> int | bytes:
    return bytes(size) if isinstance(size, int) else len(size)


def seen_gpus(needs_gpu: bool) -> tuple[int, str | None]:
    del needs_gpu
    return os.getpid(), os.environ.get("CUDA_VISIBLE_DEVICES")


def node_of(task: tuple[Path, str, int]) -> str:
    """Note that this node has begun a task; on the doomed node never end it, elsewhere once that node is gone."""
    import ray

    folder, doomed, number = task
    node: str = ray.get_runtime_context().get_node_id()
    (folder / f"{node}-{number}").touch()
    deadline = time.monotonic() + 60
    while (node == doomed or not (folder / "gone").exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return node


class OnlyHere:
    """A function that no other process can make again, as when a node lacks a package."""

    def __init__(self) -> None:
        self.process = os.getpid()

    def __call__(self, task: int) -> int:
        return task

    def __setstate__(self, state: dict[str, int]) -> None:
        if state["process"] != os.getpid():
            raise ModuleNotFoundError("No module named 'callqa_of_another_version'")
