"""``callqa doctor``: what is there, what is missing, and what to do next."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import typer

from callqa import wiring
from callqa.cli.console import COULD_NOT_RUN, AppContext, context, in_one_line
from qa_pipeline.engines.registry import EngineState
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.store import schema


def doctor(ctx: typer.Context) -> None:
    """Tell engines, weights, versions and the state of the database, and what to do next."""
    app = context(ctx)
    engines = _engines(app)
    database = _database(app)
    artifacts = _artifacts(app)
    document = {
        "version": version("callqa"),
        "python": platform.python_version(),
        "home": str(app.settings.home),
        "engines": engines,
        "database": database,
        "artifacts": artifacts,
    }
    app.emit(document, lambda: _print(app, document))
    if not (database["ok"] and artifacts["ok"]):
        raise typer.Exit(COULD_NOT_RUN)


def _engines(app: AppContext) -> list[dict[str, Any]]:
    return [_engine(app, state) for state in wiring.engine_states(app.settings)]


def _engine(app: AppContext, state: EngineState) -> dict[str, Any]:
    entry, problem = state.entry, state.problem
    hint = problem.render_hint(app.translate) or problem.render(app.translate) if problem else ""
    return {
        "kind": entry.kind,
        "name": entry.name,
        "version": entry.version,
        "installed": entry.installed,
        "available": problem is None,
        "hint": hint,
    }


def _database(app: AppContext) -> dict[str, Any]:
    address = app.settings.store_url
    try:
        store = app.store()
        with store.reading() as tx:
            return {
                "ok": True,
                "address": store.engine.url.render_as_string(hide_password=True),
                "schema": schema.current_revision(tx.connection),
                "contacts": tx.contacts.count(),
                "hint": "",
            }
    except CallqaError as error:
        return {
            "ok": False,
            "address": address,
            "hint": in_one_line(error, app.translate),
        }


def _artifacts(app: AppContext) -> dict[str, Any]:
    artifacts = wiring.artifacts(app.settings)
    document = {"ok": True, "address": artifacts.where(), "hint": ""}
    try:
        artifacts.check(writing=True)
    except CallqaError as error:
        return document | {"ok": False, "hint": in_one_line(error, app.translate)}
    return document


def _print(app: AppContext, document: dict[str, Any]) -> None:
    app.say("callqa {version}, Python {python}", version=document["version"], python=document["python"])
    app.say(N_("Data folder: {home}"), home=document["home"])
    for engine in document["engines"]:
        mark = "✓" if engine["available"] else "–"
        app.say(
            "{mark} {kind:<11} {name} {version}", mark=mark, **{key: engine[key] for key in ("kind", "name", "version")}
        )
        if engine["hint"]:
            app.say("    {hint}", hint=engine["hint"])
    database = document["database"]
    mark = "✓" if database["ok"] else "✗"
    app.say(N_("{mark} database   {address}"), mark=mark, address=database["address"])
    if database["ok"]:
        app.say(
            N_("    {contacts} contacts, schema {schema}"), contacts=database["contacts"], schema=database["schema"]
        )
    else:
        app.say("    {hint}", hint=database["hint"])
    artifacts = document["artifacts"]
    mark = "✓" if artifacts["ok"] else "✗"
    app.say(N_("{mark} stage outputs {address}"), mark=mark, address=artifacts["address"])
    if not artifacts["ok"]:
        app.say("    {hint}", hint=artifacts["hint"])
