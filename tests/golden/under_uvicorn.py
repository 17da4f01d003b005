"""``python -m tests.golden.under_uvicorn``: the listeners of ``gateway.toml`` once more, on ports that uvicorn serves.

It says what ``gateway serve`` says when it is ready, with the ports of uvicorn.
"""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from uvicorn import Config

from gateway.app import Gateway
from gateway.config.load import load_settings
from gateway.hosting import HostOptions
from gateway.lambda_api.quiet_server import QuietServer
from gateway.listeners.asgi import AsgiApplication
from gateway.listeners.uvicorn_protocol import UvicornProtocol


async def serve() -> None:
    """Serve until SIGTERM comes."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    options = HostOptions(variables=os.environ, log=lambda _: None, python=sys.executable)
    gateway = Gateway(load_settings(Path("gateway.toml"), os.environ), options)
    control = gateway.add_control_port("127.0.0.1", 0)
    await gateway.start()
    apps = [AsgiApplication(port.listener) for port in gateway.ports]
    configs = [Config(it, http=UvicornProtocol, ws="none", proxy_headers=False, timeout_keep_alive=60) for it in apps]
    servers, ports = [QuietServer(it) for it in configs], [socket.create_server(("127.0.0.1", 0)) for _ in configs]
    serving = [asyncio.create_task(it.serve([port])) for it, port in zip(servers, ports, strict=True)]
    for port in ports:  # who connects too early waits in the backlog
        sys.stdout.write(f"Ready: http://127.0.0.1:{port.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stderr.write(f"gateway: Invoke API: http://127.0.0.1:{control.port}\n")
    sys.stderr.flush()
    await told.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*serving)
    await gateway.stop(1)


asyncio.run(serve())
