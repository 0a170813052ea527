#!/bin/bash
# The scenarios on the real Jasmin and on ours, side by side: what `make compat-jasmin` runs.
cd "$(dirname "$0")/.." && exec python -m compat_tests "$@"
