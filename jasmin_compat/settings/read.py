"""Settings from cfg, YAML and environment, later wins; every mistake reported at once (design D3).

Order: API_BIND and API_PORT, the *.cfg file, the YAML file, SECTION_OPTION variables,
CLOUDAMQP_URL and REDIS_URL; before them all interceptor.cfg, and rest-api.cfg if that is on.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from jasmin_compat.settings.cfg_file import read_cfg, read_section
from jasmin_compat.settings.entries import Entry, Mistake, SettingsMistakes, Source
from jasmin_compat.settings.environment import (
    Tables,
    read_api_defaults,
    read_urls,
    read_variables,
    read_wire_log,
    redis_url,
)
from jasmin_compat.settings.options import BadValue, Option, Raw, options_of
from jasmin_compat.settings.paths import Paths, paths_from
from jasmin_compat.settings.sections import Settings
from jasmin_compat.settings.yaml_file import read_settings_yaml

SECTION_TYPES: Mapping[str, type] = {
    name.replace("_", "-"): kind for name, kind in get_type_hints(Settings).items()
}
TABLES: Tables = {name: options_of(kind) for name, kind in SECTION_TYPES.items()}

Place = tuple[str, str]
"""Section and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRead:
    """The settings, where each that is no default came from, and what looked odd."""

    settings: Settings
    paths: Paths
    origins: Mapping[Place, str]
    warnings: tuple[Mistake, ...]


def read_settings(
    *, cfg: Path, environment: Mapping[str, str], yaml: Path | None = None
) -> SettingsRead:
    """Read everything once. `yaml` is that of the command line, if it names one.

    Raises:
        SettingsMistakes: with all of them; nothing may be started.
    """
    paths = paths_from(environment)
    variables = read_variables(environment, TABLES)
    scripts = read_section(Path(f"{paths.config}/interceptor.cfg"), "interceptor")
    below = [read_api_defaults(environment), scripts, read_cfg(cfg)]
    sources = [*below, _yaml_source(yaml, [*below, variables], paths), variables]
    sources += [read_urls(environment), read_wire_log(environment)]
    read = _Merging(paths).merge(sources)
    rest_cfg = Path(environment.get("REST_API_CONFIG", f"{paths.config}/rest-api.cfg"))
    rest = read_section(rest_cfg, "rest-api")
    if read.settings.rest_api.port or any(entry.key == "port" for entry in rest.entries):
        read = _with_unused(_Merging(paths).merge([rest, *sources]))
    return read


def _with_unused(read: SettingsRead) -> SettingsRead:
    """Options of [rest-api] that mean nothing here, but are set."""
    unused = ("http_api_host", "http_api_port", "auth_cache_seconds", "auth_cache_max_keys")
    found = [
        Mistake(read.origins["rest-api", key], f"[rest-api] {key} is not used")
        for key in unused
        if ("rest-api", key) in read.origins
    ]
    return replace(read, warnings=(*read.warnings, *found))


def _yaml_source(named: Path | None, others: Iterable[Source], paths: Paths) -> Source:
    """The YAML file: that of the command line, of [jasmin-compat] settings, or the usual one."""
    if named is None:
        place = ("jasmin-compat", "settings")
        said = [e.raw for s in others for e in s.entries if (e.section, e.key) == place]
        if said and isinstance(said[-1], str):
            named = Path(said[-1])
    usual = Path(paths.fill_in(Settings().jasmin_compat.settings))
    if named is None and not usual.exists():
        return Source()
    return read_settings_yaml(named or usual)


