"""Names that a load balancer owns."""

import pytest

from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_owned import (
    DISGUISES,
    WRITTEN,
    is_written,
    without_disguised,
    without_tls_lines,
    without_user_lines,
)
from gateway.translation.client_certificate import ClientCertificate
from gateway.translation.messages import Tls

VERIFIED = Tls("TLSv1.3", "x", verified=ClientCertificate(1, "CN=ca", "CN=real", 0, 0, b"der"))
CERTIFICATE = [
    (b"X-Amzn-Mtls-Clientcert", b"1"),
    (b"x-amzn-mtls-clientcert-subject", b"CN=admin"),
    (b"X_Amzn_Mtls-Clientcert_Leaf", b"2"),
]
SESSION = [(b"X-Amzn-Tls-Version", b"TLSv1.3"), (b"x_amzn_tls_cipher_suite", b"y")]
EXCHANGE = [(b"x-amzn-tls-kx", b"z")]
OWN = [(b"X-Subject", b"CN=admin"), (b"X_Version", b"1")]
RENAMED = {"x-amzn-mtls-clientcert-subject": "X-Subject", "x-amzn-tls-version": "X-Version"}
OTHERS = [(b"X-Amzn-Mtls", b"1"), (b"X-A", b"2")]


@pytest.mark.parametrize(
    ("tls", "attributes", "gone"),
    [
        (None, AlbAttributes(), []),
        (Tls("TLSv1.3", "x"), AlbAttributes(), []),
        (VERIFIED, AlbAttributes(), CERTIFICATE),
        (None, AlbAttributes(mtls_passthrough=True), CERTIFICATE),
        (Tls("TLSv1.3", "x"), AlbAttributes(mtls_passthrough=True), CERTIFICATE),
        (None, AlbAttributes(tls_headers=True), SESSION),
        (None, AlbAttributes(tls_key_exchange=True), EXCHANGE),
        (VERIFIED, AlbAttributes(request_header_names=RENAMED), CERTIFICATE + OWN[:1]),
        (None, AlbAttributes(tls_headers=True, request_header_names=RENAMED), SESSION + OWN[1:]),
    ],
)
def test_the_session_is_told_by_the_load_balancer_alone(
    tls: Tls | None, attributes: AlbAttributes, gone: list[tuple[bytes, bytes]]
) -> None:
    """Under the listener's own names too, and also where it has nothing to tell of this client."""
    lines = [*CERTIFICATE, *SESSION, *EXCHANGE, *OWN, *OTHERS]
    assert without_tls_lines(lines, tls, attributes) == [line for line in lines if line not in gone]


def test_the_user_is_told_by_the_load_balancer_alone() -> None:
    """What a client sends under such a name never reaches a target, whatever stands between its words."""
    given = [(b"A", b"1"), (b"X-AMZN-Oidc-Data", b"2"), (b"x_amzn_oidc_identity", b"3"), (b"x-amzn-trace-id", b"4")]
    assert without_user_lines(given) == [(b"A", b"1"), (b"x-amzn-trace-id", b"4")]


def test_underscores_are_no_disguise() -> None:
    """A server that names headers as CGI does would take the client's line for the load balancer's."""
    lines = [(b"X_Forwarded_For", b"1"), (b"x-forwarded_proto", b"2"), (b"X_AMZN_TRACE_ID", b"3"), (b"x_other", b"4")]
    assert without_disguised(lines, AlbAttributes()) == [(b"x_other", b"4")]


def test_every_disguise_is_known() -> None:
    """With one underscore or more; the names themselves are none."""
    assert {"x_forwarded_for", "x-forwarded_port", "x_amzn-trace_id"} < DISGUISES
    assert len(DISGUISES) == 3 * 3 + 7
    assert not any(name.encode() in WRITTEN for name in DISGUISES)


@pytest.mark.parametrize(("mode", "expected"), [("append", True), ("remove", True), ("preserve", False)])
def test_addresses_that_are_the_clients_stay(mode: str, expected: bool) -> None:
    """The mode preserve leaves them alone."""
    attributes = AlbAttributes(xff_mode=mode)  # type: ignore[arg-type]
    assert is_written(b"x-forwarded-for", attributes) == expected
    assert len(without_disguised([(b"x_forwarded_for", b"1")], attributes)) == (not expected)
