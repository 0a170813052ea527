"""What a scenario's gateway is configured with, in words that favour no gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GROUP = "gmain"
"""The group of every user, as in the recordings."""
CONSOLE_USER, CONSOLE_PASSWORD = "jcliadmin", "jclipwd"


@dataclass(frozen=True, slots=True)
class User:
    """An account; its uid is its username."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Connector:
    """An SMPP client connector; keys and values as Jasmin's console takes them."""

    cid: str
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """One configuration of a whole gateway."""

    name: str
    users: tuple[User, ...]
    connectors: tuple[Connector, ...]
    default_route: str | None
    """The cid of the default MT route's connector."""
    cfg: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Sections and keys of jasmin.cfg and its kin; every daemon gets all of them."""
    daemons: tuple[str, ...] = ("jasmind", "dlrlookupd", "dlrd")
    flags: tuple[str, ...] = ()
    """Further options of jasmind."""
    msgid_plugin: str = ""
    """Source of a module; an installed package says that its `msgid` makes the message ids."""
