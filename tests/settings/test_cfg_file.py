"""*.cfg files are read by Jasmin's rules, and mistakes have lines (contract/config.md §1)."""

from pathlib import Path

import pytest

from jasmin_compat.settings.cfg_file import read_cfg, read_section
from jasmin_compat.settings.entries import Entry, Mistake, Source


def read(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "j.cfg"
    path.write_text(text)
    source = read_cfg(path)
    strip = lambda where: where.removeprefix(f"{tmp_path}/")  # noqa: E731
    return Source(
        tuple(type(e)(e.section, e.key, e.raw, strip(e.where)) for e in source.entries),
        tuple(type(m)(strip(m.where), m.text) for m in source.mistakes),
        tuple(type(m)(strip(m.where), m.text) for m in source.warnings),
    )


RULES = """\
# a comment
; another
[smpp-server]
id = "smpps_01"
sessionInitTimerSecs : 30
bind = 0.0.0.0 # kept, as in Jasmin
log_format = %(asctime)s %(message)s

[redis-client]
password = None
[sm-listener]
submit_error_retrial = {'ESME_RSYSERR': {'count': 2, 'delay': 30},
    'ESME_RTHROTTLED': {'count': 20, 'delay': 30}}
log_privacy =
"""


def test_values_are_as_rawconfigparser_has_them(tmp_path: Path) -> None:
    found = read(tmp_path, RULES)
    assert [(e.section, e.key, e.raw, e.where) for e in found.entries] == [
        ("smpp-server", "id", '"smpps_01"', "j.cfg:4"),
        ("smpp-server", "sessioninittimersecs", "30", "j.cfg:5"),
        ("smpp-server", "bind", "0.0.0.0 # kept, as in Jasmin", "j.cfg:6"),
        ("smpp-server", "log_format", "%(asctime)s %(message)s", "j.cfg:7"),
        ("redis-client", "password", None, "j.cfg:10"),
        (
            "sm-listener",
            "submit_error_retrial",
            "{'ESME_RSYSERR': {'count': 2, 'delay': 30},\n"
            "'ESME_RTHROTTLED': {'count': 20, 'delay': 30}}",
            "j.cfg:12",
        ),
        ("sm-listener", "log_privacy", "", "j.cfg:14"),
    ]
    assert found.mistakes == ()


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("[a]\nx=1\nX=2\n[b]\ny=1\n", ["j.cfg:3: [a] x is there twice"]),
        ("[a]\nx=1\n[a]\ny=1\n", ["j.cfg:3: [a] is there twice"]),
        ("x=1\n[a]\n", ["j.cfg:1: an option before the first section"]),
        ("[a]\nfoo\nbar\nx=1\n", ["j.cfg:2: neither an option nor a section",
                                  "j.cfg:3: neither an option nor a section"]),
        ("[a]\nx=1\nx=2\n\nfoo\n", ["j.cfg:3: [a] x is there twice",
                                    "j.cfg:5: neither an option nor a section"]),
    ],
    ids=["option twice", "section twice", "no section", "no option", "both"],
)  # fmt: skip
def test_every_mistake_has_its_line(tmp_path: Path, text: str, mistakes: list[str]) -> None:
    assert [m.line for m in read(tmp_path, text).mistakes] == mistakes


def test_what_can_be_read_beside_a_mistake_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "[a]\nfoo\nx=1\n")
    assert [(e.key, e.raw) for e in found.entries] == [("x", "1")]


def test_a_missing_file_is_all_defaults_and_a_warning(tmp_path: Path) -> None:
    source = read_cfg(tmp_path / "none.cfg")
    assert (source.entries, source.mistakes) == ((), ())
    assert "no such file" in source.warnings[0].line


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "latin.cfg").write_bytes(b"[a]\nx=\xe9\n")
    for path in (tmp_path, tmp_path / "latin.cfg"):
        (mistake,) = read_cfg(path).mistakes
        assert "cannot be read" in mistake.text


def test_of_rest_api_cfg_one_section_counts(tmp_path: Path) -> None:
    path = tmp_path / "rest-api.cfg"
    assert read_section(path, "rest-api") == Source()
    path.write_text("[celery]\ntimezone = UTC\n[rest-api]\nsmart_qos = no\n")
    assert read_section(path, "rest-api") == Source(
        (Entry("rest-api", "smart_qos", "no", f"{path}:4"),),
        warnings=(Mistake(str(path), "[celery] is not used"),),
    )
