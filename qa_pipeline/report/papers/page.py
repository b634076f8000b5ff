"""A short document as a page, which Chromium prints."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from qa_pipeline.report.environment import page_environment, stylesheet
from qa_pipeline.report.papers.paper import Paper
from qa_pipeline.report.pdf import print_page


@cache
def _environment(language: str) -> Environment:
    return page_environment(language)


def render_page(paper: Paper) -> bytes:
    """Return the paper as one page in UTF-8 that loads and runs nothing."""
    css = Markup(stylesheet())  # noqa: S704  it is ours and holds no markup
    template = _environment(paper.language).get_template("paper.html")
    return template.render(paper=paper, css=css, kind=lambda block: type(block).__name__).encode()


def render_paper_pdf(paper: Paper) -> bytes:
    """Return the paper as PDF; errors as of :func:`~qa_pipeline.report.pdf.print_page`."""
    return print_page(render_page(paper))
