"""A daemon's own lines on standard output, in Jasmin's words (contract/config.md §8)."""

import logging


class Say:
    """Jasmin's jasmind prints these; its other daemons send them to syslog, ours print them too."""

    def __init__(self, title: str) -> None:
        self.log = logging.getLogger("jasmin-daemon")
        self._title = title

    def starting(self) -> None:
        self.log.info("Starting %s ...", self._title)

    def started(self, part: str) -> None:
        """`part` as Jasmin calls it: RedisClient, AMQP Broker, HTTPApi, …"""
        self.log.info("  %s Started.", part)

    def signalled(self) -> None:
        self.log.info("Received signal to stop %s", self._title)

    def stopping(self) -> None:
        self.log.info("Stopping %s ...", self._title)

    def stopped(self, part: str) -> None:
        """`part` as Jasmin calls it: HTTPApi, SMPPClientManagerPB, RedisClient, …"""
        self.log.info("  %s stopped.", part)

    def disconnected(self, part: str) -> None:
        self.log.info("  %s disconnected.", part)

    def told(self, text: str) -> None:
        self.log.info("  %s", text)

    def warning(self, text: str) -> None:
        self.log.warning("  %s", text)

    def error(self, text: str) -> None:
        self.log.error("%s", text)
