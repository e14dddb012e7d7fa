# `make demo` shows what fink_ad does; `make test` says whether it still does.
# Everything is installed into .venv by these rules; nothing else is needed but Python and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint types check bench test-services test-browser test-kill test-slow test-wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fink_ad needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@

demo: $(STAMP) ## three simulated nights and a reviewer: watch what is rare climb
	@$(BIN)/fink-ad demo

test: $(STAMP) ## the test suite
	$(BIN)/python -m pytest

lint: $(STAMP) ## style and common mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## strict types
	$(BIN)/mypy

check: lint types test ## all of the above

test-services: $(STAMP) ## against a real PostgreSQL and a real Kafka, installed if need be
	tests/services/run_postgres.sh $(BIN)/python
	tests/services/run_kafka.sh $(BIN)/python

test-browser: $(STAMP) ## the review page in a real browser, which this installs if need be
	tests/browser/run.sh $(BIN)/python

test-kill: $(STAMP) ## processes killed at random moments: nothing is lost, nothing is half
	$(BIN)/python -m pytest -m kill

test-slow: $(STAMP) ## the README in an empty folder, whole programs, long searches for a fault
	$(BIN)/python -m pytest -m slow

test-wheel: $(STAMP) ## the wheel, installed into an empty environment
	tests/wheel/run.sh $(BIN)/python

bench: $(STAMP) ## measure every step of the street on this machine
	$(BIN)/python -m benchmarks

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
