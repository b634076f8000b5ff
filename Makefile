# Everything runs in .venv, made on first use. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
INSTALL := $(PIP) install --constraint constraints.txt

.PHONY: demo test check format bench lock upgrade licences sbom hashes clean

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
	$(BIN)/python -m pip --disable-pip-version-check check
	$(BIN)/python -m tools.lock
	$(BIN)/python -m tools.licences --check
	$(BIN)/python -m tools.audit

format: $(VENV)/.full
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.full
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --page

# After a change of dependencies in pyproject.toml. Versions that still fit stay; `make upgrade` takes the newest of all.
lock upgrade: $(BIN)/uv
	$(BIN)/python -m tools.lock $(if $(filter upgrade,$@),--upgrade,--write)

licences: $(VENV)/.full
	$(BIN)/python -m tools.licences

# For a release: what is in it, and the hashes of every archive of the light set.
sbom: $(VENV)/.full
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m tools.sbom

hashes: $(VENV)/.full
	mkdir -p build
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --constraint constraints.txt --output-file build/hashes-light.txt pyproject.toml

clean:
	rm -rf $(VENV) .demo build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Alone, since a new requirement that is not locked yet is not installed yet either.
$(BIN)/uv: | $(BIN)/python
	$(INSTALL) uv packaging

# Without torch: enough for batch scoring on embedded engines, reports and pages.
$(VENV)/.light: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

# With torch, Whisper, transformers and the tools of the tests.
$(VENV)/.full: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	touch $(VENV)/.light $@
