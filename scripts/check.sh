#!/bin/bash
# What every commit passes; about a minute.
set -e
cd "$(dirname "$0")/.."
ruff format --check --quiet .
ruff check --quiet .
mypy
lint-imports --no-logo
pytest -q -m "not process and not fault"
