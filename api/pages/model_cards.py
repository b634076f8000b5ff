"""The model cards that ship, as pages: Markdown without anything that the pages' policy would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_SUFFIX = ".md"
_CHINESE = range(0x4E00, 0xA000)
_LANGUAGES = {"-zh": ("zh",), "-en": ("en",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One card. ``languages``: those that its model is for; ``written_in``: the card's own language."""

    name: str
    title: str
    languages: tuple[str, ...]
    written_in: str
    text: str


@cache
def model_cards() -> Mapping[str, ModelCard]:
    """Return the cards by name."""
    folder = files("models").joinpath("cards")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(_SUFFIX))
    return {
        name.removesuffix(_SUFFIX): _card(name.removesuffix(_SUFFIX), folder.joinpath(name).read_text(encoding="utf-8"))
        for name in names
    }


def split_card(text: str) -> tuple[str, str]:
    """Return the title of a card, which is its first line, and the rest."""
    title, _, body = text.partition("\n")
    return title.lstrip("# ").strip(), body


def _card(name: str, text: str) -> ModelCard:
    title, body = split_card(text)
    is_chinese = any(ord(each) in _CHINESE for each in title)
    return ModelCard(
        name=name,
        title=title,
        languages=_LANGUAGES.get(name[-3:], ("zh", "en")),
        written_in="zh" if is_chinese else "en",
        text=body,
    )


def card_html(card: ModelCard) -> Markup:
    """Return the body of a card; raw HTML in it is shown as text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(card.text)
    for token in tokens:
        _adapt(token)
    # Markdown-it escapes all text; raw HTML is switched off.
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704


def _adapt(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1]) + (0 if token.tag != 'h1' else 1))}"
    if token.type == "table_open":
        token.attrSet("class", "compact")
    # Inline styles are refused by the content security policy.
    if token.type in ("th_open", "td_open") and "right" in str(token.attrs.pop("style", "")):
        token.attrSet("class", "num")
    if token.children:
        token.children = _with_known_links(token.children)


def _with_known_links(tokens: Sequence[Token]) -> list[Token]:
    """Return inline tokens whose links lead somewhere from here: to other cards and to addresses, not to files."""
    kept: list[Token] = []
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""))
            open_links.append(address is not None)
            if address is None:
                continue
            token.attrSet("href", address)
        elif token.type == "link_close" and not open_links.pop():
            continue
        kept.append(token)
    return kept


def _address(href: str) -> str | None:
    if href.startswith(("https://", "http://")):
        return href
    name = href.removesuffix(_SUFFIX)
    return f"/fairness/models/{name}" if href.endswith(_SUFFIX) and name in model_cards() else None
