"""What the AMQP adapter is told, and what it counts."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from jasmin_compat.runtime.histogram import Histogram


class Durability(StrEnum):
    """`amqp-broker.durability` (design D5)."""

    DURABLE = "durable"
    """Durable exchanges and queues, persistent messages."""
    QUORUM = "quorum"
    """Durable, and the queues are quorum queues."""
    JASMIN = "jasmin"
    """As Jasmin declares and publishes: a broker restart loses what is queued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmqpPolicy:
    """Addresses, bounds and choices; Jasmin's keys of `[amqp-broker]` under their names."""

    host: str = "127.0.0.1"
    port: int = 5672
    hosts: tuple[tuple[str, int], ...] = ()
    """Nodes of a cluster, tried in turn; `host` and `port` are not used then."""
    username: str = "guest"
    password: str = field(default="guest", repr=False)
    username_file: str | None = None
    """Read at each connection, instead of `username`."""
    password_file: str | None = None
    vhost: str = "/"
    tls: bool = False
    tls_verify: bool = True
    tls_ca: str | None = None
    """File of CA certificates; None: those of the system."""
    tls_cert: str | None = None
    """File of our own certificate."""
    tls_key: str | None = None
    heartbeat: int = 60
    """Seconds; 0 none. A connection silent for two of them is given up."""
    connection_loss_retry: bool = True
    connection_failure_retry: bool = True
    connection_loss_retry_delay: float = 10.0
    """Seconds between attempts at most; the first come sooner."""
    connection_failure_retry_delay: float = 10.0
    connection_name: str = "jasmin-compat"
    """Shown by the broker's tools."""

    connect_timeout_s: float = 10.0
    rpc_timeout_s: float = 10.0
    """For each answer of the broker that is not a confirm: declaring, consuming, cancelling."""
    publish_timeout_s: float = 5.0
    """From publish to confirm, reconnecting and publishing again included."""
    blocked_grace_s: float = 0.25
    """For confirms that are under way when the broker says that it is blocked."""
    publish_window: int = 200
    """Publishes on the wire whose confirm is awaited."""
    waiting_publishes: int = 2000
    """Publishes that wait for the window or the broker; beyond, BrokerAway at once."""
    durability: Durability = Durability.DURABLE
    dead_max_messages: int = 10_000
    """Messages in each `<queue>.dead`; beyond, the oldest goes."""
    held_max_messages: int = 1_000_000
    """Messages in a holding queue; beyond, it takes none."""
    delays: bool = True
    """Whether this process serves the delay ladder. Tools do not."""
    delay_prefetch: int = 50
    """Messages of each rung of the ladder that are held until they are due."""
    redeclare_s: float = 60.0
    """How often queues that are published to, but not consumed here, are declared again."""

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Where to connect: one or more."""
        return self.hosts or ((self.host, self.port),)


_CONFIRM_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


@dataclass(slots=True)
class AmqpCounts:
    """Since start, but for those that say `now`."""

    connected: int = 0
    """Connections up now, of two."""
    connected_to: Counter[str] = field(default_factory=Counter)
    """Connections up now, by host:port of the broker."""
    reconnects: int = 0
    """Attempts to connect again, after a loss or a failure."""
    failed: Counter[str] = field(default_factory=Counter)
    """Attempts to connect that failed, by host:port of the broker."""
    blocked: bool = False
    """Now: the broker takes no publishes (connection.blocked)."""
    publishes: int = 0
    """Asked for."""
    confirms: int = 0
    """Given by the broker."""
    confirm_s: Histogram = field(default_factory=lambda: Histogram(_CONFIRM_S))
    """Seconds from the write of a publish to its confirm."""
    confirm_s_max: float = 0.0
    """The longest of these since start."""
    publish_waiting: int = 0
    """Now: publishes not on the wire yet."""
    publish_failed: int = 0
    """Not confirmed in time, refused, or too many waiting."""
    republished: int = 0
    """Sent again after a reconnect: their first confirm was lost or never given."""
    returned: int = 0
    """No queue took it (basic.return); published once more after the queue was declared."""
    unroutable: int = 0
    """Returned that second time, too."""
    deliveries: int = 0
    """Messages the broker brought."""
    redelivered: int = 0
    """Of these, those it had brought somebody before."""
    acks: int = 0
    """Deliveries settled for good."""
    requeues: int = 0
    """Deliveries given back at once."""
    delayed: int = 0
    """Deliveries put off to a delay queue."""
    lost: int = 0
    """Deliveries whose connection broke before they were settled."""
    ladder: int = 0
    """Delayed messages that went back to their queue."""
    dead: Counter[str] = field(default_factory=Counter)
    """Dead letters by queue."""
    declared_otherwise: int = 0
    """Exchanges and queues that exist with other properties than ours, used as they are."""
