"""Model cards as pages: everything that ships is shown, and nothing that the pages' policy refuses."""

import re

import pytest

from api.pages.model_cards import ModelCard, card_html, model_cards


@pytest.mark.parametrize("name", list(model_cards()))
def test_a_card_is_shown_whole_and_its_links_lead_somewhere(name: str) -> None:
    card = model_cards()[name]
    page = card_html(card)
    assert card.title and len(page) > 500
    assert "style=" not in page and "<script" not in page
    for href in re.findall(r'href="([^"]+)"', page):
        known = href.removeprefix("/fairness/models/") in model_cards()
        assert known or href.startswith("https://"), href


def test_a_card_tells_its_language_and_that_of_its_model() -> None:
    cards = model_cards()
    assert (cards["sentiment-zh"].written_in, cards["sentiment-zh"].languages) == ("zh", ("zh",))
    assert (cards["sentiment-en"].written_in, cards["own-labels"].languages) == ("en", ("zh", "en"))


def test_markup_in_a_card_is_text_and_numbers_stand_right() -> None:
    text = "<script>alert(1)</script>\n\n[a](../../docs/facts.md) [b](sentiment-en.md)\n\n| n |\n|---:|\n| 1 |\n"
    page = card_html(ModelCard(name="x", title="x", languages=("en",), written_in="en", text=text))
    assert "&lt;script&gt;" in page and "<script" not in page
    assert "facts.md" not in page and 'href="/fairness/models/sentiment-en"' in page
    assert '<td class="num">1</td>' in page
