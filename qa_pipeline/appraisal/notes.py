"""Notes of an evaluation in the reader's language, with names in the places of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import KpiDefinition, Template
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import fill

_NAMED = ("indicator", "dimension")
_SHOWN = 10


def listed(names: Sequence[str]) -> str:
    """Return names in a row, cut after the first ten."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown


def names_of(definitions: Iterable[KpiDefinition], template: Template | None) -> Mapping[str, Text]:
    """Return the names behind the ids that notes carry; without the template those of indicators only."""
    indicators = {definition.id: definition.name for definition in definitions}
    return indicators | {dimension.id: dimension.name for dimension in (template.dimensions if template else ())}


def render_note(note: Reason, translate: Callable[[str], str], names: Mapping[str, Text], language: str) -> str:
    """Return a note; an id without a known name stays as it is."""
    params: dict[str, object] = dict(note.params)
    for place in _NAMED:
        name = names.get(str(params.get(place)))
        if name is not None:
            params[place] = name.in_language(language)
    return fill(translate(note.message), params)
