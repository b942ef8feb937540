# One command each; `make` alone lists them. Everything is installed into .venv, nothing into the system
# (save Chromium, by `make test` as root, for the tests in a browser).
PORT    ?= 8501
STORE   ?= data/sop.duckdb
WORKERS ?= 2
ARGS    ?=

SETUP := scripts/setup.py
PY    := .venv/bin/python
CODE  := $(wildcard app.py pages sop_core bench scripts tests)

export PYTHONUNBUFFERED := 1
# Each worker of the tests has a core; threads of the linear algebra would only stand in each other's way.
test: export OPENBLAS_NUM_THREADS ?= 1
.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev test check format bench fresh clean

help:  ## this list
	@echo "The planner. make TARGET, with:"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14

run: setup  ## serve on port 8501 (PORT=, STORE=file, ARGS=options for streamlit); sets up what is missing
	@$(PY) scripts/run.py --port "$(PORT)" --store "$(STORE)" -- $(ARGS)

setup:  ## what the planner needs, in .venv
	@python=$$(scripts/find-python.sh) && "$$python" $(SETUP)

setup-dev:  ## what tests and checks need too
	@python=$$(scripts/find-python.sh) && "$$python" $(SETUP) --dev

test:  ## the whole suite, browser included (ARGS="-k name", WORKERS=2)
	@python=$$(scripts/find-python.sh) && "$$python" $(SETUP) --browser
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

check: setup-dev  ## style, types and import rules
	$(PY) -m ruff format --check --output-format concise $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy $(filter-out tests,$(CODE))
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"

format: setup-dev  ## put the sources into the house's form
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

bench:  ## what it costs, as ratios (ARGS=names of benches)
	@python=$$(scripts/find-python.sh) && "$$python" $(SETUP) --browser
	@$(PY) -m bench $(ARGS)

fresh:  ## prove that a clean clone of HEAD passes its tests
	@scripts/fresh.sh

clean:  ## remove the environment and caches; stores in data/ stay
	rm -rf .venv .setup.lock .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
