"""``pattern``: regular expressions in RE2, whose time grows linearly with the text, so that none can hang."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, Field, model_validator

from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.search import Finder, reported_apart, search
from qa_pipeline.detectors.verdict import Verdict
from qa_pipeline.detectors.wanted import Wanted, judge_unwanted, judge_wanted
from qa_pipeline.errors import N_, Message
from qa_pipeline.scoring.match import Hit, Passage, without_excused

PATTERN_MAX_BYTES = 1 << 23  # memory of one compiled pattern


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = PATTERN_MAX_BYTES
    options.log_errors = False
    return re2.compile(pattern, options)


def _is_pattern(pattern: str) -> str:
    try:
        compiled = _compiled(pattern)
    except re2.error as problem:
        detail = problem.args[0] if problem.args else ""
        said = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(Message(N_("not a usable RE2 pattern: {problem}"), {"problem": said})) from problem
    if compiled.search("") is not None:
        raise ValueError(N_("the pattern matches empty text, so it would match everywhere"))
    return pattern


Patterns = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_is_pattern)], ...], Field(min_length=1)
]


class PatternParams(Wanted):
    """``any``: one of these patterns is said; ``none``: none is. Letter case is ignored. The rest as for ``phrase``.

    ``unless``: patterns inside whose matches, or across which, a match does not count.
    """

    any: Patterns | None = None
    none: Patterns | None = None
    unless: Patterns | None = None

    @model_validator(mode="after")
    def _is_one_question(self) -> PatternParams:
        if (self.any is None) == (self.none is None):
            raise ValueError(N_("give exactly one of any and none"))
        return self

    @cached_property
    def finder(self) -> Finder:
        """Finder of the patterns."""
        compiled = [(pattern, _compiled(pattern)) for pattern in self.any or self.none or ()]
        excuses = [(pattern, _compiled(pattern)) for pattern in self.unless or ()]

        def find(passage: Passage) -> tuple[Hit, ...]:
            return without_excused(_matches(compiled, passage), lambda: _matches(excuses, passage))

        return find


def _matches(compiled: Sequence[tuple[str, Any]], passage: Passage) -> tuple[Hit, ...]:
    return tuple(
        Hit(pattern, utterance, place, match.start(), match.end(), "words", 1.0)
        for place, utterance in enumerate(passage.utterances)
        for pattern, expression in compiled
        # Half a surrogate pair cannot be encoded; its replacement is one character too, so places hold.
        for match in expression.finditer(utterance.text.encode("utf-8", "replace").decode("utf-8"))
        if match.end() > match.start()
    )


def judge_pattern(scene: Scene, params: PatternParams) -> Verdict:
    """Judge what was said by patterns."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    if params.none is not None:
        found = search(scene, params.role, params.finder, window=params, charges=True)
        return judge_unwanted(scene, reported_apart(scene, params.role, found))
    return judge_wanted(
        scene,
        search(scene, params.role, params.finder, window=params),
        params,
        example=scene.example_of(params.any or ()),
    )
