from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.annotation import Annotation, Move, MoveKind
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import TranscriptQuality, Utterance
from qa_pipeline.scoring.annotate import annotate
from qa_pipeline.scoring.move_lexicon import LANGUAGES, known_acts, move_names, move_wording
from qa_pipeline.scoring.moves import tag_moves
from tests.qa_pipeline.scoring.talks import MarkedMoves, talk, text_models


def moves_of(said: str, language: str = "zh") -> dict[int, set[str]]:
    """Return the moves of every line of a talk, by wording alone where no mark says otherwise."""
    found: dict[int, set[str]] = {}
    for move in tag_moves(talk(said, language).utterances, language, MarkedMoves()):
        found.setdefault(move.utterance, set()).add(move.move.value)
    return found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("您好，工号八零一二为您服务，请问有什么可以帮您？", {"greeting", "self_introduction", "offer_help"}),
        ("请问您贵姓", {"identity_check"}),
        ("麻烦您提供一下订单号", {"request_information"}),
        ("跟您确认一下，您是想改地址对吗", {"confirm_need"}),
        ("这是因为您的套餐上个月到期了", {"explanation"}),
        ("请您稍等，我去查一下", {"hold_request"}),
        ("感谢您的耐心等待", {"hold_return", "thanks"}),
        ("我帮您转接到专员", {"transfer"}),
        ("不客气", {"welcome"}),
        ("非常抱歉给您带来不便", {"apology"}),
        ("我理解您的心情", {"empathy"}),
        ("两个工作日内给您回电", {"promise"}),
        ("请问还有其他可以帮您的吗", {"further_help"}),
        ("麻烦您对我的服务做个评价", {"rate_invitation"}),
        ("祝您生活愉快，再见", {"closing"}),
        ("好的，可以的", {"agreement"}),
        ("不用了", {"refusal"}),
        ("您的快递昨天到了上海", set()),
        # Longer wordings that only look like a move.
        ("您好像没有开通这项业务", set()),
        ("还有什么可以帮您", {"further_help"}),
        ("还请稍后点击满意", set()),
        ("这个商品评价很多", set()),
    ],
)
def test_chinese_wording(said: str, expected: set[str]):
    assert moves_of(f"agent: {said}").get(0, set()) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("welcome to Acme, my name is Ann", {"greeting", "self_introduction"}),
        ("how may I help you", {"offer_help"}),
        ("may I have your full name please", {"identity_check"}),
        ("could you give me the order number", {"request_information"}),
        ("just to confirm, so you would like a refund", {"confirm_need"}),
        ("that is because the card expired", {"explanation"}),
        ("one moment please", {"hold_request"}),
        ("thanks for holding", {"hold_return", "thanks"}),
        ("let me transfer you", {"transfer"}),
        ("you're very welcome", {"welcome"}),
        ("I'm so sorry about that", {"apology"}),
        ("I completely understand", {"empathy"}),
        ("I'll call you back", {"promise"}),
        ("is there anything else I can help you with", {"further_help"}),
        ("please stay on for a short survey", {"rate_invitation"}),
        ("no, that's all", {"refusal"}),
        ("the parcel went to Leeds", set()),
        ("our opening hours are nine to five", set()),
    ],
)
def test_english_wording(said: str, expected: set[str]):
    assert moves_of(f"agent: {said}", "en").get(0, set()) == expected


def test_a_customer_makes_no_move_of_agents():
    said = "customer: 您好，你稍等一下，我找一下订单号\nagent: 您稍等一下"
    assert moves_of(said) == {0: {"greeting"}, 1: {"hold_request"}}


def test_a_customer_who_wishes_a_nice_day_in_passing_does_not_close():
    said = "customer: thank you, have a nice day\nagent: thank you, have a nice day\nunknown: have a nice day"
    assert moves_of(said, "en") == {1: {"closing"}}


def test_somebody_unknown_may_make_every_move_and_a_machine_none():
    assert moves_of("unknown: 请您稍等\nsystem: 请您稍等") == {0: {"hold_request"}}


def test_a_misheard_phrase_is_found_by_its_sound():
    (move,) = tag_moves(talk("agent: 麻烦请您烧等").utterances, "zh", MarkedMoves())
    # 请您稍等 (hold_request): three of four characters are the same, so likeness (3/4 + 1) / 2 = .875, times .9.
    assert (move.move, move.quote, move.confidence) == (MoveKind.HOLD_REQUEST, "请您烧等", pytest.approx(0.7875))


