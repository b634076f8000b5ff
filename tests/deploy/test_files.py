"""The files under deploy/: every option, setting and path that they name exists; what reads them finds no fault."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from callqa.cli.main import make_app
from callqa.settings import Settings, _variables

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
UNITS = ("callqa.service", "callqa-work.service")


def check_command(words: list[str]) -> None:
    """Check that a command line of callqa names a command and options that there are."""
    words = [word for word in words if not word.startswith("--home")]
    command: Any = get_command(make_app())
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), words
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, word


def check_setting(variable: str) -> None:
    assert variable.removeprefix("CALLQA_") in set(_variables(Settings)), variable


def unit(name: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(DEPLOY / name)
    return parsed


@pytest.mark.parametrize("name", UNITS)
def test_units_start_what_there_is(name: str) -> None:
    service = unit(name)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/callqa/bin/callqa"
    check_command(words)
    for pair in shlex.split(service["Environment"]):
        if not pair.startswith("CALLQA_HOME="):
            check_setting(pair.partition("=")[0])
    # Running requests have 20 s by default; systemd must not kill before.
    assert int(service["TimeoutStopSec"]) > Settings.model_fields["service"].default.stop_seconds
    assert service["User"] == "callqa"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_no_fault(name: str, tmp_path: Path) -> None:
    copy = tmp_path / name
    copy.write_text((DEPLOY / name).read_text().replace("/opt/callqa/bin/callqa", shutil.which("true") or ""))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def test_the_container_copies_and_runs_what_there_is() -> None:
    found = instructions()
    for word, rest in found:
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    packages = {rest.split()[0] for word, rest in found if word == "COPY" and rest.split()[0] == rest.split()[-1]}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    assert packages == set(contracts)
    check_command(yaml.safe_load(dict(found)["CMD"]))
    assert dict(found)["USER"] == "callqa"
    assert "/api/v1/health" in dict(found)["HEALTHCHECK"]
    extras = re.search(r'"\.\[([\w,]+)\]"', " ".join(rest for word, rest in found if word == "RUN"))
    assert extras
    there = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras[1].split(",")) <= set(there)


def test_compose_names_settings_networks_and_files_that_there_are() -> None:
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = document["services"]
    for name, service in services.items():
        for network in service.get("networks", ()):
            assert network in document["networks"]
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith("./") else source in document["volumes"]
        for needed in service.get("depends_on", ()):
            assert needed in services
        if service.get("image") == "callqa":
            for variable in service["environment"]:
                check_setting(variable)
            assert service["read_only"], name
            if "command" in service:
                check_command(list(service["command"]))
    assert (DEPLOY / document["x-callqa"]["build"]["context"] / "deploy" / "Containerfile").is_file()
    # Only the proxy can be reached from outside.
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_proxies_pass_on_what_the_server_needs() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text()
    for header in ("Host $host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme"):
        assert f"proxy_set_header {header};" in nginx
    assert "proxy_buffering off;" in nginx
    assert nginx.count("{") == nginx.count("}")
    assert "reverse_proxy server:8000" in (DEPLOY / "Caddyfile").read_text()


def test_commands_of_the_page_are_there() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    blocks = "".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL))
    commands = re.findall(r"^callqa (.+?)(?:\s+#.*)?$", blocks, re.MULTILINE)
    commands += re.findall(r"`callqa (\w[^`\n]*)`", text)
    assert len(commands) > 8
    for command in commands:
        check_command(shlex.split(command))
    for setting in re.findall(r"`service\.(\w+)`", text):
        check_setting(f"CALLQA_SERVICE__{setting.upper()}")
    for path in re.findall(r"`?(deploy/[\w.-]+\w)", text):
        assert (ROOT / path).exists(), path
