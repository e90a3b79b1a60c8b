# asyncify: `make` alone lists the verbs. Needs Python >= 3.11, make and git; the rest goes into .venv.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs
FRAMEWORKS_STAMP := $(VENV)/.installed-frameworks
CODE := src tests $(wildcard examples ecosystem benchmarks docs)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup fmt lint type test frameworks demo demo-run bench ecosystem docs build clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with asyncify and the tools for working on it

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "asyncify needs Python >= 3.11; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(FRAMEWORKS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --group frameworks --group suites
	@touch $@

fmt: $(STAMP) ## sort imports, apply safe lint fixes, format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/black --quiet $(CODE)

lint: $(STAMP) ## ruff and black, read-only
	$(BIN)/ruff check $(CODE)
	$(BIN)/black --check --quiet --diff $(CODE)

type: $(STAMP) ## mypy, strict, over src
	$(BIN)/mypy

test: $(STAMP) ## every test, in parallel (ARGS="-k name" narrows it)
	$(BIN)/pytest -n auto $(ARGS)

frameworks: $(FRAMEWORKS_STAMP) ## install frameworks and test plugins, convert and run what uses them
	$(BIN)/pytest -rs $(ARGS) tests/test_frameworks.py tests/test_suite_matrix.py

# Exit code 1 says "there is something to convert", which is the point of the demo.
demo: $(STAMP) ## the main job on the example project: print the diff
	@$(BIN)/asyncify examples/weather_desk --diff || test $$? -eq 1

demo-run: $(STAMP) ## convert a copy of the example, run both, compare what they print
	$(BIN)/python examples/run_demo.py

bench: $(STAMP) ## run every script in benchmarks/
	@for script in benchmarks/[!_]*.py; do \
	  test -e "$$script" || { echo "no benchmarks yet"; break; }; \
	  echo "== $$script"; $(BIN)/python "$$script" || exit $$?; \
	done

ecosystem: $(STAMP) ## convert released projects and check the results (ARGS="--only NAME" narrows it)
	$(BIN)/python -m ecosystem run $(ARGS)

docs: $(DOCS_STAMP) ## build the documentation, warnings are errors
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html docs build/docs
	@echo "build/docs/index.html"

build: $(STAMP) ## wheel and sdist into dist/
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/python -m build

clean: ## remove everything that make created
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
