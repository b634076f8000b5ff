"""``statement``: a judge says whether a sentence such as "the agent says how long the refund takes" holds.

What the judge says counts only with a quote that stands word for word in the transcript, by the party that the
criterion is about, or as a no over the whole contact; all else is undetermined. Utterances that speak to the judge are
kept from it, so that nobody decides a criterion by talking to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qa_pipeline.detectors.addressed import split_addressed
from qa_pipeline.detectors.params import Params
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.search import WORD_CONFIDENCE_MIN, words_confidence
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, SURE, Verdict, quotes, undetermined
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import N_
from qa_pipeline.ports import Answer, Opinion
from qa_pipeline.scoring.languages import written_language
from qa_pipeline.scoring.match import Hit
from qa_pipeline.scoring.match_text import fold

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=300)]


class Statement(Params):
    """One sentence in both languages; the contact's language decides which one is judged."""

    zh: Sentence
    en: Sentence

    def in_language(self, language: str) -> str:
        """Return the sentence for a contact."""
        return self.zh if written_language(language) == "zh" else self.en


class StatementParams(Params):
    """``statement``: what may be shown by words of `role`. ``met_when``: whether yes or no is what is wanted.

    ``min_confidence``: an answer that the judge is less sure of decides nothing.
    """

    statement: Statement
    role: Speaker = Speaker.AGENT
    met_when: Literal["yes", "no"] = "yes"
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.7


def judge_statement(scene: Scene, params: StatementParams) -> Verdict:
    """Ask the judge, and believe what can be checked."""
    problem = scene.cannot_judge_words(params.role)
    if problem is not None:
        return problem
    judge = scene.models.judge
    if judge is None:
        return undetermined(N_("No judge of statements is set up; the setting judge.engine names one."))
    if scene.is_draft:
        return undetermined(N_("The recognised text is only a draft, so no judge is asked about it."))
    readable, addressed = readable_by_judge(scene.view.utterances)
    own = _said_by_judged(addressed, params.role)
    if own:
        return _addressed(own)
    language = scene.view.language
    opinion = judge.judge(params.statement.in_language(language), readable, language)
    verdict = _believed(scene, params, opinion)
    return _with_kept(verdict, opinion, addressed) if addressed else verdict


def _with_kept(verdict: Verdict, opinion: Opinion, addressed: tuple[Utterance, ...]) -> Verdict:
    """Return what stands of a verdict when the judge was not shown everything; whoever reads it is told."""
    if verdict.outcome is Outcome.UNDETERMINED:
        return verdict
    if opinion.answer is Answer.NO:
        return _addressed(addressed)  # "nobody says so" is not known
    return replace(
        verdict,
        reason=Reason(
            message=N_("The judge says yes: {reason} (“{quote}” speaks to the judge and was kept from it.)"),
            params={"reason": opinion.reason, "quote": addressed[0].text},
        ),
    )


def _believed(scene: Scene, params: StatementParams, opinion: Opinion) -> Verdict:
    if opinion.problem is not None:
        return Verdict(outcome=Outcome.UNDETERMINED, reason=opinion.problem)
    if opinion.answer is Answer.CANNOT_TELL:
        return _in_its_words(N_("The judge cannot tell."), N_("The judge cannot tell: {reason}"), opinion)
    hits = _quoted(scene, opinion)
    if hits is None:
        return undetermined(N_("The judge quotes words that do not stand in the transcript."))
    if opinion.confidence < params.min_confidence:
        return undetermined(
            N_("The judge says {answer}, but is not sure enough ({confidence:.2f} of {wanted:.2f})."),
            quotes(hits),
            answer=opinion.answer.value,
            confidence=opinion.confidence,
            wanted=params.min_confidence,
        )
    return _yes(params, opinion, hits) if opinion.answer is Answer.YES else _decided(params, opinion, hits, 1.0)


def readable_by_judge(utterances: Sequence[Utterance]) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Return what a judge is given of a contact, and the utterances that are kept from it because they speak to it."""
    return split_addressed(item for item in utterances if item.usable and item.text.strip())


def _said_by_judged(addressed: tuple[Utterance, ...], speaker: Speaker) -> tuple[Utterance, ...]:
    """Return those by the party that the criterion is about, or that may be by it."""
    if speaker is Speaker.ANY:
        return addressed
    return tuple(item for item in addressed if item.role in (speaker.value, Role.UNKNOWN))


def _addressed(said: tuple[Utterance, ...]) -> Verdict:
    return undetermined(
        N_("“{quote}” speaks to the judge instead of to the other party, so a person has to look."),
        tuple(_whole(item) for item in said[:EVIDENCE_MAX]),
        quote=said[0].text,
    )


def _whole(said: Utterance) -> Evidence:
    return Evidence(quote=said.text, utterance=said.index, role=said.role, start_s=said.start_s, end_s=said.end_s)


def _quoted(scene: Scene, opinion: Opinion) -> tuple[Hit, ...] | None:
    """Return the quotes as hits; None when one does not stand word for word where it is said to stand."""
    hits = []
    for index, words in opinion.quotes:
        said = scene.view.utterances[index] if 0 <= index < len(scene.view.utterances) else None
        start = said.text.find(words) if said is not None and said.usable else -1
        if said is None or start < 0 or not fold(words).text:
            return None
        hits.append(Hit(words, said, index, start, start + len(words), "words", 1.0))
    return tuple(hits)


def _yes(params: StatementParams, opinion: Opinion, hits: tuple[Hit, ...]) -> Verdict:
    theirs = [hit for hit in hits if params.role is Speaker.ANY or hit.utterance.role == params.role.value]
    if not hits:
        return undetermined(N_("The judge says yes without a quote."))
    if not theirs:
        return undetermined(
            N_("The judge quotes another party than the one that this criterion is about."), quotes(hits)
        )
    heard = min(1.0 if (known := words_confidence(hit)) is None else known for hit in theirs)
    if heard < WORD_CONFIDENCE_MIN:
        return undetermined(N_("The words that the judge quotes were recognised too poorly."), quotes(hits))
    return _decided(params, opinion, hits, heard)


def _decided(params: StatementParams, opinion: Opinion, hits: tuple[Hit, ...], heard: float) -> Verdict:
    is_yes = opinion.answer is Answer.YES
    plain = N_("The judge says yes.") if is_yes else N_("The judge says no.")
    told = N_("The judge says yes: {reason}") if is_yes else N_("The judge says no: {reason}")
    verdict = _in_its_words(plain, told, opinion)
    return Verdict(
        outcome=Outcome.MET if is_yes == (params.met_when == "yes") else Outcome.NOT_MET,
        confidence=min(opinion.confidence, SURE) * heard,
        reason=verdict.reason,
        evidence=quotes(hits),
    )


def _in_its_words(plain: str, told: str, opinion: Opinion) -> Verdict:
    return undetermined(told, reason=opinion.reason) if opinion.reason else undetermined(plain)
