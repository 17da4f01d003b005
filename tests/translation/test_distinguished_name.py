"""Names in a certificate, held against OpenSSL's own program where it is."""

import random
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.translation.distinguished_name import names_in, rfc2253

UTF8, PRINTABLE, T61, IA5, UNIVERSAL, BMP, BITS = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E, 0x03
KEY = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ALGORITHM = bytes.fromhex("300a06082a8648ce3d040302")

ARCS = (
    *("2.5.4", "0.9.2342.19200300.100.1", "1.2.840.113549.1.9", "1.3.6.1.5.5.7.9", "1.3.6.1.4.1.311.20.2"),
    *("1.3.6.1.4.1.311.60.2.1", "1.2.643.100", "1.2.643.3.131.1"),
)

Attribute = tuple[str, int, bytes]


def der(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    size = len(content)
    head = bytes([size]) if size < 0x80 else bytes([0x82, size >> 8, size & 0xFF])
    return bytes([tag]) + head + content


def number(dotted: str) -> bytes:
    """An object identifier."""
    top, second, *rest = map(int, dotted.split("."))
    parts = []
    for arc in (top * 40 + second, *rest):
        groups = [arc >> shift & 0x7F for shift in range(0, max(arc.bit_length(), 1), 7)]
        parts.append(bytes([group | 0x80 * (at > 0) for at, group in reversed([*enumerate(groups)])]))
    return der(6, *parts)


def name_of(*parts: list[Attribute]) -> bytes:
    """What is inside of a name: sets of attributes, each its number, the tag of its value and the value."""
    return b"".join(
        der(0x31, *sorted(der(0x30, number(kind), der(tag, value)) for kind, tag, value in part)) for part in parts
    )


def certificate(subject: bytes, version: bytes = der(0xA0, der(2, b"\2"))) -> tuple[bytes, bytes]:
    """The signed part of a certificate and the whole, with an issuer of one attribute."""
    issuer = der(0x30, name_of([("2.5.4.3", UTF8, b"issuer")]))
    validity = der(0x30, *[der(0x17, b"250101000000Z")] * 2)
    signed = der(0x30, version, der(2, b"\1"), ALGORITHM, issuer, validity, der(0x30, subject), KEY)
    return signed, der(0x30, signed, ALGORITHM, der(3, b"\0"))


ESTONIAN = name_of(
    [("2.5.4.6", PRINTABLE, b"EE")],
    [("2.5.4.3", UTF8, "TÄHT,MARI,00000000000".encode())],
    [("2.5.4.4", UTF8, "TÄHT".encode())],
    [("2.5.4.42", UTF8, b"MARI")],
    [("2.5.4.5", PRINTABLE, b"PNOEE-00000000000")],
)


def test_captured_name() -> None:
    """A load balancer's header for an Estonian identity card, Feb 2024."""
    assert rfc2253(ESTONIAN) == (
        r"serialNumber=PNOEE-00000000000,GN=MARI,SN=T\C3\84HT,CN=T\C3\84HT\,MARI\,00000000000,C=EE"
    )
    assert rfc2253(name_of([("2.5.4.97", UTF8, b"NTREE-1")])) == "organizationIdentifier=NTREE-1"


@pytest.mark.parametrize(
    ("tag", "value", "text"),
    [
        (UTF8, b"", ""),
        (UTF8, b' a"+,;<>\\#= ', r"\ a\"\+\,\;\<\>\\#=\ "),
        (UTF8, b"##", r"\##"),
        (UTF8, b"#", "#"),
        (IA5, b"\0\x1f~\x7f", r"\00\1F~\7F"),
        (T61, b"\xc4", r"\C3\84"),
        (BMP, "Ä€".encode("utf-16-be"), r"\C3\84\E2\82\AC"),
        (UNIVERSAL, "𐍈".encode("utf-32-be"), r"\F0\90\8D\88"),
        (BITS, b"\0\xff", "#030200FF"),
    ],
)
def test_values(tag: int, value: bytes, text: str) -> None:
    """Escaped as OpenSSL does it."""
    assert rfc2253(name_of([("2.5.4.3", tag, value)])) == "CN=" + text


def test_parts_of_several_attributes_and_unknown_ones() -> None:
    """Joined by +, the last first; what has no short name is its number and the DER of its value."""
    name = name_of([("2.5.4.3", UTF8, b"a"), ("2.5.4.11", UTF8, b"b")], [("2.999.16384", UTF8, b"c")])

    assert rfc2253(name) == "2.999.16384=#0C0163,OU=b+CN=a"


def test_issuer_and_subject() -> None:
    """Each from its place; a certificate of version 1 has one member less."""
    for signed, _ in (certificate(ESTONIAN), certificate(ESTONIAN, version=b"")):
        assert names_in(signed) == ("CN=issuer", rfc2253(ESTONIAN))


@pytest.mark.parametrize("cut", [0, 1, 3, 40, -1])
def test_no_certificate(cut: int) -> None:
    """What is cut off has no names."""
    with pytest.raises(ValueError, match=r"cut off|unpack"):
        names_in(certificate(ESTONIAN)[0][:cut])


def test_openssl_writes_the_same() -> None:
    """Every short name that we know, numbers without one, values of every type and every character."""
    program = shutil.which("openssl")
    if program is None or not subprocess.run([program, "version"], capture_output=True, check=True).stdout[8:9] > b"2":
        pytest.skip("no program openssl of version 3 is on PATH: apt-get install openssl")
    dice = random.Random(1)
    found = [f"{arc}.{last}" for arc in ARCS for last in range(1, 115)]
    # A newer OpenSSL may have names that we do not know yet.
    known = [kind for kind in found if not rfc2253(name_of([(kind, UTF8, b"")])).startswith(kind)]
    kinds = [*known, "2.999.1", "2.999.16384.128"]
    wide = [*range(0x20, 0x100), 0x20AC, 0xFFFD]

    def attribute(kind: str) -> Attribute:
        tag, encoding = dice.choice(
            [(UTF8, "utf-8"), (T61, "latin-1"), (IA5, "ascii"), (BMP, "utf-16-be"), (UNIVERSAL, "utf-32-be")]
        )
        codes = {"ascii": range(0x80), "latin-1": range(0x100)}.get(encoding, wide)
        return kind, tag, "".join(chr(dice.choice(codes)) for _ in range(dice.randrange(6))).encode(encoding)

    name = name_of(*([attribute(dice.choice(kinds)) for _ in range(dice.randrange(1, 3))] for _ in range(300)))
    name += name_of(*([attribute(kind)] for kind in kinds))
    whole = certificate(name)[1]
    arguments = [program, "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253"]
    told = subprocess.run(arguments, input=whole, capture_output=True, check=True, timeout=20)

    assert told.stdout.decode() == f"subject={rfc2253(name)}\n"
    assert len(known) > 120