class _Merging:
    """Parses entries in order, so that later ones win, and collects what is wrong."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._values: dict[Place, object] = {}
        self._origins: dict[Place, str] = {}
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []

    def merge(self, sources: Iterable[Source]) -> SettingsRead:
        for source in sources:
            self._mistakes += source.mistakes
            self._warnings += source.warnings
            for entry in source.entries:
                self._take(entry, source)
        self._expand_url()
        self._obey_jasmins_lookup()
        self._warn_of_another_database()
        if self._mistakes:
            raise SettingsMistakes(self._mistakes)
        return SettingsRead(
            settings=Settings(**{_attribute(n): self._section(n) for n in TABLES}),
            paths=self._paths,
            origins=self._origins,
            warnings=tuple(self._warnings),
        )

    def _take(self, entry: Entry, source: Source) -> None:
        option = TABLES.get(entry.section, {}).get(entry.key) or _in_any_case(entry)
        if option is None:
            odd = self._mistakes if source.strict else self._warnings
            odd.append(Mistake(entry.where, _unknown(entry)))
            return
        place = (entry.section, option.key)
        if entry.raw is None and option.kind in {int, float} and not source.strict:
            self._forget(place)  # Jasmin: `None` is the default of a number
            return
        try:
            self._values[place] = option.parse(entry.raw)
        except BadValue as wrong:
            self._mistakes.append(Mistake(entry.where, _bad(entry, option, wrong)))
        self._origins[place] = entry.where

    def _forget(self, place: Place) -> None:
        self._values.pop(place, None)
        self._origins.pop(place, None)

    def _expand_url(self) -> None:
        """[redis-client] url stands for the options it holds."""
        place = ("redis-client", "url")
        url = self._values.get(place)
        if isinstance(url, str):
            where = self._origins[place]
            found = tuple(redis_url(url, where))
            if not found:
                text = "[redis-client] url: wants redis:// or rediss:// and a host"
                self._mistakes.append(Mistake(where, text))
            for entry in found:
                self._take(entry, Source())

    def _obey_jasmins_lookup(self) -> None:
        """Jasmin's two keys, where set, say when a receipt is looked up again."""
        ours, *jasmins = (
            ("dlr", "receipt_retry_delays_s"),
            ("dlr", "dlr_lookup_retry_delay"),
            ("dlr", "dlr_lookup_max_retries"),
        )
        if ours in self._values or not any(place in self._values for place in jasmins):
            return
        delay, looks = (self._values.get(p, TABLES[p[0]][p[1]].default) for p in jasmins)
        if isinstance(delay, int) and isinstance(looks, int):
            self._values[ours] = (float(delay),) * (looks - 1)
            self._origins[ours] = "dlr_lookup_retry_delay, dlr_lookup_max_retries"

    def _warn_of_another_database(self) -> None:
        """Jasmin stays in database 0 when there is no password (W-DLR-21)."""
        place = ("redis-client", "dbid")
        if self._values.get(place) and self._values.get(("redis-client", "password")) is None:
            text = "[redis-client] dbid: counts here; a Jasmin beside us uses 0 without a password"
            self._warnings.append(Mistake(self._origins[place], text))

    def _section(self, name: str) -> Any:
        kind = SECTION_TYPES[name]
        values: dict[str, Any] = {}
        for option in TABLES[name].values():
            value = self._values.get((name, option.key), option.default)
            if isinstance(value, str) and value == option.default:
                value = self._paths.fill_in(value)
            values[option.key] = value
        if name == "smpp-server":
            values["log_file"] = values["log_file"].replace("{id}", values["id"])
        assert set(values) == {f.name for f in fields(kind)}
        return kind(**values)


def _attribute(section: str) -> str:
    return section.replace("-", "_")


def _in_any_case(entry: Entry) -> Option | None:
    """Option names mind no case in *.cfg files; the parser has them in lower case."""
    options = TABLES.get(entry.section, {})
    return next((o for key, o in options.items() if key.lower() == entry.key.lower()), None)


def _unknown(entry: Entry) -> str:
    if entry.section not in TABLES:
        near = difflib.get_close_matches(entry.section, TABLES, 1)
        return f"unknown section [{entry.section}]" + _did_you_mean(near)
    near = difflib.get_close_matches(entry.key, TABLES[entry.section], 1)
    return f"[{entry.section}] unknown option {entry.key}" + _did_you_mean(near)


def _did_you_mean(near: list[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""


def _bad(entry: Entry, option: Option, wrong: BadValue) -> str:
    shown = "" if option.notes.secret else f", not {_shown(entry.raw)}"
    return f"[{entry.section}] {option.key}: {wrong}{shown}"


def _shown(raw: Raw) -> str:
    text = repr(raw)
    return text if len(text) <= 60 else text[:57] + "..."
