"""Rows of a site file; what they become is in test_site."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.site_rows import filter_of, row_of
from jasmin_compat.daemons.site_values import Mistaken
from jasmin_compat.gateway.filters import DateIntervalFilter, Filter, TransparentFilter
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.table_rows import MT_ROUTES
from jasmin_compat.settings.site_file import SiteItem, SiteValue
from tests import builders
from tests.builders import CID


def item(**values: SiteValue) -> SiteItem:
    return SiteItem(values, "f:1", {})


def made(**values: SiteValue) -> Filter:
    return filter_of(item(**values), Path())


def test_an_interval_is_written_in_one_text_or_two() -> None:
    one = made(type="DateIntervalFilter", dateInterval="2026-01-01;2026-02-01")
    assert isinstance(one, DateIntervalFilter)
    assert one == made(type="DateIntervalFilter", first="2026-01-01", last="2026-02-01")
    assert made(type="transparentfilter") == TransparentFilter()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"connectors": (CID, CID)}, "a static route has one"),
        ({"connectors": (None,)}, "must be texts"),
        ({"connector": CID, "rate": "-1"}, "rate can not be a negative value"),
        ({"connector": CID, "filters": (True,)}, "must be ids or tables"),
        ({"connector": CID, "order": "0"}, "reserved for DefaultRoute only"),
        ({"connector": CID, "type": "default", "order": None, "filters": ("x",)}, "has none"),
    ],
)
def test_what_does_not_go_together_is_told(values: dict[str, SiteValue], told: str) -> None:
    known = Site(connectors={CID: builders.connector()})
    asked = item(**{"type": "static", "order": "1"} | values)
    with pytest.raises(Mistaken, match=told):
        row_of(asked, MT_ROUTES, known, Path())
