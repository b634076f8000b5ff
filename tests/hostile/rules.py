"""Rule files: scorecards, templates, lexicons, awards, mappings, settings that are broken, endless or want to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.hostile.case import USAGE, Case, Verdict, each_alone, judge, run_command, write_all

KIND = "rules"
# How each kind of rule file is checked, the error that it must name, and a sound document that is spoiled.
CHECKS = {
    "scorecard": (("scorecards", "check"), "ScorecardError"),
    "template": (("templates", "check"), "TemplateError"),
    "awards": (("awards", "check"), "TemplateError"),
    "lexicon": (("lexicon", "check"), "LexiconError"),
}


def drive(folder: Path) -> Iterator[Verdict]:
    """Check every file."""
    for kind, (words, error) in CHECKS.items():
        names = list(_texts())
        # Every kind reads YAML by the same reader: all of it for the scorecards, each third of it for the others.
        chosen = names if kind == "scorecard" else names[len(kind) % 3 :: 3]
        found = [Case(name=f"{kind}-{name}.yaml", content=_texts()[name], error=error) for name in chosen]
        yield from _checked(found, folder, words)
    yield from _mappings(folder / "mappings")
    yield from _settings(folder / "homes")


def _checked(cases: list[Case], folder: Path, words: tuple[str, ...]) -> Iterator[Verdict]:
    """Check the files by one command where it takes several, else one after the other."""
    paths = write_all(cases, folder / words[0])
    groups = [[path] for path in paths] if words[0] == "lexicon" else [paths]
    by_name = {case.name: case for case in cases}
    for group in groups:
        printed = run_command(*words, *group)
        document = printed.document
        documents = document.get("scorecards") or document.get("templates") or document.get("files") or [document]
        told = {Path(str(each.get("file", ""))).name: each.get("errors") for each in documents}
        for path in group:
            case = by_name[path.name]
            if printed.crash or printed.code != USAGE:
                yield Verdict(case, printed.crash or f"exit code {printed.code}: {document}", bool(printed.crash))
                continue
            yield judge(case, next(iter(told.get(path.name) or ()), None), path.name)


def _texts() -> dict[str, bytes]:
    """Texts that are no sound YAML, or YAML of no sound document, whatever it should describe."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    merged = "a0: &a0 {k0: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    texts = {
        "empty": "",
        "comment": "# nothing\n",
        "open-list": "a: [1, 2\n",
        "open-quote": 'a: "never closed\n',
        "open-group": "a: {b: 1\n",
        "tab": "a:\n\tb: 1\n",
        "indentation": "a: 1\n   b: 2\n",
        "colon": "a: b: c\n",
        "two-documents": "a: 1\n---\nb: 2\n",
        "directive": "%YAML 9.9\n%FOO\n---\na: 1\n",
        "no-anchor": "a: *b\n",
        "itself": "a: &a [*a]\n",
        "itself-deeper": "a: &a {b: {c: [1, *a]}}\n",
        "bomb": bomb,
        "merged-bomb": merged,
        "merge-of-text": "a:\n  <<: text\n",
        "deep-list": "a: " + "[" * 5000 + "]" * 5000,
        "deep-group": "{a: " * 5000 + "1" + "}" * 5000,
        "deep-dashes": "- " * 5000 + "1",
        "python-object": "!!python/object/apply:os.system ['echo hello']\n",
        "python-name": "a: !!python/name:os.system\n",
        "python-module": "a: !!python/module:os\n",
        "python-tuple": "a: !!python/tuple [1, 2]\n",
        "own-tag": "a: !boom 1\n",
        "no-int": "a: !!int many\n",
        "no-float": "a: !!float many\n",
        "no-bool": "a: !!bool perhaps\n",
        "no-binary": "a: !!binary '*'\n",
        "no-day": "a: 2026-02-30\n",
        "no-month": "a: 2026-13-01 00:00:00\n",
        "year-0": "a: 0000-01-01\n",
        "zone-of-99-hours": "a: 2026-01-01T00:00:00+99:00\n",
        "no-timestamp": "a: !!timestamp soon\n",
        "long-number": "a: " + "9" * 10_000 + "\n",
        "long-hex": "a: 0x" + "f" * 10_000 + "\n",
        "sixties": "a: " + "59:" * 500 + "59\n",
        "set-of-list": "a: !!set [1]\n",
        "list-as-key": "? [a, b]\n: 1\n",
        "group-as-key": "? {a: b}\n: 1\n",
        "null-key": "~: 1\nnull: 2\n",
        "nan-key": ".nan: 1\n",
        "number-keys": "1: a\n2: b\n",
        "a-list": "- 1\n- 2\n",
        "a-text": "hello\n",
        "a-number": "1e999\n",
        "null": "null\n",
        "json": '{"error": "not found"}',
        "half-a-pair": 'id: "\\ud800"\nversion: 1\n',
        "nul": 'id: "a\\0b"\nversion: 1\n',
        "nul-itself": "id: a\0b\n",
        "control": "id: a\x07b\n",
    }
    contents = {name: text.encode() for name, text in texts.items()}
    contents |= {
        "utf-16": "id: a\n".encode("utf-16"),
        "latin": "id: caf\xe9\n".encode("latin-1"),
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "zeros": bytes(300),
    }
    return contents


def _mappings(folder: Path) -> Iterator[Verdict]:
    """Mappings of columns: of indicators, of reviews, of tables of people."""
    folder.mkdir(parents=True)
    table = folder / "table.csv"
    table.write_text("agent,month,mark,contact,reviewer\nA01,2026-10,4,call,li\n", encoding="utf-8")
    texts = {
        "no-columns": "schema: 1\n",
        "columns-as-list": "schema: 1\ncolumns: [agent]\n",
        "columns-as-text": "schema: 1\ncolumns: agent\n",
        "no-such-column": "schema: 1\ncolumns: {nowhere: agent}\n",
        "no-such-field": "schema: 1\ncolumns: {agent: no_such_field}\n",
        "schema-99": "schema: 99\ncolumns: {agent: agent}\n",
        "unknown-key": "schema: 1\ncolumns: {agent: agent}\nrun: rm\n",
        "number-as-field": "schema: 1\ncolumns: {agent: 7}\n",
        "nothing-as-field": "schema: 1\ncolumns: {agent: }\n",
        "list-as-field": "schema: 1\ncolumns: {agent: [agent, month]}\n",
        "key-twice": "schema: 1\ncolumns: {agent: agent, agent: agent}\n",
    }
    generic = _texts()
    contents = {name: text.encode() for name, text in texts.items()} | {
        name: generic[name] for name in ("bomb", "itself", "python-object", "no-day", "utf-16", "empty", "deep-list")
    }
    for name, content in contents.items():
        yield from _mapping(folder / f"kpi-{name}.yaml", content, "kpi", "import", table)
        yield from _mapping(folder / f"reviews-{name}.yaml", content, "reviews", "import", table)
        if name != "key-twice":
            panel = ("risk", "validate", table, "--kind", "panel")
            yield from _mapping(folder / f"risk-{name}.yaml", content, *panel)


def _mapping(path: Path, content: bytes, *words: str | Path) -> Iterator[Verdict]:
    case = Case(name=path.name, content=content, error="MappingError")
    yield from each_alone([case], path.parent, *map(str, words), "--mapping", code=USAGE)


def _settings(folder: Path) -> Iterator[Verdict]:
    """The settings file of a home folder."""
    texts = {
        "no-toml": "a = = 1\n",
        "open": 'lang = "zh\n',
        "twice": 'lang = "zh"\nlang = "en"\n',
        "unknown": 'colour = "red"\n',
        "unknown-part": "[kitchen]\nsink = 1\n",
        "zone": 'time_zone = "Mars/Olympus"\n',
        "workers": "[batch]\nworkers = -1\n",
        "workers-as-text": '[batch]\nworkers = "many"\n',
        "nan": "[audio]\nmax_duration_s = nan\n",
        "negative": "[audio]\nmax_duration_s = -1\n",
        "text-as-part": 'audio = "loud"\n',
        "list-as-part": "[[batch]]\nworkers = 1\n",
        "too-long-a-number": "[batch]\nworkers = 1" + "0" * 5000 + "\n",
        "deep": "a = " + "[" * 5000 + "]" * 5000 + "\n",
        "control": 'lang = "z\x07h"\n',
    }
    contents = {name: text.encode() for name, text in texts.items()}
    contents |= {"utf-16": 'lang = "zh"\n'.encode("utf-16"), "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256))}
    for name, content in contents.items():
        home = folder / name
        home.mkdir(parents=True)
        (home / "callqa.toml").write_bytes(content)
        printed = run_command("scorecards", "list", "--home", home)
        case = Case(name=f"callqa.toml {name}", content=content, error="ConfigurationError")
        if printed.crash or printed.code != USAGE:
            yield Verdict(case, printed.crash or f"exit code {printed.code}: {printed.document}", bool(printed.crash))
        else:
            yield judge(case, printed.document.get("error"), "callqa.toml")
