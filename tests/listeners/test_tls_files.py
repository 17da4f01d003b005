"""Certificates by name and mutual TLS, on real ports."""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from gateway.config.listener import Certificate
from gateway.errors import UsageError
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles, need_tls_extra, tls_context
from gateway.translation.messages import Tls
from tests.listeners.doubles import Client, EchoListener

pytestmark = pytest.mark.anyio

CA = trustme.CA()
OTHER_CA = trustme.CA()
GET = b"GET / HTTP/1.1\r\n\r\n"


def issued(folder: Path, *names: str) -> Certificate:
    """A certificate for these names, in files."""
    stem = names[0].replace("*", "any")
    made = CA.issue_cert(*names)
    files = Certificate(folder / f"{stem}.pem", folder / f"{stem}-key.pem")
    files.private_key.write_bytes(made.private_key_pem.bytes())
    files.certificate.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
    return files


def store(folder: Path, *authorities: trustme.CA) -> Path:
    """A trust store."""
    path = folder / "trust.pem"
    path.write_bytes(b"".join(authority.cert_pem.bytes() for authority in authorities))
    return path


@asynccontextmanager
async def serving(files: TlsFiles) -> AsyncIterator[tuple[int, EchoListener]]:
    """A port, and the listener behind it."""
    listener = EchoListener()
    server = ListenerServer(listener, tls=files)
    await server.start()
    try:
        yield server.port, listener
    finally:
        await server.stop(0)


def trusting(client: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """A client's context; it does not look at names, since those are what is tested."""
    context = ssl.create_default_context()
    context.check_hostname = False
    CA.configure_trust(context)
    if client is not None:
        client.configure_cert(context)
    return context


async def names_for(port: int, name: str | None) -> set[str]:
    """The names in the certificate that a client is shown."""
    context = trusting()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name or "")
    shown = writer.get_extra_info("peercert")["subjectAltName"]
    writer.close()
    assert not await reader.read()
    return {value for _, value in shown}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("default.example", "default.example"),
        ("a.example", "a.example"),
        ("A.Example", "a.example"),
        ("b.wild.example", "*.wild.example"),
        ("exact.wild.example", "exact.wild.example"),
        ("b.c.wild.example", "default.example"),
        ("wild.example", "default.example"),
        ("unknown.example", "default.example"),
        (None, "default.example"),
    ],
)
async def test_certificate_by_name(tmp_path: Path, asked: str | None, shown: str) -> None:
    """A client gets the certificate for its name, an exact one before a wildcard, and else the default."""
    default = issued(tmp_path, "default.example")
    others = [issued(tmp_path, name) for name in ("*.wild.example", "a.example", "exact.wild.example")]
    async with serving(TlsFiles(*_pair(default), others=tuple(others))) as (port, _):
        assert await names_for(port, asked) == {shown}


async def test_server_name_is_told_with_several_certificates(tmp_path: Path) -> None:
    """The listener learns the name that was asked for, whichever certificate was shown."""
    files = TlsFiles(*_pair(issued(tmp_path, "a.example")), others=(issued(tmp_path, "b.example"),))
    async with serving(files) as (port, listener):
        tls = await facts(port, listener, trusting(), "b.example")

    assert tls.server_name == "b.example"


async def test_verify(tmp_path: Path) -> None:
    """A client with a certificate of the trust store is told to the listener, with what the headers need."""
    files = TlsFiles(*_pair(issued(tmp_path, "a.example")), store(tmp_path, CA))
    async with serving(files) as (port, listener):
        tls = await facts(port, listener, trusting(CA.issue_cert("client.example")))

    assert tls.verified
    assert tls.verified.der == tls.client_certificate
    assert tls.verified.serial_number > 0
    assert "O=trustme" in tls.verified.issuer


@pytest.mark.parametrize("client", [None, OTHER_CA.issue_cert("client.example")], ids=["none", "foreign"])
async def test_verify_refuses(tmp_path: Path, client: trustme.LeafCert | None) -> None:
    """A client without a certificate of the trust store cannot connect."""
    files = TlsFiles(*_pair(issued(tmp_path, "a.example")), store(tmp_path, CA))
    async with serving(files) as (port, listener):
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await facts(port, listener, trusting(client))

    assert listener.requests == []


async def test_passthrough(tmp_path: Path) -> None:
    """A client may have a certificate of the trust store or none; nothing is told as verified."""
    files = TlsFiles(*_pair(issued(tmp_path, "a.example")), store(tmp_path, CA), client_may_have_none=True)
    async with serving(files) as (port, listener):
        without = await facts(port, listener, trusting())
        with_one = await facts(port, listener, trusting(CA.issue_cert("client.example")))

    assert (without.client_certificate, without.verified) == (b"", None)
    assert with_one.client_certificate
    assert with_one.verified is None


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    """A key of another certificate is a usage error which names the files."""
    one, two = issued(tmp_path, "one.example"), issued(tmp_path, "two.example")

    with pytest.raises(UsageError, match=r"two\.example\.pem, .*one\.example-key\.pem\).*belong together"):
        tls_context(TlsFiles(*_pair(one), others=(Certificate(two.certificate, one.private_key),)))


def test_missing_extra() -> None:
    """Without cryptography it is said what needs it."""
    need_tls_extra("mutual TLS")
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from gateway.listeners.tls_files import need_tls_extra\n"
        "need_tls_extra('mutual TLS')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "mutual TLS needs cryptography: pip install 'lambda-http-gateway[tls]'" in done.stderr


async def facts(port: int, listener: EchoListener, context: ssl.SSLContext, name: str = "a.example") -> Tls:
    """What the listener learns of a client's session."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name))
    try:
        await client.ask(GET)
    finally:
        client.writer.transport.abort()
    tls = listener.requests[-1].tls
    assert tls is not None
    return tls


def _pair(files: Certificate) -> tuple[Path, Path]:
    return files.certificate, files.private_key
