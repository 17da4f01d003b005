"""A running gateway: its ready lines, its logs, reloading, and its end."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.app import Gateway
from gateway.cli.running import stop_requests
from gateway.cli.serve_settings import ServeOptions, settings_of
from gateway.config.hidden import hiding
from gateway.config.settings import ListenerSettings, Settings
from gateway.defects import report, reported
from gateway.errors import UsageError
from gateway.hosting import HostOptions
from gateway.listener_options import ListenerOptions
from gateway.listener_types import named_flavour
from gateway.observe.line_writer import LineWriter
from gateway.private_files import open_private_log

if TYPE_CHECKING:
    from watchfiles import Change

    from gateway.lambda_api.signature import SignatureCheck
    from gateway.recordings.recorder import Recorder
    from gateway.same_origin import AllowedCallers

log = logging.getLogger("gateway")

CONTROL_PORT = 3001
_GRACE_S = 910.0
"""Longer than any function may run: Ctrl-C lets requests finish, a second one does not."""
_COLLECT_AFTER = 10_000
"""Objects, made and not yet freed, that start a garbage collection.  Python's own 700 are fewer than some dozen
requests in flight are made of, and looking through those is in vain."""


async def serve(settings: Settings, options: ServeOptions) -> None:
    """Run until Ctrl-C or SIGTERM.

    Raises:
        UsageError: A handler cannot be loaded, a port or a file cannot be opened.
    """
    stop = stop_requests()
    async with (
        _writer(sys.stderr.fileno()) as logs,
        _access_log(options.access_log) as access_log,
        _recorder(options.record) as recorder,
    ):
        host_options = HostOptions(
            variables=os.environ,
            log=lambda chunk: logs.write(readable(chunk)),
            platform_lines=options.log_format or ("text" if options.verbose else "none"),
            in_process=options.in_process,
            python=options.python,
            runtime_client=options.runtime_client,
            freeze=options.freeze,
            debug_port=options.debug_port,
            cpu_share=options.cpu_share,
            sandbox=options.sandbox,
            allowed_callers=_allowed_callers(options),
        )
        signatures = _signatures(options.signing_keys, settings.account_region.region)
        listener_options = ListenerOptions(
            access_log.write if access_log else None,
            recorder,
            options.dev_headers,
            (lambda service: signatures(service).check) if signatures else None,
        )
        gateway = Gateway(settings, host_options, listener_options)
        signature = signatures("lambda") if signatures else None
        if options.control_port is not None:
            gateway.add_control_port("127.0.0.1", options.control_port, signature)
        await gateway.start(tolerant=options.reload)
        if options.control_port is None:
            await _default_control_port(gateway, signature)
        _spare_the_collector()
        _tell(gateway, options)
        reloading = asyncio.create_task(_reload(gateway, options)) if options.reload else None
        if reloading:
            reloading.add_done_callback(reported("the watch for changed files"))
        await stop.get()
        if reloading:
            reloading.cancel()
        await _end(gateway, stop)


def _spare_the_collector() -> None:
    """Let the garbage collector look at what requests leave behind only.

    Code, settings and front doors stay as long as the gateway, and looking through them finds nothing.
    """
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def readable(chunk: bytes) -> bytes:
    """A piece of a function's log for a terminal: Lambda joins the lines of one event with CR."""
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


