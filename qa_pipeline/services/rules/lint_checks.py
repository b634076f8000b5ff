"""Remarks on checks: conditions and ranges that cannot be met, red lines without proof, patterns that run wild."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import re2

from qa_pipeline.detectors.registry import asked_kinds
from qa_pipeline.domain.scorecard import Check
from qa_pipeline.errors import N_
from qa_pipeline.scorecards.problems import Keys
from qa_pipeline.services.rules.remarks import CardSource, Leaf, Remark, Severity

# Everyday sentences of both languages and sides; a pattern that finds all of one language finds nothing in particular.
_ORDINARY = {
    "zh": ("好的", "我看一下订单", "什么时候能到呢", "包裹在路上了", "谢谢你啊"),
    "en": ("okay", "let me look at the order", "when will it arrive", "the parcel is on its way", "thank you"),
}
_ENDLESS = re.compile(r"(?<!\\)\.[*+](?!\?)")
_NESTED_REPEAT = re.compile(r"\((?:[^()\\]|\\.)*[*+]\)[*+{]")
_AT_MOST_ONE = re.compile(r"_ratio$")
_MOMENT_LIMITS = {"change": (-2.0, 2.0)}
# Of these detectors NOT_MET means that something was not said, so that nothing can be quoted.
_PROOFLESS = frozenset({"move", "order", "time_limit", "statement", "flow", "near", "similar"})


def lint_checks(source: CardSource, engine_kinds: Sequence[str]) -> Iterator[Remark]:
    """Yield the remarks on the checks of a card; `engine_kinds`: kinds of engines that this site uses."""
    for leaf in source.leaves:
        yield from _ranges(source, leaf)
        yield from _patterns(source, leaf)
        yield from _proofless(source, leaf)
    for criterion in source.card.criteria:
        keys = source.criterion_keys[criterion.id]
        if criterion.applies_when == criterion.check:
            yield source.remark(
                Severity.ERROR,
                "condition",
                (*keys, "applies_when"),
                N_("The condition asks the same as the check, so the criterion is met whenever it applies."),
                N_("Say under applies_when when the criterion shall count, such as words of the customer."),
            )
        if not criterion.weight and not criterion.fatal:
            yield source.remark(
                Severity.NOTE,
                "weightless",
                (*keys, "weight"),
                N_("The criterion {name} has no weight and is no red line, so it never moves the points."),
                N_("Give it a weight, or keep it to observe."),
                name=criterion.id,
            )
    missing = sorted(asked_kinds(source.card) - set(engine_kinds))
    for kind in missing:
        yield source.remark(
            Severity.WARNING,
            "engine",
            ("id",),
            N_("Criteria of this card ask an engine of the kind {kind}, of which this site uses none: they stay open."),
            N_("Set text.{kind}_engine in callqa.toml; docs/settings.md describes it."),
            kind=kind,
        )


def _ranges(source: CardSource, leaf: Leaf) -> Iterator[Remark]:
    limits = _limits_of(leaf.check)
    met = leaf.check.params.get("met")
    if limits is None or not isinstance(met, Mapping):
        return
    keys = (*leaf.keys, "met")
    low, high = _ends(met)
    if low > limits[1] or high < limits[0]:
        yield source.remark(
            Severity.ERROR,
            "range",
            keys,
            N_("The value lies between {low} and {high}, so this can never be met."),
            N_("Correct the limits; shares are written 0 to 1, times in seconds."),
            low=f"{limits[0]:g}",
            high=f"{limits[1]:g}",
        )
    elif low <= limits[0] and high >= limits[1]:
        yield source.remark(
            Severity.WARNING,
            "range",
            keys,
            N_("Every possible value lies in this range, so it is always met."),
            N_("Correct the limits; shares are written 0 to 1, times in seconds."),
        )
    partly = leaf.check.params.get("partly")
    if isinstance(partly, Mapping) and low <= _ends(partly)[0] and high >= _ends(partly)[1]:
        yield source.remark(
            Severity.WARNING,
            "range",
            (*leaf.keys, "partly"),
            N_("The range for partly met lies inside the one for met, so it never counts."),
            N_("Make it wider than met, or leave it out."),
        )


def _limits_of(check: Check) -> tuple[float, float] | None:
    """Return between which values the measure of a check can lie, None for checks without one."""
    infinite = float("inf")
    if check.detector == "attitude":
        return 1.0, 5.0
    if check.detector == "sentiment":
        return _MOMENT_LIMITS.get(str(check.params.get("at")), (-1.0, 1.0))
    if check.detector != "measure":
        return None
    name = str(check.params["measure"])
    if name.endswith("_db"):
        return -infinite, 0.0
    return 0.0, 1.0 if _AT_MOST_ONE.search(name) else infinite


def _ends(limits: Mapping[str, Any]) -> tuple[float, float]:
    low, high = limits.get("at_least"), limits.get("at_most")
    return float("-inf") if low is None else float(low), float("inf") if high is None else float(high)


def _patterns(source: CardSource, leaf: Leaf) -> Iterator[Remark]:
    if leaf.check.detector != "pattern":
        return
    for name in ("any", "none"):
        for place, pattern in enumerate(leaf.check.params.get(name) or ()):
            yield from _pattern(source, (*leaf.keys, name, place), pattern)


def _pattern(source: CardSource, keys: Keys, pattern: str) -> Iterator[Remark]:
    expression = re2.compile("(?i)" + pattern)
    broad = [language for language, said in _ORDINARY.items() if all(expression.search(text) for text in said)]
    if broad:
        yield source.remark(
            Severity.WARNING,
            "broad-pattern",
            keys,
            N_("The pattern {pattern} is found in every ordinary sentence, such as “{example}”."),
            N_("Write out the words that you look for."),
            pattern=pattern,
            example=_ORDINARY[broad[0]][1],
        )
    elif _ENDLESS.search(pattern):
        yield source.remark(
            Severity.NOTE,
            "endless-pattern",
            keys,
            N_("The pattern {pattern} joins words that may stand far apart in one utterance."),
            N_("Limit the gap, such as .{{0,10}} in place of .*"),
            pattern=pattern,
        )
    if _NESTED_REPEAT.search(pattern):
        yield source.remark(
            Severity.NOTE,
            "nested-pattern",
            keys,
            N_("The pattern {pattern} repeats a repetition: harmless here, but it hangs other programs."),
            N_("Leave out the inner or the outer * or +."),
            pattern=pattern,
        )


def _proofless(source: CardSource, leaf: Leaf) -> Iterator[Remark]:
    """Yield where a red line is broken by something that was not said."""
    if not leaf.criterion.fatal or leaf.is_condition or leaf.negated:
        return
    asks_for_words = leaf.check.detector in _PROOFLESS
    if leaf.check.detector in ("phrase", "pattern"):
        asks_for_words = "none" not in leaf.check.params
    if asks_for_words:
        yield source.remark(
            Severity.WARNING,
            "proofless",
            leaf.keys,
            N_("This red line is broken by words that were not heard, so there is no quote to show to anybody."),
            N_("Use none with words that break it, or give the criterion weight in place of fatal."),
        )
