"""Settings as text: for `check-config`, and as sample files with every option explained."""

import textwrap
from collections.abc import Iterator, Sequence

import yaml

from jasmin_compat.settings.environment import variable_name
from jasmin_compat.settings.options import ErrorRetrial, Option
from jasmin_compat.settings.paths import Paths
from jasmin_compat.settings.read import SECTION_TYPES, TABLES, SettingsRead

_MASK = "********"
_WIDTH = 98

CFG_SECTIONS = {
    "jasmin.cfg": tuple(
        name
        for name, table in TABLES.items()
        if name not in {"smpp-server-pb-client", "interceptor", "rest-api"}
        and any(not option.notes.ours for option in table.values())
    ),
    "dlr.cfg": ("dlr-thrower", "smpp-server-pb-client", "amqp-broker"),
    "dlrlookupd.cfg": ("amqp-broker", "redis-client", "dlr"),
    "deliversm.cfg": ("deliversm-thrower", "smpp-server-pb-client", "amqp-broker"),
    "interceptor.cfg": ("interceptor",),
    "rest-api.cfg": ("rest-api",),
}
"""Jasmin's files and their sections (contract/config.md §3-5)."""

# ---------------------------------------------------------------- the effective ones


def effective(read: SettingsRead) -> Iterator[str]:
    """Every option with its value and where it is from; secrets masked, addresses of URLs too."""
    for name, table in TABLES.items():
        yield f"[{name}]"
        section = getattr(read.settings, name.replace("-", "_"))
        for key, option in table.items():
            value = _value_text(option, getattr(section, key))
            origin = read.origins.get((name, key))
            yield f"  {key} = {value}" + (f"    # {origin}" if origin else "")


def _value_text(option: Option, value: object) -> str:
    if option.notes.secret and value is not None:
        return _MASK
    return cfg_text(value)


# ---------------------------------------------------------------- samples


def yaml_sample() -> str:
    """Every option there is, commented out, with its default."""
    lines = [
        "# Every setting of jasmin_compat, with its default. Take the # off to change one.",
        "# An option stands in the same section of the *.cfg file too; this file wins over that,",
        "# and the environment variable named at each option wins over both.",
        "# Written by `jasmin-compat write-configs`; `jasmin-compat check-config` reads it.",
    ]
    for name, table in TABLES.items():
        lines += ["", *_comment(_doc(name)), f"{name}:"]
        for key, option in table.items():
            whose = "; not Jasmin's" if option.notes.ours else ""
            text = f"{option.notes.text} ({variable_name(name, key)}{whose})"
            lines += [*_comment(text, "  "), *_yaml_lines(key, _default(name, option))]
    return "\n".join(lines) + "\n"


def cfg_sample(file: str) -> str:
    """One of Jasmin's files: its sections and options, commented out, with their defaults."""
    lines = [
        f"# {file}: Jasmin's options with their defaults. Take the # off to change one.",
        "# Further options are explained in jasmin_compat.yaml; they may stand here too.",
        "# Written by `jasmin-compat write-configs`.",
    ]
    for name in CFG_SECTIONS[file]:
        lines += ["", *_comment(_doc(name)), f"[{name}]"]
        for key, option in TABLES[name].items():
            if not option.notes.ours:
                text = cfg_text(_default(name, option)).replace("\n", "\n#    ")
                lines += [*_comment(option.notes.text), f"#{key} = {text}"]
    return "\n".join(lines) + "\n"


def samples() -> dict[str, str]:
    """File names and their texts."""
    return {"jasmin_compat.yaml": yaml_sample()} | {file: cfg_sample(file) for file in CFG_SECTIONS}


def _doc(section: str) -> str:
    return SECTION_TYPES[section].__doc__ or ""


def _default(section: str, option: Option) -> object:
    if not isinstance(option.default, str):
        return option.default
    text = Paths().fill_in(option.default)
    return text.replace("{id}", str(TABLES[section]["id"].default)) if "{id}" in text else text


def _comment(text: str, indent: str = "") -> list[str]:
    head = f"{indent}# "
    return textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=head)


def cfg_text(value: object) -> str:
    """A value as a *.cfg file has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        retrials = [item for item in value if isinstance(item, ErrorRetrial)]
        return _literal(retrials) if retrials else ", ".join(_number(item) for item in value)
    return _number(value)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)


def _literal(retrials: Sequence[ErrorRetrial]) -> str:
    rows = [f"'{r.status}': {{'count': {r.count}, 'delay': {r.delay_s}}}" for r in retrials]
    return "{" + ",\n ".join(rows) + "}"


def _yaml_lines(key: str, value: object) -> list[str]:
    if isinstance(value, tuple) and value and isinstance(value[0], ErrorRetrial):
        rows = [f"  #  {r.status}: {{count: {r.count}, delay: {r.delay_s}}}" for r in value]
        return [f"  #{key}:", *rows]
    return [f"  #{key}: {_yaml_text(value)}"]


def _yaml_text(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml_text(item) for item in value) + "]"
    if isinstance(value, str):
        return yaml.safe_dump(value, default_flow_style=True, width=1000).partition("\n")[0]
    return cfg_text(value)
