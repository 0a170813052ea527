#!/bin/bash
# Every test, none skipped: the check, real daemons, the faults, then the black box.
#
# What fails is run once more by itself, and the output says so: real brokers, stores and signals on
# a loaded machine now and then miss a test's time limit. What fails twice is a failure.
set -e
cd "$(dirname "$0")/.."
export JASMIN_COMPAT_REQUIRE_SERVICES=1
ruff format --check --quiet .
ruff check --quiet .
mypy
lint-imports --no-logo
twice() {
  pytest -q "$@" && return
  echo "== once more, only what failed: pytest $*"
  pytest -q --last-failed --last-failed-no-failures none "$@"
}
twice tests
twice compat_tests --target ours
