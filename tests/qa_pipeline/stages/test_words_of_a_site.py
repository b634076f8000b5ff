"""What a site's lexicon and a card's hints change about the identity of outputs, and what they leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa_pipeline.domain.contact import Contact, ContactKind, Source, SourceKind
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.vocabulary import Lexicon, SpeechHints, Term
from qa_pipeline.engines.options import AsrOptions, SpeechOptions
from qa_pipeline.scorecards import get_scorecard, list_scorecards
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import Fingerprints, InspectionOptions, fingerprints_of, hints_of

EVERYWHERE = Term(text="Morning Tide", language="en")
BROADBAND = Term(text="Night Tide", language="en", queues=("broadband",))


def call(kind: SourceKind = SourceKind.AUDIO, language: str | None = "en", queue: str | None = None) -> Contact:
    source = Source(kind=kind, uri="a", sha256="0" * 64, size_bytes=1)
    return Contact(id="a", kind=ContactKind.CALL, sources=(source,), language=language, queue=queue)


def prints(contact: Contact, lexicon: Lexicon, folder: Path) -> Fingerprints:
    speech = SpeechOptions(asr=AsrOptions(engine="auto" if not contact.audio else "pocketsphinx"), lexicon=lexicon)
    return fingerprints_of(
        contact, list_scorecards(), InspectionOptions(artifacts=ArtifactFolder(folder), speech=speech)
    )


@pytest.mark.parametrize(("terms", "queue"), [((EVERYWHERE,), None), ((BROADBAND,), "broadband")])
def test_terms_change_what_comes_after_the_recognition(
    terms: tuple[Term, ...], queue: str | None, tmp_path: Path
) -> None:
    plain = prints(call(queue=queue), Lexicon(), tmp_path)
    with_terms = prints(call(queue=queue), Lexicon(terms=terms), tmp_path)
    assert (with_terms.listen, with_terms.transcribe) == (plain.listen, plain.transcribe)
    assert with_terms.annotate != plain.annotate
    respelled = Lexicon(terms=tuple(replace(term, heard=("mining tide",)) for term in terms))
    assert prints(call(queue=queue), respelled, tmp_path).annotate != with_terms.annotate


@pytest.mark.parametrize(
    ("contact", "terms"), [(call(queue="billing"), (BROADBAND,)), (call(SourceKind.TRANSCRIPT), (EVERYWHERE,))]
)
def test_terms_that_do_not_apply_change_nothing(contact: Contact, terms: tuple[Term, ...], tmp_path: Path) -> None:
    assert prints(contact, Lexicon(terms=terms), tmp_path) == prints(contact, Lexicon(), tmp_path)


def test_hints_of_a_queue_recognise_its_recordings_anew(tmp_path: Path) -> None:
    lexicon = Lexicon(queues={"broadband": SpeechHints(prompt="A call about broadband.")})
    for queue, is_same in (("broadband", False), ("billing", True)):
        before, after = (prints(call(queue=queue), words, tmp_path).transcribe for words in (Lexicon(), lexicon))
        assert (before == after) is is_same


def test_hints_come_from_the_site_the_queue_and_the_card_that_fits() -> None:
    options = SpeechOptions(
        hints=SpeechHints(prompt="Site.", hot_words=("Tide",)),
        lexicon=Lexicon(queues={"broadband": SpeechHints(prompt="Queue.", hot_words=("modem", "Tide"))}),
    )
    card = replace(get_scorecard("phone-en"), hints=SpeechHints(prompt="Card.", hot_words=("router", "Tide")))
    cards = [get_scorecard("phone-zh"), card]
    hints = hints_of(call(queue="broadband"), cards, options)
    assert hints == SpeechHints(prompt="Site. Queue. Card.", hot_words=("Tide", "modem", "router"))
    # Nobody knows the language, so a card for one language says nothing.
    assert hints_of(call(language=None, queue="broadband"), cards, options).prompt == "Site. Queue."


@pytest.mark.parametrize("card", list_scorecards(), ids=lambda card: card.key)
def test_shipped_cards_do_not_tell_a_recogniser_what_they_look_for(card: Scorecard) -> None:
    assert card.hints == SpeechHints()
