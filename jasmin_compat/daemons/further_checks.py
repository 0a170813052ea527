"""Mistakes that show only where settings meet what they are for: names, addresses, files, site."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from jasmin_compat.adapters.secret_files import SecretUnreadable, read_secret
from jasmin_compat.daemons.site import read_site
from jasmin_compat.gateway.callback_addresses import BadRule, read_rule
from jasmin_compat.gateway.site import Site
from jasmin_compat.servers.certificate import BadCertificate, Certificate
from jasmin_compat.settings.entries import Mistake, SettingsMistakes
from jasmin_compat.settings.read import SettingsRead
from jasmin_compat.smpp.statuses import CODES

_TOGETHER: Final = "[{}] tls_cert and tls_key go together"


def further_mistakes(read: SettingsRead) -> list[Mistake]:
    """Every one, but for those of the site file."""
    return [
        *_statuses(read),
        *_rules(read),
        *_proxies(read),
        *_tls_files(read),
        *_secrets(read),
        *_certificates(read),
    ]


def site_mistakes(read: SettingsRead) -> tuple[Mistake, ...]:
    try:
        site_of(read)
    except SettingsMistakes as wrong:
        return wrong.mistakes
    return ()


def site_of(read: SettingsRead) -> Site | None:
    """What the site file says, if there is one. Raises: SettingsMistakes."""
    path = read.settings.jasmin_compat.site
    return read_site(Path(path), read.settings.smpp_client) if path else None


def _where(read: SettingsRead, section: str, key: str) -> str:
    return read.origins.get((section, key), "default")


def _statuses(read: SettingsRead) -> Iterator[Mistake]:
    where = _where(read, "sm-listener", "submit_error_retrial")
    for retrial in read.settings.sm_listener.submit_error_retrial:
        if retrial.status not in CODES:
            text = f"[sm-listener] submit_error_retrial: unknown status {retrial.status}"
            yield Mistake(where, text)


def _rules(read: SettingsRead) -> Iterator[Mistake]:
    callbacks = read.settings.callbacks
    for key, rules in (("deny", callbacks.deny), ("allow", callbacks.allow)):
        for rule in rules:
            try:
                read_rule(rule)
            except BadRule as wrong:
                yield Mistake(_where(read, "callbacks", key), f"[callbacks] {key}: {wrong}")


def _proxies(read: SettingsRead) -> Iterator[Mistake]:
    for text in read.settings.http_api.trusted_proxies:
        try:
            ip_network(text)
        except ValueError as wrong:
            where = _where(read, "http-api", "trusted_proxies")
            yield Mistake(where, f"[http-api] trusted_proxies: {wrong}")


def _tls_files(read: SettingsRead) -> Iterator[Mistake]:
    broker, client = read.settings.amqp_broker, read.settings.redis_client
    for name, section in (("amqp-broker", broker), ("redis-client", client)):
        for key in ("tls_ca", "tls_cert", "tls_key"):
            path = getattr(section, key)
            if path is not None and not Path(path).is_file():
                yield Mistake(_where(read, name, key), f"[{name}] {key}: no such file: {path}")
        if (section.tls_cert is None) != (section.tls_key is None):
            yield Mistake(_where(read, name, "tls_cert"), _TOGETHER.format(name))


def _secrets(read: SettingsRead) -> Iterator[Mistake]:
    broker, client = read.settings.amqp_broker, read.settings.redis_client
    for name, key, path in (
        ("amqp-broker", "username_file", broker.username_file),
        ("amqp-broker", "password_file", broker.password_file),
        ("redis-client", "password_file", client.password_file),
        ("redis-client", "sentinel_password_file", client.sentinel_password_file),
    ):
        if path is None:
            continue
        try:
            read_secret(path)
        except SecretUnreadable as wrong:
            yield Mistake(_where(read, name, key), f"[{name}] {key}: {wrong}")


def _certificates(read: SettingsRead) -> Iterator[Mistake]:
    settings = read.settings
    for name, section in (("http-api", settings.http_api), ("rest-api", settings.rest_api)):
        where = _where(read, name, "tls_cert")
        if (section.tls_cert is None) != (section.tls_key is None):
            yield Mistake(where, _TOGETHER.format(name))
        elif section.tls_cert is not None and section.tls_key is not None:
            try:
                Certificate(section.tls_cert, section.tls_key)
            except BadCertificate as wrong:
                yield Mistake(where, f"[{name}] tls_cert: {wrong}")
