"""Statements judged by any natural-language-inference checkpoint of ``transformers``, without training on them.

What is said is the premise, the statement the hypothesis. One utterance, or one with the utterance before it, is read
at a time: what nobody says in one breath such a model cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from models.text.checkpoint import Checkpoint, check_checkpoint, describe_checkpoint, get_name, meanings_of
from models.text.classifier import Floats
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.errors import N_
from qa_pipeline.ports import Answer, Opinion
from qa_pipeline.scoring.languages import written_language

_SETTING = "judge.model"
_THRESHOLD = 0.8  # of both sides; the larger of many utterances' chances, so well above one half
_ENTAILMENT, _NEUTRAL, _CONTRADICTION = "entailment", "neutral", "contradiction"
_SIDES = (_ENTAILMENT, _NEUTRAL, _CONTRADICTION)

# How checkpoints call the three. "LABEL_n" says nothing by itself: it needs the option `labels`.
_KNOWN_NAMES: Mapping[str, str] = {
    "entailment": _ENTAILMENT, "entail": _ENTAILMENT, "entails": _ENTAILMENT, "蕴含": _ENTAILMENT, "e": _ENTAILMENT,
    "neutral": _NEUTRAL, "not_entailment": _NEUTRAL, "中立": _NEUTRAL, "n": _NEUTRAL,
    "contradiction": _CONTRADICTION, "contradict": _CONTRADICTION, "contradicts": _CONTRADICTION,
    "矛盾": _CONTRADICTION, "c": _CONTRADICTION,
}  # fmt: skip
_SPEAKERS = {
    "zh": {Role.AGENT: "坐席", Role.CUSTOMER: "客户", Role.SYSTEM: "系统"},
    "en": {Role.AGENT: "The agent", Role.CUSTOMER: "The customer", Role.SYSTEM: "An announcement"},
}


class TransformersNli:
    """A checkpoint whose labels are mapped to entailment, neutral and contradiction; without the last it never says no.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    labels : mapping, optional
        Label of the checkpoint -> entailment, neutral or contradiction. Without it the names in the checkpoint decide.
    threshold : float
        Probability from which an utterance shows the statement, or its contrary.
    device, offline
        As for `Checkpoint`.

    Raises
    ------
    NeedsModel
        When there are no weights.
    ConfigurationError
        When a label of the checkpoint cannot be mapped, or none is entailment.
    """

    def __init__(
        self,
        model: str,
        *,
        labels: Mapping[str, str] | None = None,
        threshold: float = _THRESHOLD,
        device: str = "auto",
        offline: bool = False,
    ) -> None:
        self._checkpoint = Checkpoint(model, _SETTING, device=device, offline=offline)
        hint = N_("Say what each means with the option labels: entailment, neutral or contradiction.")
        named = labels or _KNOWN_NAMES
        sides = meanings_of(self._checkpoint.labels, named, model, hint, ours=_SIDES, needed=[_ENTAILMENT])
        self._columns = {side: [column for column, found in enumerate(sides) if found == side] for side in _SIDES}
        self._threshold = threshold
        self.spec = describe(model, labels=labels, threshold=threshold, device=device, offline=offline)

    def judge(self, statement: str, utterances: Sequence[Utterance], language: str) -> Opinion:
        """Judge a statement over masked utterances.

        Yes when one utterance, or two that follow each other, entail it; no only when one contradicts it and none
        entails it. What nobody speaks of, and what one says and another denies, cannot be told.
        """
        said = [item for item in utterances if item.text.strip()]
        if not said:
            return Opinion(answer=Answer.CANNOT_TELL, confidence=0.0)
        alone = [_spoken(item, language) for item in said]
        premises = alone + [f"{before}\n{after}" for before, after in pairwise(alone)]
        chances = self._checkpoint.predict(premises, [statement] * len(premises))
        entailed, contradicted = (chances[:, self._columns[side]].sum(axis=1) for side in (_ENTAILMENT, _CONTRADICTION))
        for_it, against_it = entailed.max(), contradicted.max()
        if for_it >= self._threshold and against_it >= self._threshold:
            return Opinion(
                answer=Answer.CANNOT_TELL,
                confidence=0.0,
                quotes=_quotes(said, entailed) + _quotes(said, contradicted),
                problem=Reason(message=N_("One utterance says so and another denies it.")),
            )
        if for_it >= self._threshold:
            return Opinion(answer=Answer.YES, confidence=float(for_it), quotes=_quotes(said, entailed))
        if against_it >= self._threshold:
            return Opinion(answer=Answer.NO, confidence=float(against_it), quotes=_quotes(said, contradicted))
        return Opinion(answer=Answer.CANNOT_TELL, confidence=float(1 - max(for_it, against_it)))


def load(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    threshold: float = _THRESHOLD,
    device: str = "auto",
    offline: bool = False,
) -> TransformersNli:
    """Return the engine; see `TransformersNli`."""
    named = get_name(model, _SETTING)
    return TransformersNli(named, labels=labels, threshold=threshold, device=device, offline=offline)


def describe(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    threshold: float = _THRESHOLD,
    device: str = "auto",
    offline: bool = False,
) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    return describe_checkpoint("judge", get_name(model, _SETTING), labels, name="nli", threshold=f"{threshold:g}")


check = partial(check_checkpoint, _SETTING)


def _spoken(utterance: Utterance, language: str) -> str:
    is_chinese = written_language(language) == "zh"
    speaker = _SPEAKERS["zh" if is_chinese else "en"].get(utterance.role)
    if speaker is None:
        return utterance.text
    return f"{speaker}：{utterance.text}" if is_chinese else f"{speaker}: {utterance.text}"


def _quotes(said: Sequence[Utterance], chances: Floats) -> tuple[tuple[int, str], ...]:
    """Return the utterance, or the two, of the highest chance: rows are single ones, then neighbours."""
    best = int(np.argmax(chances))
    items = [said[best]] if best < len(said) else said[best - len(said) : best - len(said) + 2]
    return tuple((item.index, item.text) for item in items)
