"""``callqa lexicon``: the site's own words, checked and tried out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import USAGE, AppContext, context
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match_text import has_chinese
from qa_pipeline.vocabulary import check_lexicon, correct, read_lexicon
from qa_pipeline.vocabulary.parse import LexiconCheck

app = typer.Typer(name="lexicon", no_args_is_help=True, help="The site's own words: hints and corrections.")


@app.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Lexicon file; HOME/lexicon.yaml when left out.")] = None,
) -> None:
    """Check a lexicon file and say everything that is wrong or too long, with line and key."""
    here = context(ctx)
    found = check_lexicon(file or here.settings.lexicon)
    document = {
        "file": str(found.path),
        "valid": found.lexicon is not None,
        "terms": len(found.lexicon.terms) if found.lexicon else None,
        "queues": sorted(found.lexicon.queues) if found.lexicon else None,
        "errors": [error.as_dict(here.translate) for error in found.errors],
        "warnings": [error.as_dict(here.translate) for error in found.warnings],
    }
    here.emit(document, lambda: _print_check(here, found))
    if found.errors:
        raise typer.Exit(USAGE)


@app.command("try")
def try_(
    ctx: typer.Context,
    texts: Annotated[list[str], typer.Argument(help="Texts as a recogniser might write them.")],
    language: Annotated[str | None, typer.Option(help="zh or en; by the script when left out.")] = None,
    queue: Annotated[str | None, typer.Option(help="Queue of the contact.")] = None,
) -> None:
    """Show what would be corrected in some texts, and how alike it is."""
    here = context(ctx)
    lexicon = read_lexicon(here.settings.lexicon)
    tried = []
    for text in texts:
        spoken = language or ("zh" if has_chinese(text) else "en")
        terms = [term for term in lexicon.terms_of(queue) if term.language == spoken]
        tried.append((text, correct(_transcript(text, spoken), terms)))
    here.emit({"texts": [_document(text, after) for text, after in tried]}, lambda: _print_tried(here, tried))


def _transcript(text: str, language: str) -> Transcript:
    said = Utterance(index=0, role=Role.UNKNOWN, text=text)
    return Transcript(language=language, engine="typed", quality=TranscriptQuality.TRUSTED, utterances=(said,))


def correction_documents(transcript: Transcript) -> list[dict[str, Any]]:
    """Return the corrections of a transcript as the command-line contract has them."""
    return [
        {
            "utterance": correction.utterance,
            "start": correction.start,
            "heard": correction.heard,
            "term": correction.term,
            "similarity": round(correction.similarity, 3),
        }
        for correction in transcript.corrections
    ]


def print_corrections(here: AppContext, transcript: Transcript, utterance: int) -> None:
    """Print one line for each wording of an utterance that the lexicon replaced."""
    for correction in transcript.corrections:
        if correction.utterance == utterance:
            here.say(
                N_("    {heard} → {term}, alike {similarity:.2f}"),
                heard=correction.heard,
                term=correction.term,
                similarity=correction.similarity,
            )


def _document(text: str, after: Transcript) -> dict[str, Any]:
    return {"text": text, "corrected": after.utterances[0].text, "corrections": correction_documents(after)}


def _print_check(here: AppContext, found: LexiconCheck) -> None:
    if found.lexicon is not None:
        here.say(
            N_("{file}: in order; {terms} terms, hints for {queues} queues."),
            file=found.path,
            terms=len(found.lexicon.terms),
            queues=len(found.lexicon.queues),
        )
    for error in found.errors:
        here.tell_problem(error, "red")
    for warning in found.warnings:
        here.tell_problem(warning, "yellow")


def _print_tried(here: AppContext, tried: list[tuple[str, Transcript]]) -> None:
    for _, after in tried:
        here.say("{text}", text=after.utterances[0].text)
        print_corrections(here, after, 0)
        if not after.corrections:
            here.say(N_("    nothing to correct"))