async def _end(gateway: Gateway, stop: "asyncio.Queue[int]") -> None:
    log.info("stopping when the running requests have ended; Ctrl-C again stops at once")
    stopping = asyncio.create_task(gateway.stop(_GRACE_S))
    forced = asyncio.create_task(stop.get())
    await asyncio.wait([stopping, forced], return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        gateway.force()
    forced.cancel()
    await stopping


def _allowed_callers(options: ServeOptions) -> "AllowedCallers | None":
    """Who may call the gateway's own ports beside programs on this machine; None when nobody was named.

    Raises:
        UsageError: A host or an origin is none.
    """
    if not options.allow_hosts and not options.allow_origins:
        return None
    from gateway.same_origin import allowed_callers  # noqa: PLC0415 - only for those options

    return allowed_callers(options.allow_hosts, options.allow_origins)


def _signatures(given: tuple[str, ...], region: str) -> "Callable[[str], SignatureCheck] | None":
    """What checks signatures for a service; None when no keys were given.

    Raises:
        UsageError: A key has no secret.
    """
    if not given:
        return None
    from gateway.lambda_api.signature import SignatureCheck  # noqa: PLC0415 - only strict mode needs it

    keys = dict(item.partition("=")[::2] for item in given)
    if not all(key and secret for key, secret in keys.items()):
        raise UsageError("--signing-key: write ID=SECRET, an access key id and its secret access key")
    return lambda service: SignatureCheck(keys, region, service=service)


async def _default_control_port(gateway: Gateway, signature: "SignatureCheck | None") -> None:
    """Nobody asked for this port, so a gateway that cannot have it goes without."""
    try:
        await gateway.add_control_port("127.0.0.1", CONTROL_PORT, signature).start()
    except UsageError:
        gateway.servers.pop()
        log.info("the Invoke API is off: port %d is in use; --control-port gives it another one", CONTROL_PORT)


def _tell(gateway: Gateway, options: ServeOptions) -> None:
    listeners = gateway.settings.listeners
    for listener, server in zip(listeners, gateway.servers, strict=False):
        what = options.target if options.is_file else options.target or next(iter(gateway.functions))
        name = listener.type if options.is_file else named_flavour(options.flavour).title
        host = f"[{listener.host}]" if ":" in listener.host else listener.host
        scheme = "https" if _is_https(listener) else "http"
        click.echo(f"Ready: {scheme}://{host}:{server.port} -> {what} ({name})")
    _tell_whom_to_trust(listeners)
    if limits := gateway.limits:
        log.info("limits: %s", limits)
        for text in limits.missing:
            log.info("limits: %s", text)
        for reason in limits.reasons:
            log.debug("limits: %s", reason)
    if options.debug_port is not None:
        log.info("a debugger can attach to 127.0.0.1:%d", options.debug_port)
    if len(gateway.servers) > len(listeners):
        log.info("Invoke API: http://127.0.0.1:%d", gateway.servers[-1].port)


def _is_https(listener: ListenerSettings) -> bool:
    return getattr(listener, "protocol", "HTTP") == "HTTPS"


def _tell_whom_to_trust(listeners: Sequence[ListenerSettings]) -> None:
    """One line for each authority that no client knows yet."""
    hosts = [it.host for it in listeners if _is_https(it) and not getattr(it, "certificates", ())]
    if hosts:
        from gateway.listeners.local_authority import cache_folder, how_to_trust  # noqa: PLC0415 - only for HTTPS

        for line in dict.fromkeys(how_to_trust(cache_folder(os.environ), host) for host in hosts):
            log.info("%s", line)


async def _reload(gateway: Gateway, options: ServeOptions) -> None:
    """Load code and configuration anew when files change."""
    from watchfiles import DefaultFilter, awatch  # noqa: PLC0415 - only for --reload

    file = Path.cwd() / options.target if options.is_file else None
    configurations = [function.configuration for function in gateway.functions.values()]
    code = {path for it in configurations for path in (it.task_root, *it.layers)} | ({file.parent} if file else set())
    code |= {path.resolve() for path in code}  # as macOS names what has changed
    # A zip file is watched by its folder, since tools put a new file in its place.
    watched = {path if path.is_dir() else path.parent for path in code}
    usual = DefaultFilter()

    def is_code(change: "Change", path: str) -> bool:
        return usual(change, path) and not code.isdisjoint((Path(path), *Path(path).parents))

    async for changes in awatch(*watched, watch_filter=is_code, debounce=200, step=50):
        changed = {Path(path) for _, path in changes}
        log.info("reloading: %s", ", ".join(sorted(path.name for path in changed))[:200])
        try:
            if file and file in changed:
                settings = settings_of(options, Path.cwd())
                with hiding(settings.variables):
                    await gateway.reconfigure(settings)
        except UsageError as error:
            log.warning("the old configuration stays: %s", error)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is; the next change may do
            report("the change of the configuration", error)
        if changed - {file}:
            await gateway.reset()


@asynccontextmanager
async def _recorder(folder: Path | None) -> "AsyncIterator[Recorder | None]":
    if folder is None:
        yield None
        return
    from gateway.recordings.recorder import Recorder  # noqa: PLC0415 - only for --record

    recorder = Recorder(folder)
    try:
        yield recorder
    finally:
        await recorder.aclose()


@asynccontextmanager
async def _writer(descriptor: int) -> AsyncIterator[LineWriter]:
    writer = LineWriter(descriptor)
    try:
        yield writer
    finally:
        await writer.aclose()


@asynccontextmanager
async def _access_log(where: str) -> AsyncIterator[LineWriter | None]:
    if where == "off":
        yield None
    elif where == "-":
        async with _writer(sys.stdout.fileno()) as writer:
            yield writer
    else:
        try:
            descriptor = open_private_log(Path(where))
        except OSError as error:
            raise UsageError(f"--access-log {where}: it cannot be written ({error.strerror})") from error
        try:
            async with _writer(descriptor) as writer:
                yield writer
        finally:
            os.close(descriptor)
