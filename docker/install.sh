#!/bin/sh
# The image's install steps: a virtual environment at $1 from the checkout this script is in.
set -eu
src=$(cd "$(dirname "$0")/.." && pwd)
to=$1
pip="pip --no-cache-dir --quiet --disable-pip-version-check"
build=$(mktemp -d)
python3 -m venv "$build/venv"
"$build"/venv/bin/$pip install --require-hashes -r "$src/requirements/build.lock"
cp -r "$src/jasmin_compat" "$src/pyproject.toml" "$src/README.md" "$src/LICENSE" "$src/NOTICE" "$build"
"$build"/venv/bin/$pip wheel --no-deps --no-build-isolation -w "$build" "$build"
python3 -m venv "$to"
"$to"/bin/$pip install --require-hashes -r "$src/requirements/runtime.lock"
"$to"/bin/$pip install --no-deps "$build"/jasmin_compat-*.whl
"$to"/bin/pip --disable-pip-version-check uninstall --quiet --yes pip setuptools 2>/dev/null || true
rm -rf "$build"
