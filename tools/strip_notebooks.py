"""Empties the outputs of the notebooks, as they are kept: ``python -m tools.strip_notebooks``."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parent.parent / "notebooks"


def strip_notebook(path: Path) -> bool:
    """Write a notebook without outputs and counts; return whether it had any."""
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    for cell in notebook.cells:
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    after = nbformat.writes(notebook, indent=1) + "\n"
    path.write_text(after, encoding="utf-8")
    return after != before


def main() -> None:
    """Strip all notebooks and name those that changed."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if strip_notebook(path):
            sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
