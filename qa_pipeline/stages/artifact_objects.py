"""Stored outputs of stages as objects of a store that all machines reach by a URL, such as ``s3://bucket/prefix``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from qa_pipeline.errors import N_, CallqaError, StoreError, StoreReadOnly
from qa_pipeline.stages.artifacts import Artifacts, Kept, checked_name, is_name

_PROBE = ".callqa-may-write"
_AT_ONCE = 16  # requests that are under way together where each asks about one object


@dataclass(frozen=True, slots=True)
class ArtifactObjects(Artifacts):
    """Artifacts as objects, through fsspec. An object is put whole or not at all by the store itself.

    Parameters
    ----------
    url : str
        Scheme, bucket and prefix, without credentials: each process finds those in its environment, so that they
        travel to no other machine and stand in no log.
    """

    url: str

    @property
    def folder(self) -> None:
        """None: no folder has to be mounted."""
        return

    def where(self, name: str = "") -> str:
        """Return a URL."""
        return f"{self.url}/{name}" if name else self.url

    def check(self, *, writing: bool = False) -> None:
        """Raise when the bucket is not there or does not let us in; with `writing` put an object and remove it."""
        self.stages()
        if writing:
            with self._opened() as (files, root):
                files.pipe_file(f"{root}/{_PROBE}", b"")
                files.rm_file(f"{root}/{_PROBE}")

    def read(self, name: str) -> bytes | None:
        """Return the content of an object, None when it is not there."""
        with self._opened() as (files, root):
            try:
                content: bytes = files.cat_file(f"{root}/{name}")
            except FileNotFoundError:
                return None
            return content

    def put(self, name: str, content: bytes) -> None:
        """Put an object; when this returns the store has it."""
        with self._opened() as (files, root):
            files.pipe_file(f"{root}/{name}", content)

    def size(self, names: Iterable[str]) -> int:
        """Return how many bytes objects have together."""
        with self._opened() as (files, root), ThreadPoolExecutor(_AT_ONCE) as threads:
            return sum(threads.map(lambda name: _size(files, f"{root}/{name}"), names))

    def remove(self, names: Iterable[str]) -> int:
        """Remove objects. Versions that a bucket keeps of them by itself are a matter of its own rules."""
        checked = [checked_name(name) for name in names]
        with self._opened() as (files, root), ThreadPoolExecutor(_AT_ONCE) as threads:
            return sum(threads.map(lambda name: _remove(files, f"{root}/{name}"), checked))

    def stages(self) -> Sequence[str]:
        """Return the first parts of the objects' names."""
        with self._opened() as (files, root):
            found = self._names(files, root)
            if not found:
                files.info(root.split("/", maxsplit=1)[0])  # raises where there is no bucket either
            return [each["name"].rsplit("/", maxsplit=1)[-1] for each in found if _is_folder(each)]

    def list(self, stage: str) -> Iterator[Kept]:
        """Yield objects; as many are held as begin with the same two characters."""
        with self._opened() as (files, root):
            for part in self._names(files, f"{root}/{stage}"):
                for each in self._names(files, part["name"]) if _is_folder(part) else ():
                    name = "/".join(each["name"].rsplit("/", maxsplit=3)[1:])
                    if is_name(name):
                        yield Kept(name=name, size_bytes=each["size"], changed_at=_changed_at(files, each))

    @staticmethod
    def _names(files: Any, path: str) -> Sequence[dict[str, Any]]:
        try:
            found: Sequence[dict[str, Any]] = files.ls(path, detail=True)
        except FileNotFoundError:
            return []  # a prefix is there as long as objects have it
        return sorted(found, key=lambda each: str(each["name"]))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, str]]:
        """Give the file system, which fsspec keeps for this process, and the place in it; errors become ours."""
        try:
            from fsspec.core import url_to_fs

            # Lists are asked anew each time: other machines write too.
            yield url_to_fs(self.url, use_listings_cache=False)
        except CallqaError:
            raise
        except ImportError as problem:
            raise StoreError(
                N_("{place} needs a package that is not installed: {problem}."),
                hint=N_("For S3: pip install 'callqa[objects]'"),
                field="artifacts_url",
                place=self.url,
                problem=_said(problem),
            ) from problem
        except Exception as problem:  # the libraries below have errors of their own, of no common kind
            raise self._error(problem) from problem

    def _error(self, problem: Exception) -> CallqaError:
        if isinstance(problem, PermissionError) or type(problem).__name__ in _NO_CREDENTIALS:
            return StoreReadOnly(
                N_("{place} does not let us in: {problem}."),
                hint=N_("Credentials come from the environment or from ~/.aws of each machine; see docs/objects.md."),
                field="artifacts_url",
                place=self.url,
                problem=_said(problem),
            )
        if isinstance(problem, FileNotFoundError):
            return StoreError(
                N_("{place} is not there: {problem}."),
                hint=N_("Make the bucket, or correct artifacts_url."),
                field="artifacts_url",
                place=self.url,
                problem=_said(problem),
            )
        return StoreError(
            N_("{place} cannot be used: {problem}."),
            hint=N_("When it can be reached, run the same command again: nothing is lost."),
            field="artifacts_url",
            place=self.url,
            problem=_said(problem),
        )


# Of botocore, which is imported by s3fs alone.
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError")


def _size(files: Any, path: str) -> int:
    try:
        return int(files.info(path)["size"])
    except FileNotFoundError:
        return 0


def _remove(files: Any, path: str) -> int:
    size_bytes = _size(files, path)
    try:
        files.rm_file(path)
    except FileNotFoundError:
        return 0
    return size_bytes


def _is_folder(each: dict[str, Any]) -> bool:
    return bool(each["type"] == "directory")


def _changed_at(files: Any, each: dict[str, Any]) -> datetime:
    # S3 tells it with the list; elsewhere it is asked for.
    moment: datetime = each.get("LastModified") or files.modified(each["name"])
    return moment.astimezone(UTC)


def _said(problem: Exception) -> str:
    return " ".join(str(problem).split()).rstrip(".") or type(problem).__name__
