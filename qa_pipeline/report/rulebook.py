"""Scorecards, templates and indicators together, to find the names behind the ids that results carry."""

from __future__ import annotations

from collections.abc import Iterable

from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.domain.performance import Evaluation, KpiDefinition, Template, TemplateDimension
from qa_pipeline.domain.scorecard import Criterion, Scorecard, Section
from qa_pipeline.i18n import translator


class Rulebook:
    """The rules that results refer to, by id and version.

    A result may be older than the rules on disk, so every look-up may find nothing.
    """

    def __init__(
        self,
        *,
        scorecards: Iterable[Scorecard] = (),
        indicators: Iterable[KpiDefinition] = (),
        templates: Iterable[Template] = (),
    ) -> None:
        self.scorecards = tuple(scorecards)
        self._scorecards = {(card.id, card.version): card for card in self.scorecards}
        self._indicators = {definition.id: definition for definition in indicators}
        self._criteria: dict[tuple[str, int, str], tuple[Section, Criterion]] = {
            (card.id, card.version, criterion.id): (section, criterion)
            for card in self.scorecards
            for section in card.sections
            for criterion in section.criteria
        }
        self._templates = {(template.id, template.version): template for template in templates}
        self._dimensions: dict[tuple[str, int, str], TemplateDimension] = {
            (*key, dimension.id): dimension
            for key, template in self._templates.items()
            for dimension in template.dimensions
        }

    def scorecard_name(self, scorecard_id: str, version: int, language: str) -> str:
        """Return the name and version of a scorecard, or id and version when it is not on disk any more."""
        card = self._scorecards.get((scorecard_id, version))
        return f"{card.name.in_language(language) if card else scorecard_id} v{version}"

    def find_criterion(self, scorecard_id: str, version: int, criterion_id: str) -> tuple[Section, Criterion] | None:
        """Return a criterion with its section."""
        return self._criteria.get((scorecard_id, version, criterion_id))

    def find_indicator(self, indicator_id: str) -> KpiDefinition | None:
        """Return the definition of an indicator."""
        return self._indicators.get(indicator_id)

    def template_name(self, template_id: str, version: int, language: str) -> str:
        """Return the name and version of a template, or id and version when it is not on disk any more."""
        template = self._templates.get((template_id, version))
        return f"{template.name.in_language(language) if template else template_id} v{version}"

    def find_dimension(self, template_id: str, version: int, dimension_id: str) -> TemplateDimension | None:
        """Return a dimension of a template."""
        return self._dimensions.get((template_id, version, dimension_id))

    def notes_of(self, evaluation: Evaluation, language: str) -> tuple[str, ...]:
        """Return the notes of an evaluation with the names of indicators and dimensions."""
        template = self._templates.get((evaluation.template_id, evaluation.template_version))
        names = names_of(self._indicators.values(), template)
        return tuple(render_note(note, translator(language), names, language) for note in evaluation.notes)
