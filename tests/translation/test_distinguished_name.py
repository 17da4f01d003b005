"""Names in a certificate, held against OpenSSL's own program where it is."""

import pytest

from gateway.translation.distinguished_name import rfc2253

UTF8, PRINTABLE, T61, IA5, UNIVERSAL, BMP, BITS = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E, 0x03

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
