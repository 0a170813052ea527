"""Read a site file: groups, users, connectors and routes as tables of texts, each with its line.

What their values mean is decided where they are made (daemons/site.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jasmin_compat.settings.entries import Mistake, SettingsMistakes
from jasmin_compat.settings.yaml_file import Items, Node, Scalar, Table, read_yaml

LISTS = ("groups", "users", "smpp_connectors", "mt_routes")


@dataclass(frozen=True, slots=True)
class SiteItem:
    """One group, user, connector or route."""

    values: Mapping[str, str | bool | None]
    """Unquoted yes and no are truths; everything else is text as written."""
    where: str
    places: Mapping[str, str]
    """Of each value."""


SiteLists = Mapping[str, Sequence[SiteItem]]
"""By LISTS; one that is not in the file is empty."""


def read_site_file(path: Path) -> SiteLists:
    """Raises: SettingsMistakes, with every one of form."""
    document = read_yaml(path)
    mistakes = [
        Mistake(document.places[key], f"unknown list {key}; there are {', '.join(LISTS)}")
        for key in document.values
        if key not in LISTS
    ]
    lists = {key: _items(key, document, mistakes) for key in LISTS}
    if mistakes:
        raise SettingsMistakes(mistakes)
    return lists


def _items(key: str, document: Table, mistakes: list[Mistake]) -> list[SiteItem]:
    node = document.values.get(key)
    if node is None or (isinstance(node, Scalar) and node.text is None):
        return []
    if not isinstance(node, Items):
        mistakes.append(Mistake(node.where, f"{key}: must be a list"))
        return []
    return [_item(key, item, mistakes) for item in node.items]


def _item(key: str, node: Node, mistakes: list[Mistake]) -> SiteItem:
    if not isinstance(node, Table):
        mistakes.append(Mistake(node.where, f"{key}: each item must be a table"))
        return SiteItem({}, node.where, {})
    values: dict[str, str | bool | None] = {}
    for name, value in node.values.items():
        if isinstance(value, Scalar):
            values[name] = _value(value)
        else:
            mistakes.append(Mistake(node.places[name], f"{name}: must be one value"))
    return SiteItem(values, node.where, node.places)


def _value(scalar: Scalar) -> str | bool | None:
    if scalar.is_boolean and scalar.text is not None:
        return scalar.text.lower() in {"yes", "true", "on"}
    return scalar.text
