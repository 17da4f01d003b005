"""The local authority, and the TLS files of a listener's settings."""

import asyncio
import ssl
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import trustme

from gateway.config.listener import Certificate, ListenerKeys
from gateway.errors import UsageError
from gateway.listeners.certificates import Authority, Pair
from gateway.listeners.local_authority import (
    authority_file,
    cache_folder,
    how_to_trust,
    server_certificate,
    tls_files_of,
)
from gateway.listeners.pipeline import PortNeeds
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles
from tests.listeners.doubles import EchoListener

HTTPS = ListenerKeys(0, protocol="HTTPS")


@pytest.mark.anyio
async def test_certificate_for_this_machine(tmp_path: Path) -> None:
    """Who trusts the authority can talk to the port by any name of this machine."""
    server = ListenerServer(EchoListener(), tls=tls_files_of(HTTPS, PortNeeds(), tmp_path))
    await server.start()
    trust = ssl.create_default_context(cafile=authority_file(tmp_path))
    async with httpx.AsyncClient(verify=trust) as client:
        for name in ("localhost", "127.0.0.1"):
            assert (await client.get(f"https://{name}:{server.port}/")).status_code == 200
    await server.stop(0)


def test_authority_is_kept(tmp_path: Path) -> None:
    """The authority stays the same over starts, so that it has to be trusted once; secrets are the user's alone."""
    server_certificate(tmp_path, "127.0.0.1")
    first = authority_file(tmp_path).read_bytes()
    made = server_certificate(tmp_path, "0.0.0.0")

    assert authority_file(tmp_path).read_bytes() == first
    for path in (tmp_path / "local-ca-key.pem", made.private_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_of_its_own_is_the_users_alone(tmp_path: Path) -> None:
    """Whatever the umask; a folder that was there keeps its mode."""
    (tmp_path / "shared").mkdir(mode=0o755)
    for folder in (tmp_path / "shared", tmp_path / "new" / "inner"):
        server_certificate(folder, "127.0.0.1")

    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("shared", "new", "new/inner")]
    assert modes == [0o755, 0o700, 0o700]


def test_an_authority_that_could_sign_for_every_name_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The user is told once, since the new one has to be trusted; the old key is gone."""
    old = trustme.CA()
    old.cert_pem.write_to_path(tmp_path / "local-ca.pem")
    old.private_key_pem.write_to_path(tmp_path / "local-ca-key.pem")
    for _ in range(2):
        server_certificate(tmp_path, "127.0.0.1")

    (line,) = [record.getMessage() for record in caplog.records]
    assert "local-ca.pem is a new one, since the old one could sign for every name: trust the new one" in line
    assert (tmp_path / "local-ca-key.pem").read_bytes() != old.private_key_pem.bytes()


def test_a_host_of_its_own_has_an_authority_of_its_own(tmp_path: Path) -> None:
    """Whoever trusts the authority of this machine has not trusted it for another host."""
    for host in ("127.0.0.1", "0.0.0.0", "dev.localhost", "192.0.2.1", "dev.example.com", "127.0.0.9"):
        server_certificate(tmp_path, host)
    found = sorted(path.name for path in tmp_path.glob("local-ca*") if "key" not in path.name)

    assert found == ["local-ca-192.0.2.1.pem", "local-ca-dev.example.com.pem", "local-ca.pem"]
    assert authority_file(tmp_path, "192.0.2.1") == tmp_path / "local-ca-192.0.2.1.pem"
    assert "local-ca-192.0.2.1.pem" in how_to_trust(tmp_path, "192.0.2.1")


def test_a_key_that_others_may_know_is_refused(tmp_path: Path) -> None:
    """It is not used, and the message says why."""
    server_certificate(tmp_path, "127.0.0.1")
    (tmp_path / "local-ca-key.pem").chmod(0o640)

    with pytest.raises(UsageError, match=r"others may read or write .*local-ca-key.pem \(mode 640, allowed: 600\)"):
        server_certificate(tmp_path, "127.0.0.1")


async def handshake(certificate: Path, key: Path, trust: Path, name: str) -> str:
    """What a client says that trusts an authority and asks a server for a name; "" when it is content."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = ssl.create_default_context(cafile=trust)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        writer.close()
        return ""


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("localhost", ""),
        ("a.localhost", ""),
        ("127.0.0.1", ""),
        ("example.com", "permitted subtree violation"),
        ("notlocalhost", "permitted subtree violation"),
        ("192.0.2.1", "permitted subtree violation"),
    ],
)
async def test_clients_believe_the_authority_for_its_names_only(tmp_path: Path, name: str, refused: str) -> None:
    """Even what somebody signs with a stolen key for another name."""
    server_certificate(tmp_path, "127.0.0.1")
    trust, key = authority_file(tmp_path), tmp_path / "local-ca-key.pem"
    forged = Authority.load(Pair(trust.read_bytes(), key.read_bytes())).issue([name], datetime.now(UTC))
    (tmp_path / "forged.pem").write_bytes(forged.certificate)
    (tmp_path / "forged-key.pem").write_bytes(forged.key)

    assert await handshake(tmp_path / "forged.pem", tmp_path / "forged-key.pem", trust, name) == refused


