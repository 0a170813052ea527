"""What every adapter of the SiteStore port promises; subclassed with a fixture `open_store`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from jasmin_compat.gateway.filters import TagFilter
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Clear, Drop, Kind, Put, Site, apply, edit_to
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.ports import SiteStore
from tests import builders
from tests.builders import CID

OpenStore = Callable[[], AbstractAsyncContextManager[SiteStore]]
"""Each time the same place: what was written before is there."""

SITE = builders.site(builders.user(), started={CID: True})
STATIC = Route(selection="static", targets=(Target("smppc", ConnectorId("con2")),), rate=0.5)


class SiteStoreContract:
    async def test_there_is_no_site_before_the_first_write(self, open_store: OpenStore) -> None:
        async with open_store() as store:
            assert await store.read() is None

    async def test_an_empty_site_is_a_site(self, open_store: OpenStore) -> None:
        async with open_store() as store:
            await store.write(edit_to(Site()))
            assert await store.read() == Site()

    async def test_what_was_written_is_read(self, open_store: OpenStore) -> None:
        async with open_store() as store:
            await store.write(edit_to(SITE))
            assert await store.read() == SITE
        async with open_store() as store:
            assert await store.read() == SITE

    async def test_edits_do_to_it_what_apply_does(self, open_store: OpenStore) -> None:
        edits = (
            (Put(Kind.MT_ROUTE, 20, STATIC), Put(Kind.MT_ROUTE, 5, STATIC)),
            (Put(Kind.GROUP, "g2", Group(gid=GroupId("g2"))), Drop(Kind.STARTED, CID)),
            (Drop(Kind.USER, "nobody"),),
            (Clear(Kind.MT_ROUTE), Put(Kind.MT_ROUTE, 7, STATIC), Drop(Kind.MT_ROUTE, 7)),
            (Put(Kind.USER, "full", builders.user(password="other")),),
            (Clear(Kind.CONNECTOR),),
        )
        site = SITE
        async with open_store() as store:
            await store.write(edit_to(SITE))
            for edit in edits:
                await store.write(edit)
                site = apply(site, edit)
                assert await store.read() == site

    async def test_any_text_a_store_may_hold_is_kept(self, open_store: OpenStore) -> None:
        """A pickle may hold half of a surrogate pair, which has no UTF-8."""
        odd = TagFilter("\ud800 \u00e9 \U0001f600")
        async with open_store() as store:
            await store.write((Put(Kind.FILTER, "f", odd),))
            site = await store.read()
        assert site is not None
        assert site.filters == {"f": odd}

    async def test_items_keep_the_order_they_were_added_in(self, open_store: OpenStore) -> None:
        async with open_store() as store:
            await store.write(tuple(Put(Kind.GROUP, g, _group(g)) for g in ("b", "a", "c")))
            await store.write((Drop(Kind.GROUP, "a"), Put(Kind.GROUP, "b", _group("b"))))
            await store.write((Put(Kind.GROUP, "a", _group("a")),))
            await store.write((Put(Kind.MO_ROUTE, 5, STATIC), Put(Kind.MO_ROUTE, 30, STATIC)))
            read = await store.read()
        assert read is not None
        assert list(read.groups) == ["b", "c", "a"]
        assert list(read.mo_routes) == [30, 5]


def _group(gid: str) -> Group:
    return Group(gid=GroupId(gid))
