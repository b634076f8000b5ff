"""Which language a reader gets."""

import pytest

from api.language import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de-DE,zh-TW;q=0.7,en;q=0.3", "zh"),
        ("fr,de", "en"),
        ("zh;q=0", "en"),
        ("zh;q=x,en;q=0.1", "en"),
        (";;;,,=;q=1", "en"),
    ],
)
def test_accept_language(header: str, language: str) -> None:
    assert preferred_language(header) == language
