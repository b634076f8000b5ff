"""Zero-shot inference over tiny checkpoints: pairs as transformers takes them, and opinions that follow the numbers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.text.transformers_nli import describe, load
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.errors import ConfigurationError, NeedsModel
from qa_pipeline.ports import Answer
from tests.models.test_transformers_sentiment import checkpoint

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

STATEMENT = "good 好"
SAID = ("bad", "good", "吗 坏")


def utterances(*texts: str, role: Role = Role.UNKNOWN) -> tuple[Utterance, ...]:
    return tuple(Utterance(index=10 + place, role=role, text=text) for place, text in enumerate(texts))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # In another order than ours, so that a mapping by place would show.
    return checkpoint(tmp_path_factory.mktemp("hub") / "nli", {0: "CONTRADICTION", 1: "Neutral", 2: "entailment"})


def own_chances(folder: Path, premises: list[str], hypothesis: str = STATEMENT) -> np.ndarray:
    """Contradiction, neutral and entailment by transformers alone, one pair at a time."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    rows = []
    for premise in premises:
        tokens = tokenizer(premise, hypothesis, return_tensors="pt", truncation=True, max_length=32)
        with torch.no_grad():
            rows.append(torch.softmax(model(**tokens).logits[0], -1).tolist())
    return np.array(rows)


def premises_of(said: tuple[str, ...]) -> list[str]:
    return [*said, *(f"{before}\n{after}" for before, after in pairwise(said))]


@pytest.fixture(scope="module")
def chances(folder: Path) -> np.ndarray:
    return own_chances(folder, premises_of(SAID))


def quotes_of(row: int) -> tuple[tuple[int, str], ...]:
    single = tuple((10 + place, text) for place, text in enumerate(SAID))
    return (single[row],) if row < len(SAID) else single[row - len(SAID) : row - len(SAID) + 2]


def biased(folder: Path, target: Path, towards: int) -> Path:
    """The checkpoint with a push towards one label, as a model that is sure of itself."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.classifier.bias[towards] += 4
    model.save_pretrained(target)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(target)
    return target


def test_the_utterance_that_entails_it_is_the_quote(folder: Path, tmp_path: Path) -> None:
    sure = biased(folder, tmp_path / "yes", 2)
    entailed = own_chances(sure, premises_of(SAID))[:, 2]
    assert entailed.max() > 0.8
    engine = load_engine("judge", "nli", model=str(sure), offline=True)
    opinion = engine.judge(STATEMENT, utterances(*SAID), "en")
    assert opinion.answer is Answer.YES
    assert opinion.confidence == pytest.approx(entailed.max(), abs=1e-5)
    assert opinion.quotes == quotes_of(int(entailed.argmax()))


def test_no_only_when_something_contradicts_it(folder: Path, tmp_path: Path) -> None:
    sure = biased(folder, tmp_path / "no", 0)
    contradicted = own_chances(sure, premises_of(SAID))[:, 0]
    opinion = load(str(sure)).judge(STATEMENT, utterances(*SAID), "en")
    assert (opinion.answer, opinion.quotes) == (Answer.NO, quotes_of(int(contradicted.argmax())))
    neutral = biased(folder, tmp_path / "neither", 1)
    assert load(str(neutral)).judge(STATEMENT, utterances(*SAID), "en").answer is Answer.CANNOT_TELL


def test_below_the_threshold_nobody_can_tell(folder: Path, chances: np.ndarray) -> None:
    for_it, against_it = chances[:, 2].max(), chances[:, 0].max()
    highest = max(for_it, against_it)
    opinion = load(str(folder), threshold=highest + 0.01).judge(STATEMENT, utterances(*SAID), "en")
    assert (opinion.answer, opinion.quotes) == (Answer.CANNOT_TELL, ())
    conflict = load(str(folder), threshold=min(for_it, against_it) - 0.01)
    told = conflict.judge(STATEMENT, utterances(*SAID), "en")
    assert told.answer is Answer.CANNOT_TELL
    assert told.problem is not None


def test_who_speaks_is_part_of_the_premise(folder: Path) -> None:
    engine = load(str(folder), threshold=0.01)
    by_agent = own_chances(folder, ["坐席：好"])[0]
    opinion = engine.judge(STATEMENT, utterances("好", role=Role.AGENT), "zh")
    assert opinion.problem is not None, "at this threshold all is both"
    sides = load(str(folder), threshold=float(by_agent[2]) - 1e-4, labels={"entailment": "entailment",
        "Neutral": "neutral", "CONTRADICTION": "neutral"})  # fmt: skip
    assert sides.judge(STATEMENT, utterances("好", role=Role.AGENT), "zh").confidence == pytest.approx(
        by_agent[2], abs=1e-5
    )


def test_a_checkpoint_of_two_labels_never_says_no(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "two", {0: "entailment", 1: "not_entailment"})
    for threshold in (0.01, 0.99):
        answer = load(str(folder), threshold=threshold).judge(STATEMENT, utterances(*SAID), "en").answer
        assert answer is (Answer.YES if threshold < 0.5 else Answer.CANNOT_TELL)


def test_nothing_said(folder: Path) -> None:
    engine = load(str(folder))
    assert engine.judge(STATEMENT, (), "zh").answer is Answer.CANNOT_TELL
    assert engine.judge(STATEMENT, utterances(" "), "zh").answer is Answer.CANNOT_TELL


def test_long_contacts_and_long_words(folder: Path) -> None:
    opinion = load(str(folder), threshold=0.01).judge(STATEMENT, utterances(*(["好 坏 " * 100] * 300)), "zh")
    assert opinion.answer is Answer.CANNOT_TELL


def test_names_that_say_nothing_need_the_option(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "nameless", {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"})
    with pytest.raises(ConfigurationError, match="not known"):
        load(str(folder))
    named = load(str(folder), labels={"LABEL_0": "contradiction", "LABEL_1": "neutral", "LABEL_2": "entailment"})
    assert named.spec != load(str(folder), labels={
        "LABEL_2": "contradiction", "LABEL_1": "neutral", "LABEL_0": "entailment"}).spec  # fmt: skip
    with pytest.raises(ConfigurationError):
        load(str(folder), labels={"LABEL_0": "neutral", "LABEL_1": "neutral", "LABEL_2": "contradiction"})


def test_without_a_checkpoint_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs a checkpoint"):
        describe()
    with pytest.raises(NeedsModel):
        load(str(tmp_path))
    problem = engine_problem("judge", "nli", model=str(tmp_path))
    assert problem is not None
    assert "judge.model" in problem.render_hint()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same(folder: Path, tmp_path: Path) -> None:
    sure = biased(folder, tmp_path / "yes", 2)
    on_gpu, on_cpu = (load(str(sure), device=device) for device in ("cuda", "cpu"))
    first, second = (engine.judge(STATEMENT, utterances(*SAID * 40), "en") for engine in (on_gpu, on_cpu))
    assert first.answer is second.answer is Answer.YES
    assert first.confidence == pytest.approx(second.confidence, abs=1e-4)
