# Every command sets up what it needs in .venv. `make help` lists them.

PYTHON ?= python3
# Where to find a smaller torch; https://download.pytorch.org/whl/cpu for a machine without a graphics card.
TORCH_INDEX ?=

PIP = .venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: help serve demo test format
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

serve: .venv/installed ## index the shipped report and serve it on http://127.0.0.1:7860
	.venv/bin/quipu serve

demo: .venv/installed ## an intranet page with the widget, on http://127.0.0.1:7870
	.venv/bin/python -m tools.demo

test: .venv/tested ## format, lint, types and all tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pytest

format: .venv/tested ## put the code into its one format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.venv/installed: pyproject.toml constraints.txt | .venv/made
	@echo "Installing Quipu and what it needs; the first time takes some minutes."
	$(PIP) --editable .
	@touch $@

.venv/tested: .venv/installed
	$(PIP) --editable '.[test]'
	@touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quipu needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name a newer one with PYTHON=" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	@touch $@
