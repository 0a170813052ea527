#!/bin/bash
# Every test, none skipped: the check, then real daemons, then the faults, then the black box.
set -e
cd "$(dirname "$0")/.."
export JASMIN_COMPAT_REQUIRE_SERVICES=1
ruff format --check --quiet .
ruff check --quiet .
mypy
lint-imports --no-logo
pytest -q tests
pytest -q compat_tests --target ours
