"""A site is written as a file that is the same site."""

import tempfile
from pathlib import Path

from hypothesis import given, settings

from jasmin_compat.daemons.site import read_site
from jasmin_compat.daemons.site_export import site_yaml
from jasmin_compat.gateway.site import Kind, Site
from jasmin_compat.settings.sections import SmppClient
from tests import builders
from tests.site_strategies import sites


def back(text: str) -> Site:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text(text, encoding="utf-8")
        return read_site(path, SmppClient(window=7))


@given(sites())
@settings(max_examples=50)
def test_what_is_written_is_read_back(site: Site) -> None:
    again = back(site_yaml(site))
    assert again == site
    for kind in Kind:
        assert list(getattr(again, kind.value)) == list(getattr(site, kind.value))


def test_an_empty_site_is_an_empty_file() -> None:
    assert back(site_yaml(Site())) == Site()


def test_only_what_is_not_usual_is_written() -> None:
    text = site_yaml(builders.site())
    assert "mt_messaging_cred" not in text
    assert "con_loss_retry" not in text
    assert "window: 10" in text
