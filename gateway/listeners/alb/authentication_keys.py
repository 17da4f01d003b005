"""The secrets of a load balancer's authentication actions, made once and kept.

One file holds a private key on the curve P-256, as PEM.  It signs ``x-amzn-oidc-data``; the key that encrypts session
cookies is derived from it, so sessions outlive the gateway and work behind every gateway that has the file.

A real load balancer publishes its public keys under ``https://public-keys.auth.elb.REGION.amazonaws.com/KEY-ID``
(AWS ELB user guide, "Authenticate users"); `public_keys` is that place for the control port.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.errors import UsageError
from gateway.private_files import make_private_folder, write_private_once

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_FILE: Final = "authentication-key.pem"
_SESSION_KEY_BYTES: Final = 32


def need_auth_extra(action: str) -> None:
    """Check that what the authentication actions need is installed; ``action`` is the type, for the message.

    Raises:
        UsageError: It is not.
    """
    try:
        import cryptography  # noqa: F401, PLC0415
        import jwt  # noqa: F401, PLC0415
    except ImportError as error:
        raise UsageError(
            f"the action {action} needs {error.name}: install it with pip install 'lambda-http-gateway[auth]'"
        ) from error


class AuthenticationKeys:
    """The keys of a load balancer.

    Attributes:
        private_key: Signs ``x-amzn-oidc-data``.
        key_id: Its id, a UUID.
        public_pem: Its public half, as PEM.
        session_key: 32 bytes for AES-GCM.
    """

    def __init__(self, private_key: "EllipticCurvePrivateKey") -> None:
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - an extra
            Encoding,
            NoEncryption,
            PrivateFormat,
            PublicFormat,
        )

        secret = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.private_key = private_key
        self.public_pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.session_key = hashlib.blake2b(secret, digest_size=_SESSION_KEY_BYTES, person=b"session cookies").digest()
        self.key_id = str(UUID(bytes=hashlib.blake2b(self.public_pem, digest_size=16).digest(), version=4))

    @classmethod
    def generate(cls) -> "AuthenticationKeys":
        """New keys that nothing keeps."""
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def open(cls, folder: Path) -> "AuthenticationKeys":
        """The keys kept in a folder; made when it has none.

        Raises:
            UsageError: The file cannot be written, or is not a key on P-256.
        """
        path = folder / _FILE
        try:
            if not path.exists():
                _write(path)
            return cls(_read(path))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot use the key file {path}: {error}; remove it to get a new one, which ends all sessions"
            ) from error


def _write(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_private_folder(path.parent)
    write_private_once(path, pem)  # another gateway may start at the same time


def _read(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("it is not a key on the curve P-256")  # noqa: TRY004 - `open` takes it for a fault of the file
    return key


def public_keys(keys: AuthenticationKeys) -> Route:
    """The route ``/{key id}`` that answers with the public key; 404 for every other UUID."""

    async def public_key(request: Request) -> Response:
        if str(request.path_params["key_id"]) != keys.key_id:
            return PlainTextResponse("no such key", status_code=404)
        return Response(keys.public_pem, media_type="application/x-pem-file")

    return Route("/{key_id:uuid}", public_key, methods=["GET"])
