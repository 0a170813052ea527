# make demo            an SMS out, its receipt back, on this machine, nothing else installed
# make test            every test, with a private RabbitMQ and Redis: all processors, about eight minutes
# make check           format, lint, types, architecture, fast tests (about a minute)
# make chaos           faults in random order for 15 minutes at 200 messages a second, and the books
#                      (CHAOS_OPTIONS="--seed 1 --minutes 3 --rate 100")
# make compat-jasmin   the same black-box scenarios on the real Jasmin 0.11.0 and on ours; daemons of both on one broker
# make lock            pin the dependencies anew

SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
JOBS ?=

.PHONY: demo test check chaos compat-jasmin coverage lock clean services

$(VENV)/.runtime: requirements/runtime.lock
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/runtime.lock
	touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime
	$(BIN)/python -m jasmin_compat demo $(DEMO_OPTIONS)

services:
	scripts/services.sh

test: $(VENV)/.dev services
	PATH="$(abspath $(BIN)):$$PATH" scripts/test.sh

check: $(VENV)/.dev
	PATH="$(abspath $(BIN)):$$PATH" scripts/check.sh

chaos: $(VENV)/.dev services
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m tests.chaos $(CHAOS_OPTIONS)

compat-jasmin: $(VENV)/.dev services
	PATH="$(abspath $(BIN)):$$PATH" compat_tests/run.sh

lock: $(VENV)/.dev
	$(PIP) install pip-tools
	scripts/lock.sh $(BIN)

clean:
	rm -rf $(VENV) .cache build dist *.egg-info
