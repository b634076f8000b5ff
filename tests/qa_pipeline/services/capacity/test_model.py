"""From measured costs to machines, hours and storage; every expected number is derived beside its assert."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.services.capacity.costs import STAGES, EngineCosts, RunCosts, Sum, added
from qa_pipeline.services.capacity.limits import Basis, Bounds, list_limits
from qa_pipeline.services.capacity.model import (
    CallCosts,
    Demand,
    Estimate,
    Machine,
    call_costs,
    capacity,
    mean_cost,
    measured_costs,
    plan,
)

BOUNDS = Bounds(task_timeout_s=7200, audio_s=14_400)


def summed(amounts: list[float], audio: list[float]) -> Sum:
    found = Sum()
    for amount, audio_s in zip(amounts, audio, strict=True):
        found.add(amount, audio_s)
    return found


def engine_costs(audio: list[float], work_ratio: float = 0.25, commit_ratio: float = 0.001) -> EngineCosts:
    """Calls of these lengths whose costs are in exact proportion: recognising alone takes a worker's time."""
    ratios = dict.fromkeys(STAGES, 0.0) | {"transcribe": work_ratio, "work": work_ratio, "commit": commit_ratio}
    ratios |= {"artifact_bytes": 100.0, "recording_bytes": 2000.0}
    return EngineCosts(
        contacts=len(audio),
        audio_s=sum(audio),
        audio_squares=sum(each * each for each in audio),
        sums={name: summed([ratio * each for each in audio], audio) for name, ratio in ratios.items()},
        cpu_s=0.9 * work_ratio * sum(audio),
        flagged=1,
        first_contacts=2,
        first_audio_s=120,
        first_work_s=50,
    )


def run_costs(audio: list[float], workers: int = 2, **changes: object) -> RunCosts:
    costs = RunCosts(
        workers=workers,
        runs=1,
        device="cpu",
        database="sqlite",
        contacts=len(audio) + 2,
        processes=2,
        start_s=4,
        busy_s=0.25 * sum(audio) + 50,
        worker_s=(0.25 * sum(audio) + 30) / 0.8 + 20,  # of the 50 s, 20 are loading
        ingested=len(audio) + 2,
        ingest_s=0.06 * (len(audio) + 2),
        database_bytes=30_000 * (len(audio) + 2),
        database_contacts=len(audio) + 2,
        peak_mib=1024,
        parent_peak_mib=512,
        engines={"pocketsphinx": engine_costs(audio)},
    )
    return replace(costs, **changes)


def test_a_call_costs_the_ratio_of_the_sums_with_the_interval_of_its_spread() -> None:
    # Amounts 1, 2, 6 over audio 10, 20, 30: the ratio is 9/60 = .15. Residuals 1-1.5, 2-3, 6-4.5 = -.5, -1, 1.5,
    # whose squares add up to 3.5. se = sqrt(3.5 / 2 / 3) / 20 = .0381881; t(2, .975) = 4.302653.
    audio = [10.0, 20.0, 30.0]
    found = mean_cost(summed([1.0, 2.0, 6.0], audio), engine_costs(audio), 100.0)
    assert found.value == pytest.approx(15.0)
    # 4.302653 * .0381881 * 100 = 16.4310; less than nothing cannot be meant.
    assert (found.low, found.high) == (0.0, pytest.approx(15.0 + 16.4310, abs=1e-4))


def test_the_costs_of_a_call_leave_out_the_loading_and_count_the_loss() -> None:
    audio = [50.0, 60.0, 70.0]  # one minute on average
    call = call_costs(measured_costs([run_costs(audio)], "pocketsphinx", 2), minutes=2, speed_ratio=2)
    # .25 worker seconds a second of audio, 120 s of it, on cores of twice the speed.
    assert call.work.value == pytest.approx(15.0)
    assert call.work.high == pytest.approx(15.0)  # in exact proportion: no spread
    # Two workers began in 4 s together; their first calls took 50 s where 120 s of audio take 30. So (2 + 10) / 2.
    assert call.start_s == pytest.approx(6.0)
    # Beside 20 s of loading they were 45 + 30 s in stages, of the 93.75 s that they had for it.
    assert call.efficiency_ratio == pytest.approx(0.8)
    # .06 s for a call of a minute, twice as long, twice as fast; bytes do not hang on the speed.
    assert call.ingest_s == pytest.approx(0.06)
    assert (call.recording_bytes, call.artifact_bytes, call.database_bytes) == pytest.approx((240_000, 12_000, 60_000))
    # 100 calls on 2 workers: 6 + 100 * 15 / (2 * .8)
    assert call.batch_s(100, 2).value == pytest.approx(943.5)


