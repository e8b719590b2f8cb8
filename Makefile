# Everything a person or CI does with this repository. `make` alone prints the list.
#
#   PYTHON=python3.12   the interpreter to build on (else the newest of 3.14 … 3.11 that really runs)
#   VENV=.venv          the environment to build and use; GROUP=dev, the dependency group that it holds
#   DEWAR_ORACLE=…      the interpreter of an environment with upstream Flask (else one is made below the user's cache)

.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

VENV ?= .venv
GROUP ?= dev
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
PYTEST := $(BIN)/python -m pytest
ARGS ?=
SECONDS ?= 3600
QUICKSTART_PORT ?= 5000
export PYTHONPATH :=

.PHONY: help venv oracle run scale-out test test-quick fuzz fuzz-quick lint format types contracts \
	contract-table docs conformance differential legacy-extensions settings-types ecosystem \
	bench bench-quick bench-environments bench-start bench-curves bench-loopback bench-async bench-waiting bench-sockets \
	bench-memory bench-proxies bench-serve soak release independence clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 20

venv: $(STAMP)  ## the environment: the project, installed in place, and its tools

# Made again only when what it holds is described differently; a second call costs nothing.
$(STAMP): pyproject.toml tools/make-environment
	@bash tools/make-environment "$(VENV)" "$(GROUP)" $(PYTHON)
	@touch $@

oracle: $(STAMP)  ## the environment with upstream Flask, outside of the repository, that ours is compared with
	@$(BIN)/python tests/oracle.py --make

run: $(STAMP)  ## serve examples/quickstart at http://127.0.0.1:5000
	@echo
	@echo "  Quickstart: http://127.0.0.1:$(QUICKSTART_PORT)/   (Ctrl+C ends it)"
	@echo "  Try: join with a name and a password, send a postcard with a picture, ask for a page that is not there;"
	@echo "       curl http://127.0.0.1:$(QUICKSTART_PORT)/api/cards   (more in examples/quickstart/README.md)"
	@echo
	@$(BIN)/flask --app examples/quickstart/app run --port $(QUICKSTART_PORT)

scale-out: $(STAMP)  ## nginx, two nodes, Celery, Redis and PostgreSQL with examples/scale-out; installs what is missing
	@PYTHON=$(abspath $(BIN)/python) examples/scale-out/start $(ARGS)

# In CI the comparison with upstream must be possible; elsewhere a machine without the network still runs the rest.
test: $(STAMP)  ## every test
	@$(BIN)/python tests/oracle.py --make || test "$$CI" != true
	@$(PYTEST) $(ARGS)

test-quick: $(STAMP)  ## the tests without those that take seconds or a browser
	@$(PYTEST) -m "not slow and not browser" $(ARGS)

# With Atheris, where it is published, in an environment of its own: nothing else needs it.
fuzz:  ## random input against laws for SECONDS=3600, by Hypothesis and Atheris; ARGS="--seed 2 --only cookies"
	@$(MAKE) venv VENV=.venv-fuzz GROUP=fuzz
	@.venv-fuzz/bin/python -m fuzz --seconds $(SECONDS) $(ARGS)

fuzz-quick: $(STAMP)  ## a minute of the same by Hypothesis, from one seed
	@$(BIN)/python -m fuzz --engine hypothesis --seconds 60 $(ARGS)

lint: $(STAMP)  ## ruff: rules and format
	@$(BIN)/ruff check .; first=$$?; $(BIN)/ruff format --check . && exit $$first

format: $(STAMP)  ## write the format that lint asks for
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(STAMP)  ## mypy --strict and pyright over the source, the tools, the fuzzer; both strictly over programs of users
	@$(BIN)/mypy; first=$$?; $(BIN)/pyright --pythonpath $(BIN)/python && exit $$first

settings-types: $(STAMP)  ## write the overloads of src/flask/_settings.pyi from the table there
	@$(BIN)/python tools/settings_types.py

contracts: $(STAMP)  ## the floors: imports point down, also inside functions, and there is no circle
	@$(BIN)/lint-imports

