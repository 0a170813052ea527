#!/bin/bash
# Pins the dependencies with hashes and without the address of any index.
set -e
cd "$(dirname "$0")/.."
bin=$1
options=(-q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
  --strip-extras --allow-unsafe --no-header --no-annotate)
"$bin/pip-compile" "${options[@]}" -o requirements/runtime.lock pyproject.toml
"$bin/pip-compile" "${options[@]}" --extra dev -o requirements/dev.lock pyproject.toml
"$bin/pip-compile" "${options[@]}" -o requirements/build.lock requirements/build.in
