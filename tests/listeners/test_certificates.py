"""An authority for a few names, as OpenSSL sees it."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from gateway.listeners.certificates import Authority, Pair, why_replaced

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MADE = Authority.make(["localhost", "example.com"], ["127.0.0.0/8", "::1/128"], NOW)
DAY = timedelta(days=1)


def openssl(*arguments: str | Path, text: bytes = b"") -> str:
    """What a command of openssl says, on both ways out."""
    done = subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def text_of(certificate: bytes) -> str:
    """A certificate in words, with one space between them."""
    return " ".join(openssl("x509", "-noout", "-text", text=certificate).split())


def test_an_authority_is_bound() -> None:
    """To its names, to one use, and to certificates of servers; all of it critical."""
    shown = text_of(MADE.pair().certificate)

    for part in (
        "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0 ",
        "X509v3 Name Constraints: critical Permitted: DNS:localhost DNS:example.com IP:127.0.0.0/255.0.0.0 ",
        "X509v3 Key Usage: critical Certificate Sign, CRL Sign ",
        "X509v3 Extended Key Usage: TLS Web Server Authentication ",
        "Not After : Nov 25 12:00:00 2036 GMT",
    ):
        assert part in shown


def test_a_server_certificate_serves_one_use() -> None:
    """For 397 days, both ends counted."""
    shown = text_of(MADE.issue(["a.localhost", "::1"], NOW).certificate)

    for part in (
        "X509v3 Basic Constraints: critical CA:FALSE ",
        "X509v3 Key Usage: critical Digital Signature ",
        "X509v3 Extended Key Usage: TLS Web Server Authentication ",
        "DNS:a.localhost, IP Address:0:0:0:0:0:0:0:1 ",
        "Not Before: Nov 28 11:00:00 2026 GMT",
        "Not After : Dec 30 10:59:59 2027 GMT",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("name", "purpose", "answer"),
    [
        ("localhost", "sslserver", "OK"),
        ("a.b.example.com", "sslserver", "OK"),
        ("127.3.2.1", "sslserver", "OK"),
        ("example.org", "sslserver", "permitted subtree violation"),
        ("notexample.com", "sslserver", "permitted subtree violation"),
        ("128.0.0.1", "sslserver", "permitted subtree violation"),
        ("2001:db8::1", "sslserver", "permitted subtree violation"),
        ("localhost", "sslclient", "unsuitable certificate purpose"),
        ("localhost", "smimesign", "unsuitable certificate purpose"),
    ],
)
def test_openssl_believes_it_for_its_names_and_use(tmp_path: Path, name: str, purpose: str, answer: str) -> None:
    """A certificate for anything else is refused by whoever checks it."""
    (tmp_path / "ca.pem").write_bytes(MADE.pair().certificate)
    (tmp_path / "server.pem").write_bytes(MADE.issue([name], NOW).certificate)
    at = str(int(NOW.timestamp()))

    assert answer in openssl(
        "verify", "-purpose", purpose, "-attime", at, "-CAfile", tmp_path / "ca.pem", tmp_path / "server.pem"
    )


@pytest.mark.parametrize(
    ("name", "permitted"),
    [
        ("localhost", True),
        ("*.localhost", True),
        ("LOCALHOST", True),
        ("a.localhost", True),
        ("notlocalhost", False),
        ("local", False),
        ("127.9.9.9", True),
        ("128.0.0.1", False),
        ("::1", True),
        ("::2", False),
    ],
)
def test_permits(name: str, *, permitted: bool) -> None:
    """What OpenSSL would say, asked before a certificate is made."""
    assert MADE.permits(name) is permitted


def test_why_an_authority_is_replaced() -> None:
    """An authority is kept while it is bound, lasts, and has the names that are asked for."""
    kept = MADE.pair().certificate
    end = MADE.certificate.not_valid_after_utc

    assert why_replaced(kept, ["localhost", "127.0.0.1"], NOW) == ""
    assert why_replaced(kept, ["localhost"], end - 31 * DAY) == ""
    assert why_replaced(kept, ["localhost"], end - 29 * DAY) == "the old one is nearly over"
    assert "names of this listener" in why_replaced(kept, ["other"], NOW)
    assert "every name" in why_replaced(trustme.CA().cert_pem.bytes(), ["localhost"], NOW)


def test_the_last_server_certificates_end_with_the_authority() -> None:
    """None is good for longer than the one that signed it."""
    late = MADE.certificate.not_valid_after_utc - 10 * DAY
    shown = openssl("x509", "-noout", "-enddate", text=MADE.issue(["localhost"], late).certificate)

    assert shown == "notAfter=Nov 25 12:00:00 2036 GMT\n"


def test_what_was_kept_can_be_loaded() -> None:
    """With the key that belongs to it and no other."""
    pair = MADE.pair()
    other = Authority.make(["localhost"], [], NOW).pair()

    assert Authority.load(pair).certificate == MADE.certificate
    with pytest.raises(ValueError, match="do not belong together"):
        Authority.load(Pair(pair.certificate, other.key))


@pytest.mark.parametrize("name", ["a" * 64, "a..b", "bücher." + "x" * 64])
def test_names_that_no_certificate_can_have(name: str) -> None:
    """They are errors of the name, not of ours."""
    with pytest.raises(ValueError, match="label"):
        MADE.issue([name], NOW)
