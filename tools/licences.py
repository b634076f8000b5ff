"""Licences of everything that an installation brings: the page docs/licences.md and its check.

Usage::

    python -m tools.licences           # write the page
    python -m tools.licences --check   # exit 1 with one line per licence that is not allowed, or if the page is old

What the metadata of packages does not say, and which licences may come in, stands in ``tools/licences.toml``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from license_expression import AND, OR, ExpressionError, get_spdx_licensing
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.installed import FULL, ROOT, find_installed, read_project
from tools.lock import LOCK, read_lock

PAGE = "docs/licences.md"
POLICY = "tools/licences.toml"
# The metadata and the wheels of another system are others; the page is of this one.
PAGE_SYSTEM = ("linux", (3, 11))
_SPDX = get_spdx_licensing()
# libgomp-e985bcbb.so.1.0.0 -> libgomp; extension modules (.cpython-311-...) are the package's own code.
_LIBRARY = re.compile(r"(?:^|/)(lib[\w+-]+?)(?:_x86_64|_arm64)?(?:-[0-9a-f]{8})*\.(?:so|dylib|dll)[.\d]*$")

HEAD = """# Licences

What an installation brings, and under which licences: Linux, Python 3.11. The *light* set is `pip install callqa`;
*full* packages come with extras, most of them only for tests. Made by `make licences` from the metadata of the
installed packages and `tools/licences.toml`; `make check` fails when a licence comes in that is not allowed there.
This is a list, not legal advice: the licence files inside the packages decide.

callqa itself: Apache-2.0.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of the list; `licence` is an SPDX expression, or None where nothing says which."""

    name: str
    version: str
    licence: str | None
    light: bool
    libraries: tuple[str, ...]


def read_policy(root: Path = ROOT) -> dict[str, Any]:
    """Return the table of tools/licences.toml."""
    return tomllib.loads((root / POLICY).read_text(encoding="utf-8"))


def find_licence(package: Distribution, policy: Mapping[str, Any]) -> str | None:
    """Return the licence of an installed package as SPDX, or None where neither metadata nor the policy says it."""
    metadata = package.metadata
    stated = metadata.get_all("License-Expression")
    if stated:
        return str(stated[0])
    read = policy["read"].get(canonicalize_name(package.name))
    if read:
        return str(read)
    free_text = [text for each in metadata.get_all("License") or () for text in each.strip().splitlines()[:1]]
    classified = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or () if "License ::" in each]
    for text in (*free_text, *(classified if len(classified) == 1 else ())):
        licence = str(policy["spellings"].get(_plain(text), _plain(text)))
        if _is_spdx(licence):
            return licence
    return None


def _plain(text: str) -> str:
    """Return how a licence is written, without the blanks and the capitals that make no difference here."""
    return re.sub(r"\blicen[cs]e\b", "License", text.strip())


def _is_spdx(text: str) -> bool:
    try:
        return bool(text) and not _SPDX.validate(text).errors
    except ExpressionError:
        return False


def is_allowed(licence: str, allowed: Sequence[str]) -> bool:
    """Say whether an SPDX expression can be kept: all parts of AND, one of OR."""

    def holds(node: Any) -> bool:
        if isinstance(node, AND):
            return all(holds(each) for each in node.args)
        if isinstance(node, OR):
            return any(holds(each) for each in node.args)
        return str(node) in allowed

    return holds(_SPDX.parse(licence))


def list_packages(policy: Mapping[str, Any]) -> list[Package]:
    """Return the packages of the full set that are installed here."""
    project = read_project()
    light = find_installed(project)
    return [
        Package(
            name=name,
            version=Version(package.version).public,
            licence=find_licence(package, policy),
            light=name in light,
            libraries=tuple(sorted(_libraries_of(name, package, policy))),
        )
        for name, package in find_installed(project, FULL).items()
        if package is not None
    ]


def _libraries_of(name: str, package: Distribution, policy: Mapping[str, Any]) -> set[str]:
    # Read as text: the paths of `package.files` are made one by one, which takes seconds for torch.
    lines = [line.partition(",")[0] for line in (package.read_text("RECORD") or "").splitlines()]
    found = {match[1] for line in lines if (match := _LIBRARY.search(line))}
    if name in policy["own"]["packages"]:
        found &= _licence_by_library(policy).keys()
    return found


def _licence_by_library(policy: Mapping[str, Any]) -> dict[str, str]:
    return {name: licence for licence, entry in policy["libraries"].items() for name in entry["names"]}


def problems_of(packages: Sequence[Package], locked: Sequence[str], policy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each package or library whose licence is unknown or not allowed, and for each idle entry."""
    yield from _wrong_packages(packages, policy)
    for licence, entry in policy["libraries"].items():
        if "reason" not in entry and not is_allowed(licence, policy["allowed"]):
            yield f"{POLICY}: {licence} of {', '.join(entry['names'])} is not allowed and has no reason"
    here = {package.name for package in packages}
    for name in locked:
        if name not in here and name not in policy["elsewhere"] and not _is_cuda(name, policy):
            yield f"{name}: locked for other systems, but its licence is not in [elsewhere] of {POLICY}"
    for table in ("exceptions", "read", "elsewhere"):
        for name in sorted(policy[table].keys() - set(locked)):
            yield f"{POLICY}: [{table}] names {name}, which is not locked"