def test_the_tagger_decides_from_four_tenths():
    said = "agent: 慢走@closing.4\nagent: 慢走@closing.39"
    (move,) = tag_moves(talk(said).utterances, "zh", MarkedMoves())
    # No phrase of the lexicon is in it, so the whole utterance shows the move.
    assert (move.utterance, move.move, move.confidence, move.quote) == (0, MoveKind.CLOSING, 0.4, "慢走@closing.4")


def test_where_both_tiers_agree_the_words_are_quoted_and_the_surer_counts():
    (move,) = tag_moves(talk("agent: 那就再见@closing.95").utterances, "zh", MarkedMoves())
    assert (move.quote, move.confidence) == ("再见", 0.95)
    (move,) = tag_moves(talk("agent: 那就再见@closing.5").utterances, "zh", MarkedMoves())
    assert (move.quote, move.confidence) == ("再见", 0.9)


def test_the_tagger_cannot_give_a_customer_the_agents_moves():
    assert tag_moves(talk("customer: 嗯哼@promise.9").utterances, "zh", MarkedMoves()) == ()


def test_a_language_without_wording_has_no_moves():
    assert tag_moves(talk("agent: bonjour@greeting.9", "fr").utterances, "fr", MarkedMoves()) == ()
    assert moves_of("agent: 您好", "yue") == {0: {"greeting"}}


def test_each_utterance_is_read_in_its_own_script():
    said = "agent: Good morning, one moment please\nagent: 请您稍等\nagent: 123@closing.9"
    assert moves_of(said, "zh") == {0: {"hold_request"}, 1: {"hold_request"}, 2: {"closing"}}


def test_annotations_hold_the_moves_of_usable_words_only():
    said = "agent: 您好\ncustomer: 再见"
    annotation = annotate(talk(said), Facts(), text_models(), 0)
    assert [(move.utterance, move.move.value) for move in annotation.moves] == [(0, "greeting"), (1, "closing")]
    assert annotation.move_engine == "marks@1"
    assert annotate(talk(said, quality=TranscriptQuality.UNUSABLE), Facts(), text_models(), 0).moves == ()


def test_annotations_of_earlier_versions_still_load():
    from pydantic import TypeAdapter

    stored = {
        "sentiments": [],
        "courses": [],
        "attitude": [],
        "attitude_value": None,
        "sentiment_engine": "embedded@1",
        "masked_count": 0,
    }
    loaded = TypeAdapter(Annotation).validate_python(stored)
    assert (loaded.moves, loaded.move_engine) == ((), "")


def test_every_move_has_a_name_and_wording_in_both_languages():
    assert set(move_names()) == set(MoveKind)
    for language in LANGUAGES:
        wording = move_wording(language)
        assert list(dict.fromkeys(each.move for each in wording)) == list(MoveKind)
        assert all(each.phrases or each.whole for each in wording)


def test_every_phrase_shows_its_own_move():
    for language in LANGUAGES:
        wanted = [(each.move, phrase.written) for each in move_wording(language) for phrase in each.phrases]
        said = [Utterance(index=index, role=Role.AGENT, text=text) for index, (_, text) in enumerate(wanted)]
        found = {(move.utterance, move.move) for move in tag_moves(said, language, MarkedMoves())}
        assert [wanted[index] for index, (move, _) in enumerate(wanted) if (index, move) not in found] == []


def test_acts_of_open_sets_and_names_of_moves_are_known():
    acts = known_acts()
    assert acts["confirmation"].moves == {MoveKind.AGREEMENT}  # MultiDoGO: the customer says yes
    assert acts["复述确认"].moves == acts["confirm_need"].moves == {MoveKind.CONFIRM_NEED}
    assert acts["contentonly"].moves == frozenset()
    assert MoveKind.THANKS in acts["客套"].open


def test_hostile_repetition_is_read_in_no_time():
    from time import process_time

    texts = ["您好像" * 10_000, "好" * 20_000 + "坏", "您好" * 10_000, "😀" * 10_000]
    said = [Utterance(index=index, role=Role.AGENT, text=text) for index, text in enumerate(texts)]
    started_s = process_time()
    moves = tag_moves(said, "zh", MarkedMoves())
    assert process_time() - started_s < 5
    assert [(move.utterance, move.move) for move in moves] == [(2, MoveKind.GREETING)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.sampled_from(["zh", "en"]))
def test_every_quote_stands_in_its_utterance(texts: list[str], language: str):
    said = [Utterance(index=index, role=Role.AGENT, text=text) for index, text in enumerate(texts)]
    moves: tuple[Move, ...] = tag_moves(said, language, MarkedMoves())
    assert all(move.quote and move.quote in texts[move.utterance] and 0 < move.confidence <= 1 for move in moves)
    assert len({(move.utterance, move.move) for move in moves}) == len(moves)
