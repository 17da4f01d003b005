"""The keys of a load balancer."""

import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette

from gateway.errors import UsageError
from gateway.listeners.alb.authentication_keys import AuthenticationKeys, need_auth_extra, public_keys


def test_keys_are_kept(tmp_path: Path) -> None:
    """Keys outlive the gateway in a file that only its user can read."""
    first, second = AuthenticationKeys.open(tmp_path / "new"), AuthenticationKeys.open(tmp_path / "new")

    (file,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (first.key_id, first.session_key, first.public_pem) == (second.key_id, second.session_key, second.public_pem)
    assert len(first.session_key) == 32


def test_generated_keys_differ() -> None:
    """No two load balancers have the same keys."""
    first, second = AuthenticationKeys.generate(), AuthenticationKeys.generate()

    assert first.key_id != second.key_id
    assert first.session_key != second.session_key


@pytest.mark.parametrize(
    "content",
    [
        b"no key",
        ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["no key", "another curve"],
)
def test_unusable_file(tmp_path: Path, content: bytes) -> None:
    """A file that holds another thing is named, and the way out too."""
    (tmp_path / "authentication-key.pem").write_bytes(content)

    with pytest.raises(UsageError, match=r"authentication-key\.pem: .*remove it to get a new one"):
        AuthenticationKeys.open(tmp_path)


def test_unusable_folder(tmp_path: Path) -> None:
    """So is a folder that cannot be made."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="cannot use the key file"):
        AuthenticationKeys.open(tmp_path / "file")


@pytest.mark.anyio
async def test_public_key_endpoint() -> None:
    """The public key is found under its id, and only there."""
    keys = AuthenticationKeys.generate()
    app = Starlette(routes=[public_keys(keys)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as client:
        found = await client.get(f"/{keys.key_id}")
        other = await client.get("/12345678-1234-1234-1234-123456789012")
        word = await client.get("/health")

    assert found.content == keys.public_pem
    assert found.text.startswith("-----BEGIN PUBLIC KEY-----")
    assert (other.status_code, word.status_code) == (404, 404)


def test_extra_is_there() -> None:
    """Where the extra is installed nothing is said."""
    need_auth_extra("jwt-validation")


def test_missing_extra() -> None:
    """Without PyJWT the action is named, and what to install."""
    program = (
        "import sys; sys.modules['jwt'] = None\n"
        "from gateway.listeners.alb.authentication_keys import need_auth_extra\n"
        "need_auth_extra('authenticate-oidc')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "UsageError: the action authenticate-oidc needs jwt" in done.stderr
    assert "pip install 'lambda-http-gateway[auth]'" in done.stderr
