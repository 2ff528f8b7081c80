# Everything a person runs here. `make demo` and `make test` need python3, pip and make.

PYTHON ?= python3
BIN := .venv/bin
BENCH ?= law sending expanding workers

ON_POSTGRES := $(addprefix tests/flow/,permits/test_register.py permits/test_opt_outs.py \
	sending/test_begin.py sending/test_retry.py sending/test_send.py reports) \
	tests/web/api --ignore tests/web/api/test_openapi.py \
	--ignore tests/web/api/test_failover.py \
	--ignore tests/flow/reports/test_issue_at_random.py

KILLS ?= 1000
PROMOTIONS ?= 20
SEED ?=
DATABASE ?= sqlite
WORKERS ?= 2

# What is started here, and the processes that tests start, keep their bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-deep check chaos chaos-failover bench format clean

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: .venv/installed  ## A province's first week: 12 permit types, 830 messages
	@$(BIN)/permit-reminders demo

test: .venv/tested  ## Every test; random ones try few examples
	$(BIN)/python -m pytest

test-deep: .venv/tested  ## Random and exhaustive tests; flow on PostgreSQL, and two failovers
	$(BIN)/python -m pytest -m deep --hypothesis-profile=deep
	$(BIN)/python -m pytest --database postgres $(ON_POSTGRES)
	$(BIN)/python -m tests.chaos.failover --promotions 2

check: .venv/tested  ## ruff, mypy, import-linter, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_sizes.py

chaos: .venv/tested  ## Kill it KILLS=1000 times; DATABASE=postgres WORKERS=4 SEED=N
	$(BIN)/python -m tests.chaos --kills $(KILLS) --database $(DATABASE) \
		--workers $(WORKERS) $(if $(SEED),--seed $(SEED))

chaos-failover: .venv/tested  ## Let PROMOTIONS primaries of PostgreSQL die, 20 unless said
	$(BIN)/python -m tests.chaos.failover --promotions $(PROMOTIONS) $(if $(SEED),--seed $(SEED))

bench: .venv/tested  ## What is claimed about speed, beside a peer; BENCH=sending for one
	@for it in $(BENCH); do PYTHONPATH=. $(BIN)/python bench/$$it.py || exit; done

format: .venv/tested  ## Let ruff put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove what the other targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

.venv/tested: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@
