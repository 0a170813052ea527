"""Recordings of a real Jasmin in compat_tests/golden, read-only (see the README.md there)."""

import functools
import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "compat_tests" / "golden"


@functools.cache
def load(name: str) -> Any:
    """The recording `name` (such as "pdus"); parsed once, shared: do not change it."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
