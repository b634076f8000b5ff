"""Which passwords are taken, and how they are kept."""

import re
from importlib.resources import files

import pytest
from argon2 import PasswordHasher

from qa_pipeline.errors import InputError
from qa_pipeline.services.accounts.passwords import (
    CHARACTERS_MAX,
    check_password,
    hash_password,
    is_outdated,
    is_password,
    one_time_password,
)


@pytest.mark.parametrize(
    "password",
    ["ten-signs!", "correct horse", "一二三四五六七八九十", "aaaaabbbbbc", "🦊🦉🦆🦢🦚🦜🦩🐦🐧🐤", "abc" * 66 + "de"],
)
def test_long_ones_of_any_signs_are_taken(password: str) -> None:
    check_password(password, "li", "Li Na", "A01")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("nine-sign", "10 to 200 characters"),
        ("", "10 to 200 characters"),
        ("ab" * 100 + "c", "10 to 200 characters"),
        ("ﬃ" * 9 + "abc" * 60, "10 to 200 characters"),  # 189 signs, of which nine become three each: 207
        ("1234567890", "first that anybody"),
        ("Password123", "first that anybody"),
        ("qwerty uiop", "first that anybody"),
        ("１２３４５６７８９０", "first that anybody"),  # full width, as Chinese keyboards give
        ("ababababababab", "first that anybody"),
        ("customer.li.na", "name of the account"),
        ("Li Na Zhang Wei", "name of the account"),
    ],
)
def test_others_are_refused_with_a_reason(password: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_password(password, "customer.li.na", "lina zhangwei", "A01")


def test_the_list_of_common_ones_holds_only_what_it_decides() -> None:
    text = files("qa_pipeline.services.accounts").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))
    assert all(len(line) >= 10 and line == line.casefold() for line in lines)


def test_the_same_password_has_another_hash_each_time_and_fits_both() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first != second
    assert first.startswith("$argon2id$")
    assert "correct" not in first
    assert is_password("correct horse", first) and is_password("correct horse", second)
    assert not is_password("correct horsf", first)


def test_one_password_typed_on_two_systems_is_one() -> None:
    # é as one sign, and as e with an accent (NFC and NFD).
    assert is_password("cafe\u0301 au lait", hash_password("caf\u00e9 au lait"))


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$broken"])
def test_nothing_fits_where_there_is_no_hash(kept: str | None) -> None:
    assert not is_password("correct horse", kept)


def test_a_longer_one_that_begins_alike_does_not_fit() -> None:
    password = "abc" * 66 + "de"  # 200 signs
    assert len(password) == CHARACTERS_MAX
    kept = hash_password(password)
    assert is_password(password, kept)
    assert not is_password(password + "f", kept)


def test_hashes_of_other_parameters_are_told() -> None:
    assert not is_outdated(hash_password("correct horse"))
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("correct horse"))


def test_one_time_passwords_can_be_copied_and_pass_the_rules() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", password)
        check_password(password, "li")
