"""The recordings are all there and are what their README says."""

import pytest

from tests import golden

NAMES = sorted(path.name.removesuffix(".json.gz") for path in golden.FOLDER.glob("*.json.gz"))


def test_every_recording_of_the_readme_is_here() -> None:
    readme = (golden.FOLDER / "README.md").read_text()

    assert len(NAMES) == 16
    assert [name for name in NAMES if f"`{name}.json`" not in readme] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_has_the_schema_of_the_readme(name: str) -> None:
    recording = golden.load(name)

    assert recording.get("meta", recording)["schema"] in {"golden/1", "pdus/1"}


def test_the_counts_of_the_readme_hold() -> None:
    cases = golden.load("http_api")["cases"]
    transcripts = golden.load("jcli_transcripts")["scenarios"]

    assert len([case for case in cases if "id" in case]) == 478
    assert len(golden.load("pdus")["pdus"]) == 207
    assert len(golden.load("smpp_server")["cases"]) == 256
    assert len(transcripts) == 48
    assert sum(len(scenario["exchanges"]) for scenario in transcripts) == 971


def test_the_same_recording_is_read_once() -> None:
    assert golden.load("pdus") is golden.load("pdus")
