"""What must hold for every page: it fits, it is silent, its words can be read, and axe finds nothing serious."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from time import monotonic
from typing import Any

from playwright.sync_api import Page

LANG = {"zh": "zh-CN", "en": "en"}
WIDTHS = (1440, 1024, 390)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# Contrast, which takes nine tenths of axe's time, is looked at below, in both schemes.
_SERIOUS = """async () => (await axe.run(
    document, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}})).violations
  .filter(each => ['serious', 'critical'].includes(each.impact))
  .map(each => `${each.id}: ${each.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`)"""

# Everything that both checks go by: elements, their attributes, and whether there are words in them.
_PARTS = """() => {
  const told = ['class', 'role', 'type', 'scope', 'style', 'disabled'];
  const value = each => told.includes(each.name) ? each.value : each.value.trim() ? '+' : '-';
  const parts = [...document.querySelectorAll('body *:not(.languages *)')];  // whose order the language turns round
  return parts.map(part => part.tagName + (part.textContent.trim() ? '+' : '')
    + [...part.attributes].map(each => each.name + value(each)).join()).join();
}"""
_SEEN: set[str] = set()

# WCAG 2.2, 1.4.3: the contrast of every text with what lies behind it; 3:1 suffices from 24 px, or 18.66 px bold, on.
# What is disabled is excepted. A part that can be seen through is blended with the ground of what it lies on.
LOW_CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const over = (top, below, share) => [0, 1, 2].map(at => top[at] * share + below[at] * (1 - share));
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    if (!element) return dark ? [18, 18, 18] : [255, 255, 255];
    const style = getComputedStyle(element);
    const [red, green, blue, alpha = 1] = channels(style.backgroundColor);
    const share = alpha * style.opacity;
    return share === 1 ? [red, green, blue] : over([red, green, blue], ground(element.parentElement), share);
  };
  const ink = (element, colour) => {
    let share = colour[3] ?? 1;
    for (let at = element; at; at = at.parentElement) share *= getComputedStyle(at).opacity;
    return over(colour, ground(element), share);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('svg, .skip, script, :disabled')) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [light, dim] = [ink(element, channels(style.color)), ground(element)]
      .map(luminance).sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = (light + 0.05) / (dim + 0.05);
    if (ratio < needed) found.push(`${ratio.toFixed(2)} ${element.className} ${walker.currentNode.data.trim()}`);
  }
  return found;
}"""


@dataclass
class Watched:
    """A page and everything that it complained of."""

    page: Page
    complaints: list[str]


def watched(page: Page) -> Watched:
    """Watch a page's console and errors from now on."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return Watched(page, complaints)


def check_page(page: Page, address: str, language: str, status: int = 200, *, is_huge: bool = False) -> None:
    """Open an address and check what must hold for every page, at three widths, in both schemes.

    ``is_huge``: of a page with thousands of parts only that it fits and is silent; axe would look at each of them.
    """
    seen = watched(page)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    asked = f"{address}{'&' if '?' in address else '?'}lang={language}"
    answer = page.goto(asked)
    assert answer is not None
    assert answer.status == status, asked
    assert page.locator("html").get_attribute("lang") == LANG[language]
    page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
    if not is_huge:
        check_shown(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{asked} is wider than {width}"
    assert [each for each in seen.complaints if status == 200 or str(status) not in each] == []


def check_shown(page: Page) -> None:
    """Check what a page shows now: axe in the light scheme, contrast in both.

    Neither depends on what the words are: a page of the same parts, as in the other language, is not looked at again.
    """
    parts = page.evaluate(_PARTS)
    if parts in _SEEN:
        return
    page.evaluate(AXE)
    page.emulate_media(color_scheme="light")
    found: Any = page.evaluate(_SERIOUS)
    assert found == []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate(LOW_CONTRAST) == [], scheme
    _SEEN.add(parts)


def until(page: Page, expression: str, seconds: float = 10.0) -> None:
    """Wait until an expression is true; the browser's own way of waiting is refused by the content security policy."""
    ends = monotonic() + seconds
    while not page.evaluate(expression):
        assert monotonic() < ends, f"never true: {expression}"
        page.wait_for_timeout(50)
