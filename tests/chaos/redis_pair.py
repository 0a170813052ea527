"""A Redis and its replica under a Sentinel, of which either may end at any time."""

import redis

from tests.services import Redis, RedisPair


class RestlessPair(RedisPair):
    """`start`, then `stop`, `kill`, `stop_both` or `fail_over`, each followed by `bring_back`.

    Who is master is asked of the Sentinel each time: it may replace one that is down for a moment,
    or leave it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._down: list[Redis] = []

    def named(self) -> Redis:
        """The master, as the Sentinel says."""
        named = self._named()
        return next(node for node in (self.master, self.replica) if node.port == named)

    def client(self) -> "redis.Redis":
        """Of the master there is now."""
        return redis.Redis(port=self.named().port, decode_responses=True)

    def stop(self) -> None:
        self._down.append(self.named())
        self._down[-1].stop()

    def kill(self) -> None:
        self._down.append(self.named())
        self._down[-1].kill()

    def stop_both(self) -> None:
        """The replica first: nobody can take over."""
        master = self.named()
        for node in (self._beside(master), master):
            node.stop()
            self._down.append(node)

    def fail_over(self) -> None:
        """Kill the master; returns when the replica is in its place."""
        old = self.named()
        self.kill()
        self._until(lambda: self.named() is not old, "failover")

    def bring_back(self, *, knows: bool = False) -> None:
        """Start what is down; returns when there are a master and its replica in step again.

        A master that was replaced comes back as one, until the Sentinel makes it a replica some
        ten seconds later; or it `knows` its place from the start.
        """
        down, self._down = self._down, []
        for node in reversed(down):
            master = self.named()
            is_replica = node is not master and (knows or len(down) > 1)
            node.replica_of = master if is_replica else None
            node.start()
        self._until(self._is_whole, "replica in step with the master Sentinel names")

    def _beside(self, node: Redis) -> Redis:
        return self.replica if node is self.master else self.master

    def _is_whole(self) -> bool:
        master = self.named()
        self.master, self.replica = master, self._beside(master)
        return master.is_master() and self.replica.follows() == master.port and self._is_complete()
