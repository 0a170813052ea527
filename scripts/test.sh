#!/bin/bash
# Every test, none skipped: the check, real daemons, the faults, then the black box.
#
# Files are shared out among as many workers as there are processors; each worker has its own
# private RabbitMQ and Redis.
set -e
cd "$(dirname "$0")/.."
export JASMIN_COMPAT_REQUIRE_SERVICES=1
ruff format --check --quiet .
ruff check --quiet .
mypy
lint-imports --no-logo
workers=(-n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder)
pytest -q "${workers[@]}" tests
pytest -q "${workers[@]}" compat_tests --target ours
