"""With which accounts the pages can be used: a line for whoever starts the server."""

from __future__ import annotations

from callqa.cli.console import AppContext
from callqa.demo.accounts import find_accounts_file
from qa_pipeline.errors import N_


def tell_accounts(here: AppContext) -> None:
    """Say how to make the first account where there is none, and where those of a demo stand."""
    with here.store().reading() as tx:
        has_accounts = bool(tx.users.list())
    file = find_accounts_file(here.settings.home)
    if not has_accounts:
        here.say(
            N_("There are no accounts yet; make the first: callqa users add LOGIN --role administrator --home {home}"),
            home=here.settings.home,
        )
    elif file is not None:
        here.say(N_("The accounts of the demo stand in {file}."), file=file)
