"""YAML as it is written."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.settings.yaml_file import read_yaml
from jasmin_compat.settings.yaml_text import yaml_text


def test_scripts_stand_as_they_are() -> None:
    text = yaml_text({"b": [{"script": "if x:\n    y()\n", "a": "yes", "n": None}]})
    assert text == "b:\n- script: |\n    if x:\n        y()\n  a: 'yes'\n  n: null\n"


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_read_back(tmp_path_factory: object, text: str) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "any.yaml"  # type: ignore[attr-defined]
    path.write_text(yaml_text({"k": text}), encoding="utf-8")
    value = read_yaml(path).values["k"]
    assert (value.text, value.is_boolean) == (text, False)  # type: ignore[union-attr]
