"""Write the tables of docs/imports.md from the forms themselves: ``python -m tools.imports_reference``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.columns import aliases_of
from qa_pipeline.kpi.forms import Form, FormWords, form_words
from qa_pipeline.kpi.mapping import list_mappings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "imports.md"
START, END = "<!-- made by tools/imports_reference.py -->", "<!-- end -->"


def reference() -> str:
    """Return what stands between the marks."""
    parts = [*_subject(), *(line for form, words in form_words().items() for line in _form(form, words)), *_mappings()]
    return "\n".join(parts) + "\n"


def with_reference(page: str) -> str:
    """Return the page with its tables as they are now."""
    head, rest = page.split(START)
    return f"{head}{START}\n{reference()}{END}{rest.split(END)[1]}"


def _subject() -> Iterator[str]:
    yield from ("", "### Columns of every form", "", "| column | headers that are understood |", "|---|---|")
    for field, headers in aliases_of("subject").items():
        yield f"| `{field}`{' (required)' if field == 'agent' else ''} | {', '.join(headers)} |"


def _form(form: Form, words: FormWords) -> Iterator[str]:
    yield from ("", f"### {form.value.capitalize()}: {words.row}", "")
    yield f"The month of a row is that of {words.day}, in the site's time zone. A table has this form when it has"
    yield f"one of each: {_groups(words.known_by)}."
    yield from ("", "| column | meaning | headers that are understood |", "|---|---|---|")
    alone = {group[0] for group in words.needs if len(group) == 1}
    for name, field in words.fields.items():
        required = " (required)" if name in alone else ""
        yield f"| `{name}`{required} | {field.meaning} | {', '.join(field.headers)} |"
    choices = [group for group in words.needs if len(group) > 1]
    if choices:
        yield from ("", f"Required: one of {_groups(choices)}.")
    yield from ("", "| indicator | unit | formula |", "|---|---|---|")
    for indicator, formula in words.gives.items():
        yield f"| `{indicator}` {shipped()[indicator].name.zh} | {shipped()[indicator].unit} | {formula} |"


def _groups(groups: object) -> str:
    assert isinstance(groups, list)
    return "; ".join(" / ".join(f"`{name}`" for name in group) for group in groups)


def _mappings() -> Iterator[str]:
    yield from ("", "### Mappings that ship", "", "| name | form | for |", "|---|---|---|")
    for name, mapping in list_mappings(shipped()).items():
        assert mapping.form is not None and mapping.title is not None
        yield f"| `{name}` | {mapping.form.value} | {mapping.title.en} / {mapping.title.zh} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(with_reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