def _wrong_packages(packages: Sequence[Package], policy: Mapping[str, Any]) -> Iterator[str]:
    libraries = _licence_by_library(policy)
    for package in packages:
        exception = policy["exceptions"].get(package.name)
        if package.licence is None:
            yield f"{package.name}: its metadata names no clear licence; read it and add it to [read] of {POLICY}"
        elif exception:
            if exception["licence"] != package.licence:
                yield f"{package.name}: {package.licence}, but {POLICY} excepts {exception['licence']}"
        elif not is_allowed(package.licence, policy["allowed"]):
            yield f"{package.name}: {package.licence} is not allowed by {POLICY}"
        for library in package.libraries:
            if library not in libraries:
                yield f"{package.name}: carries {library}, whose licence {POLICY} does not name"


def _is_cuda(name: str, policy: Mapping[str, Any]) -> bool:
    return name in policy["cuda"]["names"] or name.startswith(policy["cuda"]["prefix"])


def missing_models(root: Path, policy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each shipped model without an entry, and for each entry without its file or model card."""
    entries = policy["shipped"]
    named = {entry["path"] for entry in entries}
    for folder in sorted((root / "models/text/shipped").iterdir()):
        if folder.is_dir() and folder.relative_to(root).as_posix() not in named:
            yield f"{folder.relative_to(root).as_posix()}: [[shipped]] of {POLICY} does not name its data"
    for entry in entries:
        card = f"models/cards/{entry['card']}.md" if "card" in entry else entry["path"]
        for path in (entry["path"], card):
            if not (root / path).exists():
                yield f"{POLICY}: there is no {path}"


def render_page(packages: Sequence[Package], locked: Mapping[str, Version], policy: Mapping[str, Any]) -> str:
    """Return the whole page."""
    parts = [HEAD]
    for title, light in (("The light set", True), ("What extras and tests add", False)):
        rows = [(each.name, each.version, each.licence or "?") for each in packages if each.light == light]
        parts.append(f"## {title}: {len(rows)} packages\n\n" + _table(("package", "version", "licence"), rows))
    versions = {each.name: each for each in packages}
    rows = [
        (name, entry["licence"], "light" if name in versions and versions[name].light else "full", entry["reason"])
        for name, entry in policy["exceptions"].items()
    ]
    parts.append(
        "## Licences that oblige more than a notice\n\nPackages:\n\n"
        + _table(("package", "licence", "set", "why it may come in"), rows)
    )
    rows = [
        (licence, ", ".join(entry["names"]), _carriers(entry["names"], packages), entry["reason"])
        for licence, entry in policy["libraries"].items()
        if "reason" in entry
    ]
    parts.append(
        "Shared libraries inside wheels:\n\n"
        + _table(("licence", "libraries", "in the wheels of", "why they may come in"), rows)
    )
    rows = [
        (licence, ", ".join(entry["names"]), _carriers(entry["names"], packages))
        for licence, entry in policy["libraries"].items()
        if "reason" not in entry
    ]
    head = ("licence", "libraries", "in the wheels of")
    parts.append("## Other shared libraries inside wheels\n\n" + _table(head, rows))
    rows = [(name, str(locked[name]), entry["licence"], entry["where"]) for name, entry in policy["elsewhere"].items()]
    cuda = [name for name in locked if _is_cuda(name, policy)]
    parts.append(
        "## Locked for other systems\n\n"
        + _table(("package", "version", "licence", "where"), rows)
        + f"\nWith the CUDA build of torch on Linux come {', '.join(cuda)}: {policy['cuda']['licence']}.\n"
    )
    rows = [
        (
            f"`{entry['path']}`",
            entry["data"],
            f"`models/cards/{entry['card']}.md`" if "card" in entry else "",
        )
        for entry in policy["shipped"]
    ]
    parts.append(
        "## Models and data in this repository\n\nTheir files are Apache-2.0 as callqa is; made from:\n\n"
        + _table(("what", "made from", "card, with credits"), rows)
    )
    rows = [(entry["what"], entry["package"], entry["licence"]) for entry in policy["carried"]]
    parts.append("## Models inside packages\n\n" + _table(("model", "package", "licence"), rows))
    return "\n".join(parts)


def _carriers(names: Sequence[str], packages: Sequence[Package]) -> str:
    return ", ".join(each.name for each in packages if set(each.libraries) & set(names))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description="Write or check the list of licences.")
    parser.add_argument("--check", action="store_true", help="check instead of writing")
    options = parser.parse_args(arguments)
    policy, locked = read_policy(root), read_lock(root / LOCK)
    packages = list_packages(policy)
    page = render_page(packages, locked, policy)
    if not options.check:
        (root / PAGE).write_text(page, encoding="utf-8")
    problems = [*problems_of(packages, list(locked), policy), *missing_models(root, policy)]
    if (sys.platform, sys.version_info[:2]) == PAGE_SYSTEM and (root / PAGE).read_text(encoding="utf-8") != page:
        problems.append(f"{PAGE} is old; run `make licences`")
    sys.stdout.writelines(f"{line}\n" for line in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
