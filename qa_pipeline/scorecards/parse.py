"""From a scorecard file to a Scorecard, collecting every mistake on the way."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qa_pipeline.detectors.params import is_phrase
from qa_pipeline.detectors.registry import DETECTORS
from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard, Section, Text
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.errors import N_, ScorecardError
from qa_pipeline.resources import Document, read_yaml
from qa_pipeline.scorecards.phrases import PhraseLists, expand_params, shipped_phrases
from qa_pipeline.scorecards.problems import Keys, Problems, add_doubled_keys
from qa_pipeline.scorecards.schema import CardFile, CriterionFile, TextFile

_CHECK_KEYS = ("check", "applies_when")


def check_scorecard(path: Path) -> tuple[ScorecardError, ...]:
    """Return everything that is wrong with a scorecard file, in the order of its lines; empty when it is fine."""
    return _parse(path)[1]


def read_scorecard(path: Path) -> Scorecard:
    """Read one scorecard file.

    Raises
    ------
    ScorecardError
        The first mistake in the file; its hint says how to see the others.
    """
    card, errors = _parse(path)
    if card is not None:
        return card
    first = errors[0]
    if len(errors) > 1:
        first.hint = N_("This file has {count} mistakes; see all of them with: callqa scorecards check {path}")
        first.params |= {"count": len(errors), "path": str(path)}
    raise first


def _parse(path: Path) -> tuple[Scorecard | None, tuple[ScorecardError, ...]]:
    try:
        document = read_yaml(path, ScorecardError)
    except ScorecardError as error:
        return None, (error,)
    problems = Problems(document)
    add_doubled_keys(problems, document)
    if not isinstance(document.data, Mapping):
        problems.add((), N_("The file must begin with keys such as id, version, name and sections."))
        return None, problems.sorted()
    checks = _parse_checks(document, problems)
    card_file = _parse_structure(document.data, problems)
    if card_file is not None:
        _check_whole(card_file, problems)
    found = problems.sorted()
    if found or card_file is None:
        return None, found
    return _build(card_file, checks), ()


def _parse_structure(data: Mapping[str, Any], problems: Problems) -> CardFile | None:
    try:
        return CardFile.model_validate(data)
    except ValidationError as error:
        problems.add_invalid(error, CardFile)
        return None


def _parse_checks(document: Document, problems: Problems) -> Mapping[Keys, Check]:
    """Validate the checks wherever they stand, even in a file whose rest is wrong."""
    own = document.data.get("phrases")
    lists = {**shipped_phrases(), **(_own_lists(own) if isinstance(own, Mapping) else {})}
    found: dict[Keys, Check] = {}
    for keys, raw in _raw_checks(document.data):
        check = _parse_check(raw, keys, lists, problems)
        if check is not None:
            found[keys] = check
    return found


def _own_lists(own: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the card's lists with what can be a phrase in them; the rest is told where it stands, not where cited."""
    return {
        name: [phrase for phrase in phrases if isinstance(phrase, str) and is_phrase(phrase)]
        for name, phrases in own.items()
        if isinstance(phrases, list)
    }


def _raw_checks(data: Mapping[str, Any]) -> Iterator[tuple[Keys, Any]]:
    for section_index, section in _blocks(data.get("sections")):
        for index, criterion in _blocks(section.get("criteria")):
            for name in _CHECK_KEYS:
                if isinstance(criterion.get(name), Mapping):
                    yield ("sections", section_index, "criteria", index, name), criterion[name]