contract-table: $(STAMP)  ## write docs/gateways-table.md: what holds on which server, from the tests of the contract
	@$(BIN)/python tools/contract_table.py

docs: $(STAMP)  ## the documentation, a warning being an error, into docs/_build/html
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

conformance: $(STAMP)  ## upstream's own published tests, on upstream and on ours, test by test
	@$(BIN)/python tools/conformance.py $(ARGS)

# For .ci/nightly: it takes minutes, and the package index. In CI the environments are made anew.
ecosystem: $(STAMP)  ## the published suites of extensions and applications, on upstream and on ours; ARGS="--only flask-login"
	@$(BIN)/python tools/ecosystem.py --figures docs/figures $(ARGS)

differential: oracle  ## the same cases on upstream and on ours: status, headers, body, logs, order
	@$(PYTEST) tests/differential $(ARGS)

legacy-extensions: $(STAMP)  ## extensions of 2020 that upstream's 3.1 breaks: on upstream, on ours, on ours with flask.legacy
	@$(BIN)/python tools/legacy_extensions.py

# What is measured is a plain install of the tree as it is when a run begins; only bench-quick measures the tree itself.
BENCH := $(BIN)/python -m bench
RESULT = --json .build/bench/$(1).json --figures docs/figures

bench: oracle bench-environments  ## microseconds per request: ours, upstream, four other frameworks, a bare function; then the start
	@$(BENCH) --all --installed $(call RESULT,table) $(ARGS)
	@$(BENCH) start $(call RESULT,start)

bench-quick: oracle  ## the same in less than a minute: ours and upstream alone
	@$(BENCH) --quick $(ARGS)

bench-environments: $(STAMP)  ## the environments of all that is measured, outside of the repository
	@$(BENCH) environments

bench-start: $(STAMP)  ## what importing, the command and the first answer take, and the memory then held
	@$(BENCH) start $(call RESULT,start) $(ARGS)

bench-curves: oracle  ## how cost grows with routes, hooks, headers, query arguments and bodies
	@$(BENCH) curves --installed $(call RESULT,curves) $(ARGS)

bench-loopback: $(STAMP)  ## requests per second and processor time on Granian, gunicorn and waitress; needs wrk
	@$(BENCH) loopback $(call RESULT,loopback) $(ARGS)

bench-async: $(STAMP)  ## asynchronous requests and WebSockets beside Quart, FastAPI, Starlette, Litestar; needs wrk
	@$(BENCH) async $(call RESULT,async) $(ARGS)

bench-waiting: $(STAMP)  ## 10,000 requests that wait at once in one process, each with its own token
	@$(BENCH) waiting $(call RESULT,waiting) $(ARGS)

bench-sockets: $(STAMP)  ## 1,000 WebSockets for a minute: what is lost, and what is left behind
	@$(BENCH) sockets $(call RESULT,sockets) $(ARGS)

bench-memory: $(STAMP)  ## 200,000 mixed requests in one process: whether what it holds grows
	@$(BENCH) memory $(call RESULT,memory) $(ARGS)

bench-proxies: oracle  ## what it costs to reach request, session, g and current_app
	@$(BENCH) proxies --installed $(call RESULT,proxies) $(ARGS)

bench-serve: $(STAMP)  ## flask serve beside gunicorn with upstream and uvicorn with FastAPI; needs wrk
	@$(BENCH) serve $(call RESULT,serve) $(ARGS)

soak: $(STAMP)  ## whether flask serve holds: every feature for long, bad clients, want, signals; ARGS="--short"
	@$(BIN)/python -m soak --figures docs/figures $(ARGS)

release: $(STAMP)  ## check, build, try and tag this version; pushes nothing; ARGS="--check" only says whether it could
	@$(BIN)/python tools/release.py $(ARGS)

# The comparison of words is kept beside a checkout of the project's workshop, not in it.
independence: $(STAMP)  ## where our lines are the same as another implementation's, if the tool for it is at hand
	@if [ -f ../shared/tools/independence.py ]; then $(BIN)/python ../shared/tools/independence.py; fi

clean:  ## remove what was built, the environments too
	rm -rf .venv .venv-* .build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
