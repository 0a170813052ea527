"""Topic bindings: which routing keys a pattern takes (AMQP 0-9-1 §3.1.3.3)."""


def fits(pattern: str, key: str) -> bool:
    """`*` stands for exactly one word, `#` for any number of words."""
    if pattern == key:
        return True
    return _words_fit(pattern.split("."), key.split("."))


def _words_fit(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    first, rest = pattern[0], pattern[1:]
    if first == "#":
        return any(_words_fit(rest, words[n:]) for n in range(len(words) + 1))
    return bool(words) and first in {"*", words[0]} and _words_fit(rest, words[1:])
