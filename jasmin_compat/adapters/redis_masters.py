"""Which server takes the writes: the one of the URL, or the one the Sentinels name (design D7)."""

import asyncio
from collections import deque

from redis.asyncio.connection import Connection

from jasmin_compat.adapters.redis_connect import (
    UNREACHED,
    RedisAway,
    RedisPolicy,
    connect,
    dial,
    disconnect,
    exchange,
    in_words,
    pack,
)
from jasmin_compat.adapters.secret_files import read_secret
from jasmin_compat.ports import StoreCounts


class Masters:
    """Sentinels are asked in turn; the one that led to a usable master last is asked first."""

    def __init__(self, policy: RedisPolicy) -> None:
        self._policy = policy
        self._sentinels = deque(policy.sentinels)

    async def connect(self, counts: StoreCounts) -> Connection:
        """Raises:
        RedisAway: none within `timeout_s`.
        ClusterRefused
        """
        if not self._sentinels:
            return await connect(self._policy, counts)
        try:
            async with asyncio.timeout(self._policy.timeout_s):
                address = await self._named()
                try:
                    return await connect(self._policy, counts, address)
                except RedisAway:  # another one may have heard more
                    self._sentinels.rotate(-1)
                    raise
        except TimeoutError as error:
            where = self._policy.where()
            raise RedisAway(f"Redis at {where}: {in_words(error)}") from error

    async def has_moved(self, connection: Connection) -> bool:
        """Whether the Sentinels name another server than this; not if they say nothing."""
        if not self._sentinels:
            return False
        try:
            address = await self._named()
        except RedisAway:
            return False
        return address != (connection.host, connection.port)

    async def _named(self) -> tuple[str, int]:
        """Raises: RedisAway."""
        reasons = []
        share_s = self._policy.timeout_s / (len(self._sentinels) + 1)
        for _ in range(len(self._sentinels)):
            host, port = self._sentinels[0]
            try:
                async with asyncio.timeout(share_s):
                    address = await self._ask(host, port)
            except UNREACHED as error:
                reasons.append(f"{host}:{port}: {in_words(error)}")
            else:
                if address is not None:
                    return address
                reasons.append(f"{host}:{port}: knows no master {self._policy.sentinel_master}")
            self._sentinels.rotate(-1)
        where = self._policy.where()
        raise RedisAway(f"Redis at {where}: {'; '.join(reasons)}")

    async def _ask(self, host: str, port: int) -> tuple[str, int] | None:
        """Raises: those of UNREACHED."""
        policy = self._policy
        password = policy.sentinel_password
        if policy.sentinel_password_file is not None:
            password = read_secret(policy.sentinel_password_file)
        connection = await dial(
            policy, is_tls=policy.sentinel_tls, host=host, port=port, password=password
        )
        try:
            question = pack(
                b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", policy.sentinel_master.encode()
            )
            (reply,) = await exchange(connection, [question])
        finally:
            await disconnect(connection)
        match reply:
            case Exception():
                raise reply
            case [bytes() as master_host, bytes() as master_port]:
                return master_host.decode(), int(master_port)
            case _:
                return None
