# Two commands set everything up: `make demo` shows numwatch, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast lint format bench docs lock servers clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	@echo "==> making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "numwatch needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The lock files hold every version with its hashes; pip refuses anything else.
$(VENV)/.run: requirements.lock pyproject.toml $(VENV)/.made
	@echo "==> installing numwatch (locked versions, verified hashes)"
	@$(PIP) install --require-hashes --progress-bar on --no-compile -r requirements.lock | grep -v '^  Using cached' | grep -E '^(Collecting|Installing|Successfully)' | cut -c1-100
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml $(VENV)/.made
	@echo "==> installing numwatch and its test tools (locked versions, verified hashes)"
	@$(PIP) install --require-hashes --progress-bar off --quiet -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run ## Run numwatch against a simulated world on http://127.0.0.1:10400
	@$(BIN)/numwatch demo $(DEMO)

servers: ## Install the real servers the integration tests talk to (root and apt)
	@bash tests/integration/install_servers.sh

test: $(VENV)/.dev servers ## Run every test, with real servers where they can be had
	@$(BIN)/python -m pytest $(ARGS)

test-fast: $(VENV)/.dev ## Run the tests that need no other server
	@$(BIN)/python -m pytest -m "not integration" $(ARGS)

lint: $(VENV)/.dev ## Run the linters: ruff, mypy, import-linter, hadolint, size limits
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure side by side; one JSON object a line
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(VENV)/.dev ## Write the generated pages again
	@$(BIN)/python -m exporters.family > docs/metrics.md
	@$(BIN)/numwatch config schema --markdown > docs/configuration.md

lock: $(VENV)/.dev ## Resolve the lock files again
	@$(PIP) install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build pyproject.toml --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build --extra dev pyproject.toml --output-file requirements-dev.lock

clean: ## Remove what make made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
