"""The lock, constraints.txt: one version of every package that any extra brings, on every system.

Usage::

    python -m tools.lock             # check; exit 1 with one line per problem
    python -m tools.lock --write     # add what pyproject.toml asks for, keep all versions that still fit
    python -m tools.lock --upgrade   # take the newest version of everything

It is a file of constraints (``pip install -c``) without hashes and without addresses of indexes: docs/supply-chain.md
says why.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.installed import FULL, ROOT, Project, find_installed, read_project

LOCK = "constraints.txt"
# The oldest Python that the project allows; the lock holds for all later ones too.
PYTHON = "3.11"


def read_lock(path: Path) -> dict[str, Version]:
    """Return the locked version of each package by its normal name.

    Raises
    ------
    ValueError
        If a line holds anything but ``name==version`` with an optional marker, or a package stands there twice.
    """
    found: dict[str, Version] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        name, pins = canonicalize_name(requirement.name), list(requirement.specifier)
        if len(pins) != 1 or pins[0].operator != "==" or requirement.url or name in found:
            raise ValueError(f"{path.name}: not one exact version of {name}: {text}")
        found[name] = Version(pins[0].version)
    return found


def unmet(project: Project, locked: Mapping[str, Version]) -> Iterator[str]:
    """Yield a line for each requirement of the project that the lock does not hold or does not satisfy."""
    for extra, requirements in project.requirements.items():
        for each in requirements:
            name = canonicalize_name(each.name)
            where = f"pyproject.toml{f' [{extra}]' if extra else ''}: {each}"
            if name == project.name:
                continue
            if name not in locked:
                yield f"{where}: not in {LOCK}; run `make lock`"
            elif not each.specifier.contains(locked[name], prereleases=True):
                yield f"{where}: {LOCK} has {locked[name]}; run `make lock`"


def astray(installed: Mapping[str, Distribution | None], locked: Mapping[str, Version]) -> Iterator[str]:
    """Yield a line for each needed package that is absent, not in the lock, or of another version."""
    for name, package in installed.items():
        if package is None:
            yield f"{name}: not installed; run `make .venv/.full`"
        elif name not in locked:
            yield f"{name} {package.version}: not in {LOCK}; run `make lock`"
        # A local build (2.13.0+cpu) is the locked version built in another way.
        elif Version(package.version).public != locked[name].public:
            yield f"{name} {package.version}: {LOCK} has {locked[name]}; run `make .venv/.full`"


def write(root: Path, *, upgrade: bool) -> None:
    """Resolve all extras for all systems and write the lock."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--all-extras"]
    # One version for all Pythons: what CI tested is what a newer Python gets.
    command += ["--python-version", PYTHON, "--fork-strategy", "fewest", "--no-emit-index-url"]
    command += ["--custom-compile-command", "make lock", "--output-file", LOCK, "pyproject.toml"]
    subprocess.run([*command, *(["--upgrade"] if upgrade else [])], cwd=root, check=True)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description="Check or write the lock.")
    parser.add_argument("--write", action="store_true", help="resolve again and keep versions that fit")
    parser.add_argument("--upgrade", action="store_true", help="resolve again with the newest versions")
    options = parser.parse_args(arguments)
    if options.write or options.upgrade:
        write(root, upgrade=options.upgrade)
        return 0
    project = read_project(root)
    try:
        locked = read_lock(root / LOCK)
    except ValueError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    problems = [*unmet(project, locked), *astray(find_installed(project, FULL), locked)]
    sys.stdout.writelines(f"{line}\n" for line in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
