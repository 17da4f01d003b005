"""Call-backs: functions reach APIs of their own gateway under the public names that URLs made from events have.

Functions build ``https://DOMAIN/STAGE`` from ``requestContext``, as the API Gateway developer guide has them do
(apigateway-how-to-call-websocket-api-connections), or write the API's own ``execute-api`` name.  For each listener with
such names there is a port of its own on the loopback interface, which speaks TLS.  The processes of functions lead
these names to it (`gateway.bootstraps`), and are told to trust an authority that is made for this gateway, can sign for
these names only, and whose key is nowhere but in this process.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import certifi

from gateway.config.settings import ListenerSettings
from gateway.configuration import AccountRegion
from gateway.errors import UsageError
from gateway.listener_types import listener_type
from gateway.listeners.pipeline import PipelineListener
from gateway.listeners.server import ListenerServer
from gateway.listeners.tls_files import TlsFiles
from gateway.loading import load
from gateway.private_files import write_private

log = logging.getLogger("gateway")

_LOOPBACK: Final = "127.0.0.1"
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY")
_NO_PROXY: Final = ("no_proxy", "NO_PROXY")


class CallBacks:
    """The names under which functions reach listeners, and the ports where these are answered.

    Args:
        names: By the place of the listener among all of them; no name stands twice.
        folder: Of the gateway, removed when it ends; the processes of functions can read it.
        host: The gateway's own environment variables.

    Attributes:
        variables: What the processes of functions get in their environment.

    Raises:
        OSError: No port can be opened, or the folder cannot be used.
        ImportError: The extra ``tls`` is missing.
    """

    def __init__(self, names: Mapping[int, Sequence[str]], folder: Path, host: Mapping[str, str]) -> None:
        self._names = names
        everything = [name for several in names.values() for name in several]
        self._files, authority = _certificate(everything, folder)
        # What AWS's SDKs for Python trust instead of the public authorities, and Node.js beside them.
        trusted = {"AWS_CA_BUNDLE": _trusted_by_botocore(host)}
        trusted["NODE_EXTRA_CA_CERTS"] = host.get("NODE_EXTRA_CA_CERTS", "")
        files = {name: folder / f"call-backs-{name}.pem" for name in trusted}
        for name, file in trusted.items():
            write_private(files[name], (Path(file).read_bytes() + b"\n" if file else b"") + authority)
        self._sockets = {place: socket.create_server((_LOOPBACK, 0)) for place in names}
        self._servers: list[ListenerServer] = []
        ports = {place: bound.getsockname()[1] for place, bound in self._sockets.items()}
        table = [f"{name}={ports[place]}" for place, several in names.items() for name in several]
        self.variables = {
            "_GATEWAY_CALL_BACKS": " ".join(table),
            **{name: str(file) for name, file in files.items()},
            **_past_proxies(everything, host),
        }

    def named(self, place: int, settings: ListenerSettings) -> ListenerSettings:
        """The settings of a listener, whose events say the name under which it is reached unless they give another."""
        if place not in self._names or getattr(settings, "domain_name", None):
            return settings
        return replace(settings, domain_name=self._names[place][0])  # type: ignore[arg-type]  # its row says so

    async def start(self, listeners: Sequence[PipelineListener]) -> None:
        """Answer; listeners are all of the gateway's, in their order."""
        for place, bound in self._sockets.items():
            listener = listeners[place]
            idle_timeout_s = listener.steps.port.idle_timeout_s
            server = ListenerServer(listener, tls=self._files, idle_timeout_s=idle_timeout_s, bound=bound)
            self._servers.append(server)
            await server.start()
            log.info("functions in Python and Node.js reach https://%s", ", https://".join(self._names[place]))

    async def stop(self, grace_s: float) -> None:
        """Accept nothing new and let what runs finish in that many seconds."""
        await asyncio.gather(*(server.stop(grace_s) for server in self._servers))
        self.close()

    def close(self) -> None:
        """Close the ports, whether or not they were answered."""
        for bound in self._sockets.values():
            bound.close()

    def force(self) -> None:
        """Drop everything now."""
        for server in self._servers:
            server.force()


def call_backs_of(
    listeners: Sequence[ListenerSettings], account_region: AccountRegion, folder: Path, host: Mapping[str, str]
) -> CallBacks | None:
    """What leads functions back to these listeners; None, with a line in the log, where that cannot be.

    A name that two listeners have leads to the first.

    Args:
        listeners: All of the gateway's.
        account_region: What names of APIs are made of.
        folder: As `CallBacks` takes it.
        host: As `CallBacks` takes it.
    """
    names: dict[int, list[str]] = {}
    taken: set[str] = set()
    for place, listener in enumerate(listeners):
        row = listener_type(listener.type)
        if not row.call_back_names:
            continue
        own: Sequence[str] = load(row.call_back_names)(listener, account_region)
        if own[0] not in taken:
            names[place] = [name for name in own if name not in taken]
            taken.update(own)
        else:
            log.warning(
                "functions do not reach the listener on port %d under https://%s, which is the name of another one "
                "too: give it a domain_name of its own",
                listener.port,
                own[0],
            )
    if not names:
        return None
    try:
        return CallBacks(names, folder, host)
    except ImportError:
        log.info("functions do not reach their APIs under https://DOMAIN: pip install 'lambda-http-gateway[tls]'")
    except (OSError, ValueError, UsageError) as error:
        log.warning("functions do not reach their APIs under https://DOMAIN: %s", error)
    return None


def _certificate(names: Sequence[str], folder: Path) -> tuple[TlsFiles, bytes]:
    """The files of a certificate for these names, and the authority that signed it, in PEM."""
    from gateway.listeners.certificates import Authority  # noqa: PLC0415 - an extra

    now = datetime.now(UTC)
    made = Authority.make(names, (), now)
    issued = made.issue(names, now)
    files = TlsFiles(folder / "call-backs.pem", folder / "call-backs-key.pem")
    write_private(files.certificate, issued.certificate)
    write_private(files.key, issued.key)
    return files, made.pair().certificate


def _trusted_by_botocore(host: Mapping[str, str]) -> str:
    """The file of authorities that AWS's SDK for Python trusts by itself.

    The variable, then ``ca_bundle`` of the profile, then certifi's (boto3 guide, "Configuration").
    """
    config = ConfigParser(interpolation=None, strict=False)
    with suppress(OSError, ConfigError, UnicodeDecodeError):
        config.read(Path(host.get("HOME", "/"), ".aws", "config"))
    return host.get("AWS_CA_BUNDLE") or config.get("default", "ca_bundle", fallback="") or certifi.where()


def _past_proxies(names: Sequence[str], host: Mapping[str, str]) -> dict[str, str]:
    """What keeps clients from asking a proxy for these names, where there is one."""
    if not any(host.get(name) for name in _PROXIES):
        return {}
    given = next((host[name] for name in _NO_PROXY if host.get(name)), "")
    return dict.fromkeys(_NO_PROXY, ",".join((*([given] if given else []), *names)))
