"""The documentation names everything that the catalogue and the forms know."""

from __future__ import annotations

from pathlib import Path

from qa_pipeline.kpi.catalogue import list_indicators
from tools.imports_reference import PAGE, with_reference

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "kpis.md").read_text(encoding="utf-8")
IMPORTS = PAGE.read_text(encoding="utf-8")
TEMPLATES = (DOCS / "templates.md").read_text(encoding="utf-8")


def test_every_indicator_is_documented() -> None:
    assert [found.id for found in list_indicators() if f"| `{found.id}` | {found.name.zh} |" not in TEXT] == []


def test_the_tables_of_forms_are_those_of_the_code() -> None:
    assert with_reference(IMPORTS) == IMPORTS, "run `python -m tools.imports_reference`"


def test_the_example_template_is_one(tmp_path: Path) -> None:
    from qa_pipeline.appraisal.templates import check_template
    from qa_pipeline.kpi.catalogue import shipped

    path = tmp_path / "night-desk.yaml"
    path.write_text(TEMPLATES.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    found = check_template(path, shipped())
    assert (found.errors, list(found.warnings)) == ((), [])


def test_every_shipped_template_is_documented() -> None:
    from qa_pipeline.appraisal.templates import list_templates
    from qa_pipeline.kpi.catalogue import shipped

    assert [found.id for found in list_templates(shipped()) if f"| `{found.id}` |" not in TEMPLATES] == []


def test_the_example_mapping_is_one(tmp_path: Path) -> None:
    from qa_pipeline.kpi.catalogue import shipped
    from qa_pipeline.kpi.mapping import read_mapping

    path = tmp_path / "mapping.yaml"
    path.write_text(IMPORTS.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert len(read_mapping(path, shipped()).uses) == 8
