# Every command of the project. Plain `make` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SIZE   ?= 100MB
BROWSER ?= yes
ARGS   ?=

help: ## List these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | sed 's/|/\t/' | expand -t 22

run: $(VENV)/run.stamp ## Everything: database, first admin, the worker, pages on http://localhost:8080 (PORT=8080)
	@$(BIN)/python -m wifiapp.serve

test: $(VENV)/dev.stamp chromium ## All tests, the browser stories too (BROWSER=no leaves those out; ARGS="-k word")
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder -q $(TESTS) $(ARGS)

sure: lint test ## What must be green before a change is shared: format, lint, types, security, tests

lint: $(VENV)/dev.stamp ## Format, lint, types and security, without changing anything
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/python -m bandit -q -r -ll -c pyproject.toml wifiapp

format: $(VENV)/dev.stamp ## Format the code and mend what ruff can mend
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

bench: $(VENV)/dev.stamp ## Time backup and restore (SIZE=100MB), or with ARGS: --pages, --selling, --presence, --rollups, --analytics
	@SIZE=$(SIZE) $(BIN)/python -m tests.bench $(ARGS)

requirements: ## Pin the packages of pyproject.toml again, with hashes (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  pyproject.toml -o requirements.txt
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

vendor: $(VENV)/dev.stamp ## Fetch the front end's libraries again (needs npm)
	@$(BIN)/python scripts/vendor_static.py

clean: ## Remove what can be made again: the environment and caches; never instance/
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what the commands stand on ------------------------------------------------------------

ifeq ($(BROWSER),no)
TESTS := --ignore=tests/browser
chromium:
	@echo "The browser stories are left out, as BROWSER=no says."
else
chromium:
	@sh scripts/find_chromium.sh
endif

$(BIN)/python:
	@sh scripts/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	@sh scripts/install.sh $(BIN)/python requirements.txt
	@touch $@

# requirements-dev.txt contains all of requirements.txt
$(VENV)/dev.stamp: requirements-dev.txt | $(BIN)/python
	@sh scripts/install.sh $(BIN)/python requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

.DEFAULT_GOAL := help
.PHONY: help run test sure lint format bench requirements vendor clean chromium