def test_host_of_the_listener(tmp_path: Path) -> None:
    """A listener on an address of its own has it in its certificate."""
    made = server_certificate(tmp_path, "192.0.2.1")
    shown = subprocess.run(
        ["openssl", "x509", "-in", made.certificate, "-noout", "-text"], capture_output=True, text=True, check=True
    )

    assert "IP Address:192.0.2.1" in shown.stdout
    assert "DNS:*.localhost" in shown.stdout


def test_plain_listener(tmp_path: Path) -> None:
    """A listener of protocol HTTP has no TLS files, and no authority is made for it."""
    assert tls_files_of(ListenerKeys(0), PortNeeds(), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_given_certificates(tmp_path: Path) -> None:
    """The first certificate is the default one; no authority is made."""
    pairs = tuple(Certificate(tmp_path / f"{name}.pem", tmp_path / f"{name}-key.pem") for name in "ab")
    needs = PortNeeds(http2=True, client_ca=tmp_path / "trust.pem", client_may_have_none=True)
    files = tls_files_of(replace(HTTPS, certificates=pairs), needs, tmp_path)

    assert files == TlsFiles(
        tmp_path / "a.pem",
        tmp_path / "a-key.pem",
        tmp_path / "trust.pem",
        client_may_have_none=True,
        others=pairs[1:],
        http2=True,
    )
    assert list(tmp_path.iterdir()) == []


def test_http2_is_for_the_listener_to_offer(tmp_path: Path) -> None:
    """A port offers no more than its listener asks for."""
    pair = Certificate(tmp_path / "a.pem", tmp_path / "a-key.pem")
    files = tls_files_of(replace(HTTPS, certificates=(pair,)), PortNeeds(), tmp_path)

    assert files == TlsFiles(tmp_path / "a.pem", tmp_path / "a-key.pem")


@pytest.mark.parametrize("broken", ["folder", "authority"])
def test_unusable_folder(tmp_path: Path, broken: str) -> None:
    """A folder that cannot hold an authority is named, and the way out too."""
    folder = tmp_path / "cache"
    if broken == "folder":
        folder.touch()
    else:
        folder.mkdir()
        (folder / "local-ca.pem").write_text("none")
        (folder / "local-ca-key.pem").write_text("none")

    with pytest.raises(UsageError, match=r"cannot keep a local authority in .*cache: .*XDG_CACHE_HOME"):
        server_certificate(folder, "127.0.0.1")


def test_missing_extra() -> None:
    """Without the extra it is said what to do."""
    program = (
        "import sys; sys.modules['cryptography.x509'] = None\n"
        "from pathlib import Path\n"
        "from gateway.listeners.local_authority import server_certificate\n"
        "server_certificate(Path('nowhere'), 'localhost')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "needs certificates" in done.stderr
    assert "pip install 'lambda-http-gateway[tls]'" in done.stderr


def test_cache_folder() -> None:
    """The user's cache, where the XDG variable says or at its usual place; relative values do not count."""
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/lambda-http-gateway")
    assert cache_folder({"XDG_CACHE_HOME": "x"}) == cache_folder({}) == Path.home() / ".cache" / "lambda-http-gateway"


def test_message(tmp_path: Path) -> None:
    """The user is told which file to trust."""
    assert f"--cacert {authority_file(tmp_path)}" in how_to_trust(tmp_path)
