"""A machine of a Ray cluster that is lost in the middle of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from benchmarks.faults.whole import Outcome, Rows, Site, callqa, finished_count, timed, wait_for
from qa_pipeline.execution.ray_cluster import import_ray

OBJECTS_BYTES = 100 * 2**20
_BEFORE = 4  # contacts that are finished when the machine goes


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Start a head with one processor, and ``cluster.second`` with one and a GPU that is only said to be there."""
    ray = import_ray(alone=True)
    from ray.cluster_utils import Cluster

    common = {"num_cpus": 1, "object_store_memory": OBJECTS_BYTES}
    made = Cluster(initialize_head=True, head_node_args=common | {"include_dashboard": False})
    try:
        made.second = made.add_node(num_gpus=1, **common)
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def lose_node(site: Site, undisturbed: Rows, cluster: Any) -> Outcome:
    """Let the second node go while a batch runs on both: the batch goes on by itself, on the first."""
    with timed(Outcome(fault="Ray node lost")) as outcome:

        def lose() -> None:
            wait_for(lambda: finished_count(site.home) > _BEFORE)
            cluster.remove_node(cluster.second, allow_graceful=False)

        with ThreadPoolExecutor(1) as beside:
            losing = beside.submit(lose)
            said = callqa(site, "score", site.night, "--executor", "ray", "--address", cluster.address)
            losing.result()
        outcome.expect(said.code == 0, f"the batch ended with {said.code}: {said.errors}")
        outcome.add(site, undisturbed)
    return outcome
