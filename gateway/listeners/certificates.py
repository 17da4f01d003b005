"""An authority that can sign for a few names only, and the server certificates that it signs.

Facts

- Name constraints bind whoever checks a certificate: a permitted DNS name covers itself and the names below it, a
  permitted block of addresses covers its addresses, and with a path length of 0 the authority can make no other
  (RFC 5280, 4.2.1.9 and 4.2.1.10).
- Browsers refuse server certificates that are valid for more than 398 days (CA/Browser Forum, baseline requirements).

What is signed serves TLS servers only: client certificates would need an authority of their own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Both ends count.
_SERVER_LASTS: Final = timedelta(days=397, seconds=-1)
_AUTHORITY_LASTS: Final = timedelta(days=3650)
_NEARLY_OVER: Final = timedelta(days=30)
# For clocks that are a little behind.
_EARLIER: Final = timedelta(hours=1)
_ORGANIZATION: Final = "lambda-http-gateway"
_NOTHING: Final = dict.fromkeys((
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
), False)  # fmt: skip

_Network: TypeAlias = IPv4Network | IPv6Network


class Pair(NamedTuple):
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """An authority with its key; ``certificate`` is its own."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def make(cls, names: Iterable[str], networks: Sequence[str], now: datetime) -> "Authority":
        """A new one for these names, those below them and these blocks of addresses.

        Raises:
            ValueError: A name can stand in no certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        title = f"lambda-http-gateway local authority {now:%Y-%m-%d}"
        permitted = [*map(_subtree, names), *map(_subtree, networks)]
        subject = _name(title)
        builder = (
            _builder(key, subject, subject, now, now + _AUTHORITY_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(x509.KeyUsage(**_NOTHING | {"key_cert_sign": True, "crl_sign": True}), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, pair: Pair) -> "Authority":
        """One that was kept; raises ValueError for what is none, or for parts that do not belong together."""
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        key = load_pem_private_key(pair.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or _public(key) != _public(certificate):
            raise ValueError("certificate and key do not belong together")
        return cls(certificate, key)

    def pair(self) -> Pair:
        """What to keep."""
        return Pair(self.certificate.public_bytes(Encoding.PEM), _private(self._key))

    def permits(self, name: str) -> bool:
        """Whether a certificate of this authority for a host name or an address would be believed."""
        return _permits(self.certificate, name)

    def issue(self, names: Iterable[str], now: datetime) -> Pair:
        """A server's certificate, with a key of its own.

        Raises:
            ValueError: A name can stand in no certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        end = min(now - _EARLIER + _SERVER_LASTS, self.certificate.not_valid_after_utc)
        alternatives = x509.SubjectAlternativeName(list(map(_general_name, names)))
        builder = (
            _builder(key, _name("server"), self.certificate.subject, now, end)
            .add_extension(alternatives, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**_NOTHING | {"digital_signature": True}), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return Pair(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM), _private(key))


def why_replaced(authority: bytes, names: Iterable[str], now: datetime) -> str:
    """Why the authority of a PEM certificate must sign no longer, in a few words; "" when it may.

    Raises:
        ValueError: It is no certificate.
    """
    certificate = x509.load_pem_x509_certificate(authority)
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        length = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        return "the old one could sign for every name"
    if not constraints.critical or not constraints.value.permitted_subtrees or length != 0:
        return "the old one could sign for every name"
    if now > certificate.not_valid_after_utc - _NEARLY_OVER:
        return "the old one is nearly over"
    if not all(_permits(certificate, name) for name in names):
        return "the old one cannot sign for the names of this listener"
    return ""


def _permits(authority: x509.Certificate, name: str) -> bool:
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    subtrees = constraints.permitted_subtrees or []
    wanted = _general_name(name)
    if isinstance(wanted, x509.DNSName):
        plain = wanted.value.removeprefix("*.")
        bases = [it.value.lower() for it in subtrees if isinstance(it, x509.DNSName)]
        return any(plain == base or plain.endswith(f".{base}") for base in bases)
    blocks = [it.value for it in subtrees if isinstance(it, x509.IPAddress)]
    return any(isinstance(block, _Network) and wanted.value in block for block in blocks)


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    """What both kinds of certificates have."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(end)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, _ORGANIZATION), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def _subtree(name: str) -> x509.DNSName | x509.IPAddress:
    """A name and those below it, or a block of addresses."""
    try:
        return x509.IPAddress(ip_network(name))
    except ValueError:
        return _general_name(name)


def _general_name(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii").lower())


def _public(owner: ec.EllipticCurvePrivateKey | x509.Certificate) -> bytes:
    return owner.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
