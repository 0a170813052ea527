"""What is pinned: all that pyproject.toml wants, with hashes, and from no index in particular."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "dev", "build")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.lock").read_text()


def pins_of(lock: str) -> dict[str, str]:
    """Name → version."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text_of(lock), re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("runtime", PROJECT["dependencies"]),
        ("dev", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
        ("build", (ROOT / "requirements/build.in").read_text().split()),
    ],
)
def test_all_that_is_wanted_is_pinned_within_its_bounds(lock: str, wanted: list[str]) -> None:
    pins = pins_of(lock)
    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name), "no version")
        assert requirement.specifier.contains(version), f"make lock: {requirement} is {version}"


def test_development_runs_on_the_versions_that_are_installed() -> None:
    assert pins_of("runtime").items() <= pins_of("dev").items()
    assert pins_of("build").items() <= pins_of("dev").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_has_hashes_and_nothing_names_an_index(lock: str) -> None:
    text = text_of(lock)
    pins = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(pins) == len(pins_of(lock))
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text
    assert "index-url" not in text
