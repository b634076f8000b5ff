"""The names behind the ids of results, read again when somebody has added a scorecard or a template."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from api.options import Site
from qa_pipeline.errors import CallqaError
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.rulebook import Rulebook

_log = logging.getLogger(__name__)
_Stamp = frozenset[tuple[str, int, int]]


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

    def _look(self) -> _Stamp:
        return frozenset(stamp for folder in (self._site.scorecards, self._site.templates) for stamp in _files(folder))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.suffix in (".yaml", ".yml") and not path.name.startswith("."):
                found = path.stat()
                yield str(path), found.st_mtime_ns, found.st_size
