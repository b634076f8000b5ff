"""How the agreement on a criterion is shown, from a table of ratings and from the store's reviews alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from callqa.cli.console import AppContext, out
from qa_pipeline.appraisal.agreement import Agreement, Coefficient
from qa_pipeline.appraisal.criterion_agreement import CriterionAgreement, Gate
from qa_pipeline.errors import N_

_GATES = {
    Gate.OPEN: N_("the machine may score alone"),
    Gate.CLOSED: N_("a person must look: the machine agrees less with people than they do among themselves"),
    Gate.TOO_FEW: N_("not yet known, a person must look: {missing} more contacts must be rated by two people"),
    Gate.UNDEFINED: N_("not known, a person must look: where all are given one outcome, nothing tells raters apart"),
}
_COEFFICIENTS = ("raw", "alpha", "kappa", "ac")


def criterion_document(each: CriterionAgreement) -> dict[str, Any]:
    """Return the agreement on one criterion as a JSON document."""
    return {
        "id": each.criterion,
        "contacts": each.contacts,
        "abstained": each.abstained,
        "people": agreement_document(each.people),
        "machine": agreement_document(each.machine),
        "gate": each.gate.value,
        "missing": each.missing,
    }


def agreement_document(measured: Agreement | None) -> dict[str, Any] | None:
    """Return the coefficients with their intervals, None where nothing was rated twice."""
    if measured is None:
        return None
    figures = {"raw": measured.raw, "alpha": measured.alpha, "kappa": measured.kappa, "ac": measured.ac}
    return {"n": measured.units} | {name: _coefficient(figure) for name, figure in figures.items()}


def print_criterion(here: AppContext, heading: str, each: CriterionAgreement) -> None:
    """Print the agreement on one criterion and what the gate says."""
    out.print(f"\n{heading}", style="bold")
    print_agreement(here, N_("people"), each.people)
    print_agreement(here, N_("machine"), each.machine)
    out.print(f"  {here.translate(_GATES[each.gate]).format(missing=each.missing)}")


def print_agreement(here: AppContext, label: str, measured: Agreement | None) -> None:
    """Print one line of coefficients, or nothing where nothing was rated twice."""
    figures = agreement_document(measured)
    if figures is not None:
        shown = "  ".join(f"{name} {_shown(figures[name])}" for name in _COEFFICIENTS)
        out.print(f"  {here.translate(label)} n = {figures['n']}  {shown}", highlight=False)


def _coefficient(figure: Coefficient) -> dict[str, Any]:
    known = not math.isnan(figure.value)
    return {"value": figure.value if known else None, "ci95": list(figure.ci95) if known else None}


def _shown(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    return "{:.2f} [{:.2f}, {:.2f}]".format(figure["value"], *figure["ci95"])
