"""The lock of this checkout fits pyproject.toml, and the check finds what does not fit."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.installed import FULL, ROOT, Project, find_installed, read_project
from tools.lock import LOCK, astray, main, read_lock, unmet


def project(**requirements: list[str]) -> Project:
    always = requirements.pop("always", [])
    table = {"": always, **requirements}
    return Project(
        name="callqa", requirements={extra: [Requirement(text) for text in texts] for extra, texts in table.items()}
    )


def test_this_lock_holds_every_dependency_and_extra() -> None:
    asked = read_project()
    assert list(unmet(asked, read_lock(ROOT / LOCK))) == []
    # `make test` installs the extra that holds all others; itself it is held by none.
    held = {extra for each in asked.requirements[FULL] if each.name == asked.name for extra in each.extras}
    assert held == set(asked.requirements) - {"", FULL}


def test_this_lock_names_no_place() -> None:
    text = (ROOT / LOCK).read_text(encoding="utf-8")
    assert not any(mark in text for mark in ("://", "--index", "--find-links", "--hash", " @ ", "+cpu"))


def test_what_is_missing_or_too_old_is_named() -> None:
    asked = project(always=["numpy>=2", "httpx2"], ray=["ray>=3"], dev=["callqa[ray]"])
    locked = {"numpy": Version("1.26.4"), "httpx2": Version("2.12")}
    assert list(unmet(asked, locked)) == [
        "pyproject.toml: numpy>=2: constraints.txt has 1.26.4; run `make lock`",
        "pyproject.toml [ray]: ray>=3: not in constraints.txt; run `make lock`",
    ]


def test_installed_packages_that_stray_from_the_lock_are_named() -> None:
    here = distribution("packaging")
    installed = {"gone": None, "packaging": here, "pytest": distribution("pytest")}
    assert list(astray(installed, {"packaging": Version("1.0")})) == [
        "gone: not installed; run `make .venv/.full`",
        f"packaging {here.version}: constraints.txt has 1.0; run `make .venv/.full`",
        f"pytest {distribution('pytest').version}: not in constraints.txt; run `make lock`",
    ]
    # A build of one's own (2.13.0+cpu) is the locked version.
    assert list(astray({"packaging": here}, {"packaging": Version(f"{here.version}+own")})) == []


def test_dependencies_of_dependencies_are_followed_and_extras_too() -> None:
    asked = project(always=["jinja2"], db=["sqlalchemy[nosuch]", "no-such-package"], dev=["callqa[db]"])
    found = find_installed(asked, "dev")
    # jinja2 needs markupsafe; sqlalchemy needs typing-extensions.
    assert {"jinja2", "markupsafe", "sqlalchemy", "typing-extensions", "no-such-package"} <= found.keys()
    assert found["no-such-package"] is None
    assert find_installed(asked).keys() == {"jinja2", "markupsafe"}


@pytest.mark.parametrize(
    "line", ["numpy>=2", "numpy==2.*,<3", "numpy @ https://example.com/numpy.whl", "numpy==2\nNumPy==3"]
)
def test_a_lock_holds_exact_versions_once(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / LOCK).write_text(line + "\n", encoding="utf-8")
    assert main([], root=tmp_path) == 1
    assert "not one exact version of numpy" in capsys.readouterr().out