def _blocks(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    items: Iterable[Any] = value if isinstance(value, list) else ()
    return ((index, item) for index, item in enumerate(items) if isinstance(item, Mapping))


def _parse_check(raw: Any, keys: Keys, lists: PhraseLists, problems: Problems) -> Check | None:
    if not isinstance(raw, Mapping):
        problems.add(keys, N_("A check must be a block of keys with a detector."))
        return None
    detector = raw.get("detector")
    if not isinstance(detector, str) or detector not in DETECTORS:
        problems.add(
            (*keys, "detector"),
            N_("There is no detector {name}{suggestion}."),
            N_("Use one of: {known}."),
            name=detector,
            suggestion=suggestion(str(detector), DETECTORS),
            known=", ".join(DETECTORS),
        )
        return None
    params = {str(name): value for name, value in raw.items() if name != "detector"}
    entry = DETECTORS[detector]
    try:
        entry.params.model_validate(params)  # before lists are expanded, so that places in the file are true
        before = problems.count
        params = {name: _parse_nested(value, (*keys, name), lists, problems) for name, value in params.items()}
        if problems.count > before:
            return None
        valid = entry.params.model_validate(expand_params(params, lists, problems, keys))
    except ValidationError as error:
        problems.add_invalid(error, entry.params, keys)
        return None
    return Check(detector=detector, params=valid.model_dump(mode="json", exclude_defaults=True))


def _parse_nested(value: Any, keys: Keys, lists: PhraseLists, problems: Problems) -> Any:
    """Return a parameter with the checks inside it validated and written out, wherever they stand in it."""
    if isinstance(value, Mapping):
        if "detector" in value:
            check = _parse_check(value, keys, lists, problems)
            return value if check is None else _flat(check)
        return {name: _parse_nested(inner, (*keys, name), lists, problems) for name, inner in value.items()}
    if isinstance(value, list):
        return [_parse_nested(inner, (*keys, index), lists, problems) for index, inner in enumerate(value)]
    return value


def _flat(check: Check) -> dict[str, Any]:
    return {"detector": check.detector, **check.params}


def _check_whole(card: CardFile, problems: Problems) -> None:
    """Note what only the whole card shows."""
    places: list[tuple[Keys, CriterionFile]] = [
        (("sections", section_index, "criteria", index), criterion)
        for section_index, section in enumerate(card.sections)
        for index, criterion in enumerate(section.criteria)
    ]
    _note_doubled([(("sections", index, "id"), section.id) for index, section in enumerate(card.sections)], problems)
    _note_doubled([((*keys, "id"), criterion.id) for keys, criterion in places], problems)
    if not any(criterion.weight for _, criterion in places):
        problems.add(("sections",), N_("No criterion has a weight, so there would be no points."))
    for keys, criterion in places:
        if criterion.fatal and criterion.fatal_cap_points >= card.pass_points > 0:
            problems.add(
                (*keys, "fatal_cap_points"),
                N_("The cap {cap} of a fatal criterion must lie below pass_points {limit}."),
                cap=criterion.fatal_cap_points,
                limit=card.pass_points,
            )


def _note_doubled(ids: list[tuple[Keys, str]], problems: Problems) -> None:
    count = Counter(name for _, name in ids)
    seen: set[str] = set()
    for keys, name in ids:
        if count[name] > 1 and name in seen:
            problems.add(keys, N_("The id {name} is used twice."), N_("Give each its own id."), name=name)
        seen.add(name)


def _build(card: CardFile, checks: Mapping[Keys, Check]) -> Scorecard:
    sections = tuple(
        Section(
            id=section.id,
            name=_text(section.name),
            criteria=tuple(
                _criterion(criterion, checks, ("sections", section_index, "criteria", index))
                for index, criterion in enumerate(section.criteria)
            ),
        )
        for section_index, section in enumerate(card.sections)
    )
    built = Scorecard(
        id=card.id,
        version=card.version,
        name=_text(card.name),
        kind=card.kind,
        language=card.language,
        pass_points=card.pass_points,
        min_coverage_ratio=card.min_coverage_ratio,
        sections=sections,
        digest="",
        hints=SpeechHints(prompt=card.speech.prompt, hot_words=card.speech.hot_words),
    )
    return replace(built, digest=digest_of(built))


def _criterion(criterion: CriterionFile, checks: Mapping[Keys, Check], keys: Keys) -> Criterion:
    return Criterion(
        id=criterion.id,
        name=_text(criterion.name),
        weight=criterion.weight,
        check=checks[*keys, "check"],
        applies_when=checks.get((*keys, "applies_when")),
        fatal=criterion.fatal,
        fatal_cap_points=criterion.fatal_cap_points,
        indicator=criterion.indicator,
    )


def _text(text: TextFile) -> Text:
    return Text(zh=text.zh, en=text.en)


def digest_of(card: Scorecard) -> str:
    """Return the sha256 of what the card judges by, phrase lists written out; layout and comments do not count.

    Nor do hints for recognisers: they are part of the identity of the words that come of them.
    """
    content = asdict(replace(card, digest=""))
    del content["hints"]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
