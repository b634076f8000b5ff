"""``callqa doctor``: what is there, what is missing, and what to do next."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import typer

from callqa import wiring
from callqa.cli.console import COULD_NOT_RUN, AppContext, context, in_one_line
from qa_pipeline.engines.choice import asr_engines_status
from qa_pipeline.engines.registry import entries
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.store import schema


def doctor(ctx: typer.Context) -> None:
    """Tell engines, weights, versions and the state of the database, and what to do next."""
    app = context(ctx)
    engines = _engines(app)
    database = _database(app)
    document = {
        "version": version("callqa"),
        "python": platform.python_version(),
        "home": str(app.settings.home),
        "engines": engines,
        "database": database,
    }
    app.emit(document, lambda: _print(app, document))
    if not database["ok"]:
        raise typer.Exit(COULD_NOT_RUN)


def _engines(app: AppContext) -> list[dict[str, Any]]:
    found = []
    recognisers = {status.name: status for status in asr_engines_status(wiring.asr_options(app.settings))}
    for entry in entries().values():
        status = recognisers.get(entry.name) if entry.kind == "asr" else None
        available = status.available if status else entry.installed
        hint = "" if available else app.translate(N_("Run: {install}")).format(install=entry.install)
        if entry.installed and entry.name == "transformers" and not app.settings.text.sentiment_model:
            available = False
            hint = app.translate(N_("Name a checkpoint with CALLQA_TEXT__SENTIMENT_MODEL to use it."))
        if status and status.hint:
            hint = status.hint.render_hint(app.translate) or status.hint.render(app.translate)
        found.append(
            {
                "kind": entry.kind,
                "name": entry.name,
                "version": entry.version,
                "installed": entry.installed,
                "available": available,
                "hint": hint,
            }
        )
    return found


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


def _print(app: AppContext, document: dict[str, Any]) -> None:
    app.say("callqa {version}, Python {python}", version=document["version"], python=document["python"])
    app.say(N_("Data folder: {home}"), home=document["home"])
    for engine in document["engines"]:
        mark = "✓" if engine["available"] else "–"
        app.say(
            "{mark} {kind:<10} {name} {version}", mark=mark, **{key: engine[key] for key in ("kind", "name", "version")}
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
