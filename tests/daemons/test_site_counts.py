"""Every table is counted."""

from jasmin_compat.daemons.site_counts import site_counts
from tests import builders
from tests.builders import CID


def test_each_table_is_counted_and_how_many_connectors_are_to_start() -> None:
    assert site_counts(builders.site(started={CID: True})) == (
        "1 groups, 1 users, 0 filters, 1 SMPP connectors (1 to start), 0 HTTP connectors, "
        "1 MT routes, 0 MO routes, 0 MT interceptors, 0 MO interceptors"
    )
