# Two commands set everything up: `make demo` shows numwatch, `make test` proves it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Hundreds of processes are started by the tests: none may compile every module anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast proof lint format bench mutants docs messages lock servers
.PHONY: site screenshots sbom release audit clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "numwatch needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "numwatch needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "==> making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

# The lock files hold every version with its hashes; the installer refuses anything else.
$(VENV)/.run: requirements.lock requirements-build.lock requirements-installer.lock pyproject.toml $(VENV)/.made
	@.ci/install.sh requirements.lock requirements-build.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-installer.lock pyproject.toml $(VENV)/.made
	@.ci/install.sh requirements-dev.lock
	@touch $@ $(VENV)/.run

# Where a worker dies, the run ends and names the test: a run that goes on may wait for ever for the
# tests that the dead one had left (pytest-xdist 3.8 with groups).
SIDE_BY_SIDE := --dist loadgroup --max-worker-restart=0

# The floor is what the tests reach; raise it when they reach more.
COVERAGE := --cov --cov-report=term:skip-covered --cov-fail-under=92

demo: $(VENV)/.run deploy/access.token ## Run numwatch against a simulated world on http://127.0.0.1:10400
	@NUMWATCH_TOKEN=$$(cat deploy/access.token) $(BIN)/numwatch demo $(DEMO)

deploy/access.token: # What deploy/alertmanager.yml presents, and the demo asks for
	@(umask 077; $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(32))' > $@)

servers: ## Install the real servers the integration tests talk to (root and apt)
	@tests/integration/install_servers.sh

test: $(VENV)/.dev servers ## Run every test, with real servers where they can be had
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -n 3 $(COVERAGE) $(ARGS)

test-fast: $(VENV)/.dev ## Run the tests that need no other server
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -n 2 -m "not integration" $(ARGS)

proof: $(VENV)/.dev servers ## Run the proofs of reliability at full size; takes hours
	@NUMWATCH_FULL=$${NUMWATCH_FULL:-1} $(BIN)/python -m pytest $(SIDE_BY_SIDE) -n 2 \
	  --timeout 21600 --durations 0 $(or $(ARGS),$$($(BIN)/python -m tests.proofs))

lint: $(VENV)/.dev ## Run the linters: ruff, mypy, import-linter, bandit, hadolint
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive agent exporters .ci
	@$(BIN)/hadolint Dockerfile

# The time that the archives carry is the commit's, so that anyone builds the same bytes.
release: $(VENV)/.dev sbom ## Build what a release has into dist: wheel, source, bill of materials, sums
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist
	@cp requirements.lock dist/
	@cd dist && sha256sum numwatch* requirements.lock > SHA256SUMS

audit: $(VENV)/.dev ## Ask for advisories about the locked packages; needs an index that has them
	@.ci/audit.sh control
	@.ci/audit.sh locks

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure side by side; one JSON object a line
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(VENV)/.dev ## Write the generated pages again
	@$(BIN)/python -m exporters.family > docs/metrics.md
	@$(BIN)/numwatch config schema --markdown > docs/configuration.md
	@$(BIN)/python -m agent.lints.page > docs/lints.md
	@$(BIN)/python -m grafana.builder
	@$(BIN)/python deploy/replicas/rules.py > /dev/null
	@$(BIN)/python -m agent.rules.page en > docs/alerts.md
	@$(BIN)/python -m agent.rules.page zh > docs/alerts.zh.md
	@$(BIN)/python -m tests.source_rows.page > docs/reference/coverage.md
	@$(BIN)/python .ci/dependencies.py licences > docs/licences.md

site: $(VENV)/.dev ## Build the documentation as a site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "==> build/site/index.html"

screenshots: $(VENV)/.dev ## Take the pictures of the documents from the demo into docs/images
	@$(BIN)/python -m tests.browser.screenshots

sbom: $(VENV)/.dev ## Write dist/numwatch.cdx.json, the bill of materials of the run-time packages
	@mkdir -p dist
	@$(BIN)/python .ci/dependencies.py sbom > dist/numwatch.cdx.json

mutants: $(VENV)/.dev ## Change the pure packages a little and see whether the tests notice
	@$(BIN)/python -m tests.mutants $(ARGS)

messages: $(VENV)/.dev ## Collect the texts into the catalogues; fail where a translation is missing
	@$(BIN)/python -m agent.i18n.extraction

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

lock: $(VENV)/.dev ## Resolve the lock files again
	@$(PIP) install --quiet uv
	@$(COMPILE) pyproject.toml --output-file requirements.lock
	@$(COMPILE) --extra dev --group build pyproject.toml --output-file requirements-dev.lock
	@$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock
	@echo uv | $(COMPILE) - --output-file requirements-installer.lock

clean: ## Remove what make made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
