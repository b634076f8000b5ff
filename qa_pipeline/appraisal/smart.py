"""Whether each item of a template is specific, measurable, attainable, relevant and time-bound.

(G. T. Doran, Management Review 70, 1981, p. 35.) What a file says decides about the specific, the relevant and the
time-bound, the indicator's definition about the measurable; whether there is data at all and whether the target tells
anybody apart is seen in evaluations of past months only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qa_pipeline.appraisal.balance import MIN_AGENTS, find_tallies
from qa_pipeline.domain.performance import Evaluation, KpiDefinition, Template, TemplateItem
from qa_pipeline.errors import N_, TemplateError
from qa_pipeline.resources import Document
from qa_pipeline.resources.schema import located

SPECIFIC, MEASURABLE, ATTAINABLE, RELEVANT, TIME_BOUND = LETTERS = (
    "specific",
    "measurable",
    "attainable",
    "relevant",
    "time_bound",
)

_Keys = tuple[str | int, ...]


def find_unstated(
    document: Document, template: Template, catalogue: Mapping[str, KpiDefinition]
) -> Iterator[TemplateError]:
    """Yield what the file and the catalogue leave unsaid of each item, as warnings with line and key."""
    for keys, item in _placed(template):
        definition = catalogue.get(item.indicator)
        if definition is None:
            continue
        if definition.formula is None:
            yield located(
                document,
                TemplateError,
                keys,
                N_("{indicator} has no formula: nobody can compute it a second time."),
                hint=N_("Give the indicator a formula in its file."),
                indicator=item.indicator,
                smart=MEASURABLE,
            )
        if item.goal is None:
            yield located(
                document,
                TemplateError,
                keys,
                N_("{indicator} serves no stated goal."),
                hint=N_("List what is to be reached under goals, and give the item `goal: ID`."),
                indicator=item.indicator,
                smart=RELEVANT,
            )
        if template.period is None and not definition.accumulates:
            yield located(
                document,
                TemplateError,
                keys,
                N_("{indicator} has no period: the template does not say for how long its target is meant."),
                hint=N_("Write `period: month` at the top of the template."),
                indicator=item.indicator,
                smart=TIME_BOUND,
            )


def find_unproven(
    document: Document, template: Template, periods: Sequence[str], evaluations: Sequence[Evaluation]
) -> Iterator[TemplateError]:
    """Yield what the evaluations of past months say against each item, as warnings with line and key.

    An item without any value is not measurable here; one whose target all or none reached tells nobody apart. When
    no item has a value, the template belongs to a role without data, and that is said once.

    Parameters
    ----------
    periods : sequence of str
        The months looked at, oldest first; not empty.
    evaluations : sequence of Evaluation
        By this template, of these months.
    """
    tallies = {tally.indicator: tally for tally in find_tallies(evaluations)}
    known = {"first": periods[0], "last": periods[-1]}
    if not any(tally.known_count for tally in tallies.values()):
        message = N_("No item has a value from {first} to {last}: whether its targets can be reached is not known.")
        hint = N_("Import values with `callqa kpi import`, or score contacts.")
        yield located(document, TemplateError, ("dimensions",), message, hint=hint, smart=MEASURABLE, **known)
        return
    for keys, item in _placed(template):
        tally = tallies[item.indicator]
        params = {"indicator": item.indicator, **known}
        if tally.known_count == 0:
            yield located(
                document,
                TemplateError,
                keys,
                N_("{indicator} has no value from {first} to {last}."),
                hint=N_("Import values, or give its weight to items that are measured."),
                smart=MEASURABLE,
                **params,
            )
        elif tally.agent_count >= MIN_AGENTS and tally.reached_count in (0, tally.known_count):
            too_easy = tally.reached_count > 0
            yield located(
                document,
                TemplateError,
                keys,
                N_("{indicator}: all {count} values from {first} to {last} reach the target.")
                if too_easy
                else N_("{indicator}: none of {count} values from {first} to {last} reaches the target."),
                hint=N_(
                    "It tells nobody apart; `callqa templates propose {template}` shows what the history suggests."
                ),
                smart=ATTAINABLE,
                count=tally.known_count,
                template=template.id,
                **params,
            )


def judge_items(
    template: Template, warnings: Sequence[TemplateError], evaluations: Sequence[Evaluation] | None
) -> Mapping[str, Mapping[str, bool | None]]:
    """Return for each item of a sound template whether it holds, letter by letter.

    None where only data could tell: measurable without `evaluations`, attainable with values of too few agents.
    """
    broken = {(problem.params.get("indicator"), problem.params.get("smart")) for problem in warnings}
    tallies = {tally.indicator: tally for tally in find_tallies(evaluations or ())}
    judged: dict[str, Mapping[str, bool | None]] = {}
    for item in template.items:
        tally = tallies.get(item.indicator)
        answers: dict[str, bool | None] = {letter: (item.indicator, letter) not in broken for letter in LETTERS}
        if tally is None or tally.agent_count < MIN_AGENTS:
            answers[ATTAINABLE] = None
        if answers[MEASURABLE]:
            answers[MEASURABLE] = None if evaluations is None else tally is not None and tally.known_count > 0
        judged[item.indicator] = answers
    return judged


def _placed(template: Template) -> Iterator[tuple[_Keys, TemplateItem]]:
    for position, dimension in enumerate(template.dimensions):
        for index, item in enumerate(dimension.items):
            yield ("dimensions", position, "items", index), item
