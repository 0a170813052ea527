"""What the HTTP API counts (contract/logs-and-metrics.md §5, §6)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jasmin_compat.gateway.users import UserId


@dataclass(slots=True)
class HttpCounts:
    """Jasmin's httpapi counters, since start, but for `last_request_at`, `last_success_at` and
    `created_at`: unix seconds, None before the first."""

    request_count: int = 0
    """Requests of /send, /rate and /balance, whatever they ask."""
    interceptor_count: int = 0
    """Messages a script was run on, and let pass."""
    auth_error_count: int = 0
    """Requests with a wrong user name or password."""
    route_error_count: int = 0
    """Messages of /send without a route, or without a bound connector on it."""
    interceptor_error_count: int = 0
    """Messages whose script refused, broke or could not be run."""
    throughput_error_count: int = 0
    """Messages of /send that came faster than their user may send."""
    charging_error_count: int = 0
    """Messages of /send their user could not pay."""
    server_error_count: int = 0
    """Messages of /send that broker or store did not take."""
    success_count: int = 0
    """Messages of /send that were taken over."""
    last_request_at: float | None = None
    """Of the last of those requests."""
    last_success_at: float | None = None
    """Of the last message that was taken over."""
    created_at: float | None = None
    """When it began to count."""


@dataclass(slots=True)
class HttpUserCounts:
    """A user's part in it, since the first request that was authenticated; times in unix seconds,
    0 for never."""

    connects_count: int = 0
    """Requests."""
    submit_sm_request_count: int = 0
    """Those to send."""
    balance_request_count: int = 0
    """Those of what is left."""
    rate_request_count: int = 0
    """Those of a price."""
    last_activity_at: float = 0.0
    qos_last_submit_sm_at: float = 0.0
    """Of the last message that was accepted."""


@dataclass(slots=True, kw_only=True)
class HttpTally:
    """Shared by the resources that users ask."""

    unix: Callable[[], float]
    counts: HttpCounts = field(default_factory=HttpCounts)
    users: dict[UserId, HttpUserCounts] = field(default_factory=dict)
    """By who was ever authenticated; whoever drops a user takes them out."""

    def __post_init__(self) -> None:
        self.counts.created_at = self.unix()

    def request(self) -> None:
        """One came, whatever it asks."""
        self.counts.request_count += 1
        self.counts.last_request_at = self.unix()

    def success(self) -> None:
        """A message was taken over."""
        self.counts.success_count += 1
        self.counts.last_success_at = self.unix()

    def count(self, counter: str | None) -> None:
        """One more of `counter`, a field of HttpCounts."""
        if counter is not None:
            setattr(self.counts, counter, getattr(self.counts, counter) + 1)

    def user(self, uid: UserId) -> HttpUserCounts:
        """One more request of a user, who is in the site at this moment."""
        counts = self.users.setdefault(uid, HttpUserCounts())
        counts.connects_count += 1
        counts.last_activity_at = self.unix()
        return counts
