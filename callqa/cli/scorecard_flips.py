"""``callqa scorecards flips``: whether a card says the same of the same conversation in other words."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.scorecard_sample import (
    CardName,
    Limit,
    On,
    card_named,
    left_out_document,
    print_left_out,
    refuse_empty,
    sample_of,
    share_document,
)
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import NONE, OUTCOMES, label
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.flips import CriterionFlips, Flips, VariationFlips, measure_flips
from qa_pipeline.vocabulary.variations import Variation

_NAMES = {
    Variation.HOMOPHONE: N_("homophones"),
    Variation.PARAPHRASE: N_("paraphrases"),
    Variation.FILLER: N_("hesitations"),
    Variation.PARTICLE: N_("particles"),
    Variation.PUNCTUATION: N_("punctuation"),
    Variation.TRADITIONAL: N_("traditional characters"),
    Variation.DIGITS: N_("numbers in words"),
    Variation.CASE: N_("capitals and full width"),
}
_TEXT_MAX = 60


class Whose(StrEnum):
    """Whose words are edited."""

    AGENT = "agent"
    CUSTOMER = "customer"
    ANY = "any"


def flips(
    ctx: typer.Context,
    card: CardName,
    on: On = None,
    kind: Annotated[
        list[Variation] | None, typer.Option(help="Kind of edit; may be repeated; all when left out.")
    ] = None,
    role: Annotated[Whose, typer.Option(help="Whose words are edited.")] = Whose.AGENT,
    seed: Annotated[int, typer.Option(help="Chooses the edits.")] = 0,
    limit: Limit = None,
) -> None:
    """How often outcomes change when words change and the meaning does not: less is better."""
    app = context(ctx)
    tried = card_named(app, card)
    found = measure_flips(
        sample_of(app, on, tried),
        tried,
        wiring.text_engines(app.settings, judge=False),  # every edit would be a request of its own
        variations=tuple(dict.fromkeys(kind)) if kind else tuple(Variation),
        role=role.value,
        seed=seed,
        limit=limit,
    )
    refuse_empty(found.n, found.left_out)
    app.emit(_document(app, found), lambda: _print(app, found))


def _document(app: AppContext, found: Flips) -> dict[str, Any]:
    return {
        "scorecard": found.card.key,
        "n": found.n,
        "seed": found.seed,
        "left_out": left_out_document(app, found.left_out),
        "variations": {kind.value: _variation_document(entry) for kind, entry in found.variations.items()},
    }


def _variation_document(entry: VariationFlips) -> dict[str, Any]:
    return {
        "n": entry.n,
        "flip_rate": share_document(entry.overall),
        "pass_flip_rate": share_document(entry.verdict),
        "criteria": {name: _criterion_document(counts) for name, counts in entry.criteria.items()},
    }


def _criterion_document(counts: CriterionFlips) -> dict[str, Any]:
    return {
        "flip_rate": share_document(counts.rate),
        "changed": counts.changed,
        "opposed": counts.opposed,
        "examples": [
            {
                "contact": example.contact_id,
                "before": example.before.value,
                "after": example.after.value,
                "said": example.said,
                "edited": example.edited,
            }
            for example in counts.examples
        ],
    }


def _print(app: AppContext, found: Flips) -> None:
    app.say(N_("{card}: outcomes that change with the wording, of {n} contacts"), card=found.card.key, n=found.n)
    print_left_out(app, found.left_out)
    table = app.table(("", N_("Contacts"), N_("Judgements (95 %)"), N_("Pass or fail (95 %)")), box=SIMPLE_HEAD)
    for kind, entry in found.variations.items():
        table.add_row(app.translate(_NAMES[kind]), str(entry.n), _share(entry.overall), _share(entry.verdict))
    out.print(table)
    for kind, entry in found.variations.items():
        for counts in sorted(entry.criteria.values(), key=lambda counts: -counts.changed):
            if counts.changed:
                _print_criterion(app, kind, counts)


def _print_criterion(app: AppContext, kind: Variation, counts: CriterionFlips) -> None:
    app.say(
        N_("{kind}, {criterion}: {share}, {opposed} of them from one judgement to another"),
        kind=app.translate(_NAMES[kind]),
        criterion=counts.criterion_id,
        share=_share(counts.rate),
        opposed=counts.opposed,
    )
    for example in counts.examples:
        before, after = (label(OUTCOMES, one.value, app.translate) for one in (example.before, example.after))
        out.print(f"    {example.contact_id}  {before} → {after}")
        out.print(f"      “{_cut(example.said)}” → “{_cut(example.edited)}”")


def _share(share: Share) -> str:
    if share.value is None:
        return NONE
    low, high = share.ci95
    return f"{100 * share.value:.1f}% ({100 * low:.1f}–{100 * high:.1f})"


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else text[:_TEXT_MAX] + "…"
