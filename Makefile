# The one interface for people and for CI. `make help` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INTEROP := tests/interop
NODE_STAMP := $(INTEROP)/node_modules/.installed
PROMETHEUS := $(VENV)/prometheus
PROMETHEUS_STAMP := $(PROMETHEUS)/.unpacked
TESTS ?= tests
JOBS ?= 2
PROMETHEUS_PORT ?= 9090
ALERTMANAGER_PORT ?= 9093

.PHONY: help setup prometheus run observe dashboards feed check test chaos worlds bench bench-smoke bench-core bench-policy bench-announce bench-life lint format types imports protos lock clean clean-record

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## create .venv with the locked versions

prometheus: $(PROMETHEUS_STAMP)  ## Debian's Prometheus and Alertmanager, unpacked under .venv; nothing is installed

run: setup  ## run everything on embedded defaults (SQLite, Temporal dev server) until Ctrl-C
	@exec $(BIN)/followthrough up

observe: setup $(PROMETHEUS_STAMP)  ## Prometheus and Alertmanager beside `make run`: make observe [PROMETHEUS_PORT=…] [ALERTMANAGER_PORT=…]
	@PATH="$$PATH:$(abspath $(PROMETHEUS)/usr/bin)" exec $(BIN)/python -m deploy.observe \
		--prometheus-port $(PROMETHEUS_PORT) --alertmanager-port $(ALERTMANAGER_PORT)

feed: setup  ## drive a help desk's log through it all: make feed [LOG=incidents.csv.gz]
	@exec $(BIN)/followthrough feed --embedded $(or $(LOG),--speed 20000 tests/data/made-up-incidents.csv) $(FEED)

check: setup lint types imports  ## lint, types, import contracts, generated code and dashboards, the last release's callers
	$(BIN)/python protos/generate.py --lint
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/generate.py --breaking
	$(BIN)/python -m deploy.grafana.build --check

test: setup $(NODE_STAMP) $(PROMETHEUS_STAMP)  ## run all tests: make test [TESTS=tests/unit]
	GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/pytest -n $(JOBS) --dist loadgroup $(TESTS)

bench: setup  ## everything beside a polling rival on PostgreSQL, in some twelve minutes: make bench [WRITE=1]
	@$(BIN)/python -m tests.bench.versus $(if $(WRITE),--write)

chaos: setup  ## kill, stop and restart everything under load, then count: make chaos [FAULTS=kill,stop] [SEED=1] [SECONDS=75] [DATABASE=sqlite]
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) \
		$(if $(FAULTS),--faults $(FAULTS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(DATABASE),--database $(DATABASE))

worlds: setup  ## made-up tickets by lot, every property and the record of both databases: make worlds [SEED=1] [SECONDS=600]
	@$(BIN)/python -m tests.worlds $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))

bench-smoke: setup  ## rates through gRPC and lags of deadlines, beside bare Temporal and bare rows
	@$(BIN)/python -m tests.bench.smoke

bench-core: setup  ## the core: due instants, the judge, settles beside their bare transactions, a storm
	@$(BIN)/python -m tests.bench.core

bench-policy: setup  ## the policy tools: past tickets told again, a policy explained, open tickets moved to another version
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.policy

bench-announce: setup  ## an announcement to 10,000 tickets, beside other tickets' deadlines, in some six minutes
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.announcing

bench-life: setup  ## what a ticket's life comes to: messages and their rules, rows, Temporal's events: make bench-life [WRITE=1]
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.living $(if $(WRITE),--write)

lint: setup
	$(BIN)/ruff format --check --quiet --diff .
	$(BIN)/ruff check --quiet .

types: setup
	$(BIN)/mypy .

imports: setup
	$(BIN)/lint-imports

format: setup  ## put code and protos in order
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/buf format --write protos

protos: setup  ## generate the Python code of the contract
	$(BIN)/python protos/generate.py

dashboards: setup  ## write the dashboards' JSON from their Python
	$(BIN)/python -m deploy.grafana.build

lock: setup  ## resolve the versions anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --group dev pyproject.toml --output-file requirements.lock

clean:  ## remove what was set up; var/, with the record that `make run` keeps there, stays
	rm -rf $(VENV) $(INTEROP)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

clean-record:  ## remove var/: the record that `make run` keeps, with every ticket in it, and Temporal's file
	rm -rf var

# The stamp stands for a folder that is whole. Where it is missing, a setup was interrupted: what that left is begun anew.
# Two at a time wait for each other where there is a flock: the second finds all done.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: Python 3.11 or newer is needed: install it, or name it with make PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: $(PYTHON) cannot make a virtual environment: install what it lacks (on Debian and Ubuntu:" \
			"apt install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'))," \
			"or name another with make PYTHON=…" >&2; exit 2; }
	@if command -v flock >/dev/null; then exec 9<requirements.lock && flock 9; fi; \
	if test $@ -nt requirements.lock && test $@ -nt pyproject.toml; then exit; fi; \
	echo "setting up $(VENV) with the versions of requirements.lock …"; \
	{ test -e $@ && $(BIN)/python -m pip --version >/dev/null 2>&1; } || $(PYTHON) -m venv --clear $(VENV) \
	&& rm -f $@ \
	&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock \
	&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . \
	&& touch $@

# Node comes with the locked versions; its packages come from npm's registry. Out of reach, it is no reason to run no test.
$(NODE_STAMP): $(INTEROP)/package-lock.json $(STAMP)
	@echo "setting up $(INTEROP)/node_modules with the versions of its package-lock.json …"
	@if $(BIN)/python $(INTEROP)/node.py npm ci --prefix $(INTEROP) --loglevel=error; then touch $@; \
	elif [ "$(FOLLOWTHROUGH_REQUIRE_ALL)" = 1 ]; then echo "make: npm cannot install them, and they are required here" >&2; exit 2; \
	else echo "make: npm cannot install them: the tests that call from Node will say so and skip" >&2; fi

# Two packages with four programs that need nothing else; unpacked, so that no service is started and nobody needs to be root.
$(PROMETHEUS_STAMP): | $(STAMP)
	@mkdir -p $(PROMETHEUS)
	@if cd $(PROMETHEUS) && apt-get download -qq prometheus prometheus-alertmanager >/dev/null 2>&1 \
		&& for package in *.deb; do dpkg-deb -x "$$package" . || exit 1; done && rm -f *.deb; then touch $(notdir $@); \
	elif [ "$(FOLLOWTHROUGH_REQUIRE_ALL)" = 1 ]; then echo "make: apt-get cannot download Prometheus, and it is required here: apt-get update" >&2; exit 2; \
	else echo "make: apt-get cannot download Prometheus: the tests that need it will say so and skip" >&2; fi
