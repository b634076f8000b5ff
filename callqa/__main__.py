"""``python -m callqa``."""

from callqa.cli.main import run

run()
