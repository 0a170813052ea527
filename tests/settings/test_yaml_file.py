"""YAML values keep their text and their line."""

from pathlib import Path

import pytest

from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.yaml_file import Items, Scalar, Table, read_settings_yaml, read_yaml

TEXT = """\
# comment
redis-client:
  password: 0123
  username: null
  tls: yes
dlr:
  receipt_retry_delays_s: [2, 10]
callbacks:
sm-listener:
  submit_error_retrial:
    ESME_RSYSERR: {count: 2, delay: 30}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    return path


def test_values_are_texts_lists_and_tables_with_lines(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    source = read_settings_yaml(path)
    assert [(e.section, e.key, e.raw, e.where) for e in source.entries] == [
        ("redis-client", "password", "0123", f"{path}:3"),
        ("redis-client", "username", None, f"{path}:4"),
        ("redis-client", "tls", "yes", f"{path}:5"),
        ("dlr", "receipt_retry_delays_s", ["2", "10"], f"{path}:7"),
        (
            "sm-listener",
            "submit_error_retrial",
            {"ESME_RSYSERR": {"count": "2", "delay": "30"}},
            f"{path}:10",
        ),
    ]
    assert source.strict


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_sets_nothing(tmp_path: Path, text: str) -> None:
    if text == "---\n":
        with pytest.raises(SettingsMistakes, match="must be a table"):
            read_yaml(write(tmp_path, text))
    else:
        assert read_yaml(write(tmp_path, text)).values == {}


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("a:\n  x: 1\n  x: 2\n", ["3: x is there twice"]),
        ("a: 1\nb: [1]\n", ["1: [a] must be a table of opt", "2: [b] must be a table of opt"]),
        ("- a\n", ["1: must be a table of sections"]),
        ("a:\n  b: 'open\n", ["3: no YAML: found unexpected end of stream"]),
        ("a: &x {k: *x}\n", ["1: no YAML: an alias within what it names"]),
        ("a: \x07\n", [" no YAML: unacceptable character"]),
    ],
    ids=["key twice", "no table", "a list", "open quote", "alias to itself", "control character"],
)  # fmt: skip
def test_mistakes_have_lines(tmp_path: Path, text: str, mistakes: list[str]) -> None:
    path = write(tmp_path, text)
    found = [m.line.removeprefix(f"{path}:") for m in read_settings_yaml(path).mistakes]
    assert [line[: len(want)] for line, want in zip(found, mistakes, strict=True)] == mistakes


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = read_settings_yaml(tmp_path / "none.yaml").mistakes
    assert "cannot be read" in mistake.text


def test_no_tag_makes_an_object(tmp_path: Path) -> None:
    document = read_yaml(write(tmp_path, "a: !!python/object/apply:os.system [ls]\nb: yes\n"))
    assert isinstance(document, Table)
    assert isinstance(document.values["a"], Items)
    assert document.values["b"] == Scalar("yes", document.places["b"], is_boolean=True)
