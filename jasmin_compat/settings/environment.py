"""Options from environment variables, in Jasmin's form (contract/config.md §1, §2)."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from jasmin_compat.settings.entries import Entry, Mistake, Source
from jasmin_compat.settings.options import BOOLEANS, Option

YES = {"t", "true", "yes", "y", "1"}
"""What Jasmin takes for yes in a variable; everything else is no, `on` included."""
NO = {"f", "n", "", *(word for word, meaning in BOOLEANS.items() if not meaning)}

Tables = Mapping[str, Mapping[str, Option]]
"""Options by section and key."""


def variable_name(section: str, key: str) -> str:
    """`amqp-broker`, `host` → `AMQP_BROKER_HOST`."""
    return f"{section}_{key}".replace("-", "_").upper()


def read_variables(environment: Mapping[str, str], tables: Tables) -> Source:
    """What `SECTION_OPTION` variables set."""
    entries: list[Entry] = []
    warnings: list[Mistake] = []
    for section, options in tables.items():
        for key, option in options.items():
            name = variable_name(section, key)
            if name not in environment:
                continue
            text, warning = _read(environment[name], option)
            if text is not None:
                entries.append(Entry(section, key, text, f"environment {name}"))
            if warning:
                warnings.append(Mistake(f"environment {name}", warning))
    return Source(tuple(entries), warnings=tuple(warnings))


def _read(text: str, option: Option) -> tuple[str | None, str | None]:
    """The text to use, if any, and a warning, if any."""
    if option.kind is int and re.match(r"(tcp|udp|sctp)://", text):
        # Kubernetes makes such variables for each service: JCLI_PORT=tcp://10.0.0.7:8990
        return None, f"ignored: {text} is Kubernetes' address of a service, not a number"
    if option.kind is not bool:
        return text, None
    word = text.lower()
    unclear = word not in YES and word not in NO
    return (
        "yes" if word in YES else "no",
        f"{text} counts as no; yes is one of t true yes y 1" if unclear else None,
    )


def read_api_defaults(environment: Mapping[str, str]) -> Source:
    """API_BIND and API_PORT: defaults of [http-api], which any other source overrides."""
    entries = [
        Entry("http-api", key, environment[name], f"environment {name}")
        for key, name in (("bind", "API_BIND"), ("port", "API_PORT"))
        if name in environment
    ]
    return Source(tuple(entries))


def read_wire_log(environment: Mapping[str, str]) -> Source:
    """JASMIN_TLV_WIRE_LOG: anything but blanks means yes."""
    name = "JASMIN_TLV_WIRE_LOG"
    if not environment.get(name, "").strip():
        return Source(())
    return Source((Entry("logging", "wire", "yes", f"environment {name}"),))


def read_urls(environment: Mapping[str, str]) -> Source:
    """CLOUDAMQP_URL and REDIS_URL: they override every other source, as in Jasmin."""
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    for name, read in (("CLOUDAMQP_URL", amqp_url), ("REDIS_URL", redis_url)):
        if name in environment:
            where = f"environment {name}"
            found = list(read(environment[name], where))
            entries += found
            if not found:
                mistakes.append(Mistake(where, "is no URL with a host and a known scheme"))
    return Source(tuple(entries), tuple(mistakes))


def amqp_url(url: str, where: str) -> Iterator[Entry]:
    """The [amqp-broker] options in it; nothing if it is no such URL."""
    parts = _split(url, {"amqp", "amqps"})
    if parts is None:
        return
    tls = parts.scheme == "amqps"
    address = _address(parts)
    values: dict[str, str | None] = {
        **address,
        "hosts": "",  # the URL wins over a list, and over files
        **{f"{key}_file": None for key in ("username", "password") if key in address},
        "vhost": unquote(parts.path[1:]) or "/",
        "tls": "yes" if tls else "no",
        **({"port": "5671"} if tls and parts.port is None else {}),
    }
    yield from (Entry("amqp-broker", key, value, where) for key, value in values.items())


def redis_url(url: str, where: str) -> Iterator[Entry]:
    """The [redis-client] options in it; nothing if it is no such URL."""
    parts = _split(url, {"redis", "rediss"})
    if parts is None:
        return
    dbid, address = parts.path.strip("/"), _address(parts)
    values: dict[str, str | None] = {
        **address,
        **({"password_file": None} if "password" in address else {}),  # the URL wins
        "tls": "yes" if parts.scheme == "rediss" else "no",
        **({"dbid": dbid} if dbid else {}),
    }
    yield from (Entry("redis-client", key, value, where) for key, value in values.items())


def _split(url: str, schemes: set[str]) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or a broken IPv6 address
        return None
    return parts if usable else None


def _address(parts: SplitResult) -> dict[str, str]:
    values = {
        "host": parts.hostname or "",
        "port": str(parts.port) if parts.port is not None else "",
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    return {key: value for key, value in values.items() if value}
