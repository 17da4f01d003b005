"""What a TLS connection says about itself."""

import ssl
import sys
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.listeners.tls import read_certificate, remember_server_names, tls_facts
from gateway.translation.messages import Tls
from tests.listeners.doubles import RecordingTransport

TLS = Path(__file__).parents[1] / "data" / "tls"


def handshake(server_name: str | None) -> ssl.SSLObject:
    """The server's end of a session that was agreed in memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    remember_server_names(context)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname = False
    trust.load_verify_locations(TLS / "certificate.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = trust.wrap_bio(to_client, to_server, server_hostname=server_name)
    pending = [client, server]
    while pending:
        for end in list(pending):
            try:
                end.do_handshake()
                pending.remove(end)
            except ssl.SSLWantReadError:
                continue
    return server


class TlsTransport(RecordingTransport):
    """A transport over such a session."""

    def __init__(self, connection: ssl.SSLObject) -> None:
        super().__init__({"ssl_object": connection})


def test_facts() -> None:
    """Version and cipher have OpenSSL's names; the server name is the one asked for, "" when there was none."""
    named, nameless = tls_facts(TlsTransport(handshake("localhost"))), tls_facts(TlsTransport(handshake(None)))

    assert named is not None
    assert named == Tls("TLSv1.3", named.cipher, "localhost", b"", group=named.group)
    assert named.cipher.startswith("TLS_")
    assert nameless is not None
    assert nameless.server_name == ""


def test_a_server_name_that_is_not_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handshake fails and nothing is reported, which other errors that nobody can catch still are."""
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(unraisable.object))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    remember_server_names(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(to_client, to_server, server_hostname="name.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = to_server.read().replace(b"name.example", b"\xffame.example")
    to_server.write(hello)

    with pytest.raises(ssl.SSLError):
        context.wrap_bio(to_server, to_client, server_side=True).do_handshake()
    assert reported == []

    other = Unraisable()
    del other
    assert len(reported) == 1


class Unraisable:
    """Its end raises where nobody can catch it."""

    def __del__(self) -> None:
        raise ValueError("on purpose")


class _TellsItsGroup:
    """A session of a Python that tells the group of its key exchange."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, group: str | None) -> None:
        self._group = group

    def group(self) -> str | None:
        """What was agreed."""
        return self._group

    def cipher(self) -> None:
        """Nothing."""

    def version(self) -> None:
        """Nothing."""

    def getpeercert(self, *, binary_form: bool) -> None:
        """Nothing."""


@pytest.mark.parametrize(("group", "told"), [("X25519MLKEM768", "X25519MLKEM768"), (None, "")])
def test_group_of_the_key_exchange(group: str | None, told: str) -> None:
    """It is told where Python tells it."""
    facts = tls_facts(RecordingTransport({"ssl_object": _TellsItsGroup(group)}))

    assert facts is not None
    assert facts.group == told


def test_plain_connection() -> None:
    """A connection without TLS has no such facts."""
    assert tls_facts(RecordingTransport()) is None


def test_certificate() -> None:
    """Issuer and subject as OpenSSL writes them, instants in milliseconds."""
    names = x509.NameOID
    parts = [(names.COUNTRY_NAME, "US"), (names.SURNAME, "TÄHT"), (names.COMMON_NAME, "A, B")]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    issuer = x509.Name([x509.NameAttribute(names.EMAIL_ADDRESS, "a@b.c")])
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), 0x3A5B1)
    begin, end = datetime(2023, 9, 21, 1, 50, 17), datetime(2024, 9, 20, 1, 50, 17)  # noqa: DTZ001
    certificate = builder.not_valid_before(begin).not_valid_after(end).sign(key, hashes.SHA256())
    der = certificate.public_bytes(Encoding.DER)

    read = read_certificate(der)

    assert read == (0x3A5B1, "emailAddress=a@b.c", r"CN=A\, B,SN=T\C3\84HT,C=US", 1695261017000, 1726797017000, der)
