"""A flow finds a way through the contact whenever there is one, and agrees with ``order`` where both can ask."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Outcome
from tests.qa_pipeline.detectors.scenes import judge, view

WORDS = {"a": "核实身份", "b": "帮您办理", "c": "祝您愉快", "x": "这是别的话"}
TALK = st.lists(st.tuples(st.sampled_from(["agent", "customer"]), st.sampled_from("abcx")), min_size=1, max_size=9)


def lines(talk: list[tuple[str, str]]) -> list[str]:
    # Both parties say something, so that neither is unknown.
    return [f"{role}: {WORDS[word]}" for role, word in [*talk, ("agent", "x"), ("customer", "x")]]


@given(talk=TALK)
def test_without_limits_a_flow_is_an_order(talk: list[tuple[str, str]]) -> None:
    steps = [{"any": [WORDS[word]]} for word in "abc"]
    contact = view(lines(talk))
    flow, order = (
        judge(contact, {"detector": "flow", "steps": steps}),
        judge(contact, {"detector": "order", "steps": steps}),
    )
    assert flow.outcome is order.outcome
    if flow.outcome is Outcome.MET:
        assert [part.utterance for part in flow.evidence] == sorted(part.utterance or 0 for part in flow.evidence)


@given(talk=TALK, limits=st.tuples(*[st.integers(1, 4) | st.none()] * 3))
def test_limits_are_kept_if_any_choice_of_utterances_keeps_them(
    talk: list[tuple[str, str]], limits: tuple[int | None, int | None, int | None]
) -> None:
    steps = [
        {"any": [WORDS[word]]} | ({"within_utterances": limit} if limit else {})
        for word, limit in zip("abc", limits, strict=True)
    ]
    said = [(role, word) for role, word in [*talk, ("agent", "x"), ("customer", "x")]]
    agent_count = [sum(role == "agent" for role, _ in said[: at + 1]) for at in range(len(said))]
    places = [[at for at, item in enumerate(said) if item == ("agent", word)] for word in "abc"]

    def holds(chosen: tuple[int, ...]) -> bool:
        before, counted = -1, 0
        for at, limit in zip(chosen, limits, strict=True):
            if at <= before or (limit is not None and agent_count[at] - counted > limit):
                return False
            before, counted = at, agent_count[at]
        return True

    possible = any(holds(chosen) for chosen in product(*places))
    finding = judge(view(lines(talk)), {"detector": "flow", "steps": steps})
    assert (finding.outcome is Outcome.MET) == possible


@given(talk=TALK)
def test_a_branch_binds_only_who_takes_it(talk: list[tuple[str, str]]) -> None:
    check = {
        "detector": "flow",
        "steps": [{"when": {"role": "customer", "any": [WORDS["a"]]}, "then": [{"any": [WORDS["b"]]}]}],
    }
    finding = judge(view(lines(talk)), check)
    asked = [at for at, item in enumerate(talk) if item == ("customer", "a")]
    if not asked:
        assert finding.outcome is Outcome.NOT_APPLICABLE
        return
    answered = [at for at, item in enumerate(talk) if item == ("agent", "b")]
    wanted = Outcome.NOT_MET if not answered else Outcome.MET if max(answered) > asked[0] else Outcome.PARTLY_MET
    assert finding.outcome is wanted
