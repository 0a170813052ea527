"""Later answers to those who guess passwords: of one address and user name, and failures only.

A right password is never looked up here, so that nobody is slowed down by what others try.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from jasmin_compat.ports import Clock
from jasmin_compat.servers.failures import Failures

_STEP_S: Final = 0.1
"""What the first answer that is not free waits, and each further one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPolicy:
    """How many failures are free, and what the next ones cost."""

    free: int = 10
    """Failures of one address and name that are answered at once."""
    longest_s: float = 1.0
    """Bound of the wait; 0: none waits."""
    forgotten_after_s: float = 300.0
    """Without another failure."""
    remembered: int = 10_000
    """Pairs of address and name at a time; the one that failed longest ago goes."""
    waiting: int = 100
    """Answers that wait at a time; further ones come at once. They count as requests at work."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Addresses that stand for many clients: their failures never wait."""


@dataclass(slots=True)
class LoginCounts:
    """Since start, but for `waiting` and `remembered`."""

    failed: int = 0
    """Requests with a wrong user name or password."""
    delayed: int = 0
    """Of these, those whose answer waited."""
    waiting: int = 0
    """Answers that wait now."""
    remembered: int = 0
    """Pairs of address and name with failures now."""


class LoginDelay:
    """Shared by the HTTP API and the REST API."""

    def __init__(self, policy: LoginPolicy, clock: Clock) -> None:
        self.counts = LoginCounts()
        self._policy = policy
        self._clock = clock
        self._failures = Failures(
            most=policy.remembered, forgotten_after_s=policy.forgotten_after_s
        )

    async def failed(self, address: str | None, username: str) -> None:
        """To be awaited before a failure is answered."""
        self.counts.failed += 1
        if address is None or self._is_trusted(address):
            return
        pair = hash((address, username))  # long names cost no memory
        failures = self._failures.one_more(pair, now=self._clock.monotonic())
        self.counts.remembered = len(self._failures)
        wait_s = self._wait_s(failures)
        if wait_s <= 0 or self.counts.waiting >= self._policy.waiting:
            return
        self.counts.delayed += 1
        self.counts.waiting += 1
        try:
            await self._clock.sleep(wait_s)
        finally:
            self.counts.waiting -= 1

    def _wait_s(self, failures: int) -> float:
        beyond = failures - self._policy.free
        return min(beyond * _STEP_S, self._policy.longest_s)

    def _is_trusted(self, address: str) -> bool:
        if not self._policy.trusted_proxies:
            return False
        peer = ip_address(address.partition("%")[0])
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
            peer = peer.ipv4_mapped
        return any(peer in network for network in self._policy.trusted_proxies)
