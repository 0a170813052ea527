"""What every adapter of the Quotas port promises; subclassed with a fixture `desk`."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from jasmin_compat.gateway.charging import Charge, NotEnoughBalance, NotEnoughCount
from jasmin_compat.gateway.credentials import MtCredential
from jasmin_compat.gateway.credentials import Quotas as Given
from jasmin_compat.gateway.site import Clear, Drop, Edit, Kind, Put, Site, apply
from jasmin_compat.gateway.users import User, UserId
from jasmin_compat.ports import KEPT_BIDS, Quotas, QuotasAway
from jasmin_compat.runtime.current import Current
from tests import builders

ONE = Charge(amount=1.0, count=0, needed=1.0)
PART = Charge(amount=0.0, count=1, needed=0.0)


def user(uid: str, **given: Any) -> User:
    return builders.user(uid, mt=MtCredential(quotas=Given(**given)))


def put(changed: User) -> Edit:
    return (Put(Kind.USER, changed.uid, changed),)


@dataclass
class Desk:
    """Quotas of the users of a site, which is changed as flows/admin.py does."""

    quotas: Quotas
    current: Current[Site]

    def user(self, uid: str) -> User:
        return self.current().users[UserId(uid)]

    def left(self, uid: str) -> tuple[float | None, int | None]:
        left = self.quotas.left(self.user(uid))
        return left.balance, left.submit_sm_count

    async def write(self, _edit: Edit) -> None:
        """Where edits are kept beside quotas."""

    async def change(self, edit: Edit) -> None:
        async with self.quotas.changing():
            await self.write(edit)
            site = apply(self.current(), edit)
            self.current.swap(site)
            self.quotas.follow(edit, site)

    async def try_to_charge(self, uid: str, charge: Charge = ONE) -> bool:
        try:
            await self.quotas.charge(self.user(uid), charge)
        except (NotEnoughBalance, NotEnoughCount):
            return False
        return True


class QuotasContract:
    @pytest.fixture
    def users(self) -> tuple[User, ...]:
        return user("rich", balance=100.0), user("poor", balance=10.0, submit_sm_count=4)

    # covers: CRED-16 CRED-18
    async def test_a_charge_takes_what_it_says(self, desk: Desk) -> None:
        await desk.quotas.charge(desk.user("poor"), Charge(amount=2.5, count=3, needed=4.0))
        assert desk.left("poor") == (7.5, 1)
        assert desk.left("rich") == (100.0, None)

    # covers: BILL-04
    @pytest.mark.parametrize(
        ("charge", "error"),
        [
            (Charge(amount=1.0, count=1, needed=10.5), NotEnoughBalance),
            (Charge(amount=1.0, count=5, needed=1.0), NotEnoughCount),
        ],
    )
    async def test_who_has_not_enough_keeps_it(
        self, desk: Desk, charge: Charge, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            await desk.quotas.charge(desk.user("poor"), charge)
        assert desk.left("poor") == (10.0, 4)
        assert (desk.quotas.counts.charged, desk.quotas.counts.refused) == (0, 1)

    async def test_of_50_at_a_time_as_many_pass_as_are_paid_for(self, desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            poor = [tasks.create_task(desk.try_to_charge("poor")) for _ in range(50)]
            rich = [tasks.create_task(desk.try_to_charge("rich")) for _ in range(50)]
        assert Counter(task.result() for task in poor) == {True: 10, False: 40}
        assert all(task.result() for task in rich)
        assert (desk.left("poor"), desk.left("rich")) == ((0.0, 4), (50.0, None))

    # covers: CRED-17
    async def test_a_late_bill_is_charged_once(self, desk: Desk) -> None:
        quotas, poor = desk.quotas, desk.user("poor")
        assert await quotas.charge_late(poor, 1.5, "b1")
        assert await quotas.charge_late(poor, 1.5, "b2")
        assert not await quotas.charge_late(poor, 1.5, "b1")
        assert desk.left("poor") == (7.0, 4)
        assert (quotas.counts.charged_late, quotas.counts.repeated) == (2, 1)

    async def test_a_late_bill_that_was_not_paid_may_be_paid_later(self, desk: Desk) -> None:
        with pytest.raises(NotEnoughBalance):
            await desk.quotas.charge_late(desk.user("poor"), 10.5, "b1")
        await desk.change(put(user("poor", balance=11.0)))
        assert await desk.quotas.charge_late(desk.user("poor"), 10.5, "b1")
        assert desk.left("poor") == (0.5, None)

    async def test_as_many_late_bills_are_known_as_may_come_again(self, desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(KEPT_BIDS + 1):
                tasks.create_task(desk.quotas.charge_late(desk.user("rich"), 0.0, f"b{number}"))
        again = [await desk.quotas.charge_late(desk.user("rich"), 0.0, f"b{n}") for n in (1, 0)]
        assert again == [False, True]

    # covers: W-BILL-01
    async def test_what_was_not_taken_over_is_given_back(self, desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(desk.try_to_charge("poor", PART))
        assert not await desk.try_to_charge("poor", PART)
        await desk.quotas.refund(desk.user("poor"), PART)
        assert desk.left("poor") == (10.0, 1)
        assert await desk.try_to_charge("poor", PART)
        assert desk.quotas.counts.refunded == 1

    async def test_charges_are_those_of_the_user_as_it_is_now(self, desk: Desk) -> None:
        """A message may have been let in before the operator changed its sender."""
        before = desk.user("poor")
        await desk.change(put(user("poor", balance=50.0)))
        await desk.quotas.charge(before, ONE)
        assert desk.left("poor") == (49.0, None)
        await desk.change(put(user("poor")))
        await desk.quotas.charge(before, ONE)
        assert desk.left("poor") == (None, None)

    async def test_an_edit_is_what_counts_from_then_on(self, desk: Desk) -> None:
        await desk.quotas.charge(desk.user("poor"), ONE)
        await desk.change(put(user("rich", balance=3.0)))
        assert (desk.left("poor"), desk.left("rich")) == ((9.0, 4), (3.0, None))
        await desk.change((Clear(Kind.USER), *put(user("poor", balance=1.0))))
        assert desk.left("poor") == (1.0, None)

    async def test_who_is_removed_is_not_charged(self, desk: Desk) -> None:
        removed = desk.user("poor")
        await desk.quotas.charge(removed, ONE)
        await desk.change((Drop(Kind.USER, "poor"),))
        with pytest.raises(QuotasAway, match="user poor was removed"):
            await desk.quotas.charge(removed, ONE)
        await desk.quotas.refund(removed, ONE)
        await desk.change(put(removed))
        assert desk.left("poor") == (10.0, 4)

    async def test_charges_wait_while_users_are_changed(self, desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(desk.try_to_charge("poor"))
            await asyncio.sleep(0)
            async with desk.quotas.changing():
                assert first.done()
                second = tasks.create_task(desk.try_to_charge("poor"))
                giving_back = tasks.create_task(desk.quotas.refund(desk.user("rich"), ONE))
                await asyncio.wait([second, giving_back], timeout=0.01)
                assert desk.left("poor") == (9.0, 4)
                assert desk.left("rich") == (100.0, None)
        assert (desk.left("poor"), desk.left("rich")) == ((8.0, 4), (101.0, None))

    async def test_a_charge_that_is_cancelled_is_not_taken(self, desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks, desk.quotas.changing():
            waiting = tasks.create_task(desk.try_to_charge("poor"))
            await asyncio.sleep(0)
            waiting.cancel()
        assert waiting.cancelled()
        assert desk.left("poor") == (10.0, 4)

    # covers: HTTP-31 CRED-20
    async def test_each_edge_has_its_own_pace(self, desk: Desk) -> None:
        quotas, uid = desk.quotas, UserId("poor")
        assert await quotas.pass_throughput(uid, "httpapi", 2.0, now=10.0) is None
        assert await quotas.pass_throughput(uid, "httpapi", 2.0, now=10.25) == 0.25
        assert await quotas.pass_throughput(uid, "smppsapi", 2.0, now=10.25) is None
        assert await quotas.pass_throughput(uid, "httpapi", 2.0, now=10.5) is None
        assert await quotas.pass_throughput(UserId("rich"), "httpapi", 2.0, now=10.5) is None
        assert quotas.counts.too_fast == 1

    async def test_the_pace_goes_with_its_user(self, desk: Desk) -> None:
        quotas, poor = desk.quotas, desk.user("poor")
        for since_s, edit in ((0.25, put(poor)), (None, (Drop(Kind.USER, "poor"),))):
            await quotas.pass_throughput(poor.uid, "httpapi", 2.0, now=10.0)
            await desk.change(edit)
            again = await quotas.pass_throughput(poor.uid, "httpapi", 2.0, now=10.25)
            assert again == since_s
