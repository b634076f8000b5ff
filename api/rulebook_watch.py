"""The names behind the ids of results, read again when somebody has added a scorecard or a template."""

from __future__ import annotations

import logging

from api.options import Site, Stamp, stamp_of
from qa_pipeline.errors import CallqaError
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.rulebook import Rulebook

_log = logging.getLogger(__name__)


class RulebookWatch:
    """The rules as the site's own files are now; several server processes may add to them."""

    def __init__(self, rulebook: Rulebook, site: Site) -> None:
        self._rulebook = rulebook
        self._site = site
        self._stamp = self._look()

    def current(self) -> Rulebook:
        """Return the rules; where a file is wrong, those from before it."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._rulebook = Rulebook(
                    scorecards=self._site.cards(),
                    indicators=list_indicators(),
                    templates=self._site.list_templates(),
                )
            except CallqaError as problem:
                _log.warning("the rules of the site cannot be read, the earlier ones stay: %s", problem)
        return self._rulebook

    def _look(self) -> tuple[Stamp, Stamp]:
        return stamp_of(self._site.scorecards), stamp_of(self._site.templates)
