"""The licence check finds what may not come in; this checkout has an entry for all that it ships."""

from __future__ import annotations

import shutil
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest

from tools.installed import ROOT
from tools.licences import Package, find_licence, is_allowed, list_packages, missing_models, problems_of, read_policy


class Installed(Distribution):
    """A package as its METADATA tells it."""

    def __init__(self, **headers: str | list[str]) -> None:
        self.message = Message()
        for name, value in headers.items():
            for each in value if isinstance(value, list) else [value]:
                self.message[name.replace("_", "-")] = each

    @property
    def metadata(self) -> Any:
        return self.message

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


POLICY: dict[str, Any] = {
    "allowed": ["MIT", "BSD-3-Clause"],
    "exceptions": {"pebble": {"licence": "LGPL-3.0-only", "reason": "replaceable"}},
    "read": {},
    "elsewhere": {"colorama": {"licence": "BSD-3-Clause", "where": "Windows"}},
    "cuda": {"names": ["cuda-toolkit"], "prefix": "nvidia-", "licence": "NVIDIA"},
    "libraries": {"LGPL-2.1-or-later": {"names": ["libsndfile"], "reason": "replaceable"}},
}


def package(name: str, licence: str | None, *libraries: str) -> Package:
    return Package(name=name, version="1", licence=licence, light=True, libraries=libraries)


def test_licences_that_are_unknown_not_allowed_or_changed_are_named() -> None:
    packages = [
        package("good", "MIT", "libsndfile"),
        package("choice", "GPL-3.0-only OR MIT"),
        package("both", "GPL-3.0-only AND MIT"),
        package("silent", None),
        package("pebble", "AGPL-3.0-only"),
        package("carrier", "MIT", "libsurprise"),
    ]
    locked = [each.name for each in packages] + ["colorama", "cuda-toolkit", "nvidia-cublas", "stranger"]
    assert list(problems_of(packages, locked, POLICY)) == [
        "both: GPL-3.0-only AND MIT is not allowed by tools/licences.toml",
        "silent: its metadata names no clear licence; read it and add it to [read] of tools/licences.toml",
        "pebble: AGPL-3.0-only, but tools/licences.toml excepts LGPL-3.0-only",
        "carrier: carries libsurprise, whose licence tools/licences.toml does not name",
        "stranger: locked for other systems, but its licence is not in [elsewhere] of tools/licences.toml",
    ]


def test_entries_that_nobody_needs_and_copyleft_without_a_reason_are_named() -> None:
    policy = {**POLICY, "libraries": {"GPL-2.0-or-later": {"names": ["libx264"]}}}
    assert list(problems_of([package("good", "MIT")], ["good", "colorama"], policy)) == [
        "tools/licences.toml: GPL-2.0-or-later of libx264 is not allowed and has no reason",
        "tools/licences.toml: [exceptions] names pebble, which is not locked",
    ]


@pytest.mark.parametrize(
    ("headers", "licence"),
    [
        ({"License_Expression": "MIT AND PSF-2.0", "License": "BSD"}, "MIT AND PSF-2.0"),
        ({"License": "MIT license"}, "MIT"),
        ({"License": "BSD 3-Clause License\n\nCopyright (c) 2022"}, "BSD-3-Clause"),
        ({"License": "UNKNOWN", "Classifier": ["License :: OSI Approved :: ISC License (ISCL)"]}, "ISC"),
        ({"Classifier": ["License :: OSI Approved :: MIT License", "Topic :: Text"]}, "MIT"),
        # Which BSD licence, which LGPL, or which of two: nobody can tell.
        ({"License": "BSD", "Classifier": ["License :: OSI Approved :: BSD License"]}, None),
        ({"License": "LGPL"}, None),
        (
            {
                "Classifier": [
                    "License :: OSI Approved :: MIT License",
                    "License :: OSI Approved :: Apache Software License",
                ]
            },
            None,
        ),
        ({}, None),
    ],
)
def test_a_licence_is_told_only_where_the_metadata_are_clear(headers: dict[str, Any], licence: str | None) -> None:
    assert find_licence(Installed(Name="some-package", **headers), read_policy()) == licence


def test_a_part_of_and_must_be_allowed_and_one_of_or() -> None:
    allowed = ["MIT", "Apache-2.0 WITH LLVM-exception"]
    assert is_allowed("MIT AND Apache-2.0 WITH LLVM-exception", allowed)
    assert is_allowed("GPL-2.0-only OR (MIT AND MIT)", allowed)
    assert not is_allowed("MIT AND Apache-2.0", allowed)


def test_this_installation_holds_nothing_that_is_not_allowed() -> None:
    policy = read_policy()
    packages = list_packages(policy)
    # Whether all that is locked is there, `make check` looks at; here it may be more or less.
    here = [each.name for each in packages]
    found = [line for line in problems_of(packages, here, policy) if not line.startswith("tools/licences.toml: [")]
    assert found == []
    libraries = {library for each in packages for library in each.libraries}
    assert "GPL-2.0-or-later" in policy["libraries"]
    assert {"libgfortran", "libavcodec"} <= libraries


def test_every_shipped_model_names_its_data_and_its_card(tmp_path: Path) -> None:
    policy = read_policy()
    assert list(missing_models(ROOT, policy)) == []
    for entry in policy["shipped"]:
        (tmp_path / entry["path"]).mkdir(parents=True)
    shutil.copytree(ROOT / "models/cards", tmp_path / "models/cards")
    (tmp_path / "models/cards/abuse-zh.md").unlink()
    (tmp_path / "models/text/shipped/new-zh").mkdir()
    assert list(missing_models(tmp_path, policy)) == [
        "models/text/shipped/new-zh: [[shipped]] of tools/licences.toml does not name its data",
        "tools/licences.toml: there is no models/cards/abuse-zh.md",
    ]
