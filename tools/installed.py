"""What the project asks for and what of it is installed: the light set and the full set of packages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# The extra that holds all others: what `make test` installs.
FULL = "dev"


@dataclass(frozen=True, slots=True)
class Project:
    """Name and requirements of pyproject.toml; the extra "" holds what is always installed."""

    name: str
    requirements: Mapping[str, Sequence[Requirement]]


def read_project(root: Path = ROOT) -> Project:
    """Return what pyproject.toml under `root` asks for."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {"": table["dependencies"], **table["optional-dependencies"]}
    return Project(
        name=canonicalize_name(table["name"]),
        requirements={extra: [Requirement(text) for text in texts] for extra, texts in asked.items()},
    )


def find_installed(project: Project, extra: str = "") -> dict[str, Distribution | None]:
    """Return each package that the project with this extra needs here, by normal name; None is not installed.

    The project itself is not among them. Requirements whose marker is false on this system are left out.
    """
    found: dict[str, Distribution | None] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(project.name, ""), (project.name, extra)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        if name == project.name:
            requirements: Sequence[Requirement] = project.requirements[wanted]
        else:
            if name not in found:
                found[name] = _find(name)
            requirements = list(_requirements_of(found[name], wanted))
        for each in requirements:
            waiting += [(canonicalize_name(each.name), each_extra) for each_extra in ("", *each.extras)]
    return dict(sorted(found.items()))


def _find(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _requirements_of(package: Distribution | None, extra: str) -> Iterator[Requirement]:
    for text in (package.requires if package else None) or ():
        each = Requirement(text)
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            yield each
