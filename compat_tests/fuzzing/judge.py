"""Which answers of 5xx are Jasmin's own, by their words (contract/http-api.md §20, golden)."""

import re

_UNKNOWN = (
    # JSON that cannot be read, or is no object
    r".*: line \d+ column \d+ \(char \d+\)",
    r"'[-a-z0-9]+' codec can't (en|de)code .*",
    r"maximum recursion depth exceeded.*",
    # JSON types where octets are expected
    r"'\w+' object has no attribute '(items|encode|decode|split|upper)'",
    r"expected string or bytes-like object, got '\w+'",
    r"int\(\) argument must be a string, a bytes-like object or a real number, not '\w+'",
    r"argument should be bytes, buffer or ASCII string, not '\w+'",
    # numbers and times
    r"invalid literal for int\(\) with base (10|16): .*",
    r"Exceeds the limit \(\d+ digits\) for integer string conversion.*",
    r"cannot convert float (infinity|NaN) to integer",
    r"Python int too large to convert to C .*",
    r"int too large to convert to float",
    r"SMPP v3\.4 spec violation: .*",
    r"date value out of range",
    r"days=\d+; must have magnitude <= 999999999",
    r"time data .* does not match format .*",
    r"unconverted data remains: .*",
    r"(month|day|hour|minute|second|year) (must be in|is out of range).*",
)
JASMINS = re.compile(
    r'^(Error "|")Unknown error: (' + "|".join(_UNKNOWN) + r')"$|<title>501 - Huh\?</title>',
    re.DOTALL,
)


def is_jasmins(answer: bytes) -> bool:
    """Whether Jasmin gives such a 5xx, too; takes the answer as it stood on the wire."""
    return JASMINS.search(text_of(answer)) is not None


def text_of(answer: bytes) -> str:
    """Its body; one in JSON without what JSON escapes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(_chunks(body))
    text = body.decode("utf-8", "replace")
    return text.replace('\\"', '"') if b"application/json" in head else text


def _chunks(octets: bytes) -> list[bytes]:
    """As far as they can be read."""
    found = []
    while octets:
        size, _, octets = octets.partition(b"\r\n")
        count = int(size, 16)
        if not count:
            break
        found.append(octets[:count])
        octets = octets[count + 2 :]
    return found
