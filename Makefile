# Kopilka. `make` alone tells what there is. Needs Python 3.11 or newer and make; everything else is installed into .venv.

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-ledger test-notices lint fmt bench screenshots demo-import verify migrate clean

VENV := .venv
PY := $(VENV)/bin/python
FLASK := $(PY) -m flask --app wsgi
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input
CANDIDATES := $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3)

ifeq ($(strip $(HOME)),)
export PIP_NO_CACHE_DIR := 1
endif

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run ## Run everything here until Ctrl-C (HOST, PORT and KOPILKA_HOME can be set)
	@exec $(PY) -m sandbox.run --end-with-parent

test: $(VENV)/.dev ## Run the tests, all but the slow ones (ARGS="tests/models -k name" chooses)
	@.ci/install-browser
	@exec $(PY) -m pytest -n 2 -m "not slow" $(ARGS)

test-slow: $(VENV)/.dev ## Run the tests that take minutes
	@exec $(PY) -m pytest -m slow $(ARGS)

test-ledger: $(VENV)/.dev ## Compare the ledger with its reference model over 10 000 histories (about an hour)
	@LEDGER_HISTORIES=10000 $(PY) -m pytest -n 2 tests/loyalty/test_ledger_machine.py $(ARGS)

test-notices: $(VENV)/.dev ## Send 10 000 notices through a bad day of Telegram's (half an hour or more)
	@exec $(PY) -m pytest -m slow tests/workers/test_many_notices.py $(ARGS)

lint: $(VENV)/.dev ## Check style and formatting
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

fmt: $(VENV)/.dev ## Format the code and repair what can be repaired
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(VENV)/.dev ## Measure, and print the table of ratios
	@exec $(PY) -m bench $(ARGS)

screenshots: $(VENV)/.dev ## Take the pictures of the README again
	@.ci/install-browser
	@exec $(PY) -m pytest tests/browser/screenshots.py $(ARGS)

demo-import: $(VENV)/.run ## Import a real shop: a year of receipts, 541 909 lines (ARGS=file)
	@exec $(PY) -m sandbox.demo_import $(ARGS)

verify: $(VENV)/.run ## Check every entry of the ledger; exit 1 names the wrong ones
	@exec $(FLASK) ledger verify

migrate: $(VENV)/.run ## Bring the database to the newest migration
	@exec $(FLASK) db upgrade

clean: ## Remove what was installed and cached; the data folder stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .schemathesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: $(VENV)/.made requirements.txt
	@echo "Installing packages into $(VENV) (once)"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing what tests and linters need (once)"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

$(VENV)/.made:
	@for python in $(CANDIDATES); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { lacking=$$python; continue; }; \
		"$$python" -m venv --clear $(VENV) && touch $@ && exit 0; \
		lacking=$$python; \
	done; \
	if [ -n "$$lacking" ]; then \
		echo "$$lacking cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install $$(basename $$lacking)-venv)" >&2; \
	else \
		echo "Kopilka needs Python 3.11 or newer: none found among: $(CANDIDATES). PYTHON=/path/to/python names another" >&2; \
	fi; \
	exit 1
