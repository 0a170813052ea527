"""The operator's own code: whether it can be compiled, and how the console names its file."""

import re

from jasmin_compat.gateway.unusable import Mistyped


def checked_code(code: str) -> str:
    """The code itself, which is Python.

    Raises:
        Mistyped: it cannot be compiled.
    """
    try:
        compile(code, "", "exec")
    except SyntaxError as reason:
        raise Mistyped(f"[Syntax]: {reason}") from None
    except (ValueError, OverflowError, RecursionError, MemoryError) as reason:
        raise Mistyped(f"[Unknown]: {reason}") from None
    return code


def script_location(text: str) -> str:
    """The path or URL in `python3(…)`.

    Raises:
        Mistyped
    """
    match = re.match(r"python3\((.*)\)", text, re.IGNORECASE)
    if match is None:
        raise Mistyped("Invalid syntax for script, must be python3(/path/to/script).")
    return match[1]
