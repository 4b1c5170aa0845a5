# Everything one does with a checkout. `make` alone says what there is.
# With another interpreter: rm -rf .venv, then make setup PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
EXTRAS := .[server,spark,demo,dev]
DEMO := .venv/.demo
COMPLETE := .venv/.complete
INSTALL = $(BIN)/pip install -qq $(INSTALL_OPTIONS) --constraint constraints.txt --editable
INPUTS := pyproject.toml constraints.txt package-lock.json hatch_build.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deep postgresql check lint format types layers docs bench constraints release audit clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: $(COMPLETE) ## build .venv with every extra (again only when pyproject.toml or constraints.txt change)
	@:

$(COMPLETE): $(INPUTS)
	$(ENVIRONMENT)
	@echo "Building .venv with Spark and the developers' tools; this takes a minute or two."
	@$(INSTALL) '$(EXTRAS)'
	@touch $(DEMO) $@

$(DEMO): $(INPUTS)
	$(ENVIRONMENT)
	@echo "Building .venv with what the demo needs; this takes a minute."
	@$(INSTALL) '.[server,demo]'
	@touch $@

define ENVIRONMENT
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Custrata needs Python 3.11 or newer; '$(PYTHON)' is not. Say which to use: make setup PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
endef

demo: $(DEMO) ## load and grade the demo data, then show it (ARGS=--no-serve stops after grading)
	@$(BIN)/custrata demo $(ARGS)

WORKERS := -n auto --dist loadgroup --no-loadscope-reorder

ifdef ARGS
test: setup ## run all tests, the server's on PostgreSQL too (ARGS for pytest: make test ARGS='-k rfm')
	@$(BIN)/pytest -q $(WORKERS) $(ARGS)
else
test: export CUSTRATA_TEST_STATEMENTS := build/statements.jsonl
test: setup
	@mkdir -p build && rm -f $$CUSTRATA_TEST_STATEMENTS
	@$(BIN)/pytest -q $(WORKERS)
	@$(MAKE) --no-print-directory postgresql
endif

test-deep: setup ## the long trials: kills, damages, hostile input, all examples of properties (ARGS for pytest)
	@CUSTRATA_TEST_EXAMPLES=all $(BIN)/pytest -q -m 'deep or hypothesis' $(ARGS)
	@CUSTRATA_TEST_DATABASE=postgresql $(BIN)/pytest -q -m deep tests/server $(ARGS)
	@$(if $(ARGS),,$(MAKE) --no-print-directory postgresql)

# Browsers see the same pages on either database; tests of backups and erasures start both databases themselves.
OWN := --ignore=tests/server/browser --ignore=tests/server/backup --ignore=tests/server/erasing

# After all tests on SQLite, `make test` runs here what a database can change: see tests/server/statements.py.
postgresql: setup ## run the server's tests on a private PostgreSQL that ends with them (ARGS for pytest)
	@CUSTRATA_TEST_DATABASE=postgresql $(BIN)/pytest -q $(WORKERS) $(OWN) tests/server $(ARGS)

check: setup ## all that must hold before a commit, tests last
	@$(MAKE) --no-print-directory --jobs=2 --output-sync lint types layers docs
	@$(MAKE) --no-print-directory test

lint: setup ## style and format
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check || { echo "Not formatted: make format"; exit 1; }

format: setup ## put imports in order and format
	@$(BIN)/ruff check --quiet --select I --fix
	@$(BIN)/ruff format --quiet

types: setup ## mypy, strictly
	@$(BIN)/mypy --no-error-summary

layers: setup ## the import contracts of .importlinter
	@$(BIN)/lint-imports --no-logo

docs: setup ## build the documentation into site/, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: setup ## measure against peers in the same run (ARGS for the benchmarks)
	@$(BIN)/python -m benchmarks $(ARGS)

# In an environment of its own, since .venv cannot be built while pins and pyproject.toml contradict each other.
constraints: ## renew constraints.txt: the newest versions that pyproject.toml allows
	@$(PYTHON) -m venv build/constraints
	@build/constraints/bin/pip install -qq uv
	@build/constraints/bin/python tools/pins.py
	@rm -rf build/constraints

release: setup ## build sdist and wheel, a bill of materials (CycloneDX) and the licences of all pins into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory dist
	@$(BIN)/python tools/release.py dist

audit: setup ## ask for known weaknesses of all pins; says so where no index answers
	@$(BIN)/python tools/audit.py

clean: ## remove what was built, but .venv and workspaces
	rm -rf build dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis spark-warehouse derby.log metastore_db
	find src tests tools docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
