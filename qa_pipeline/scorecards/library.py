"""The scorecards at hand: those that ship and those in the user's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, ConfigurationError, NotFound, ScorecardError
from qa_pipeline.resources import SHIPPED
from qa_pipeline.scorecards.parse import read_scorecard

SHIPPED_CARDS = SHIPPED / "scorecards"


def list_scorecards(extra: Path | None = None) -> tuple[Scorecard, ...]:
    """Return the shipped scorecards, then those of the folder `extra` (which need not exist), by id and version.

    Raises
    ------
    ScorecardError
        When a file is wrong, or changes a version that is already published.
    """
    cards = {card.key: card for card in _shipped()}
    for path in _files(extra):
        card = read_scorecard(path)
        known = cards.setdefault(card.key, card)
        if known.digest != card.digest:
            raise ScorecardError(
                N_("Version {version} of scorecard {id} exists with other content."),
                hint=N_("A published version never changes: give this one the next version number."),
                file=str(path),
                field="version",
                id=card.id,
                version=card.version,
            )
    return tuple(sorted(cards.values(), key=lambda card: (card.id, card.version)))


def scorecard_paths(extra: Path | None = None) -> tuple[Path, ...]:
    """Return the files behind the scorecards, the shipped ones first."""
    return tuple(_files(SHIPPED_CARDS) + _files(extra))


def get_scorecard(id: str, version: int | None = None, extra: Path | None = None) -> Scorecard:
    """Return one scorecard, its newest version when none is named; raises NotFound naming those that exist."""
    cards = list_scorecards(extra)
    fitting = [card for card in cards if card.id == id and version in (None, card.version)]
    if not fitting:
        raise NotFound(
            N_("There is no scorecard {key}."),
            hint=N_("Choose one of: {known}."),
            key=id if version is None else f"{id}@{version}",
            known=", ".join(card.key for card in cards),
        )
    return fitting[-1]


def choose_scorecard(kind: ContactKind, language: str, cards: Sequence[Scorecard]) -> Scorecard:
    """Return the scorecard for contacts of a kind and language: newest versions only, a card for the language first.

    A card that did not ship goes before one that did: who adds an own card means it. Among several, by id.

    Raises
    ------
    ConfigurationError
        When no card fits.
    """
    newest = {card.id: card for card in sorted(cards, key=lambda card: card.version)}
    primary = language.split("-", maxsplit=1)[0].lower()
    fitting = [card for card in newest.values() if card.kind is kind and card.language in (None, primary)]
    if not fitting:
        raise ConfigurationError(
            N_("No scorecard judges a {kind} in the language {language}."),
            hint=N_("Name one with --scorecard, or add a card for it; see docs/scorecards.md."),
            kind=kind.value,
            language=language,
        )
    shipped = {card.id for card in _shipped()}
    return min(fitting, key=lambda card: (card.language is None, card.id in shipped, card.id))


@cache
def _shipped() -> tuple[Scorecard, ...]:
    return tuple(read_scorecard(path) for path in _files(SHIPPED_CARDS))


def _files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())
