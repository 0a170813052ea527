"""A mistake of ours for the log: where and of what kind, without texts that may quote a message."""

import traceback


def without_texts(error: BaseException) -> str:
    """As a traceback shows it, with what it came from, but for what the errors say: a ValueError
    quotes the value, and that may be a password."""
    kind = type(error)
    lines = [*traceback.format_tb(error.__traceback__), f"{kind.__module__}.{kind.__qualname__}"]
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        lines.insert(0, f"{without_texts(before)}, and then:\n")
    return "".join(lines)