def test_machines_hours_and_storage_of_a_night() -> None:
    demand = Demand(calls_per_day=10_000, minutes=1, hours=8, headroom_ratio=0.5, retention_days=10, audio_days=2)
    machine = Machine(cores=16, memory_gb=9)
    measured, found = plan(demand, machine, [run_costs([50.0, 60.0, 70.0])], None)
    assert measured.engine == "pocketsphinx"
    # Half of 9 GiB is 4608 MiB, less 512 of the parent: four workers of 1024 MiB.
    assert (found.workers_per_machine, found.workers_bound) == (4, "memory")
    # 10,000 calls of 15 worker seconds.
    assert found.core_h.value == pytest.approx(10_000 * 15 / 3600)
    # 14,400 s of the night, less 12 s of start and 600 s of taking in. A machine does 4 * .8 / 15 calls a second:
    # 10,000 * 15 / 3.2 / 13,788 = 3.3997 machines.
    assert (found.machines.value, found.homes) == (4, 1)
    # 600 s taking in, 12 s start, then 46,875 s on one machine, a fourth of it on four.
    assert found.one_machine_h.value == pytest.approx((612 + 46_875) / 3600)
    assert found.night_h.value == pytest.approx((612 + 46_875 / 4) / 3600)
    storage = found.storage
    # 120 kB of recording for 2 days; 6 kB of artifacts and 30 kB of rows for 10.
    assert storage.recordings_kept == pytest.approx(10_000 * 120_000 * 2)
    assert storage.artifacts_kept == pytest.approx(10_000 * 6_000 * 10)
    assert storage.database_kept == pytest.approx(10_000 * 30_000 * 10)


def test_one_process_commits_so_many_calls_need_several_homes() -> None:
    demand = Demand(calls_per_day=1_000_000, minutes=1, hours=8, headroom_ratio=0.5)
    machine = Machine(cores=16, disk_gb=100)
    measured, found = plan(demand, machine, [run_costs([60.0] * 3)], "pocketsphinx")
    # 60 ms to take a call in and 60 ms to commit it: a home does 14,388 / .12 = 119,900 in a night.
    assert found.homes == 9
    # A full home takes calls in for 7,194 s, so 7,194 s are left for 15e6 worker seconds on 12.8 workers each.
    assert found.machines.value == 163
    limits = {limit.name: limit for limit in list_limits(found, measured, machine, BOUNDS)}
    assert limits["parent"].figure == pytest.approx(119_900)
    assert limits["parent"].is_reached
    # 14,388 s, of which each call takes .06 s to take in and 15 / 12.8 s on all workers; 16 were never measured.
    assert limits["machine"].figure == pytest.approx(14_388 / (0.06 + 15 / 12.8))
    assert limits["machine"].basis is Basis.EXTRAPOLATED
    # 156 kB a call for a year on 100 GB: 1,756 calls a day and home, of 111,111.
    assert limits["disk"].figure == pytest.approx(100e9 / 156_000 / 365)
    assert (limits["disk"].per_home, limits["disk"].is_reached) == (True, True)
    # 14,400 s at 125 MB/s carry 14.3 million calls of 126 kB.
    assert limits["network"].figure == pytest.approx(14_400 * 125e6 / 126_000)
    assert not limits["network"].is_reached
    # 7,200 s of a worker at .25 s a second are 480 min of audio; a recording may have 240.
    assert (limits["task_timeout"].figure, limits["max_duration"].figure) == pytest.approx((480, 240))
    # One of three calls has a flag, a minute each: 480 min of a person are 1,440 calls.
    assert limits["reviewers"].figure == pytest.approx(1_440)


