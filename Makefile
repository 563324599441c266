# Each command first installs what it needs into .venv. `make help` lists them.

PYTHON ?= python3
# An extra package index. Without a graphics card, https://download.pytorch.org/whl/cpu has a smaller torch.
TORCH_INDEX ?=
# Arguments for `make bench`, such as ARGS="ask --rounds 5"; without any, all benchmarks run.
ARGS ?=

# Modules are compiled when they are first imported: most of what the packages bring never is.
PIP = .venv/bin/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: help serve demo bench test types tests format
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

serve: .venv/installed ## index the shipped report and serve it on http://127.0.0.1:7860
	.venv/bin/quipu serve

demo: .venv/installed ## serve an intranet page with the widget on http://127.0.0.1:7870
	.venv/bin/python -m tools.demo

bench: .venv/tools ## measure how fast it is on this machine; ARGS="ask --rounds 5" runs one benchmark
	.venv/bin/python -m tools.bench $(ARGS)

test: .venv/tested ## check format, lint and types, and run all tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	@$(MAKE) --no-print-directory --jobs 2 types tests

types: .venv/tested ## check the types alone
	.venv/bin/mypy

tests: .venv/tested ## run the tests alone, two at a time
	.venv/bin/pytest --numprocesses 2 --dist worksteal

format: .venv/tested ## format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.venv/installed: pyproject.toml constraints.txt | .venv/made
	@echo "Installing Quipu and what it needs; the first time, this takes a few minutes."
	$(PIP) --editable .
	@touch $@

.venv/tools: tools/requirements.txt .venv/installed
	$(PIP) --requirement tools/requirements.txt
	@touch $@

.venv/tested: pyproject.toml constraints.txt tools/requirements.txt | .venv/made
	@echo "Installing Quipu and what its tests need; the first time, this takes a few minutes."
	$(PIP) --editable '.[test]' --requirement tools/requirements.txt
	@touch .venv/installed .venv/tools $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quipu needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name a newer one with PYTHON=" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	@touch $@
