from __future__ import annotations

from time import process_time

import pytest

from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.numbers import find_numbers, spoken_number

DIGITS = "零一二三四五六七八九"


def spoken_chinese(number: int) -> str:
    """The Chinese words of 0-9999, straight from the rule: every place with its unit, one 零 for empty ones inside."""
    if number == 0:
        return "零"
    words = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            words += DIGITS[digit] + unit
        elif words and number % power and not words.endswith("零"):
            words += "零"
    return words.removeprefix("一") if words.startswith("一十") else words


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "zero"),
        ("19", "nineteen"),
        ("40", "forty"),
        ("105", "one hundred five"),
        ("2026", "two thousand twenty six"),
        ("100000", "one hundred thousand"),
        ("007", "zero zero seven"),
        ("1234567", "one two three four five six seven"),
    ],
)
def test_numbers_are_spoken(digits: str, words: str) -> None:
    assert spoken_number(digits) == words


def test_every_number_is_read_back_in_both_languages() -> None:
    for number in range(10_000):
        digits = str(number)
        assert fold(spoken_chinese(number)).text == digits
        assert fold(spoken_number(digits)).text == digits
        if number % 7:
            continue  # in a sentence every seventh will do
        assert fold(f"共{spoken_chinese(number)}件").text == f"共{digits}件"
        assert fold(f"that is {spoken_number(digits)} miles").text == f"that is {digits} miles"


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("一零零八六", "10086"),
        ("幺零零八六", "10086"),
        ("两天", "2天"),
        ("二天", "2天"),
        ("百分之五", "5%"),
        ("百分之三点五", "3.5%"),
        ("百分之百", "100%"),
        ("5 %", "5%"),
        ("five percent", "5%"),
        ("five per cent", "5%"),
        ("三点五折", "3.5折"),
        ("three point five", "3.5"),
        ("两万五", "25000"),
        ("两万零五", "20005"),
        ("1.5万", "15000"),
        ("3万5千", "35000"),
        ("一百二", "120"),
        ("一亿三千万", "130000000"),
        ("3,500 dollars", "3500 dollars"),
        ("八点三十分", "8 30"),
        ("8:30", "8 30"),
        ("八点零五", "8 05"),
        ("eight thirty", "8 30"),
        ("twenty-five", "25"),
        ("one oh five", "105"),
        ("double five one", "551"),
        ("1-0-0-8-6", "10086"),
        ("one hundred and five", "105"),
        ("a hundred", "100"),
        ("5 hundred", "500"),
        ("twenty four seven", "24 7"),
        ("one thousand two thousand", "1000 2000"),
        # Not one number: approximate ones, repetition for stress, words of two sentences.
        ("三四十分钟", "3 40分钟"),
        ("三十四十", "30 40"),
        ("一两天", "1 2天"),
        ("唯一一次", "唯1 1次"),
        ("请按一，一般请按二", "请按1 1般请按2"),
        ("满意请按1,2是一般", "满意请按1 2是1般"),
        ("one, two", "1 2"),
        # No numbers.
        ("千万别", "千万别"),
        ("someone's", "someones"),
        ("5g", "5g"),
        ("a man", "a man"),
        ("晚了一点十分抱歉", "晚了1点10分抱歉"),  # 十分 is "very" far oftener than ten minutes
    ],
)
def test_numbers_in_talk(said: str, digits: str) -> None:
    assert fold(said).text == digits
    assert fold(digits).text == digits


@pytest.mark.parametrize("text", ["一" * 8_000, "一十" * 4_000, "两" * 8_000, "百一" * 4_000, "1 " * 4_000])
@pytest.mark.parametrize("joint", ["", "twenty-", "1,", "点"])
def test_hostile_runs_take_time_that_grows_with_their_length(text: str, joint: str) -> None:
    start = process_time()
    find_numbers(text + joint * 2_000)
    fold(joint * 2_000 + text)
    assert process_time() - start < 3  # about 0.05 s; quadratic time would take minutes
