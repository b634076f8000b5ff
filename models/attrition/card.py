"""The card of a site's risk model: what it is for and not for, what it learned from, and how it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from models.attrition.drift import ClosedMonth, Gate, GateState, gate
from models.attrition.risk_model import HORIZONS_MONTHS, RiskModel
from models.attrition.signals import GROUPS
from qa_pipeline.errors import N_

Translate = Callable[[str], str]
_STATES = {
    GateState.OPEN: N_("Within .8 to 1.25: results are shown."),
    GateState.HIDDEN: N_("Outside .8 to 1.25: results are hidden until the model is fitted again."),
    GateState.TOO_FEW_MONTHS: N_("Fewer than six closed months: nothing can be said of it yet."),
}
_LIMITS = (
    N_("For support alone: offering talks, easing workload. No pay, discipline, roster, promotion or dismissal by it."),
    N_("Reasons say with what a higher risk is associated. They are no causes, and nobody is certain to leave."),
    N_("Age, sex, family, health, union, origin, belief, private messages and emotion are no inputs."),
    N_("Exits come in waves, so a single month says little; the sum of six closed months counts."),
    N_("Learned from this site alone: it says nothing of another one."),
)


def render_card(model: RiskModel, translate: Translate) -> str:
    """Return the card as Markdown in the reader's language."""
    lines = [
        f"# {translate(N_('Model card: attrition risk'))} {model.version}",
        "",
        *_learned(model, translate),
        "",
        f"## {translate(N_('Method'))}",
        "",
        translate(N_("Discrete-time logistic hazard with L2 penalty; no weights of classes, no resampling.")),
        "",
        *_horizons(model, translate),
        "",
        f"## {translate(N_('Inputs'))}",
        "",
        *_inputs(model, translate),
        "",
        f"## {translate(N_('Predicted and observed exits'))}",
        "",
        *_closed(model.closed, translate),
        "",
        f"## {translate(N_('Use and limits'))}",
        "",
        *(f"- {translate(limit)}" for limit in _LIMITS),
    ]
    return "\n".join(lines) + "\n"


def _learned(model: RiskModel, translate: Translate) -> Iterator[str]:
    of = model.learned_from
    yield translate(
        N_("Learned from {people} people, {rows} person-months and {exits} exits of their own will, {first} to {last}.")
    ).format(people=of.people, rows=of.rows, exits=of.exits, first=_month(of.first_month), last=_month(of.last_month))


def _horizons(model: RiskModel, translate: Translate) -> Iterator[str]:
    headings = (N_("Months ahead"), N_("person-months"), N_("of them followed by an exit"), "C", N_("predicts"))
    yield from _table_head([translate(heading) for heading in headings])
    for horizon in HORIZONS_MONTHS:
        hazard, compared = model.hazards[horizon], model.comparisons.get(horizon)
        told = translate(N_("boosted trees")) if horizon in model.boosted else translate(N_("hazard model"))
        if compared is not None:
            low, high = compared.ci95
            against = translate(N_("log loss of trees minus hazard {difference} [{low}, {high}], {months} months"))
            told += ": " + against.format(
                difference=f"{compared.difference:.5f}", low=f"{low:.5f}", high=f"{high:.5f}", months=compared.months
            )
        yield _row(horizon, hazard.rows, hazard.exits, f"{hazard.strength:g}", told)


def _inputs(model: RiskModel, translate: Translate) -> Iterator[str]:
    by_group: dict[str, list[str]] = {}
    for feature in model.inputs:
        by_group.setdefault(model.groups[feature], []).append(f"`{feature}`")
    for group, features in by_group.items():
        title = translate(GROUPS[group]) if group in GROUPS else group  # a mapping of one's own may name others
        yield f"- {title}: {', '.join(features)}"


def _closed(closed: tuple[ClosedMonth, ...], translate: Translate) -> Iterator[str]:
    yield translate(N_("Each month predicted one month ahead by a model that had not seen it."))
    yield ""
    yield from _table_head([translate(heading) for heading in (N_("Month"), N_("predicted"), N_("observed"))])
    for one in closed:
        yield _row(_month(one.month), f"{one.predicted:.1f}", one.observed)
    yield ""
    found = gate(closed)
    yield f"{_ratio(found, translate)} {translate(_STATES[found.state])}"


def _ratio(found: Gate, translate: Translate) -> str:
    if found.ratio is None or found.ci95 is None:
        return translate(N_("Predicted over observed exits: none were observed."))
    return translate(N_("Predicted over observed exits of the last {months} months: {ratio} [{low}, {high}].")).format(
        months=found.months, ratio=f"{found.ratio:.2f}", low=f"{found.ci95[0]:.2f}", high=f"{found.ci95[1]:.2f}"
    )


def _table_head(headings: list[str]) -> Iterator[str]:
    yield _row(*headings)
    yield _row(*("---" for _ in headings))


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
