# Everything runs in .venv, made on first use. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo test check format bench clean

demo: $(VENV)/.light
	$(BIN)/callqa demo --home .demo

test: $(VENV)/.full
	$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_translations

format: $(VENV)/.full
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.full
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --page

clean:
	rm -rf $(VENV) .demo build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Without torch: enough for batch scoring on embedded engines, reports and pages.
$(VENV)/.light: pyproject.toml | $(BIN)/python
	$(PIP) install -e .
	touch $@

# With torch, Whisper, transformers and the tools of the tests.
$(VENV)/.full: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[dev]'
	touch $(VENV)/.light $@
