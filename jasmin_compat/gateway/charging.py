"""What a message costs, and whether its sender can pay: contract/http-api.md §11, routing.md §5."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from typing_extensions import override

from jasmin_compat.gateway.credentials import Quotas
from jasmin_compat.gateway.routes import Route
from jasmin_compat.gateway.users import User, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Of one part."""

    at_submit: float = 0.0
    """Before it is queued."""
    at_response: float = 0.0
    """When the SMSC takes it."""
    counts: bool = False
    """It takes one off `submit_sm_count`."""


FREE = Price()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What accepting one message takes, all of its parts together."""

    amount: float
    """Off the balance, now."""
    count: int
    """Off `submit_sm_count`."""
    needed: float
    """What the balance must hold: `amount`, and what the answer will cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a user still has; None is unlimited."""

    balance: float | None
    submit_sm_count: int | None


class NotEnoughBalance(Exception):
    """The message costs more than is left."""

    def __init__(self, balance: float, needed: float) -> None:
        super().__init__(balance, needed)
        self.balance = balance
        self.needed = needed


class NotEnoughCount(Exception):
    """The message has more parts than are left."""

    def __init__(self, submit_sm_count: int, needed: int) -> None:
        super().__init__(submit_sm_count, needed)
        self.submit_sm_count = submit_sm_count
        self.needed = needed


def price_of(route: Route, user: User) -> Price:
    """Free for who has an unlimited balance, whatever the route's rate."""
    quotas = user.mt.quotas
    counts = quotas.submit_sm_count is not None
    if route.rate <= 0 or quotas.balance is None:
        return Price(counts=counts) if counts else FREE
    percent = quotas.early_decrement_balance_percent
    at_submit = route.rate if percent is None else route.rate * percent / 100
    return Price(at_submit=at_submit, at_response=route.rate - at_submit, counts=counts)


def charge_of(price: Price, parts: int) -> Charge | None:
    """None where nothing is taken and nothing is asked for."""
    if price == FREE:
        return None
    return Charge(
        amount=price.at_submit * parts,
        count=parts if price.counts else 0,
        needed=(price.at_submit + price.at_response) * parts,
    )


def quota_of(quotas: Quotas) -> Left:
    """What the operator gave."""
    return Left(balance=quotas.balance, submit_sm_count=quotas.submit_sm_count)


def charged(left: Left, charge: Charge) -> Left:
    """What is left then.

    Raises:
        NotEnoughBalance, NotEnoughCount: nothing is taken.
    """
    balance, count = left.balance, left.submit_sm_count
    if balance is not None and charge.needed > balance:
        raise NotEnoughBalance(balance, charge.needed)
    if count is not None and charge.count > count:
        raise NotEnoughCount(count, charge.count)
    return Left(
        balance=None if balance is None else balance - charge.amount,
        submit_sm_count=None if count is None else count - charge.count,
    )


def refunded(left: Left, charge: Charge) -> Left:
    """What is left when the message was not taken over after all."""
    balance, count = left.balance, left.submit_sm_count
    return Left(
        balance=None if balance is None else balance + charge.amount,
        submit_sm_count=None if count is None else count + charge.count,
    )


def with_left(user: User, left: Left) -> User:
    """The account with what is left of its quotas in their place."""
    quotas = user.mt.quotas
    if (left.balance, left.submit_sm_count) == (quotas.balance, quotas.submit_sm_count):
        return user
    now = replace(quotas, balance=left.balance, submit_sm_count=left.submit_sm_count)
    return replace(user, mt=replace(user.mt, quotas=now))


class LiveUsers(Mapping[UserId, User]):
    """Users with what they have left now, each put together when it is looked at: there may be
    100,000 of them."""

    def __init__(self, users: Mapping[UserId, User], left: Callable[[User], Left]) -> None:
        self._users = users
        self._left = left

    @override
    def __getitem__(self, uid: UserId) -> User:
        user = self._users[uid]
        return with_left(user, self._left(user))

    @override
    def __iter__(self) -> Iterator[UserId]:
        return iter(self._users)

    @override
    def __len__(self) -> int:
        return len(self._users)
