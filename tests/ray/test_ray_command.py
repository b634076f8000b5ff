"""`callqa score --executor ray` by itself: a Ray of this machine, and what is said where there is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.whole import Site, callqa, write_night
from tests.objects.server import S3Server

pytestmark = pytest.mark.ray


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two transcripts and a home."""
    return Site(night=write_night(tmp_path / "night", 2), home=tmp_path / "home")


@pytest.mark.slow
def test_a_ray_of_this_machine_works_in_silence_with_outputs_in_a_bucket_and_leaves_nothing(
    site: Site, s3: S3Server, site_url: str
) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    before = set(Path("/tmp").glob("callqa-ray-*"))
    command = [
        sys.executable,
        "-m",
        "callqa",
        "score",
        str(site.night),
        "--executor",
        "ray",
        "--workers",
        "1",
        "--json",
    ]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=plain | site.environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["done"] == 2
    assert sorted(name.split("/")[1] for name in s3.names()) == ["annotate"] * 2 + ["transcribe"] * 2
    assert not list(site.home.glob("artifacts/*"))
    assert set(Path("/tmp").glob("callqa-ray-*")) <= before
    again = subprocess.run(command, capture_output=True, text=True, check=False, env=plain | site.environment)
    assert json.loads(again.stdout)["skipped"] == 2


def test_without_ray_one_sentence_says_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    said = callqa(site, "score", site.night, "--executor", "ray")
    assert said.code == 2
    assert said.document["error"]["message"] == "Ray is not installed."
    assert said.document["error"]["hint"] == "Install it with: pip install 'callqa[ray]'"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--executor", "ray", "--address", "ray://10.0.0.5:10001"], "is no address of a Ray cluster"),
        (["--executor", "ray", "--workers", "0"], "Work on Ray needs at least one worker."),
        (["--address", "10.0.0.5:6379"], "An address means nothing to workers on this machine."),
    ],
)
def test_what_cannot_be_meant_is_refused(site: Site, arguments: list[str], message: str) -> None:
    said = callqa(site, "score", site.night, *arguments)
    assert (said.code, said.document["error"]["type"]) == (2, "ConfigurationError")
    assert message in said.document["error"]["message"]


def test_a_cluster_that_does_not_answer_is_told_with_its_address(site: Site) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"  # bound, but nobody listens
        said = callqa(site, "score", site.night, "--executor", "ray", "--address", address)
    assert said.code == 2
    assert said.document["error"]["message"].startswith(f"No Ray cluster can be used at {address}: ")


def test_several_machines_do_not_share_the_ledger_of_a_judge(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_JUDGE__ENGINE", "openai")
    said = callqa(site, "score", site.night, "--executor", "ray", "--address", "10.0.0.5:6379")
    assert (said.code, said.document["error"]["field"]) == (2, "judge.engine")
