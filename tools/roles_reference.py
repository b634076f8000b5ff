"""Write docs/roles.md from the rules themselves: ``python -m tools.roles_reference > docs/roles.md``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from qa_pipeline.access import GRANTS, Permission, Rows
from qa_pipeline.disclosure import NEEDED, Fact
from qa_pipeline.domain.cycle import StaffRole

HEAD = """# Roles

An account has one role. Each role has some permissions, each on all rows, on those of the `teams` that the account
names, or on the person's `own`; `site` means the account's teams, or all where it names none. Whoever is inspected has
the agent's permissions on their own rows too, whatever the role. What is not in the table is refused. A token carries
some of its owner's permissions, which are its scopes. This page is made by `python -m tools.roles_reference`.

"""
MIDDLE = """
## What is left out of rows that somebody may see

| what | shown to those with |
|---|---|
"""
TAIL = """
A row of somebody else is answered as if it were not there. While a contact is reviewed blind, its reviewer sees neither
the machine's judgement nor who served, in lists, pages and sheets. One's own data (`people.export`) come without the
names of the others who reviewed, rated or decided, and ratings by colleagues as a mean of three or more.
"""
_ROWS: Mapping[Rows, str] = {Rows.ALL: "all", Rows.SITE: "site", Rows.TEAMS: "teams", Rows.OWN: "own"}
_FACTS: Mapping[Fact, str] = {
    Fact.REVIEWER_NAMES: "who has reviewed a contact",
    Fact.QUOTES: "what was said, in reports and results",
    Fact.SERVER_PATHS: "folders and files of the server",
    Fact.RATER_NAMES: "which colleague gave a rating",
    Fact.CUSTOMER_REFERENCE: "how the site calls the customer",
}


def page() -> str:
    """Return the whole page."""
    roles = list(StaffRole)
    lines = [f"| permission | {' | '.join(role.value for role in roles)} |", "|---" * (len(roles) + 1) + "|"]
    for permission in Permission:
        cells = [_ROWS[GRANTS[permission][role]] if role in GRANTS[permission] else "" for role in roles]
        lines.append(f"| `{permission.value}` | {' | '.join(cells)} |")
    facts = []
    for fact, words in _FACTS.items():
        needed = NEEDED[fact]
        facts.append(f"| {words} | {f'`{needed.value}`' if needed else 'nobody'} |")
    return HEAD + "\n".join(lines) + "\n" + MIDDLE + "\n".join(facts) + "\n" + TAIL


if __name__ == "__main__":
    sys.stdout.write(page())
