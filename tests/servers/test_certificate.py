"""The certificate of our HTTPS, and bad ones."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jasmin_compat.servers.certificate import BadCertificate, Certificate

TLS = Path(__file__).parents[1] / "tls"
ONE, OTHER = TLS / "localhost.pem", TLS / "other.pem"


@asynccontextmanager
async def served(certificate: Certificate) -> AsyncIterator[int]:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=certificate.context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def shown(port: int) -> bytes | None:
    """The certificate a client sees."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return der if isinstance(der, bytes) else None


def der(pem: Path) -> bytes:
    end = "-----END CERTIFICATE-----\n"
    text = pem.read_text()
    start = text.index("-----BEGIN CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(text[start : text.index(end) + len(end)])


async def test_what_is_in_the_files_is_shown_and_read_again(tmp_path: Path) -> None:
    pem = shutil.copy(ONE, tmp_path / "own.pem")
    certificate = Certificate(str(pem), str(pem))
    async with served(certificate) as port:
        assert await shown(port) == der(ONE)
        shutil.copy(OTHER, pem)
        certificate.read_again()
        assert await shown(port) == der(OTHER)


async def test_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    cert, key = (Path(shutil.copy(ONE, tmp_path / name)) for name in ("cert.pem", "key.pem"))
    certificate = Certificate(str(cert), str(key))
    async with served(certificate) as port:
        shutil.copy(OTHER, cert)  # the key is not its
        with pytest.raises(BadCertificate, match="KEY_VALUES_MISMATCH"):
            certificate.read_again()
        assert await shown(port) == der(ONE)
        cert.unlink()
        with pytest.raises(BadCertificate, match="No such file"):
            certificate.read_again()
        assert await shown(port) == der(ONE)


async def test_tls_before_1_2_is_refused() -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with served(Certificate(str(ONE), str(ONE))) as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=context)


@pytest.mark.parametrize(
    ("cert", "key", "reason"),
    [
        (ONE.read_text(), OTHER.read_text(), "KEY_VALUES_MISMATCH"),
        (ONE.read_text(), None, "No such file"),
        ("nothing", "nothing", "no PEM|NO_START_LINE|PEM"),
    ],
    ids=["of two", "missing", "no PEM"],
)
def test_a_bad_pair_is_told(tmp_path: Path, cert: str, key: str | None, reason: str) -> None:
    (tmp_path / "c.pem").write_text(cert)
    if key is not None:
        (tmp_path / "k.pem").write_text(key)
    with pytest.raises(BadCertificate, match=reason):
        Certificate(str(tmp_path / "c.pem"), str(tmp_path / "k.pem"))
