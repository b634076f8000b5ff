"""Words that a speaker does not say on his own behalf: quoted, told of somebody else, or denied."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from qa_pipeline.scoring.match import Hit, Passage, Phrase

_QUOTED = re.compile('“[^“”]*”|「[^「」]*」|『[^『』]*』|‘[^‘’]{2,}’|"[^"]*"')
_CLAUSE_END = re.compile(r"[,，;；。.!！?？\n]")
_PAUSE = re.compile(r"[\s,，:：、]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedWording:
    """Wording after which words are somebody else's (``cues``, unless inside ``unless``) or denied (``denials``)."""

    cues: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    denials: tuple[Phrase, ...]


class ReportedSpeech:
    """Where in a passage words are reported or denied.

    Words count as reported inside quotation marks and, up to the end of the clause, after a cue such as "you said" or a
    denial such as "I am not saying". The clause of a cue may begin after the pause that follows it. `wordings`: of
    every language that may be spoken.
    """

    def __init__(self, passage: Passage, *wordings: ReportedWording) -> None:
        self._quoted: dict[int, list[tuple[int, int]]] = {}
        self._clauses: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for wording in wordings:
            self._find_clauses(passage, wording)

    def _find_clauses(self, passage: Passage, wording: ReportedWording) -> None:
        for hit in passage.find_all(wording.cues, tolerant=False, unless=wording.unless):
            pause = _PAUSE.match(hit.utterance.text, hit.end)
            self._until_clause_end(hit, pause.end() if pause else hit.end)
        for hit in passage.find_all(wording.denials, tolerant=False):
            self._until_clause_end(hit, hit.end)

    def _until_clause_end(self, hit: Hit, start: int) -> None:
        text = hit.utterance.text
        end = _CLAUSE_END.search(text, start)
        self._clauses[hit.place].append((hit.end, end.start() if end else len(text)))

    def covers(self, hit: Hit) -> bool:
        """Whether the words of a hit in the passage are reported or denied."""
        if hit.place not in self._quoted:
            self._quoted[hit.place] = [found.span() for found in _QUOTED.finditer(hit.utterance.text)]
        spans = (*self._quoted[hit.place], *self._clauses.get(hit.place, ()))
        return any(start <= hit.start and hit.end <= end for start, end in spans)
