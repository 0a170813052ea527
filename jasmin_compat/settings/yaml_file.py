"""Read YAML so that every value knows its line; nothing but texts, lists and tables comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from jasmin_compat.settings.entries import Entry, Mistake, SettingsMistakes, Source
from jasmin_compat.settings.options import Raw

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""libyaml takes half the time: of a site of 100,000 users 37 s instead of 71."""
_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as written: `0123` stays `0123`. `text` is None for null."""

    text: str | None
    where: str
    is_boolean: bool = False
    """Unquoted yes, no, true, false, on, off."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: "Sequence[Node]"
    where: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with text keys; each key has its own place."""

    values: "Mapping[str, Node]"
    places: Mapping[str, str]
    where: str


Node = Scalar | Items | Table


def read_yaml(path: Path) -> Table:
    """The document of the file; an empty one is an empty table.

    Raises:
        SettingsMistakes: not there, not YAML, not a table, or a key twice.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError) as reason:
        raise SettingsMistakes([Mistake(str(path), f"cannot be read: {reason}")]) from reason
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SettingsMistakes([Mistake(where, f"no YAML: {reason.problem}")]) from reason
    except yaml.YAMLError as reason:
        raise SettingsMistakes([Mistake(str(path), f"no YAML: {reason}")]) from reason
    reading = _Reading(path)
    document = reading.node(root) if root is not None else Table({}, {}, str(path))
    if not isinstance(document, Table):
        reading.mistakes.append(Mistake(f"{path}:1", "must be a table of sections"))
    if reading.mistakes or not isinstance(document, Table):
        raise SettingsMistakes(reading.mistakes)
    return document


class _Reading:
    """Turns yaml's nodes into ours and notes what cannot be turned."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[yaml.Node] = []
        self.mistakes: list[Mistake] = []

    def node(self, node: yaml.Node) -> Node:
        where = f"{self._path}:{node.start_mark.line + 1}"
        if any(node is outer for outer in self._open):
            self.mistakes.append(Mistake(where, "no YAML: an alias within what it names"))
            return Scalar(None, where)
        self._open.append(node)
        try:
            return self._node(node, where)
        finally:
            self._open.pop()

    def _node(self, node: yaml.Node, where: str) -> Node:
        if isinstance(node, yaml.SequenceNode):
            return Items([self.node(item) for item in node.value], where)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, where)
        text = None if node.tag == _NULL else str(node.value)
        return Scalar(text, where, is_boolean=node.tag == _BOOL)

    def _table(self, node: yaml.MappingNode, where: str) -> Table:
        values: dict[str, Node] = {}
        places: dict[str, str] = {}
        for key_node, value_node in node.value:
            place = f"{self._path}:{key_node.start_mark.line + 1}"
            key = str(key_node.value)
            if key in values:
                self.mistakes.append(Mistake(place, f"{key} is there twice"))
            values[key] = self.node(value_node)
            places[key] = place
        return Table(values, places, where)


def read_settings_yaml(path: Path) -> Source:
    """The options of a YAML file: a table of sections, each a table of options."""
    try:
        document = read_yaml(path)
    except SettingsMistakes as wrong:
        return Source(mistakes=wrong.mistakes)
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    for section, body in document.values.items():
        if isinstance(body, Table):
            entries += [_entry(section, key, body) for key in body.values]
        elif not (isinstance(body, Scalar) and body.text is None):
            mistakes.append(Mistake(body.where, f"[{section}] must be a table of options"))
    return Source(tuple(entries), tuple(mistakes), strict=True)


def _entry(section: str, key: str, body: Table) -> Entry:
    return Entry(section, key, _raw(body.values[key]), body.places[key])


def _raw(node: Node) -> Raw:
    match node:
        case Scalar():
            return node.text
        case Items():
            return [str(_raw(item)) for item in node.items]
        case Table():
            return {key: _flat(value) for key, value in node.values.items()}


def _flat(node: Node) -> Mapping[str, str]:
    if not isinstance(node, Table):
        return {}
    return {key: str(_raw(value)) for key, value in node.values.items()}