def test_costs_with_the_nearest_number_of_workers_count() -> None:
    one, two, eight = (run_costs([60.0] * 3, workers=count) for count in (1, 2, 8))
    assert measured_costs([eight, one, two], None, 4).costs.workers == 2
    assert measured_costs([eight], "pocketsphinx", 4).costs.workers == 8
    both = measured_costs([two, two], "pocketsphinx", 2)
    assert (both.costs.runs, both.of_engine.contacts, both.minutes, both.flagged_ratio) == (2, 6, 1.0, 1 / 3)
    assert both.cpu_ratio == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("costs", "engine", "count"),
    [
        ([], None, 0),
        ([run_costs([60.0] * 3)], "faster-whisper", 0),
        ([run_costs([60.0] * 2)], "pocketsphinx", 2),
    ],
)
def test_what_was_not_measured_is_no_number(costs: list[RunCosts], engine: str | None, count: int) -> None:
    with pytest.raises(NotFound) as raised:
        measured_costs(costs, engine, 2)
    assert raised.value.params["count"] == count


@pytest.mark.parametrize(
    ("machine", "changes", "field"),
    [
        (Machine(cores=4, memory_gb=1), {}, "machine"),
        (Machine(cores=4), {"device": "cuda"}, "machine"),
        (Machine(cores=4), {"start_s": 1e9}, "hours"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(machine: Machine, changes: dict[str, object], field: str) -> None:
    demand = Demand(calls_per_day=10, minutes=1, hours=8, headroom_ratio=0.3)
    with pytest.raises(ConfigurationError) as raised:
        plan(demand, machine, [run_costs([60.0] * 3, **changes)], None)
    assert raised.value.field == field


def test_workers_on_gpus_are_limited_by_them() -> None:
    demand = Demand(calls_per_day=10, minutes=1, hours=8, headroom_ratio=0.3)
    machine = Machine(cores=16, gpus=2, workers_per_gpu=2)
    _, found = plan(demand, machine, [run_costs([60.0] * 3, device="cuda")], None)
    assert (found.workers_per_machine, found.workers_bound) == (4, "gpus")


def test_the_newest_model_of_an_engine_is_meant() -> None:
    """A larger model costs more, so what a smaller one took is no measurement of it."""
    small, large = (f"faster-whisper@1.2.1[model={model}]" for model in ("small", "large"))
    runs = [
        run_costs([60.0] * 3, engines={large: engine_costs([60.0] * 3), "import": engine_costs([60.0])}),
        run_costs([60.0] * 3, engines={small: engine_costs([60.0] * 4)}),
    ]
    assert measured_costs(runs, "faster-whisper", 2).engine == large
    assert measured_costs(runs, None, 2).engine == large
    assert measured_costs(runs, small, 2).of_engine.contacts == 4


def test_costs_of_other_engines_stay_apart_when_runs_are_added() -> None:
    other = run_costs([60.0] * 3, engines={"import": engine_costs([30.0])}, peak_mib=2000)
    both = added(run_costs([60.0] * 3), other)
    assert {name: one.contacts for name, one in both.engines.items()} == {"pocketsphinx": 3, "import": 1}
    assert (both.peak_mib, both.start_s, both.database) == (2000, 8, "sqlite")


SECONDS = st.floats(1e-4, 100)


@given(
    calls=st.lists(st.integers(1, 20_000_000), min_size=2, max_size=2),
    work_s=SECONDS,
    spread=st.floats(0, 1),
    commit_s=SECONDS,
    ingest_s=st.floats(0, 10),
    workers=st.integers(1, 64),
)
def test_more_calls_never_take_fewer_machines(
    calls: list[int], work_s: float, spread: float, commit_s: float, ingest_s: float, workers: int
) -> None:
    call = CallCosts(
        work=Estimate(value=work_s, low=work_s * (1 - spread), high=work_s * (1 + spread)),
        stages={},
        commit=Estimate(value=commit_s, low=commit_s * (1 - spread), high=commit_s * (1 + spread)),
        ingest_s=ingest_s,
        start_s=5,
        efficiency_ratio=0.9,
        artifact_bytes=1,
        recording_bytes=1,
        database_bytes=1,
    )
    few, many = (
        capacity(Demand(calls_per_day=count, minutes=1, hours=8, headroom_ratio=0.3), call, workers, "cores")
        for count in sorted(calls)
    )
    assert few.machines.value <= many.machines.value
    assert few.homes <= many.homes
    for found in (few, many):
        assert found.machines.low <= found.machines.value <= found.machines.high
        assert found.machines.value >= found.homes
