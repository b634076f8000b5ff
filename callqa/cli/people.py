"""``callqa people``: everything about one person in a file, and erasing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import site_wiring, wiring
from callqa.cli.audited import system_user
from callqa.cli.console import AppContext, context
from callqa.cli.cycle import now
from callqa.cli.options import ByOption, ReasonOption
from qa_pipeline.domain.audit import Event
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.services import people as service
from qa_pipeline.services.people import Erasure
from qa_pipeline.services.retention import Doer

app = typer.Typer(name="people", no_args_is_help=True, help="One person's data: export, erase.")
Person = Annotated[str | None, typer.Argument(metavar="AGENT", help="Id of the agent, or a login.")]
Customer = Annotated[str | None, typer.Option("--customer", help="Reference of a customer, in place of AGENT.")]


@app.command()
def export(
    ctx: typer.Context,
    person: Person = None,
    customer: Customer = None,
    output: Annotated[Path, typer.Option("--out", help="The .zip file to write.")] = Path("person.zip"),
) -> None:
    """Write everything that is kept about an agent or a customer to a file."""
    here = context(ctx)
    kind, subject = _subject(person, customer)
    write = service.export_customer if kind == "customer" else service.export_agent
    artifacts = wiring.artifacts(here.settings)
    counts = write(here.store(), artifacts, subject, output, now=now(), language=here.settings.lang)
    about = service.audited_subject(kind, subject)
    here.record(Event(actor=system_user(), role="", action="people.export", subject=about, details={"via": "cli"}))
    rows = sum(counts.values())
    here.emit(
        {"file": str(output), "counts": dict(counts)},
        lambda: here.say(N_("{file}: {count} rows."), file=output, count=rows),
    )


@app.command()
def erase(
    ctx: typer.Context,
    by: ByOption,
    reason: ReasonOption,
    person: Person = None,
    customer: Customer = None,
    contacts: Annotated[bool, typer.Option("--contacts", help="Delete the customer's contacts too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only what would change is shown.")] = False,
) -> None:
    """Put a pseudonym for a person everywhere; it cannot be undone. A legal hold refuses it."""
    here = context(ctx)
    kind, subject = _subject(person, customer)
    terms = site_wiring.retention_terms(here.settings, now())
    doer = Doer(name=by, role="", via="cli")
    if kind == "customer":
        found = service.erase_customer(
            here.store(), subject, terms, doer, reason=reason, contacts=contacts, dry_run=not yes
        )
    elif contacts:
        raise ConfigurationError(
            N_("Only the contacts of a customer are deleted with the person."),
            hint=N_("Contacts of an agent go by the retention rules: `callqa retention`."),
            field="contacts",
        )
    else:
        found = service.erase_agent(here.store(), subject, terms, doer, reason=reason, dry_run=not yes)
    document = {"done": yes, "rows": dict(found.rows), "contacts_deleted": found.contacts}
    here.emit(document, lambda: _print_erasure(here, found, done=yes))


def _subject(person: str | None, customer: str | None) -> tuple[str, str]:
    if (person is None) == (customer is None):
        raise ConfigurationError(
            N_("Name either an agent or a customer."),
            hint=N_("Give the id of the agent, or --customer REFERENCE."),
            field="person",
        )
    return ("agent", person) if person is not None else ("customer", str(customer))


def _print_erasure(here: AppContext, found: Erasure, *, done: bool) -> None:
    for name, count in found.rows.items():
        here.say(N_("  {name}: {count}"), name=name, count=count)
    if found.contacts:
        line = N_("{count} contacts are deleted.") if done else N_("{count} contacts would be deleted.")
        here.say(line, count=found.contacts)
    rows: Any = sum(found.rows.values())
    if done:
        here.say(N_("Erased: {count} rows changed."), count=rows)
    else:
        here.say(N_("{count} rows would change. Nothing is changed yet: add --yes to do it."), count=rows)
