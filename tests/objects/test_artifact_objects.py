"""A folder and a bucket do the same; whatever is wrong with a bucket is told in one sentence."""

from __future__ import annotations

import pickle
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from qa_pipeline.domain.listening import Facts
from qa_pipeline.errors import CallqaError, StoreError, StoreReadOnly
from qa_pipeline.stages.artifact_objects import ArtifactObjects
from qa_pipeline.stages.artifacts import ArtifactFolder, Artifacts, name_of
from tests.objects.server import BUCKET, S3Server

FACTS = Facts(duration_s=12.25, silence_ratio=0.1)
PRINTS = ("ab" * 32, "ac" * 32, "0f" * 32)


@pytest.fixture(params=["folder", "objects"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    if request.param == "folder":
        return ArtifactFolder(tmp_path / "artifacts")
    request.getfixturevalue("s3")
    return ArtifactObjects(f"s3://{BUCKET}/deep/site")


def test_written_is_found_again_and_listed(artifacts: Artifacts) -> None:
    assert (artifacts.find(Facts, "listen", PRINTS[0]), artifacts.stages()) == (None, [])
    began = datetime.now(UTC)
    for fingerprint in PRINTS:
        artifacts.write(FACTS, "listen", fingerprint)
    artifacts.write(FACTS, "annotate", PRINTS[0])
    artifacts.write(FACTS, "annotate", PRINTS[0])  # again, as after a lost worker
    assert artifacts.find(Facts, "listen", PRINTS[2]) == FACTS
    assert artifacts.stages() == ["annotate", "listen"]
    listed = list(artifacts.list("listen"))
    assert [one.name for one in listed] == [name_of("listen", fingerprint) for fingerprint in sorted(PRINTS)]
    content = artifacts.read(listed[0].name)
    assert content is not None and {one.size_bytes for one in listed} == {len(content)}
    # A bucket keeps whole seconds.
    assert all(abs(one.changed_at - began) < timedelta(minutes=1) for one in listed)
    assert list(artifacts.list("speakers")) == []


def test_what_is_removed_is_gone_and_may_be_gone_before(artifacts: Artifacts) -> None:
    names = [name_of("listen", fingerprint) for fingerprint in PRINTS]
    for fingerprint in PRINTS[:2]:
        artifacts.write(FACTS, "listen", fingerprint)
    both = 2 * len(artifacts.read(names[0]) or b"")
    assert artifacts.size(names) == both > 0
    assert artifacts.remove(names) == both
    assert (artifacts.size(names), artifacts.remove(names), list(artifacts.list("listen"))) == (0, 0, [])
    assert [artifacts.read(name) for name in names] == [None] * 3


def test_a_damaged_one_counts_as_absent(artifacts: Artifacts) -> None:
    artifacts.put(name_of("listen", PRINTS[0]), b'{"duration_s": 12.')
    assert artifacts.find(Facts, "listen", PRINTS[0]) is None


@pytest.mark.parametrize("name", ["reports/2026/summary.json", "listen/ab/notes.json", "listen/ab/x.txt"])
def test_what_others_keep_in_the_same_place_is_not_listed(artifacts: Artifacts, name: str) -> None:
    """So retention, which removes what belongs to no contact, leaves it alone."""
    artifacts.put(name, b"{}")
    artifacts.write(FACTS, "listen", PRINTS[0])
    assert [one.name for stage in artifacts.stages() for one in artifacts.list(stage)] == [name_of("listen", PRINTS[0])]


@pytest.mark.parametrize("name", ["listen/../../x.json", "/etc/aa/x.json", "listen/ab", "x.json", "a/b/c.json"])
def test_nothing_but_artifacts_is_removed(artifacts: Artifacts, name: str) -> None:
    with pytest.raises(StoreError, match="not the name of a stage output"):
        artifacts.remove([name])


def test_it_travels_to_a_worker_without_credentials(artifacts: Artifacts) -> None:
    artifacts.write(FACTS, "listen", PRINTS[0])
    sent = pickle.dumps(artifacts)
    assert b"a-secret-of-the-tests" not in sent and b"somebody" not in sent
    assert pickle.loads(sent).find(Facts, "listen", PRINTS[0]) == FACTS


def test_a_check_leaves_nothing_behind(s3: S3Server) -> None:
    ArtifactObjects(f"s3://{BUCKET}/site").check(writing=True)
    assert s3.names() == []


def _refusal(artifacts: Artifacts) -> CallqaError:
    with pytest.raises(CallqaError) as refused:
        artifacts.check(writing=True)
    assert "a-secret-of-the-tests" not in refused.value.render()
    # As a worker sends it.
    told = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(told, CallqaError)
    return told


def test_a_bucket_that_is_not_there(s3: S3Server) -> None:
    error = _refusal(ArtifactObjects("s3://no-such-bucket/site"))
    assert (type(error), error.field) == (StoreError, "artifacts_url")
    assert "s3://no-such-bucket/site is not there" in error.render()


def test_credentials_that_nobody_knows(s3: S3Server) -> None:
    s3.ask_who(strictly=True)
    try:
        error = _refusal(ArtifactObjects(f"s3://{BUCKET}/site"))
    finally:
        s3.ask_who(strictly=False)
    assert isinstance(error, StoreReadOnly)
    assert "does not let us in" in error.render()
    assert "~/.aws" in error.render_hint()


def test_no_credentials_at_all(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    S3FileSystem.clear_instance_cache()  # as in a process that never had any
    error = _refusal(ArtifactObjects(f"s3://{BUCKET}/site"))
    S3FileSystem.clear_instance_cache()
    assert "does not let us in" in error.render()


def test_a_server_that_is_gone(s3: S3Server) -> None:
    artifacts = ArtifactObjects(f"s3://{BUCKET}/site")
    s3.stop()
    error = _refusal(artifacts)
    assert "cannot be used: Could not connect" in error.render()
    assert "nothing is lost" in error.render_hint()


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import _registry

    monkeypatch.delitem(_registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    error = _refusal(ArtifactObjects("s3://quality/site"))
    assert (type(error), error.field) == (StoreError, "artifacts_url")
    assert "s3://quality/site needs a package" in error.render()
    assert "pip install 'callqa[objects]'" in error.render_hint()
